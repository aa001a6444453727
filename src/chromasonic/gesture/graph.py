"""Skeletons as the matrices that graph convolutions read: who is tied to whom, and how much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from chromasonic.errors import DataError
from chromasonic.music.movement import Skeleton


def adjacency_of(skeleton: Skeleton, self_weight: float = 1.0) -> Tensor:
    """How much each node (row) hears of each node (column): (N, N) float32, symmetric.

    Edges count in both directions, every node hears itself, and a tie weighs one over the root of
    both nodes' numbers of ties, so that busy nodes are not louder. A node without edges hears
    itself alone, with weight 1.

    Args:
        skeleton: says which nodes are tied.
        self_weight: for how many ties a node's own counts. With 1, nodes that are all tied to each
            other hear exactly the same and cannot be told apart any more.

    Source: Kipf and Welling, Semi-supervised classification with graph convolutional networks,
    ICLR 2017, equation 2; the weight is the lambda of its section 7.2.
    """
    ties = np.eye(len(skeleton.nodes)) * self_weight
    for one, other in skeleton.edges:
        ties[one, other] = ties[other, one] = 1
    root = np.sqrt(ties.sum(axis=1))
    return torch.tensor(ties / root[:, None] / root, dtype=torch.float32)


def nearest_neighbours(points: npt.ArrayLike, count: int) -> tuple[tuple[int, int], ...]:
    """Edges that tie each point to its nearest ones, for landmarks that come without bones.

    Args:
        points: (N, D) positions at rest.
        count: how many neighbours each point chooses; it has more where others choose it.

    Returns:
        Pairs of node numbers in ascending order, the smaller first, each once. Of points equally
        far the one of the smaller number counts as nearer.

    Raises:
        DataError: a position is not finite, or there are not so many neighbours.
    """
    places = np.asarray(points, dtype=np.float64)
    if places.ndim != 2 or not np.isfinite(places).all():
        raise DataError(
            f"Points of shape {places.shape} were given; (points, coordinates) of finite numbers "
            "are needed. Leave out what was not seen."
        )
    if not 0 <= count < len(places):
        raise DataError(
            f"{count} neighbours were asked of {len(places)} points; allowed: from 0 to "
            f"{len(places) - 1}."
        )
    edges = set()
    for number, place in enumerate(places):
        distances = np.linalg.norm(places - place, axis=1)
        distances[number] = np.inf
        for other in np.argsort(distances, kind="stable")[:count]:
            edges.add((min(number, int(other)), max(number, int(other))))
    return tuple(sorted(edges))
