"""The specification's names: importable, and doing what it says of them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from chromasonic.errors import CheckpointError, UsageError


def test_every_specified_name_can_be_imported_from_one_room() -> None:
    import chromasonic.companion as room

    wanted = {
        "EarlyStopping", "TrainingMetrics", "CheckpointManager", "TrainingHistory",
        "evaluate_model", "train_emotion_recognizer", "train_melody_transformer",
        "train_harmony_predictor", "train_dynamics_engine", "train_groove_predictor",
        "train_all_models", "SyntheticEmotionDataset", "SyntheticMelodyDataset",
        "SyntheticHarmonyDataset", "SyntheticDynamicsDataset", "SyntheticGrooveDataset",
    }  # fmt: skip
    assert wanted <= set(room.__all__)
    assert all(callable(getattr(room, name)) for name in wanted)
    assert set(room.__all__) == set(room._PAGES)
    with pytest.raises(AttributeError, match="no attribute 'train_drums'"):
        room.train_drums  # noqa: B018


def test_there_is_one_implementation_of_each() -> None:
    import chromasonic.companion as room
    from chromasonic import training
    from chromasonic.melody_generation import training as melody
    from chromasonic.training import early_stopping, history, state

    assert room.EarlyStopping is training.EarlyStopping is early_stopping.EarlyStopping
    assert room.EarlyStopping is state.EarlyStopping  # the one that the loop uses
    assert room.TrainingHistory is melody.TrainingHistory is history.TrainingHistory
    assert issubclass(room.TrainingMetrics, room.TrainingHistory)


def test_early_stopping_waits_stops_and_restores_the_best_weights() -> None:
    from chromasonic.companion import EarlyStopping

    model, stopping = nn.Linear(1, 1), EarlyStopping(patience=2, min_delta=0.01)
    with pytest.raises(UsageError, match="no best weights"):
        stopping.restore_best(model)
    losses = [1.0, 0.5, 0.495, 0.6]  # the third is lower, but by less than min_delta
    for epoch, loss in enumerate(losses, start=1):
        nn.init.constant_(model.weight, float(epoch))
        stopping.update(epoch, loss, model)
        if stopping.should_stop:
            break
    assert (epoch, stopping.best_epoch, stopping.best_loss) == (4, 3, 0.495)
    stopping.restore_best(model)
    assert model.weight.item() == 3.0
    assert "best_weights" not in stopping.state_dict()


def test_training_metrics_track_losses_and_metrics_and_save_json_csv_and_pictures(
    tmp_path: Path,
) -> None:
    from chromasonic.companion import TrainingHistory, TrainingMetrics

    metrics = TrainingMetrics("mine")
    metrics.update(1.0, 1.2, metrics={"cosine_similarity": 0.5, "mae": 0.1})
    metrics.update(0.8, 0.9, metrics={"cosine_similarity": 0.7, "mae": 0.05}, learning_rate=0.01)
    assert metrics.headline == "cosine_similarity"
    written = metrics.save_all(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in written.values()} == {
        "history/mine_history.json", "history/mine_history.csv",
        "plots/mine_loss.png", "plots/mine_metric.png",
    }  # fmt: skip
    loaded = TrainingHistory.load(written["history.json"])
    assert loaded.val_losses == [1.2, 0.9]
    assert loaded.metric("mae") == [0.1, 0.05]
    assert json.loads(written["history.json"].read_text())["best_epoch"] == 2
    with written["history.csv"].open(newline="") as file:
        assert [row["val_cosine_similarity"] for row in csv.DictReader(file)] == ["0.5", "0.7"]


def test_a_loop_of_ones_own_goes_on_from_its_checkpoints_exactly(tmp_path: Path) -> None:
    from chromasonic.companion import CheckpointManager

    def train(manager: CheckpointManager, model: nn.Module, until: int) -> None:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        content = manager.resume(model, optimizer)
        for epoch in range(content["epoch"] if content else 0, until):
            optimizer.zero_grad()
            (model(torch.randn(4, 3)) - 1).square().mean().backward()
            optimizer.step()
            manager.save(model, optimizer, epoch=epoch + 1, is_best=epoch == 1)

    models = []
    for folder, stops in (("whole", [4]), ("cut", [2, 4])):
        manager = CheckpointManager(tmp_path / folder, "mine")
        assert manager.resume(nn.Linear(3, 1)) is None
        for stop in stops:
            torch.manual_seed(0)
            model = nn.Linear(3, 1)
            if stop == stops[-1] and len(stops) > 1:
                torch.manual_seed(99)  # another process has other random numbers
            train(manager, model, stop)
        models.append(model)
    assert torch.equal(models[0].weight, models[1].weight)
    assert manager.best.name == "mine_best.pt"
    assert manager.load_best(nn.Linear(3, 1))["epoch"] == 2
    with pytest.raises(CheckpointError, match="do not fit"):
        manager.load_best(nn.Linear(4, 1))


COMMANDS = [
    "python train_all_models.py --output ./trained_models --epochs 100 --validation-split 0.2 "
    "--early-stopping-patience 10 --device mps",
    "python evaluate_models.py --checkpoint-dir ./trained_models/checkpoints "
    "--output ./evaluation_results",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_guide_shows_each_specified_command_and_so_its_test_runs_it(command: str) -> None:
    guide = (Path(__file__).parents[2] / "docs/ML_TRAINING_GUIDE.md").read_text(encoding="utf-8")
    assert " ".join(command.split()) in " ".join(guide.replace("\\\n", " ").split())


def test_every_option_of_the_commands_stands_in_the_guide() -> None:
    import inspect

    from chromasonic.cli import evaluate_companion, evaluate_models, train_all_models
    from chromasonic.cli.train_companion import companion as train

    guide = (Path(__file__).parents[2] / "docs/ML_TRAINING_GUIDE.md").read_text(encoding="utf-8")
    flags = {"patience": "early-stopping-patience", "as_json": "json", "path": ""}
    missing = [
        name
        for function in (
            train,
            train_all_models.train_all_models,
            evaluate_companion.companion,
            evaluate_models.evaluate_models,
        )
        for name in inspect.signature(function).parameters
        if f"--{flags.get(name, name).replace('_', '-')}" not in guide
    ]
    assert missing == []


def test_the_default_recipe_is_written_down_as_it_is() -> None:
    from chromasonic.companion.recipe import default_recipe, recipe_from
    from chromasonic.config import read_toml

    written = recipe_from(read_toml(Path(__file__).parents[2] / "recipes/companion.toml"))
    assert written == default_recipe(), "run: python recipes/write_defaults.py"
