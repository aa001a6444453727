"""`chromasonic train gesture` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chromasonic.cli.app import app
from chromasonic.cli.train_gesture import is_improving
from chromasonic.training.history import Epoch, TrainingHistory

SMALL = ("--dataset", "synthetic-gestures", "--movements", "72", "--size", "causal")


def train(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["train", "gesture", *map(str, arguments)])


def test_a_run_is_trained_told_and_gone_on_with(tmp_path: Path) -> None:
    run = tmp_path / "hands"
    first = train(*SMALL, "--epochs", "1", "--output", run, "--json")
    assert first.exit_code == 0, first.output
    facts = json.loads(first.stdout)
    assert facts["data"]["dataset"] == "synthetic-gestures"
    assert facts["parameters"] < 1_000_000
    assert (run / "best_model.pth").exists()
    again = train("--resume", run, "--epochs", "2")
    assert again.exit_code == 0, again.output
    assert "of 2" in again.stdout
    refused = train("--resume", run, "--epochs", "2")
    assert refused.exit_code == 2
    assert "2 epochs are done" in " ".join(refused.output.split())
    for command in ("evaluate gesture", "gesture recognize", "gesture play", "export", "inspect"):
        assert f"chromasonic {command} " in again.stdout
    assert " movements/s" in again.output
    assert json.loads((run / "gesture_history.json").read_text())["loss_unit"] == "nats a movement"
    refused = train(*SMALL, "--output", run)
    assert refused.exit_code == 2
    assert "--overwrite" in refused.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--dataset", "nottingham"), "holds tunes, not movements"),
        (("--dataset", "no/such/folder"), "neither a corpus of movements"),
        ((*SMALL, "--size", "huge"), "plain, fused, compact, causal"),
        ((*SMALL, "--performer", "nobody"), "nobody"),
        ((*SMALL, "--protocol", "unseen"), "performer"),
        ((*SMALL, "--protocol", "random"), "seen, unseen, official"),
        ((*SMALL, "--learning-rate", "-1"), "learning_rate"),
        ((*SMALL, "--rate", "-5"), "rate_hz"),
        (("--resume", "no/such/run"), "run"),
        (("--resume", "runs/x", "--size", "fused"), "leave out --size"),
        (("--recipe", "no-such.toml"), "Cannot read the recipe"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = train(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output
    assert "Traceback" not in result.output
    assert not list(tmp_path.rglob("*.pth"))


@pytest.mark.parametrize(
    ("losses", "end", "improving"),
    [
        ([2.0], "epochs", True),
        ([2.0, 1.5, 1.2], "epochs", True),
        ([2.0, 1.5, 1.2], "patience", False),
        ([2.0, 1.2, 1.5], "epochs", False),
        ([2.0, 1.2, 1.199], "epochs", False),
    ],
)
def test_more_epochs_are_advised_while_the_loss_falls(
    losses: list[float], end: str, improving: bool
) -> None:
    epochs = [
        Epoch(epoch=number, learning_rate=1e-3, train_loss=loss, val_loss=loss)
        for number, loss in enumerate(losses, start=1)
    ]
    assert is_improving(TrainingHistory("some", epochs, end=end)) is improving
