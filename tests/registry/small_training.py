"""A training that takes milliseconds, and trackers of it; as a program, one that is killed.

Run as a program: small_training.py FOLDER EPOCHS KILL. It trains in FOLDER, tracked, going on with
what lies there, and is killed (signal 9) after epoch KILL: saved, but not told to the tracker.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.registry import sending_process
from chromasonic.registry.sending import send_all
from chromasonic.registry.store import Store
from chromasonic.registry.tracking import Outcome, Tracker
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import Examples, ExampleTask
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.task import BatchLoss

CORPUS = {
    "name": "little", "title": "Little tunes", "licence": "CC0", "fingerprint": "ab" * 32,
    "weights_may_ship": True,
}  # fmt: skip
RECIPE = {"data": {"dataset": "little"}, "small": {"training": {"epochs": 3}}, "other": {"x": 1}}


def examples(seed: int, count: int) -> Examples:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4)).astype(np.float32)
    items = [
        {"features": one, "goal": one[:1] * 2 - one[1:2], "mask": np.ones(1, np.float32)}
        for one in features
    ]
    return Examples(items, [str(number) for number in range(count)])


def loss_of(model: nn.Module, tensors: Mapping[str, Tensor]) -> BatchLoss:
    errors = (model(tensors["features"]) - tensors["goal"]) ** 2
    near = (errors.detach() < 0.1).sum()
    return BatchLoss(
        objective_sum=errors.sum(),
        loss_sum=errors.detach().sum(),
        metrics={"accuracy": (near, torch.tensor(errors.numel()))},
    )


def model() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 1))


def train(
    folder: Path,
    observers: Sequence[Observer] = (),
    *,
    epochs: int = 3,
    resume: bool = False,
    name: str = "melody_small",
) -> tuple[TrainingHistory, nn.Module]:
    """Train into a run directory as a task does."""
    run = RunDirectory(folder)
    if not run.is_there:
        run.begin(recipe=RECIPE, facts={"task": "melody"}, split={})
    network = model()
    history = fit(
        network,
        ExampleTask(train=examples(1, 24), validation=examples(2, 8), loss_of=loss_of),
        TrainingConfig(epochs=epochs, batch_size=8, learning_rate=0.02, device="cpu", seed=4),
        folder=folder / "small_checkpoints",
        name=name,
        observers=observers,
        resume=resume,
        metadata={"task": "melody", "model": {"kind": "small"}, "corpus": CORPUS},
    )
    return history, network


def tracked(folder: Path, seconds: float = 200.0, **options: object) -> Outcome:
    """Train with a tracker, to the end."""
    tracker = Tracker("melody", folder, resume=bool(options.get("resume")))
    train(folder, [tracker], **options)  # type: ignore[arg-type]
    return tracker.close(seconds=seconds)


def tracked_here(folder: Path, store: Store, **options: object) -> Outcome:
    """Train with a tracker whose process cannot start, then send what it left in this process."""
    with mock.patch("chromasonic.registry.sending_process.subprocess.Popen", side_effect=OSError):
        outcome = tracked(folder, **options)  # type: ignore[arg-type]
    send_all(folder, store)
    return outcome


class Killed(Observer):
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        if epoch.epoch == self.epoch:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sending_process.NICENESS = 0
    where, epochs, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    tracker = Tracker("melody", where, resume=True)
    train(where, [Killed(last), tracker], epochs=epochs, resume=True)
    print(tracker.close(seconds=200.0).state)
