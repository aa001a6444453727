"""A run directory says what was trained on what, goes on exactly, and keeps the test part shut."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from made_movements import made_corpus

from chromasonic.errors import CheckpointError, ConfigError, CorpusError, UsageError
from chromasonic.gesture import runs
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.models import load_gesture
from chromasonic.gesture.network_config import FUSED, PLAIN, SIZES, NetworkConfig
from chromasonic.gesture.preparing import movements_of
from chromasonic.gesture.recipe import (
    GestureData,
    GestureRecipe,
    recipe_from,
    recipe_to_dict,
    specification_recipe,
    with_settings,
)
from chromasonic.gesture.runs import resumed_recipe, train_gesture
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.config import TrainingConfig
from chromasonic.training.observers import Observer

RECIPE = GestureRecipe(
    data=GestureData(dataset="made-hands", test_share=0.3, validation_share=0.3),
    features=FeatureConfig(normalization="performer"),
    network=NetworkConfig(
        spatial_dim=6, spatial_layers=1, temporal_dim=8, temporal_layers=1, classifier_dim=8
    ),
    training=TrainingConfig(epochs=3, batch_size=16, device="cpu", checkpoint_every=0, patience=0),
)


@pytest.fixture(autouse=True)
def _made_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "movements_of", lambda *_, **__: made_corpus())


class Stop(Observer):
    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        if epoch == 2:
            raise KeyboardInterrupt


def test_a_run_leaves_the_specifications_files_and_all_settings(tmp_path: Path) -> None:
    run = train_gesture(RECIPE, tmp_path)
    assert {path.name for path in tmp_path.glob("*.pth")} == {
        "best_model.pth", "final_model.pth", "latest_model.pth",
    }  # fmt: skip
    assert resumed_recipe(tmp_path) == run.recipe
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["data"]["sizes"] == {part: len(ids) for part, ids in run.directory.split().items()}
    config = load_checkpoint(tmp_path / "best_model.pth")["config"]
    assert config["recipe"] == recipe_to_dict(run.recipe)
    assert config["training"]["epochs"] == 3
    assert load_gesture(tmp_path).classes == ("circle", "rest", "wave")


def test_the_test_part_is_neither_learned_from_nor_measured(tmp_path: Path) -> None:
    run = train_gesture(RECIPE, tmp_path)
    shut = set(run.data.division.test)
    seen = {m.id for part in (run.data.train, run.data.validation) for m in part.movements}
    assert shut
    assert not shut & seen


def test_an_interrupted_run_goes_on_exactly(tmp_path: Path) -> None:
    train_gesture(RECIPE, tmp_path / "straight")
    with pytest.raises(KeyboardInterrupt):
        train_gesture(RECIPE, tmp_path / "cut", observers=[Stop()])
    train_gesture(resumed_recipe(tmp_path / "cut"), tmp_path / "cut", resume=True)
    for name in ("best_model.pth", "final_model.pth"):
        straight, cut = (load_checkpoint(tmp_path / f / name) for f in ("straight", "cut"))
        assert straight["epoch"] == cut["epoch"]
        for key, value in straight["model_state_dict"].items():
            assert torch.equal(value, cut["model_state_dict"][key]), key


def test_a_run_is_not_written_over_by_accident(tmp_path: Path) -> None:
    train_gesture(RECIPE, tmp_path)
    before = (tmp_path / "best_model.pth").read_bytes()
    with pytest.raises(UsageError, match="--overwrite"):
        train_gesture(RECIPE, tmp_path)
    assert (tmp_path / "best_model.pth").read_bytes() == before


def test_resuming_with_another_size_is_refused(tmp_path: Path) -> None:
    train_gesture(RECIPE, tmp_path)
    other = replace(RECIPE, network=replace(RECIPE.network, spatial_dim=7))
    with pytest.raises(CheckpointError, match=r"spatial_dim is 6 there, 7 here"):
        train_gesture(other, tmp_path, resume=True)


def test_resuming_with_other_data_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_gesture(RECIPE, tmp_path)
    monkeypatch.setattr(runs, "movements_of", lambda *_, **__: made_corpus(each=7))
    with pytest.raises(CheckpointError, match="data has changed"):
        train_gesture(resumed_recipe(tmp_path), tmp_path, resume=True)


def test_a_left_out_performer_is_the_test_part_whole(tmp_path: Path) -> None:
    data = replace(RECIPE.data, protocol="unseen", performer="eva")
    run = train_gesture(replace(RECIPE, data=data), tmp_path)
    assert {id.partition("/")[0] for id in run.data.division.test} == {"eva"}
    assert "eva" not in run.data.reader.performers


def test_a_recipe_is_the_same_after_toml() -> None:
    values = recipe_to_dict(specification_recipe())
    assert recipe_from(values) == specification_recipe()


def test_the_specifications_defaults_stand() -> None:
    recipe = specification_recipe()
    training = recipe.training
    assert (recipe.data.dataset, recipe.output) == ("data/processed", "outputs/combined")
    assert (training.learning_rate, training.min_learning_rate) == (1e-3, 1e-5)
    assert (training.weight_decay, training.beta2, training.grad_clip) == (1e-4, 0.999, 1.0)
    assert (training.epochs, training.batch_size, training.checkpoint_every) == (100, 64, 25)
    assert (training.scheduler, training.label_smoothing, training.patience) == ("cosine", 0.0, 0)
    assert recipe.network == PLAIN == SIZES["plain"]
    assert (PLAIN.dropout, recipe.data.workers) == (0.4, 8)
    assert (FUSED.spatial_dim, FUSED.temporal_layers) == (512, 3)


def test_flags_lie_over_a_recipe() -> None:
    recipe = with_settings(RECIPE, size="fused", learning_rate=5e-4, seed=7, rate_hz=25.0)
    assert recipe.network == FUSED
    assert recipe.training.min_learning_rate == pytest.approx(5e-7)
    assert (recipe.training.seed, recipe.data.seed) == (7, 0)
    assert recipe.features.rate_hz == 25.0
    with pytest.raises(ConfigError, match="plain, fused, compact, causal"):
        with_settings(RECIPE, size="huge")


def test_an_unknown_key_of_a_recipe_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'time_warp'"):
        recipe_from({"augmentation": {"time_wrap": 0.1}})


def test_a_folder_without_parts_has_no_official_ones(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.csv").write_text("time,hand_x,hand_y\n0,1,2\n0.1,2,3\n0.2,3,4\n")
    with pytest.raises(CorpusError, match="no division of their own"):
        movements_of(GestureData(dataset=str(tmp_path), protocol="official"))
