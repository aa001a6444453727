"""Models that are counted, not trained: judged and saved in the form of a training's one epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from chromasonic.training.checkpoint import FORMAT_VERSION, save_checkpoint
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.loop import judge
from chromasonic.training.observers import Observer, TrainingStart
from chromasonic.training.saving import CheckpointFiles
from chromasonic.training.task import Task


def fit_counts(
    model: nn.Module,
    count: Callable[[], object],
    task: Task,
    *,
    folder: Path | None,
    name: str,
    metadata: dict[str, Any],
    observers: Sequence[Observer] = (),
) -> TrainingHistory:
    """Fit a model without gradients, judge it, and save NAME_best.pt, NAME_final.pt and history.

    Args:
        model: the module; its tables are buffers.
        count: fits it.
        task: judges it on both parts.
        folder: where files go; None writes none.
        name: begins each file's name.
        metadata: what is fitted on what; goes into the checkpoint's `config`.
        observers: hear of it as of a training of one epoch.

    Returns:
        A history of one epoch with learning rate 0.
    """
    config = TrainingConfig(epochs=1, device="cpu")
    begun = TrainingStart(
        name=name,
        config=config,
        device="cpu",
        precision="float32",
        parameters=0,
        processes=1,
        first_epoch=1,
        folder=folder,
        metadata=metadata,
    )
    for observer in observers:
        observer.on_start(begun)
    start = time.perf_counter()
    count()
    seconds = time.perf_counter() - start
    train, val = (judge(model, task, part, config) for part in ("train", "validation"))
    epoch = Epoch(
        epoch=1,
        learning_rate=0.0,
        train_loss=train.loss,
        val_loss=val.loss,
        train=train.metrics,
        val=val.metrics,
        targets=train.count,
        seconds=time.perf_counter() - start,
        tokens_per_second=train.count / max(seconds, 1e-9),
    )
    headline = str(metadata.get("headline", "accuracy"))
    history = TrainingHistory(name=name, epochs=[epoch], headline=headline, end="epochs")
    model.eval()
    if folder is not None:
        files = CheckpointFiles(Path(folder), name)
        content = {
            "format_version": FORMAT_VERSION,
            "model_state_dict": model.state_dict(),
            "optimizer_state_dict": {},
            "scheduler_state_dict": {},
            "epoch": 1,
            "config": {**metadata, "training": None},
            "metrics": epoch.to_dict(),
            "best": {"metric": "val_loss", "value": val.loss, "epoch": 1},
            "rng_state": {},
            "sampler_state": {},
            "history": history.to_dict(),
        }
        for what in ("best.pt", "final.pt"):
            save_checkpoint(files.path(what), content)
        history.save(files.path("history.json"))
        history.save(files.path("history.csv"))
    for observer in observers:
        observer.on_epoch(epoch, True)
        observer.on_end(history)
    return history
