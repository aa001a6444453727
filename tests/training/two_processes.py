"""Trains with two gloo processes, as `torchrun` would start them: two_processes.py FOLDER ROUNDS.

It imports torch once and forks the processes of each round. Prints, for each round, what each
process has to say.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch
import torch._dynamo  # the optimizer imports it at first use: once here, not in every process
import torch.distributed as dist
from toy import ToyModel, ToyTask

from chromasonic import files
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import TrainingHistory
from chromasonic.training.loop import fit

torch.set_num_threads(1)


def train(rank: int, store: dist.TCPStore, folder: Path, settings: dict) -> dict:
    """One process's part of a training."""
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(store.port), TORCHELASTIC_USE_AGENT_STORE="True",
    )  # fmt: skip
    writes: list[str] = []
    rename = os.replace

    def noted(source: str, target: str) -> None:
        writes.append(str(target))
        rename(source, target)

    os.replace = noted  # type: ignore[assignment]
    TrainingHistory.plot = lambda _, what, path: files.write_bytes(path, b"")  # type: ignore
    resume = settings.pop("resume", False)
    # Each process begins with weights of its own: those of the first must win.
    model = ToyModel(dropout=0, seed=rank)
    task = ToyTask(train=21, validation=7, noise=False)
    config = TrainingConfig(**settings)
    history = fit(model, task, config, folder=folder, name="toy", resume=resume)
    return {
        "writes": len(writes),
        "weights": sum(float(p.double().sum()) for p in model.parameters()),
        "train": history.train_losses,
        "val": history.val_losses,
    }


def one_round(folder: Path, settings: dict) -> list[dict]:
    """Two processes; what each says."""
    # As `torchrun` does: who starts them keeps the store, at a port that is its own from the start.
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    children = []
    for rank in range(2):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                said = json.dumps(train(rank, store, folder, settings))
                os.write(writing, said.encode())
                os._exit(0)
            except BaseException as error:
                print(f"process {rank}: {error!r}", file=sys.stderr)
                os._exit(1)
        os.close(writing)
        children.append((child, reading))
    said = [os.fdopen(reading).read() for _, reading in children]
    if any(os.waitpid(child, 0)[1] for child, _ in children):
        sys.exit("a process failed")
    return [json.loads(text) for text in said]


if __name__ == "__main__":
    print(json.dumps([one_round(Path(sys.argv[1]), each) for each in json.loads(sys.argv[2])]))
