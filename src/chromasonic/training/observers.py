"""What wants to know how a training goes (progress bars, tracking); the loop imports none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import Epoch, TrainingHistory


@dataclass(frozen=True, kw_only=True)
class TrainingStart:
    """What stands fixed when the first epoch begins.

    Attributes:
        name: the model's.
        config: the settings in force.
        device: where it computes, by name.
        precision: arithmetic of the forward pass, by name.
        parameters: numbers that are trained.
        processes: processes that train together.
        first_epoch: 1, or more after a resume.
        folder: where files go; None keeps them in memory.
        metadata: what the caller said about the run.
    """

    name: str
    config: TrainingConfig
    device: str
    precision: str
    parameters: int
    processes: int
    first_epoch: int
    folder: Path | None
    metadata: dict[str, Any]


class Observer:
    """Override what you want to hear of; called in the first process alone.

    An exception from an observer ends the training (a search prunes so); what was saved stays.
    """

    def on_start(self, start: TrainingStart) -> None:
        """Before the first epoch."""

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        """After update number `batch` (from 1) of `batches` in an epoch."""

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        """After an epoch, validated and saved."""

    def on_figures(self, done: int, total: int, figures: Mapping[str, float]) -> None:
        """In a training without epochs (an agent's): figures after `done` of `total` rounds."""

    def on_end(self, history: TrainingHistory) -> None:
        """After the last epoch, when the best weights are back in the model."""
