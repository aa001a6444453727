"""The 88 landmarks of lips and surroundings, out of the 468 or 478 of MediaPipe's face mesh.

Right and left are the person's own, as the mesh has it: in a picture that is not mirrored the right
side is on the left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chromasonic.music.movement import Skeleton

FACE_COUNTS = (468, 478)
"""Points of the mesh, without and with the ten of the irises (which come last)."""

RIGHT_EYE, LEFT_EYE = (33, 133), (263, 362)
"""Outer and inner corner: what a face is measured against."""

NEIGHBOURS = 4
"""How many nearest landmarks of the mean face each one is tied to."""

Mirrored = dict[tuple[int, int], tuple[float, float, float]]

# Right landmark and its mirror image on the left: where the right one is in the mean face, in
# centimetres, x to the person's left, y upwards, z forwards. On the midline both are the same.
_OUTER_LIP: Mirrored = {
    (0, 0): (0.000, -3.406, 5.980),
    (37, 267): (-0.711, -3.329, 5.877),
    (39, 269): (-1.432, -3.501, 5.496),
    (40, 270): (-1.915, -3.803, 5.029),
    (185, 409): (-2.285, -4.051, 4.582),
    (61, 291): (-2.456, -4.343, 4.284),
    (146, 375): (-2.196, -4.598, 4.480),
    (91, 321): (-1.839, -4.829, 4.824),
    (181, 405): (-1.325, -5.107, 5.205),
    (84, 314): (-0.700, -5.292, 5.448),
    (17, 17): (0.000, -5.365, 5.535),
}
_INNER_LIP: Mirrored = {
    (13, 13): (0.000, -3.994, 5.219),
    (82, 312): (-0.533, -3.993, 5.138),
    (81, 311): (-1.024, -3.990, 4.927),
    (80, 310): (-1.469, -4.036, 4.605),
    (191, 415): (-1.845, -4.099, 4.247),
    (78, 308): (-2.153, -4.276, 4.038),
    (95, 324): (-1.827, -4.400, 4.399),
    (88, 318): (-1.537, -4.423, 4.745),
    (178, 402): (-1.099, -4.459, 5.121),
    (87, 317): (-0.583, -4.518, 5.340),
    (14, 14): (0.000, -4.542, 5.405),
}
_NEAR: Mirrored = {
    (164, 164): (0.000, -2.522, 5.932),
    (167, 393): (-0.731, -2.537, 5.815),
    (165, 391): (-1.776, -2.684, 5.213),
    (92, 322): (-2.368, -3.106, 4.868),
    (186, 410): (-2.850, -3.666, 4.485),
    (57, 287): (-3.103, -4.353, 4.096),
    (43, 273): (-2.650, -5.004, 4.188),
    (106, 335): (-2.170, -5.440, 4.456),
    (182, 406): (-1.546, -5.819, 4.758),
    (83, 313): (-0.770, -6.095, 4.986),
    (18, 18): (0.000, -6.150, 5.071),
}
_AROUND: Mirrored = {
    (2, 2): (0.000, -2.089, 6.058),
    (97, 326): (-0.597, -2.014, 5.866),
    (98, 327): (-1.406, -1.714, 5.241),
    (203, 423): (-2.312, -1.566, 4.590),
    (206, 426): (-2.962, -2.274, 4.441),
    (216, 436): (-3.493, -3.196, 4.130),
    (212, 432): (-3.747, -4.504, 3.726),
    (202, 422): (-3.289, -5.383, 3.796),
    (204, 424): (-2.680, -6.112, 4.096),
    (194, 418): (-1.939, -6.614, 4.521),
    (201, 421): (-0.998, -6.931, 4.980),
    (200, 200): (0.000, -6.991, 5.153),
}
_FAR: Mirrored = {
    (1, 1): (0.000, -1.127, 7.476),
    (129, 358): (-1.786, -0.978, 4.850),
    (205, 425): (-3.833, -1.537, 4.138),
    (152, 152): (0.000, -9.403, 4.264),
}
GROUPS = {
    "outer_lip": _OUTER_LIP,
    "inner_lip": _INNER_LIP,
    "near": _NEAR,
    "around": _AROUND,
    "far": _FAR,
}
"""The two edges of the lips, two rings of skin about them, and nose, cheeks and chin.

Source: MediaPipe Face Mesh, its lip contours and its canonical face model (468 vertices, exactly
symmetric).
"""


def _ordered() -> tuple[tuple[str, int, tuple[float, float, float]], ...]:
    """Name, number in the mesh and place of each landmark: group by group, right side first."""
    found = []
    for group, landmarks in GROUPS.items():
        right = {one: place for (one, _), place in landmarks.items()}
        left = {
            two: (-x, y, z) for (one, two), (x, y, z) in reversed(landmarks.items()) if two != one
        }
        found += [(f"{group}_{n}", n, place) for n, place in (right | left).items()]
    return tuple(found)


_LANDMARKS = _ordered()

FACE_INDICES = tuple(number for _, number, _ in _LANDMARKS)
"""Numbers in the mesh of the 88 nodes, in their order."""

MEAN_FACE: npt.NDArray[np.float64] = np.array([place for _, _, place in _LANDMARKS])
"""(88, 3) centimetres: x to the person's left, y upwards, z forwards."""

MEAN_EYES = {33: (-4.446, 2.664, 3.173), 133: (-1.856, 2.585, 3.758)} | {
    263: (4.446, 2.664, 3.173),
    362: (1.856, 2.585, 3.758),
}
"""Where the corners of the eyes are in it."""

ACTION_UNITS = (
    *(9, 10, 11, 12, 13, 14, 15, 16, 17, 18),
    *(20, 22, 23, 24, 25, 26, 27, 28),
)
"""Of the Facial Action Coding System: those of the lower face that landmarks can show."""

DISTANCES = ("centre", "right", "left", "upper", "lower", "nose")
ANGLES = ("sine", "cosine", "corners", "lips")


def _neighbours(points: npt.NDArray[np.float64], count: int) -> tuple[tuple[int, int], ...]:
    """Each point tied to its nearest ones, in both directions; each pair once, in order.

    Differs: not the function of the network's room, which no format may know; a test holds both
    to the same edges.
    """
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :count]
    pairs = {(min(a, b), max(a, b)) for a, row in enumerate(nearest.tolist()) for b in row}
    return tuple(sorted(pairs))


FACE_88 = Skeleton(
    name="face-88",
    nodes=tuple(name for name, _, _ in _LANDMARKS),
    edges=_neighbours(MEAN_FACE, NEIGHBOURS),
    channels=(
        *("x", "y", "z"),
        *(f"au{number:02}" for number in ACTION_UNITS),
        *(f"to{name.capitalize()}" for name in DISTANCES),
        *(f"angle{name.capitalize()}" for name in ANGLES),
    ),
    axes=(),
)
"""88 nodes of 31 numbers. No axes: turning or scaling the position alone would leave the other 28
numbers telling of another face."""
