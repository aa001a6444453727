"""Forward kinematics: from joint angles to where each joint is, all frames at once.

Shapes: T frames, N joints; rotations are matrices that turn column vectors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FRAMES_AT_ONCE = 8192
"""What bounds the memory: about 20 MB for a body of 31 joints."""


def turn_about(axis: str, degrees: Floats) -> Floats:
    """Rotations about one axis.

    Args:
        axis: "x", "y" or "z".
        degrees: (T,) angles; positive turns counterclockwise where the axis points at the viewer.

    Returns:
        (T, 3, 3) matrices.
    """
    radians = np.deg2rad(degrees)
    cosine, sine = np.cos(radians), np.sin(radians)
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrices = np.zeros((len(degrees), 3, 3))
    matrices[:, "xyz".index(axis), "xyz".index(axis)] = 1.0
    matrices[:, first, first] = matrices[:, second, second] = cosine
    matrices[:, first, second], matrices[:, second, first] = -sine, sine
    return matrices


def turn(axes: Sequence[str], degrees: Floats, *, fixed: bool) -> Floats:
    """Rotations about several axes, one after the other.

    Args:
        axes: such as ("x", "y", "z"): about x first.
        degrees: (T, len(axes)).
        fixed: whether each axis is the parent's (Acclaim), or turned by those before it (BVH).

    Returns:
        (T, 3, 3) matrices; the identity where there is no axis.
    """
    result = np.broadcast_to(np.eye(3), (len(degrees), 3, 3))
    for number, axis in enumerate(axes):
        step = turn_about(axis, degrees[:, number])
        result = step @ result if fixed else result @ step
    return result
