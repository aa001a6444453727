"""The process that trains: stopped and continued it makes the same; what goes wrong is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.studio.running import end_trainings

from chromasonic.errors import CorpusError
from chromasonic.studio.desk.report import unheard
from chromasonic.studio.train import planning, runner
from chromasonic.studio.train.notes import Notes
from chromasonic.studio.train.on_disk import run_at
from chromasonic.studio.train.trainings import Trainings, state_of
from chromasonic.training.history import TIMINGS, Epoch, TrainingHistory

EPOCHS = 5
LONG = 100_000
"""Epochs of a training that no test waits for: however late it is stopped, it is still at work."""


@pytest.fixture(autouse=True)
def nothing_trains_on(tmp_path: Path) -> Iterator[None]:
    """What a test began ends with it, however the test ends."""
    yield
    end_trainings(tmp_path)


@pytest.fixture(autouse=True)
def as_a_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the runner changes of its process is put back; no picture of curves is drawn."""
    handlers = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(runner.os, "nice", lambda _: 0)
    monkeypatch.setattr(
        TrainingHistory, "plot", lambda _self, _what, path, **_: Path(path).write_bytes(b"")
    )
    yield
    for one, handler in handlers.items():
        signal.signal(one, handler)


def asked(tmp_path: Path, name: str, *, epochs: int = EPOCHS) -> Notes:
    wish = {
        "task": "melody", "kind": "lstm", "corpus": "synthetic-structured",
        "settings": {
            "data.num_sequences": 16, "lstm.training.epochs": epochs, "lstm.model.hidden_size": 8,
        },
    }  # fmt: skip
    plan = planning.planned(wish, unheard())
    (run,) = plan["runs"]
    return Notes(Trainings([tmp_path]).ask("melody", plan["kinds"], run["recipe"], name).path)


def history(notes: Notes) -> list[dict[str, Any]]:
    """The epochs without what no two runs have alike."""
    file = notes.run / "lstm_checkpoints" / "melody_lstm_history.json"
    epochs = json.loads(file.read_text())["epochs"]
    return [{key: one[key] for key in one if key not in TIMINGS} for one in epochs]


def test_a_training_that_was_stopped_and_continued_equals_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = asked(tmp_path, "straight")
    runner.main(straight.run)
    assert straight.progress()["state"] == "done"

    stopped = asked(tmp_path, "stopped")
    real = runner.Noted.on_epoch

    def stop_after_two(self: runner.Noted, epoch: Epoch, is_best: bool) -> None:
        if epoch.epoch == 2:
            stopped.stop_file.touch()
        real(self, epoch, is_best)

    monkeypatch.setattr(runner.Noted, "on_epoch", stop_after_two)
    runner.main(stopped.run)
    assert stopped.progress()["state"] == "stopped"
    assert not stopped.stop_file.exists()
    assert len(history(stopped)) == 2

    monkeypatch.setattr(runner.Noted, "on_epoch", real)
    run = run_at(stopped.run)
    assert run is not None
    Trainings([tmp_path]).go_on(run, stopped.asked()["recipe"])
    runner.main(stopped.run)
    assert state_of(run)["state"] == "done"
    assert history(stopped) == history(straight)
    command = json.loads((straight.run / "run.json").read_text())["command"]
    assert command[:3] == ["chromasonic", "train", "melody"]


def test_a_training_that_fails_says_why_and_keeps_what_it_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise CorpusError("The corpus is not here. Fetch it.")

    monkeypatch.setattr("chromasonic.melody_generation.runs.load_streams", gone)
    notes = asked(tmp_path, "fails")
    with pytest.raises(CorpusError):
        runner.main(notes.run)
    told = state_of(run_at(notes.run))
    assert (told["state"], told["error"]) == ("failed", "The corpus is not here. Fetch it.")


def test_a_second_process_leaves_a_training_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "WAIT_SECONDS", 0)
    notes = asked(tmp_path, "busy")
    with notes.lock():
        runner.main(notes.run)
    assert notes.progress() == {}


def wait_for(notes: Notes, states: tuple[str, ...]) -> str:
    run = run_at(notes.run)
    assert run is not None
    end = time.monotonic() + 300
    while (state := str(state_of(run)["state"])) not in states and time.monotonic() < end:
        time.sleep(0.2)
    return state


def test_a_training_goes_on_when_its_studio_is_killed_and_another_studio_can_stop_it(
    tmp_path: Path,
) -> None:
    notes = asked(tmp_path, "long", epochs=LONG)
    studio = (
        "import os, sys, pathlib, chromasonic.studio.train.trainings as page\n"
        "page.Trainings([pathlib.Path(sys.argv[1])])._begin_next()\n"
        "os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", studio, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert wait_for(notes, ("running",)) == "running"
    another = Trainings([tmp_path])
    (run,) = another.all()
    another.stop(run)
    assert wait_for(notes, ("stopped", "failed")) == "stopped"


def test_a_training_that_was_killed_is_interrupted_and_can_be_continued(tmp_path: Path) -> None:
    notes = asked(tmp_path, "killed", epochs=LONG)
    trainings = Trainings([tmp_path])
    trainings._begin_next()
    file = notes.run / "lstm_checkpoints" / "melody_lstm_history.json"
    end = time.monotonic() + 300
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.1)
    os.kill(notes.progress()["pid"], signal.SIGKILL)
    assert wait_for(notes, ("interrupted",)) == "interrupted"
    done = len(history(notes))
    recipe = notes.asked()["recipe"]
    recipe["lstm"]["training"]["epochs"] = done + 1
    (run,) = trainings.all()
    trainings.go_on(run, recipe)
    runner.main(notes.run)
    assert notes.progress()["state"] == "done"
    assert len(history(notes)) == done + 1


def test_a_training_that_is_just_beginning_is_ended_with_the_tests(tmp_path: Path) -> None:
    asked(tmp_path, "early", epochs=LONG)
    trainings = Trainings([tmp_path])
    trainings._begin_next()  # it has not even taken its lock
    (process,) = trainings._processes.values()
    end_trainings(tmp_path)
    assert process.wait(300) in (0, 1)


def test_a_training_ends_when_its_folder_is_taken_away(tmp_path: Path) -> None:
    notes = asked(tmp_path, "gone", epochs=LONG)
    trainings = Trainings([tmp_path])
    trainings._begin_next()
    (process,) = trainings._processes.values()
    assert wait_for(notes, ("running",)) == "running"
    notes.folder.rename(tmp_path / "away")  # at once, as it still writes there
    assert process.wait(300) in (0, 1)  # one that goes on fails the test by its timeout
