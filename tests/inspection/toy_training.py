"""A training of the one loop, done in moments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.training import TrainingConfig, fit
from chromasonic.training.examples import FEATURES, MASK, Examples, ExampleTask
from chromasonic.training.task import BatchLoss


def loss(model: nn.Module, tensors: Mapping[str, Tensor]) -> BatchLoss:
    logits, targets = model(tensors[FEATURES]), tensors["target"][:, 0]
    summed = functional.cross_entropy(logits, targets, reduction="sum")
    right = (logits.argmax(1) == targets).sum()
    return BatchLoss(
        objective_sum=summed,
        loss_sum=summed,
        metrics={"accuracy": (right, torch.tensor(len(targets)))},
    )


def examples(count: int, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4)).astype(np.float32)
    targets = (features.sum(1) > 0).astype(np.int64)
    items = [
        {FEATURES: row, "target": np.array([target]), MASK: np.ones(1, np.float32)}
        for row, target in zip(features, targets, strict=True)
    ]
    return Examples(items=items, pieces=[str(number) for number in range(count)])


def train_toy(folder: Path, *, seed: int = 0, epochs: int = 4) -> None:
    """Leave toy_best.pt, toy_final.pt, toy_latest.pt and toy_epoch_2.pt in a folder."""
    torch.manual_seed(seed)
    fit(
        nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)),
        ExampleTask(train=examples(40, seed), validation=examples(16, seed + 50), loss_of=loss),
        TrainingConfig(
            epochs=epochs, batch_size=8, scheduler="cosine", checkpoint_every=2, device="cpu",
            seed=seed,
        ),
        folder=folder,
        name="toy",
        metadata={"task": "toy", "model": {"kind": "toy", "config": {"hidden": 6}}},
    )  # fmt: skip
