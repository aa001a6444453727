"""Training under Ray leaves what training here leaves, also when a worker is killed."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from ray import cloudpickle
from small_trainings import Watcher, are_equal_to_the_last_bit, melody_recipe, weights

from chromasonic.companion import recipe as companion_recipes
from chromasonic.companion.runs import train_companions
from chromasonic.errors import ChromasonicError
from chromasonic.gesture import recipe as gesture_recipes
from chromasonic.gesture.runs import train_gesture
from chromasonic.melody_generation.runs import train_melody
from chromasonic.scaling.engine import Engine
from chromasonic.scaling.training import train_on_ray
from chromasonic.training.run_directory import RunDirectory

BEST = "lstm_checkpoints/melody_lstm_best.pt"
LATEST = "lstm_checkpoints/melody_lstm_latest.pt"
ONE, TWO = Engine(name="ray", workers=1), Engine(name="ray", workers=2)

pytestmark = pytest.mark.usefixtures("cluster")


def test_one_worker_killed_in_the_middle_leaves_the_weights_of_the_local_engine_to_the_last_bit(
    tmp_path: Path,
) -> None:
    here, there = Watcher(), Watcher(kill_after=2)
    train_melody(melody_recipe(), tmp_path / "here", observers=[here])
    run = train_on_ray(
        partial(train_melody, melody_recipe()), tmp_path / "there", engine=ONE,
        observers=[there], on_worker=there.on_worker,
    )  # fmt: skip

    assert [worker.attempt for worker in there.workers] == [1, 2]
    assert there.killed == there.workers[0].pid != there.workers[1].pid
    before, after = [("epoch", 1), ("epoch", 2)], [("epoch", 3), ("end", 3)]
    assert here.heard == [("start", 1), *before, *after]
    assert there.heard == [("start", 1), *before, ("start", 3), *after]
    assert there.losses == here.losses
    for checkpoint in (BEST, LATEST):
        assert are_equal_to_the_last_bit(
            tmp_path / "here" / checkpoint, tmp_path / "there" / checkpoint
        )
    assert {path.name for path in (tmp_path / "there").iterdir()} == {
        path.name for path in (tmp_path / "here").iterdir()
    }
    assert run.models["lstm"].history.val_losses == here.losses
    assert run.directory.path == tmp_path / "there"


def test_two_workers_one_killed_have_the_loss_of_one_up_to_the_order_of_sums(
    tmp_path: Path,
) -> None:
    """Without dropout: each process draws its own, so that with it the losses are other draws."""
    recipe = melody_recipe(dropout=0.0)
    here, there = Watcher(), Watcher(kill_after=1, rank=1)
    train_melody(recipe, tmp_path / "here", observers=[here])
    train_on_ray(
        partial(train_melody, recipe), tmp_path / "there", engine=TWO,
        observers=[there], on_worker=there.on_worker,
    )  # fmt: skip

    assert there.killed is not None
    assert {worker.rank for worker in there.workers if worker.attempt == 2} == {0, 1}
    assert there.losses == pytest.approx(here.losses, abs=5e-5)
    theirs = weights(tmp_path / "there" / BEST)
    for name, weight in weights(tmp_path / "here" / BEST).items():
        torch.testing.assert_close(theirs[name], weight, atol=1e-4, rtol=1e-3)
    told = RunDirectory(tmp_path / "there").facts()["command"]
    assert told == RunDirectory(tmp_path / "here").facts()["command"]


def both(companions: Any, gestures: Any, output: Path, **how: Any) -> None:
    """A companion and a gesture network, one after the other in one worker."""
    train_companions(companions, output / "companions", **how)
    train_gesture(gestures, output / "gestures", **how)


def test_companions_and_gestures_have_the_same_weights_too(tmp_path: Path) -> None:
    companions = companion_recipes.with_settings(
        companion_recipes.default_recipe(("dynamics_engine",)),
        data={"synthetic": True, "synthetic_examples": 48},
        training={"epochs": 2, "batch_size": 16},
    )
    gestures = gesture_recipes.with_settings(
        gesture_recipes.GestureRecipe(), dataset="synthetic-gestures", movements=24,
        size="compact", epochs=1, batch_size=8,
    )  # fmt: skip
    train = partial(both, companions, gestures)
    train(tmp_path / "here")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import this page
    try:
        train_on_ray(train, tmp_path / "there", engine=ONE, describe=lambda *_: [])
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    for checkpoint in (
        "companions/checkpoints/dynamics_engine_best.pt", "gestures/best_model.pth",
    ):  # fmt: skip
        here, there = tmp_path / "here" / checkpoint, tmp_path / "there" / checkpoint
        assert are_equal_to_the_last_bit(here, there)


def test_a_failure_that_was_foreseen_is_the_same_and_leaves_nothing(tmp_path: Path) -> None:
    wrong = melody_recipe(dataset="no-such-corpus")
    with pytest.raises(ChromasonicError) as here:
        train_melody(wrong, tmp_path / "here")
    with pytest.raises(ChromasonicError) as there:
        train_on_ray(partial(train_melody, wrong), tmp_path / "there", engine=ONE)
    assert type(there.value) is type(here.value)
    assert str(there.value) == str(here.value)
    assert not (tmp_path / "there").exists()


def test_an_observer_stops_the_training_and_it_goes_on_from_there_without_ray(
    tmp_path: Path,
) -> None:
    class Enough(Exception):
        pass

    class Stopper(Watcher):
        def on_epoch(self, epoch, is_best):  # type: ignore[no-untyped-def]
            raise Enough

    train = partial(train_melody, melody_recipe(epochs=2))
    with pytest.raises(Enough):
        train_on_ray(train, tmp_path / "stopped", engine=ONE, observers=[Stopper()])
    watcher = Watcher()
    train(tmp_path / "stopped", resume=True, observers=[watcher])
    train(tmp_path / "whole")
    assert watcher.heard == [("start", 2), ("epoch", 2), ("end", 2)]
    assert are_equal_to_the_last_bit(tmp_path / "stopped" / BEST, tmp_path / "whole" / BEST)
