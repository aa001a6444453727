"""A folder holds one model under one name, and `best` is the best of its own run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn
from toy import ToyModel, ToyTask

from chromasonic.errors import CheckpointError
from chromasonic.training.checkpoint import load_checkpoint, save_checkpoint
from chromasonic.training.checkpoint_manager import CheckpointManager
from chromasonic.training.config import TrainingConfig
from chromasonic.training.loop import fit
from chromasonic.training.saving import CheckpointFiles, Layout

CONFIG = TrainingConfig(epochs=4, batch_size=8, learning_rate=0.01, device="cpu")
PTH = Layout(checkpoint_name="{what}_model.pth")


def meta(layers: int) -> dict[str, object]:
    return {"task": "toy", "model": {"kind": "toy", "config": {"layers": layers}}}


def train(folder: Path, *, layers: int = 2, epochs: int = 4, seed: int = 0, **options: object):
    config = replace(CONFIG, epochs=epochs, seed=seed)
    return fit(
        ToyModel(), ToyTask(), config, folder=folder, name="toy", metadata=meta(layers), **options
    )  # fmt: skip


def test_training_anew_beside_another_architecture_is_refused_and_loses_nothing(
    tmp_path: Path,
) -> None:
    train(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=r"two models under the name toy.*layers is 2 there"):
        train(tmp_path, layers=3)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_overwriting_leaves_no_checkpoint_of_the_other_architecture(tmp_path: Path) -> None:
    train(tmp_path)
    train(tmp_path, layers=3, overwrite=True)
    for path in CheckpointFiles(tmp_path, "toy").checkpoints("*"):
        layers = load_checkpoint(path)["config"]["model"]["config"]["layers"]
        assert layers == (2 if path.name == "toy_previous.pt" else 3), path.name


def test_a_loop_of_ones_own_cannot_save_another_architecture_either(tmp_path: Path) -> None:
    CheckpointManager(tmp_path, "own").save(nn.Linear(3, 2), epoch=1, is_best=True)
    before = (tmp_path / "own_best.pt").read_bytes()
    with pytest.raises(CheckpointError, match=r"another architecture \(weight is 2 x 3 there"):
        CheckpointManager(tmp_path, "own").save(nn.Linear(4, 2), epoch=1, is_best=True)
    assert (tmp_path / "own_best.pt").read_bytes() == before
    CheckpointManager(tmp_path, "own").save(nn.Linear(3, 2), epoch=2, is_best=True)


def test_resuming_as_another_architecture_is_refused(tmp_path: Path) -> None:
    train(tmp_path, epochs=2)
    with pytest.raises(CheckpointError, match="another architecture"):
        train(tmp_path, layers=3, resume=True)


def test_a_best_of_another_run_is_not_gone_on_beside(tmp_path: Path) -> None:
    train(tmp_path / "ours", epochs=2)
    train(tmp_path / "other", epochs=4, seed=1)
    shutil.copy(tmp_path / "other" / "toy_best.pt", tmp_path / "ours" / "toy_best.pt")
    with pytest.raises(CheckpointError, match="not the best of the run"):
        train(tmp_path / "ours", resume=True)


def test_a_best_that_has_gone_is_said(tmp_path: Path) -> None:
    train(tmp_path, epochs=2)
    (tmp_path / "toy_best.pt").unlink()
    with pytest.raises(CheckpointError, match=r"toy_best\.pt"):
        train(tmp_path, resume=True)


def test_best_stores_the_metric_that_made_it_so(tmp_path: Path) -> None:
    history = train(tmp_path)
    losses = [epoch.val_loss for epoch in history.epochs]
    best = load_checkpoint(tmp_path / "toy_best.pt")
    assert best["best"]["value"] == min(losses) == best["metrics"]["val_loss"]
    assert best["best"]["epoch"] == best["epoch"] == losses.index(min(losses)) + 1
    assert load_checkpoint(tmp_path / "toy_final.pt")["best"] == best["best"]


def test_files_take_the_names_that_a_layout_gives_them(tmp_path: Path) -> None:
    train(tmp_path, layout=PTH, epochs=2)
    train(tmp_path, layout=PTH, epochs=4, resume=True)
    names = {path.name for path in tmp_path.glob("*.pt*")}
    assert names == {"best_model.pth", "final_model.pth", "latest_model.pth"}
    assert load_checkpoint(tmp_path / "final_model.pth")["epoch"] == 4


def test_a_checkpoint_from_before_the_best_was_noted_goes_on(tmp_path: Path) -> None:
    train(tmp_path, epochs=2)
    latest = load_checkpoint(tmp_path / "toy_latest.pt")
    del latest["best"]
    save_checkpoint(tmp_path / "toy_latest.pt", latest)
    assert len(train(tmp_path, resume=True)) == 4
