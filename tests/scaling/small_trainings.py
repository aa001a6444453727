"""Trainings of a second or two, an observer that can kill a worker, and weights side by side."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from chromasonic.melody_generation import recipe as recipes
from chromasonic.scaling.desk import WorkerProcess
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart


def melody_recipe(
    *, dropout: float = 0.2, epochs: int = 3, dataset: str = "synthetic-structured"
) -> recipes.MelodyRecipe:
    """An LSTM of 8 features on 30 made tunes."""
    values = recipes.recipe_to_dict(recipes.default_recipe(("lstm",)))
    values["data"] |= {"dataset": dataset, "num_sequences": 30}
    values["lstm"]["model"] |= {
        "hidden_size": 8, "num_layers": 1, "dropout": dropout, "recurrent_dropout": dropout,
    }  # fmt: skip
    values["lstm"]["training"] |= {
        "epochs": epochs, "batch_size": 8, "learning_rate": 0.01, "warmup_steps": 0,
    }  # fmt: skip
    return recipes.recipe_from(values)


def without_pictures(train: Callable[..., Any], *values: Any, **how: Any) -> Any:
    """A training that draws no curves, which takes a worker seconds; they have tests of their own.

    Workers cannot import this page: it has to travel by value (`travelling` in conftest.py).
    """
    drawn = TrainingHistory.plot
    TrainingHistory.plot = lambda *_: None  # type: ignore[method-assign,assignment]
    try:
        return train(*values, **how)
    finally:
        TrainingHistory.plot = drawn  # type: ignore[method-assign]


class Enough(Exception):
    """Of an observer that wants no more."""


class Watcher(Observer):
    """Notes what it hears; kills a worker after an epoch, once, if told to.

    Args:
        kill_after: the epoch.
        rank: of the worker.
        stop_after: the epoch after which the training is stopped by an error, `Enough`.
    """

    def __init__(self, kill_after: int = 0, rank: int = 0, stop_after: int = 0) -> None:
        self.kill_after, self.rank, self.stop_after = kill_after, rank, stop_after
        self.workers: list[WorkerProcess] = []
        self.heard: list[tuple[str, int]] = []
        self.losses: list[float] = []
        self.killed: int | None = None

    def on_worker(self, worker: WorkerProcess) -> None:
        """A worker has begun."""
        self.workers.append(worker)

    def on_start(self, start: TrainingStart) -> None:
        self.heard.append(("start", start.first_epoch))

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        self.heard.append(("epoch", epoch.epoch))
        self.losses.append(epoch.val_loss)
        if epoch.epoch == self.kill_after and self.killed is None:
            self.killed = next(w.pid for w in self.workers if w.rank == self.rank)
            os.kill(self.killed, signal.SIGKILL)
        if epoch.epoch == self.stop_after:
            raise Enough

    def on_end(self, history: Any) -> None:
        self.heard.append(("end", len(history)))


def weights(path: Path) -> dict[str, torch.Tensor]:
    """Of a checkpoint."""
    return load_checkpoint(path)["model_state_dict"]


def are_equal_to_the_last_bit(a: Path, b: Path) -> bool:
    """Whether two checkpoints hold the same weights, none of them differing in a bit."""
    ours, theirs = weights(a), weights(b)
    return ours.keys() == theirs.keys() and all(
        torch.equal(tensor, theirs[name]) for name, tensor in ours.items()
    )
