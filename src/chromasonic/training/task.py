"""What the loop asks of a task: batches of an epoch, and the loss of a batch as sum and count.

The loop never sees notes or audio. A task hands out, for (part, seed, epoch) alone, the same
batches in the same order, so that a resumed run needs no replay; and it gives losses as sums with
counts, so that a mean is exact however the batch was cut (padding, accumulation, processes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

Part = Literal["train", "validation"]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Examples of one share of an update, padded to one length.

    Attributes:
        tensors: what the task's loss reads, by name.
        count: targets that the loss sums over.
        cells: places in the padded array.
        padded: how many of them hold padding.
    """

    tensors: Mapping[str, Tensor]
    count: int
    cells: int = 0
    padded: int = 0

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        if device.type == "cpu":
            return self
        moved = {
            name: tensor.to(device, non_blocking=True) for name, tensor in self.tensors.items()
        }
        return Batch(tensors=moved, count=self.count, cells=self.cells, padded=self.padded)


@dataclass(frozen=True, kw_only=True)
class BatchLoss:
    """What a model made of a batch.

    Attributes:
        objective_sum: scalar to differentiate (with label smoothing and the like), summed.
        loss_sum: scalar to report, summed over the same `count` targets.
        metrics: name -> (sum, count), scalars; the loop reports sum / count over an epoch.
    """

    objective_sum: Tensor
    loss_sum: Tensor
    metrics: Mapping[str, tuple[Tensor, Tensor]] = field(default_factory=dict)


class EpochBatches(Protocol):
    """The batches of one part in one epoch."""

    @property
    def plan(self) -> Sequence[Sequence[int]]:
        """For each update the numbers of its examples."""
        ...

    def batch(self, examples: Sequence[int]) -> Batch:
        """Some examples of one update as a padded batch."""
        ...


class Task(Protocol):
    """A thing to learn."""

    def epoch(self, part: Part, *, seed: int, epoch: int, batch_size: int) -> EpochBatches:
        """The batches of an epoch: the same for the same arguments, always."""
        ...

    def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float) -> BatchLoss:
        """Loss and metrics of a batch, as sums."""
        ...
