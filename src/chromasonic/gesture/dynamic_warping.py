"""How far two movements lie apart when either may run faster or slower: dynamic time warping.

Legend: A, B recordings of two sets, P points, D numbers of a point.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def warped_distances(first_APD: npt.ArrayLike, second_BPD: npt.ArrayLike, *, bend: int) -> Floats:
    """Distance of every pair under the best alignment, (A, B).

    The sum of squared distances along the cheapest path of steps (1, 0), (0, 1), (1, 1) from both
    first points to both last ones, in which no point meets one more than `bend` places away.

    Args:
        first_APD: recordings of P points each.
        second_BPD: others, of as many points.
        bend: places that a path may leave the diagonal; 0 compares point by point.

    Source: Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word
    recognition", IEEE Transactions on ASSP 26 (1978).
    """
    first, second = np.asarray(first_APD, float), np.asarray(second_BPD, float)
    points = first.shape[1]
    far = np.full((len(first), len(second)), np.inf)
    before: list[Floats] = [far] * points
    for i in range(points):
        row = [far] * points
        for j in range(max(0, i - bend), min(points, i + bend + 1)):
            cost = _squared(first[:, i], second[:, j])
            if i == 0 and j == 0:
                row[j] = cost
                continue
            best = before[j]
            if j > 0:
                best = np.minimum(np.minimum(best, before[j - 1]), row[j - 1])
            row[j] = cost + best
        before = row
    return before[-1]


def _squared(first_AD: Floats, second_BD: Floats) -> Floats:
    """Squared distances of all pairs of points, (A, B)."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(first_AD, second_BD, "sqeuclidean"))
