"""Batches of examples: in the same order for the same seed, padded, changed anew each epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import DataLoader

from chromasonic.training.examples import Example, Examples, ExampleTask, collate
from chromasonic.training.task import BatchLoss


def sequences(*lengths: int) -> Examples:
    items = [
        {
            "features": np.full((length, 3), number, np.float32),
            "target": np.arange(length),
            "mask": np.ones(length, np.float32),
        }
        for number, length in enumerate(lengths)
    ]
    return Examples(items, [f"piece/{number}" for number in range(len(items))])


def no_loss(model: object, tensors: object) -> BatchLoss:
    raise NotImplementedError


def louder(example: Example, rng: np.random.Generator) -> Example:
    return {**example, "features": example["features"] + np.float32(rng.random())}


def drawn(task: ExampleTask, *, seed: int, epoch: int, batch_size: int) -> dict[int, float]:
    """Number of each training example to the first of its features."""
    batches = task.epoch("train", seed=seed, epoch=epoch, batch_size=batch_size)
    found = {}
    for numbers in batches.plan:
        first = batches.batch(numbers).tensors["features"][:, 0, 0]
        found.update(zip(numbers, first.tolist(), strict=True))
    return found


def test_padding_counts_nowhere() -> None:
    examples = sequences(2, 5, 3)
    task = ExampleTask(examples, examples, no_loss, is_sequence=True)
    batch = task.epoch("train", seed=0, epoch=1, batch_size=3).batch([0, 1, 2])
    assert batch.tensors["features"].shape == (3, 5, 3)
    assert batch.tensors["mask"].sum(1).tolist() == [2, 5, 3]
    assert (batch.count, batch.cells, batch.padded) == (10, 15, 5)


def test_each_example_comes_once_an_epoch_in_another_order_each_time() -> None:
    examples = sequences(*[4] * 40)
    task = ExampleTask(examples, examples, no_loss)
    plans = {
        epoch: [
            n
            for batch in task.epoch("train", seed=1, epoch=epoch, batch_size=8).plan
            for n in batch
        ]
        for epoch in (1, 2)
    }
    assert sorted(plans[1]) == sorted(plans[2]) == list(range(40))
    assert plans[1] != plans[2]
    again = task.epoch("train", seed=1, epoch=2, batch_size=8).plan
    assert [n for batch in again for n in batch] == plans[2]
    validation = task.epoch("validation", seed=1, epoch=2, batch_size=8).plan
    assert [n for batch in validation for n in batch] == list(range(40))


def test_a_change_belongs_to_the_example_not_to_its_batch() -> None:
    examples = sequences(*[4] * 20)
    task = ExampleTask(examples, examples, no_loss, augment=louder)
    first = drawn(task, seed=1, epoch=1, batch_size=4)
    assert first == drawn(task, seed=1, epoch=1, batch_size=10)
    assert first != drawn(task, seed=1, epoch=2, batch_size=4)
    assert len({value - number for number, value in first.items()}) == 20
    plan = task.epoch("validation", seed=1, epoch=1, batch_size=20)
    untouched = plan.batch(plan.plan[0]).tensors["features"][:, 0, 0]
    assert untouched.tolist() == list(range(20))


def test_examples_serve_torch_data_loaders() -> None:
    loader = DataLoader(sequences(2, 3), batch_size=2, collate_fn=collate)
    (batch,) = loader
    assert set(batch) == {"features", "target", "mask"}
    assert batch["target"].dtype == torch.int64
    assert batch["mask"].tolist() == [[1, 1, 0], [1, 1, 1]]
