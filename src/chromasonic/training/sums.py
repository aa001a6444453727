"""Losses and metrics added up over a pass, on the device and over processes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from chromasonic.training.distributed import Processes
from chromasonic.training.history import Metric
from chromasonic.training.task import BatchLoss


@dataclass(frozen=True)
class Means:
    """What a pass over a part gave.

    Attributes:
        loss: mean over all targets; NaN where there was none.
        count: number of targets.
        metrics: by name.
    """

    loss: float
    count: int
    metrics: dict[str, Metric]


class Sums:
    """Adds up losses and metrics on the device, so that no batch waits for the CPU."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.dtype = torch.float32 if device.type == "mps" else torch.float64  # MPS has no float64
        self.names: list[str] = []
        self.values = torch.zeros(0, dtype=self.dtype, device=device)
        self.count = 0

    def add(self, loss: BatchLoss, count: int) -> None:
        """Take in a batch with so many targets."""
        if not self.count:
            self.names = list(loss.metrics)
            self.values = self._zeros(self.names)
        numbers = [loss.loss_sum.detach()]
        for name in self.names:
            numbers += loss.metrics[name]
        self.values += torch.stack([number.to(self.dtype) for number in numbers])
        self.count += count

    def total(self, processes: Processes) -> Means:
        """Means over all that was added, in all processes."""
        names: list[str] = max(processes.gather(self.names), key=len)
        values = self.values if len(self.values) else self._zeros(names)
        count = int(processes.sum(torch.tensor(self.count, device=self.device)))
        loss, *metrics = processes.sum(values).tolist()
        return Means(
            loss=loss / count if count else math.nan,
            count=count,
            metrics={
                name: Metric(sum=metrics[2 * i], count=metrics[2 * i + 1])
                for i, name in enumerate(names)
            },
        )

    def _zeros(self, names: list[str]) -> torch.Tensor:
        return torch.zeros(1 + 2 * len(names), dtype=self.dtype, device=self.device)
