"""Training companion models: the output folder, resuming, and data that is there or is not."""

from __future__ import annotations

import csv
import json
import os
import signal
from pathlib import Path

import pytest
import torch
from trained import NAMES, train_tiny

from chromasonic.companion import (
    train_dynamics_engine,
    train_emotion_recognizer,
    train_groove_predictor,
    train_harmony_predictor,
    train_melody_transformer,
)
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.recipe import default_recipe, recipe_from, recipe_to_dict
from chromasonic.config import read_toml
from chromasonic.errors import (
    CheckpointError,
    ConfigError,
    CorpusError,
    DeviceError,
    StorageError,
    UsageError,
)
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.history import TIMINGS, TrainingHistory
from chromasonic.training.observers import Observer

SMALL = {"models": ["dynamics_engine"]}


def test_the_output_folder_holds_exactly_the_specified_files(output: Path) -> None:
    found = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    assert found == {
        "recipe.toml", "run.json", "split.json",
        *(f"checkpoints/{name}_{what}.pt" for name in NAMES for what in ("latest", "best")),
        *(f"history/{name}_history.{what}" for name in NAMES for what in ("json", "csv")),
        *(f"plots/{name}_{what}.png" for name in NAMES for what in ("loss", "metric")),
        *(f"cards/{name}.md" for name in NAMES),
        *(f"{name}.json" for name in NAMES),
    }  # fmt: skip


def test_a_run_says_what_was_trained_on_what(output: Path) -> None:
    facts = json.loads((output / "run.json").read_text())
    assert facts["data"].keys() == facts["results"].keys() == set(NAMES)
    assert all(data["is_synthetic"] for data in facts["data"].values())
    assert facts["libraries"]["torch"] == torch.__version__
    assert recipe_from(read_toml(output / "recipe.toml")).models.keys() == set(NAMES)
    split = json.loads((output / "split.json").read_text())
    for parts in split.values():
        assert set(parts["train"]).isdisjoint(parts["validation"])


def test_histories_can_be_read_as_json_and_as_csv(output: Path) -> None:
    for name in NAMES:
        history = TrainingHistory.load(output / f"history/{name}_history.json")
        assert len(history) == 2
        assert history.headline == COMPANIONS[name].headline
        assert all(value == value for value in history.val_accuracies)  # no NaN: it is measured
        with (output / f"history/{name}_history.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [float(row["val_loss"]) for row in rows] == pytest.approx(history.val_losses)
        for what in ("loss", "metric"):
            assert (output / f"plots/{name}_{what}.png").read_bytes().startswith(b"\x89PNG")


def test_a_card_of_made_up_examples_says_so(output: Path) -> None:
    for name in NAMES:
        text = (output / f"cards/{name}.md").read_text()
        assert "trained on made-up examples" in text
        assert f"{COMPANIONS[name].spec.parameters:,} parameters" in text
        assert "chromasonic train companion --recipe" in text


@pytest.mark.parametrize(
    ("train", "name"),
    [
        (train_emotion_recognizer, "emotion_recognizer"),
        (train_melody_transformer, "melody_transformer"),
        (train_harmony_predictor, "harmony_predictor"),
        (train_dynamics_engine, "dynamics_engine"),
        (train_groove_predictor, "groove_predictor"),
    ],
)
def test_each_model_has_a_function_of_its_own(train, name: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    trained = train(tmp_path, epochs=1, synthetic=True, synthetic_examples=8, device="cpu")
    assert trained.name == name
    assert trained.network.spec is COMPANIONS[name].spec
    assert trained.checkpoint == tmp_path / f"checkpoints/{name}_best.pt"


class DieIn(Observer):
    """Kills its process without a word in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        if epoch == self.epoch and batch == 2:
            os.kill(os.getpid(), signal.SIGKILL)


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    settings = {"models": ["emotion_recognizer", "groove_predictor"], "epochs": 3}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train_tiny(whole, **settings)
    child = os.fork()
    if not child:
        try:
            train_tiny(cut, **settings, observers=[DieIn(2)])
        finally:  # whatever happens, the child runs no other test
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    train_tiny(cut, **settings, resume=True)
    for name in settings["models"]:
        for what in ("best", "latest"):
            one, other = (
                load_checkpoint(folder / f"checkpoints/{name}_{what}.pt") for folder in (whole, cut)
            )
            assert one["epoch"] == other["epoch"]
            for key, value in one["model_state_dict"].items():
                assert torch.equal(value, other["model_state_dict"][key])
        assert without_clock(whole, name) == without_clock(cut, name)


def without_clock(folder: Path, name: str) -> list[dict]:
    history = TrainingHistory.load(folder / f"history/{name}_history.json")
    return [
        {key: value for key, value in epoch.to_dict().items() if key not in TIMINGS}
        for epoch in history.epochs
    ]


def test_a_finished_training_is_left_alone_by_resume_and_goes_on_with_more_epochs(
    tmp_path: Path,
) -> None:
    train_tiny(tmp_path, **SMALL)
    latest = tmp_path / "checkpoints/dynamics_engine_latest.pt"
    before = latest.stat().st_mtime_ns
    again = train_tiny(tmp_path, **SMALL, resume=True)
    assert latest.stat().st_mtime_ns == before
    assert len(again.models["dynamics_engine"].history) == 2
    more = train_tiny(tmp_path, **SMALL, resume=True, epochs=3)
    assert len(more.models["dynamics_engine"].history) == 3


def test_a_resumed_training_must_have_the_same_data(tmp_path: Path) -> None:
    train_tiny(tmp_path, **SMALL)
    with pytest.raises(CheckpointError, match="data of dynamics_engine has changed.*sizes"):
        train_tiny(tmp_path, **SMALL, resume=True, epochs=3, synthetic_examples=24)


def test_models_are_added_one_by_one_and_none_is_replaced_unasked(tmp_path: Path) -> None:
    train_tiny(tmp_path, **SMALL)
    train_tiny(tmp_path, models=["groove_predictor"])
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["results"].keys() == {"dynamics_engine", "groove_predictor"}
    assert recipe_from(read_toml(tmp_path / "recipe.toml")).models.keys() == facts["data"].keys()
    with pytest.raises(UsageError, match=r"holds dynamics_engine already.*--resume"):
        train_tiny(tmp_path, **SMALL)
    train_tiny(tmp_path, **SMALL, overwrite=True)
    assert (tmp_path / "checkpoints/dynamics_engine_previous.pt").exists()


@pytest.mark.usefixtures("no_corpora")
def test_without_a_corpus_examples_are_made_up_and_that_is_recorded(tmp_path: Path) -> None:
    told = []
    from chromasonic.companion.recipe import with_settings
    from chromasonic.companion.runs import train_companions

    recipe = with_settings(
        default_recipe(["groove_predictor"]),
        data={"synthetic_examples": 8},
        training={"epochs": 1, "device": "cpu"},
    )
    output = tmp_path / "out"
    train_companions(recipe, output, on_data=lambda *words: told.append(words))
    ((name, material),) = told
    assert name == "groove_predictor"
    assert "none of its corpora (groove-midi) is in CHROMASONIC_DATA" in material.synthetic
    data = json.loads((output / "run.json").read_text())["data"]["groove_predictor"]
    assert data["is_synthetic"]
    assert data["why_synthetic"] == material.synthetic
    assert "made-up examples" in (output / "cards/groove_predictor.md").read_text()


def test_a_corpus_half_unpacked_is_an_error_and_not_made_up(
    no_corpora: Path, tmp_path: Path
) -> None:
    (no_corpora / "groove-midi").mkdir()
    (no_corpora / "groove-midi" / "README").write_text("the index has not come yet")
    with pytest.raises(CorpusError, match=r"groove-midi is there, but is not the corpus.*Unpack"):
        train_groove_predictor(tmp_path / "out", epochs=1, device="cpu")


def test_a_data_dir_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--data-dir is .*nowhere, which is no folder"):
        train_groove_predictor(tmp_path / "out", epochs=1, data_dir=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"device": "mps"}, DeviceError, "no 'mps' device"),
        ({"validation_split": 0.0}, UsageError, "--validation-split is 0.0"),
        ({"validation_split": 1.5}, UsageError, "--validation-split is 1.5"),
        ({"epochs": 0}, ConfigError, "epochs is 0"),
        ({"learning_rat": 1}, UsageError, "no setting learning_rat"),
        ({"seed": -1}, ConfigError, "seed is -1"),
        ({"synthetic_examples": 1}, ConfigError, "synthetic_examples is 1"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_written(
    wrong: dict, error: type[Exception], words: str, tmp_path: Path
) -> None:
    if wrong.get("device") == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has MPS")
    with pytest.raises(error, match=words):
        train_tiny(tmp_path / "out", **SMALL, **wrong)
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="Cannot write"):
        train_tiny(tmp_path / "out", **SMALL)


def test_the_output_of_another_task_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"task": "melody", "results": {}}')
    with pytest.raises(UsageError, match=r"run of another task \(melody\)"):
        train_tiny(tmp_path, **SMALL)


def test_recipes_survive_toml_and_unknown_keys_are_named(tmp_path: Path) -> None:
    from chromasonic.config import to_toml

    recipe = default_recipe()
    (tmp_path / "r.toml").write_text(to_toml(recipe_to_dict(recipe)))
    assert recipe_from(read_toml(tmp_path / "r.toml")) == recipe
    with pytest.raises(ConfigError, match="Did you mean 'epochs'"):
        recipe_from({"groove_predictor": {"training": {"epoch": 3}}})
    with pytest.raises(ConfigError, match="names no model"):
        recipe_from({})


@pytest.mark.corpus
def test_a_new_division_leaves_the_test_part_alone_and_cuts_no_session(
    corpus_folder: Path,
) -> None:
    from chromasonic.companion.companion import DataRequest

    load = COMPANIONS["groove_predictor"].load
    official = load(DataRequest(data_dir=corpus_folder))
    divided = load(DataRequest(data_dir=corpus_folder, validation_split=0.3, seed=1))
    assert divided.test().pieces == official.test().pieces
    together = set(official.train.pieces) | set(official.validation.pieces)
    assert set(divided.train.pieces) | set(divided.validation.pieces) == together
    assert set(divided.train.pieces).isdisjoint(divided.validation.pieces)
    share = len(set(divided.validation.pieces)) / len(together)
    assert 0.2 < share < 0.4
