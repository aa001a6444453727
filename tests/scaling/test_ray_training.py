"""Training under Ray leaves what training here leaves, also when a worker is killed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from small_trainings import (
    Enough,
    Watcher,
    are_equal_to_the_last_bit,
    melody_recipe,
    weights,
    without_pictures,
)

from chromasonic.companion import recipe as companion_recipes
from chromasonic.companion.runs import train_companions
from chromasonic.errors import ChromasonicError
from chromasonic.gesture import recipe as gesture_recipes
from chromasonic.gesture.runs import train_gesture
from chromasonic.melody_generation.runs import train_melody
from chromasonic.scaling.engine import Engine
from chromasonic.scaling.training import train_on_ray
from chromasonic.training.history import TrainingHistory
from chromasonic.training.holding import ask_to_stop, is_stopping, was_stopped
from chromasonic.training.observers import Observer
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.stopping import StopAskedError

BEST = "lstm_checkpoints/melody_lstm_best.pt"
LATEST = "lstm_checkpoints/melody_lstm_latest.pt"
ONE, TWO = Engine(name="ray", workers=1), Engine(name="ray", workers=2)

TRAIN = partial(without_pictures, train_melody)

pytestmark = pytest.mark.usefixtures("cluster", "travelling")


def test_one_worker_killed_then_stopped_then_none_leave_the_weights_of_the_local_engine(
    tmp_path: Path,
) -> None:
    """To the last bit: killed after an epoch, stopped by an observer, ended without Ray."""
    here, there, after = Watcher(), Watcher(kill_after=1, stop_after=2), Watcher()
    train = partial(TRAIN, melody_recipe())
    train(tmp_path / "here", observers=[here])
    with pytest.raises(Enough):
        train_on_ray(
            train, tmp_path / "there", engine=ONE, observers=[there], on_worker=there.on_worker,
        )  # fmt: skip
    train(tmp_path / "there", resume=True, observers=[after])

    assert [worker.attempt for worker in there.workers] == [1, 2]
    assert there.killed == there.workers[0].pid != there.workers[1].pid
    first, second, third = ("epoch", 1), ("epoch", 2), ("epoch", 3)
    assert here.heard == [("start", 1), first, second, third, ("end", 3)]
    assert there.heard == [("start", 1), first, ("start", 2), second]
    assert after.heard == [("start", 3), third, ("end", 3)]
    assert there.losses + after.losses == here.losses
    for checkpoint in (BEST, LATEST):
        assert are_equal_to_the_last_bit(
            tmp_path / "here" / checkpoint, tmp_path / "there" / checkpoint
        )


def test_a_training_is_stopped_from_outside_and_goes_on(tmp_path: Path) -> None:
    class Stops(Observer):
        def on_epoch(self, *_: object) -> None:
            if not is_stopping(tmp_path / "run"):
                ask_to_stop(tmp_path / "run", by="a test")

    endless = partial(TRAIN, melody_recipe(epochs=100_000))
    with pytest.raises(StopAskedError, match=r"as was asked in a test.*--resume .*run"):
        train_on_ray(endless, tmp_path / "run", engine=ONE, observers=[Stops()])
    assert was_stopped(tmp_path / "run")
    history = TrainingHistory.load(tmp_path / "run/lstm_checkpoints/melody_lstm_history.json")
    after = Watcher()
    TRAIN(melody_recipe(epochs=len(history) + 1), tmp_path / "run", resume=True, observers=[after])
    assert after.heard[0] == ("start", len(history) + 1)


def test_two_workers_one_killed_have_the_loss_of_one_up_to_the_order_of_sums(
    tmp_path: Path,
) -> None:
    """Without dropout: each process draws its own, so that with it the losses are other draws."""
    recipe = melody_recipe(dropout=0.0)
    here, there = Watcher(), Watcher(kill_after=1, rank=1)
    TRAIN(recipe, tmp_path / "here", observers=[here])
    run = train_on_ray(
        partial(TRAIN, recipe), tmp_path / "there", engine=TWO,
        observers=[there], on_worker=there.on_worker,
    )  # fmt: skip

    assert there.killed is not None
    assert {worker.rank for worker in there.workers if worker.attempt == 2} == {0, 1}
    assert there.heard[-1] == ("end", 3)
    assert there.losses == pytest.approx(here.losses, abs=5e-5)
    theirs = weights(tmp_path / "there" / BEST)
    for name, weight in weights(tmp_path / "here" / BEST).items():
        torch.testing.assert_close(theirs[name], weight, atol=1e-4, rtol=1e-3)
    told = RunDirectory(tmp_path / "there").facts()["command"]
    assert told == RunDirectory(tmp_path / "here").facts()["command"]
    assert {path.name for path in (tmp_path / "there").iterdir()} == {
        path.name for path in (tmp_path / "here").iterdir()
    }
    assert run.models["lstm"].history.val_losses == there.losses
    assert run.directory.path == tmp_path / "there"


def several(companions: Any, gestures: Any, wrong: Any, output: Path, **how: Any) -> None:
    """A companion, a gesture network and one that fails, one after the other in one worker."""
    without_pictures(train_companions, companions, output / "companions", **how)
    without_pictures(train_gesture, gestures, output / "gestures", **how)
    train_melody(wrong, output / "melody", **how)


def test_companions_and_gestures_have_the_same_weights_too_and_failures_the_same_words(
    tmp_path: Path,
) -> None:
    companions = companion_recipes.with_settings(
        companion_recipes.default_recipe(("dynamics_engine",)),
        data={"synthetic": True, "synthetic_examples": 48},
        training={"epochs": 2, "batch_size": 16},
    )
    gestures = gesture_recipes.with_settings(
        gesture_recipes.GestureRecipe(), dataset="synthetic-gestures", movements=24,
        size="compact", epochs=1, batch_size=8,
    )  # fmt: skip
    train = partial(several, companions, gestures, melody_recipe(dataset="no-such-corpus"))
    with pytest.raises(ChromasonicError) as here:
        train(tmp_path / "here")
    with pytest.raises(ChromasonicError) as there:
        train_on_ray(train, tmp_path / "there", engine=ONE, describe=lambda *_: [])
    for checkpoint in (
        "companions/checkpoints/dynamics_engine_best.pt", "gestures/best_model.pth",
    ):  # fmt: skip
        assert are_equal_to_the_last_bit(
            tmp_path / "here" / checkpoint, tmp_path / "there" / checkpoint
        )
    assert type(there.value) is type(here.value)
    assert str(there.value) == str(here.value)
    assert {path.name for path in (tmp_path / "there").iterdir()} == {"companions", "gestures"}
