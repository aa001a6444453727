"""A task small enough to be trained in milliseconds, whose loss draws on every generator."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from chromasonic.training.batches import bucketed
from chromasonic.training.task import Batch, BatchLoss, Part

CLASSES = 7


class ToyBatches:
    def __init__(self, sequences: list[np.ndarray], plan: list[list[int]]) -> None:
        self.sequences = sequences
        self.plan = plan

    def batch(self, examples: Sequence[int]) -> Batch:
        chosen = [self.sequences[number] for number in examples]
        longest = max(map(len, chosen))
        ids = torch.zeros(len(chosen), longest, dtype=torch.int64)
        for row, sequence in enumerate(chosen):
            ids[row, : len(sequence)] = torch.from_numpy(sequence)
        count = int((ids[:, 1:] != 0).sum())
        return Batch(
            tensors={"ids": ids},
            count=count,
            cells=ids[:, 1:].numel(),
            padded=ids[:, 1:].numel() - count,
        )


class ToyTask:
    """Counting up modulo CLASSES - 1 from 1, so that a model can learn it; 0 is padding."""

    def __init__(
        self, train: int = 24, validation: int = 8, *, noise: bool = True, seed: int = 5
    ) -> None:
        rng = np.random.default_rng(seed)
        self.noise = noise
        self.parts = {
            part: [
                1 + (np.arange(rng.integers(3, 12)) + rng.integers(0, 6)) % (CLASSES - 1)
                for _ in range(number)
            ]
            for part, number in (("train", train), ("validation", validation))
        }

    def epoch(self, part: Part, *, seed: int, epoch: int, batch_size: int) -> ToyBatches:
        sequences = self.parts[part]
        rng = np.random.default_rng([seed, epoch]) if part == "train" else None
        lengths = [len(sequence) for sequence in sequences]
        plan = bucketed(lengths, batch_size=batch_size, rng=rng) if sequences else []
        return ToyBatches(sequences, plan)

    def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float) -> BatchLoss:
        ids = batch.tensors["ids"]
        logits = model(ids[:, :-1]).flatten(0, 1)
        targets = ids[:, 1:].flatten()
        loss = functional.cross_entropy(logits, targets, ignore_index=0, reduction="sum")
        objective = functional.cross_entropy(
            logits, targets, ignore_index=0, reduction="sum", label_smoothing=label_smoothing
        )
        if self.noise and model.training:  # a resumed run must find each generator where it was
            objective = objective * (1 + 0.1 * random.random() + 0.1 * np.random.rand())  # noqa: NPY002
        right = ((logits.argmax(1) == targets) & (targets != 0)).sum()
        return BatchLoss(
            objective_sum=objective,
            loss_sum=loss,
            metrics={"accuracy": (right, torch.tensor(batch.count))},
        )


class ToyModel(nn.Module):
    def __init__(self, size: int = 8, dropout: float = 0.2, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(CLASSES, size)
            self.norm = nn.LayerNorm(size)
            self.output = nn.Linear(size, CLASSES)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.output(self.dropout(self.norm(self.embedding(ids))))


def plain(history: object) -> list[dict]:
    """The epochs of a history without what the clock says."""
    epochs = history.to_dict()["epochs"]  # type: ignore[attr-defined]
    clock = ("seconds", "tokens_per_second")
    return [{k: v for k, v in epoch.items() if k not in clock} for epoch in epochs]


def same_tensors(left: object, right: object) -> bool:
    """Whether two nested states are equal to the last bit."""
    if isinstance(left, torch.Tensor):
        return isinstance(right, torch.Tensor) and torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(  # type: ignore[attr-defined]
            same_tensors(left[key], right[key])  # type: ignore[index]
            for key in left
        )
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same_tensors, left, right))  # type: ignore[arg-type]
    return left == right or (left != left and right != right)
