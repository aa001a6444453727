"""Which examples stand together in an update: like lengths, so that little is padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PADDING_GOAL = 0.08
"""Share of padding at which pools stop growing; the promise to users is less than 0.10."""


def padding_share(lengths: Sequence[int], plan: Sequence[Sequence[int]]) -> float:
    """Share of the padded places that hold no example's content.

    Args:
        lengths: length of each example.
        plan: for each batch the numbers of its examples.
    """
    sizes = np.asarray(lengths)
    cells = sum(len(batch) * int(sizes[list(batch)].max()) for batch in plan)
    filled = sum(int(sizes[list(batch)].sum()) for batch in plan)
    return 1 - filled / cells if cells else 0.0


def bucketed(
    lengths: Sequence[int], *, batch_size: int, rng: np.random.Generator | None
) -> list[list[int]]:
    """Batches of examples of like length, in random order.

    Examples are shuffled, sorted by length within pools of several batches, and cut; the batches
    are shuffled again. Pools double until the padding falls to `PADDING_GOAL` or one pool holds
    all, so chance decides as much as the padding allows.

    Args:
        lengths: length of each example.
        batch_size: examples a batch; the last batches may hold fewer.
        rng: decides the order; None sorts by length, longest first, and begins a new batch where
            examples have become much shorter, which is what validation wants.

    Returns:
        For each batch the numbers of its examples; each example stands in exactly one.
    """
    sizes = np.asarray(lengths)
    if rng is None:
        return _cut_where_shorter(sizes, batch_size)
    shuffled = rng.permutation(len(sizes))
    pool = batch_size * 8
    while True:
        plan: list[list[int]] = []
        for start in range(0, len(shuffled), pool):
            members = shuffled[start : start + pool]
            plan += _cut(members[np.argsort(sizes[members], kind="stable")], batch_size)
        if pool >= len(shuffled) or padding_share(lengths, plan) <= PADDING_GOAL:
            break
        pool *= 2
    return [plan[index] for index in rng.permutation(len(plan))]


def _cut(order: np.ndarray, batch_size: int) -> list[list[int]]:
    return [
        order[start : start + batch_size].tolist() for start in range(0, len(order), batch_size)
    ]


def _cut_where_shorter(sizes: np.ndarray, batch_size: int) -> list[list[int]]:
    """Batches by falling length, none with an example much shorter than its longest."""
    plan: list[list[int]] = []
    for number in np.argsort(-sizes, kind="stable").tolist():
        is_full = not plan or len(plan[-1]) == batch_size
        if is_full or sizes[number] < (1 - 2 * PADDING_GOAL) * sizes[plan[-1][0]]:
            plan.append([])
        plan[-1].append(number)
    return plan


def share(examples: Sequence[int], index: int, shares: int) -> Sequence[int]:
    """One of several even shares of a batch's examples; like lengths are dealt out evenly."""
    return examples[index::shares]
