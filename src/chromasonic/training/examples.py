"""Examples that are arrays by name, and the batches that training draws from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.training.batches import bucketed
from chromasonic.training.task import Batch, BatchLoss, Part

FEATURES, MASK = "features", "mask"

Example = Mapping[str, np.ndarray]
"""`features` (I,) or (T, I) float32; a target under the task's own key; `mask`, the places that
count, 1.0 or 0.0, of the shape of one number a target. Arrays with a time axis have it first."""

Augment = Callable[[Example, np.random.Generator], Example]
"""Another, equally true example: transposed, louder, slower. Shapes may change, names not."""


@dataclass(frozen=True)
class Examples(torch.utils.data.Dataset[dict[str, Tensor]]):
    """Examples with what they came from; also a torch data set of dicts of tensors.

    Attributes:
        items: the examples.
        pieces: for each example the id of its piece, which is the unit of every interval.
        groups: name of a division ("style", "drummer", "corpus") to each example's group in it.
    """

    items: Sequence[Example]
    pieces: Sequence[str]
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        return {name: torch.as_tensor(value) for name, value in self.items[number].items()}


@dataclass(frozen=True)
class ExampleTask:
    """What the training loop learns a model of arrays from (a `training.task.Task`).

    Attributes:
        train: to learn from.
        validation: to judge by.
        loss_of: (model, tensors of a batch) to its loss; sums, not means.
        augment: applied to each training example anew in each epoch; None leaves them as they are.
        is_sequence: whether examples have a time axis, and are padded to one length.
    """

    train: Examples
    validation: Examples
    loss_of: Callable[[nn.Module, Mapping[str, Tensor]], BatchLoss]
    augment: Augment | None = None
    is_sequence: bool = False

    def epoch(self, part: Part, *, seed: int, epoch: int, batch_size: int) -> ExampleBatches:
        """The batches of an epoch, in training in an order of its own."""
        examples = self.train if part == "train" else self.validation
        order = np.random.default_rng([seed, epoch]) if part == "train" else None
        if self.is_sequence:
            lengths = [len(item[FEATURES]) for item in examples.items]
            plan = bucketed(lengths, batch_size=batch_size, rng=order)
        else:
            numbers = (
                np.arange(len(examples)) if order is None else order.permutation(len(examples))
            )
            plan = [
                numbers[start : start + batch_size].tolist()
                for start in range(0, len(numbers), batch_size)
            ]
        augment = self.augment if part == "train" else None
        return ExampleBatches(examples.items, plan, augment, (seed, epoch))

    def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float) -> BatchLoss:
        """See `loss_of`; label smoothing is the targets' own affair."""
        del label_smoothing
        return self.loss_of(model, batch.tensors)


@dataclass(frozen=True)
class ExampleBatches:
    """Batches of one part in one epoch; see `training.task.EpochBatches`."""

    items: Sequence[Example]
    plan: Sequence[Sequence[int]]
    augment: Augment | None
    seed: tuple[int, ...]

    def batch(self, examples: Sequence[int]) -> Batch:
        """Examples stacked, padded with zeros along time (the mask is 0 there)."""
        chosen = [self._item(number) for number in examples]
        tensors = collate(chosen)
        mask = tensors[MASK]
        filled = sum(item[MASK].size for item in chosen)
        return Batch(
            tensors=tensors,
            count=int(mask.count_nonzero()),
            cells=mask.numel(),
            padded=mask.numel() - filled,
        )

    def _item(self, number: int) -> Example:
        item = self.items[number]
        if self.augment is None:
            return item
        # By the example's own number, so that it does not matter which batch or process it is in.
        return self.augment(item, np.random.default_rng([*self.seed, number]))


def collate(items: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
    """Examples as one batch: (B, ...) each, padded with zeros to the longest along time.

    Usable as `collate_fn` of a torch DataLoader.
    """
    tensors = {}
    for name in items[0]:
        values = [torch.as_tensor(item[name]) for item in items]
        is_ragged = any(value.shape != values[0].shape for value in values)
        tensors[name] = (
            nn.utils.rnn.pad_sequence(values, batch_first=True)
            if is_ragged
            else torch.stack(values)
        )
    return tensors
