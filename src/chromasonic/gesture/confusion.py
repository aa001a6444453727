"""Which gestures are taken for which: their order, and the most confused pairs.

Legend: K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """How often one gesture is taken for another.

    Attributes:
        true: what was done.
        answer: what was said.
        count: recordings, a mean over seeds.
        share: of the recordings of what was done.
    """

    true: str
    answer: str
    count: float
    share: float


def mistakes(counts_KK: npt.ArrayLike, classes: Sequence[str], *, most: int = 20) -> list[Mistake]:
    """The most frequent mistakes, the most frequent first.

    Args:
        counts_KK: answers (columns) to each class (rows).
        classes: names of the K.
        most: so many at most.
    """
    counts = np.asarray(counts_KK, float)
    rows = counts.sum(axis=1)
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    return [
        Mistake(
            true=classes[row],
            answer=classes[column],
            count=float(wrong[row, column]),
            share=float(wrong[row, column] / rows[row]),
        )
        for row, column in (divmod(int(cell), len(classes)) for cell in order)
        if wrong[row, column] > 0
    ]


def shares_of(counts_KK: npt.ArrayLike) -> Floats:
    """Each row as shares of its sum; NaN in the row of a class that does not occur."""
    counts = np.asarray(counts_KK, float)
    rows = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, rows, out=np.full_like(counts, np.nan), where=rows > 0)


def similar_order(counts_KK: npt.ArrayLike) -> list[int]:
    """Numbers of the classes in an order that puts those that are confused side by side.

    Average linkage on 1 minus the mean share by which two classes are taken for each other, with
    the leaves turned so that neighbours are near (Bar-Joseph et al., Bioinformatics 17, 2001).
    """
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    shares = np.nan_to_num(shares_of(counts_KK))
    if len(shares) < 3:
        return list(range(len(shares)))
    distances = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distances, 0)
    flat = squareform(np.maximum(distances, 0), checks=False)
    tree = optimal_leaf_ordering(linkage(flat, "average"), flat)
    return [int(number) for number in leaves_list(tree)]
