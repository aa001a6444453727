"""Trains in child processes that are killed, resumes, and says what came out.

Run as a program: kill_driver.py FOLDER MODE. It imports torch once and forks each trial, so that a
trial costs what its training costs. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
import torch._dynamo  # the optimizer imports it at first use: once here, not in every child
from toy import ToyModel, ToyTask

from chromasonic import files
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import TrainingHistory
from chromasonic.training.loop import fit

torch.set_num_threads(1)
CONFIG = TrainingConfig(
    epochs=3, batch_size=4, learning_rate=0.05, average_decay=0.9, scheduler_patience=0,
    checkpoint_every=2, device="cpu",
)  # fmt: skip


def train(folder: Path) -> None:
    fit(ToyModel(), ToyTask(), CONFIG, folder=folder, name="toy", resume=True)


def in_child(work) -> int:  # type: ignore[no-untyped-def]
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException as error:
        print(f"child: {error!r}", file=sys.stderr)
        os._exit(1)


def killed_by_itself(folder: Path, call: int, after: bool) -> None:
    """Dies at the n-th renaming of a file: just before it, or just after."""
    rename, calls = os.replace, iter(range(10**6))

    def replace(*names: str) -> None:
        if next(calls) == call:
            if after:
                rename(*names)
            os.kill(os.getpid(), signal.SIGKILL)
        rename(*names)

    os.replace = replace  # type: ignore[assignment]
    train(folder)


def at_every_file(folder: Path) -> dict[str, object]:
    """One trial for each renaming that a run makes, before and after it, then a resume."""
    outcomes = []
    for call in range(64):
        for after in (False, True):
            trial = folder / f"{call}_{after}"
            child = in_child(lambda: killed_by_itself(trial, call, after))  # noqa: B023
            was_killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            if not was_killed:
                return {"trials": outcomes}
            child = in_child(lambda: train(trial))  # noqa: B023
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            outcomes.append([str(trial), code])
    return {"trials": outcomes}


def at_random_moments(folder: Path) -> dict[str, object]:
    """One run, killed again and again after random delays until it comes to its end.

    On a busy machine one may end before this process looks for the first time: then another.
    """
    chance = random.Random(3)
    while True:
        trial = folder / f"random-{chance.random()}"
        outcome = until_its_end(trial, chance)
        if outcome["kills"]:
            return outcome


def until_its_end(trial: Path, chance: random.Random) -> dict[str, object]:
    """How often a run was killed before it came to its end, and how it ended."""
    kills = 0
    while True:
        child = in_child(lambda: train(trial))
        time.sleep((0.1 + 0.1 * kills) * chance.random())  # sooner or later an epoch fits in
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return {"kills": kills, "trials": [[str(trial), code]]}
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kills += 1


if __name__ == "__main__":
    # A picture takes longer than the whole training; a file in its place is enough here.
    TrainingHistory.plot = lambda _, what, path: files.write_bytes(path, b"")  # type: ignore
    # What a killed process wrote is read from memory, on the disk or not; disks can be very busy.
    os.fsync = lambda _: None  # type: ignore[assignment]
    modes = {"files": at_every_file, "random": at_random_moments}
    print(json.dumps(modes[sys.argv[2]](Path(sys.argv[1]))))
