"""The 31 numbers of each of a face's 88 landmarks: position, action units, distances and angles.

All is measured in the face's own frame: the middle between the outer corners of the eyes is the
origin, their distance is 1, their line is level; u to the right in the picture, v downwards, w away
from the camera. So nothing changes where the face stands in the picture, how large it is, or how
far the head is tilted to a shoulder. It does change as the head turns or nods, of which landmarks
of one camera tell little.

Shapes: T frames, M points of the mesh, N = 88 nodes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.formats.face_landmarks import (
    FACE_88,
    FACE_COUNTS,
    FACE_INDICES,
    GROUPS,
    LEFT_EYE,
    RIGHT_EYE,
)

Floats = npt.NDArray[np.float64]

TINY = 1e-9
FRAMES_AT_ONCE = 4096


def face_frames(points_TM3: npt.ArrayLike, *, aspect: float = 1.0) -> npt.NDArray[np.float32]:
    """The specification's input, from the points of a face mesh.

    Args:
        points_TM3: (T, 468 or 478, 3): x to the right, y downwards, z away from the camera, as
            MediaPipe gives them; NaN where unseen.
        aspect: width over height of the picture, where x and z are shares of its width and y of its
            height; 1 where all have one unit.

    Returns:
        (T, 88, 31) float32 in the order of `FACE_88.channels`; NaN where what is needed for a
        number was not seen, or the eyes' corners fall together.

    Raises:
        FormatError: the array has another shape.
    """
    points = np.asarray(points_TM3, dtype=np.float64)
    if points.ndim != 3 or points.shape[1] not in FACE_COUNTS or points.shape[2] != 3:
        raise FormatError(
            f"A face's points have the shape {points.shape}; allowed: (frames, 468 or 478, 3). "
            "Give all points of the mesh: the eyes tell the size."
        )
    result = np.empty((len(points), len(FACE_88.nodes), len(FACE_88.channels)), dtype=np.float32)
    for start in range(0, len(points), FRAMES_AT_ONCE):
        piece = slice(start, start + FRAMES_AT_ONCE)
        face = aligned(points[piece] * (aspect, 1.0, aspect))
        nodes = face[:, FACE_INDICES]
        result[piece, :, :3] = nodes
        units = np.stack([measure(face) for measure in MEASURES.values()], axis=-1)
        result[piece, :, 3:21] = units[:, None]
        result[piece, :, 21:] = distances_and_angles(nodes, face)
    return result


def aligned(points_TM3: Floats) -> Floats:
    """Points in the face's own frame (T, M, 3): see the page's head."""
    right, left = points_TM3[:, RIGHT_EYE[0]], points_TM3[:, LEFT_EYE[0]]
    between = left - right
    size = np.linalg.norm(between, axis=-1)
    size = np.where(size > TINY, size, np.nan)
    level = np.hypot(between[:, 0], between[:, 1])
    level = np.where(level > TINY, level, np.nan)
    cosine, sine = between[:, 0] / level, between[:, 1] / level
    moved = (points_TM3 - (0.5 * (left + right))[:, None]) / size[:, None, None]
    x, y = moved[..., 0], moved[..., 1]
    u = x * cosine[:, None] + y * sine[:, None]
    v = y * cosine[:, None] - x * sine[:, None]
    return np.stack([u, v, moved[..., 2]], axis=-1)


def distances_and_angles(nodes_TN3: Floats, face_TM3: Floats) -> Floats:
    """What each landmark sees of the mouth: (T, N, 10), in interocular distances and radians.

    Distances to: the mouth's centre (between its corners), its right and its left corner (61, 291),
    the top of the upper lip (0), the bottom of the lower (17), the base of the nose (2). Angles:
    sine and cosine of the direction from the centre to the landmark (in the picture's plane, from
    the right, turning downwards); the angle under which the landmark sees the two corners, and
    under which it sees the middle of both lips' inner edges (13, 14). An angle at a point that is
    one of its own legs' ends is 0.
    """
    right, left = face_TM3[:, None, 61], face_TM3[:, None, 291]
    centre = 0.5 * (right + left)
    targets = (centre, right, left, *(face_TM3[:, None, n] for n in (0, 17, 2)))
    distances = [np.linalg.norm(nodes_TN3 - target, axis=-1) for target in targets]
    away = nodes_TN3 - centre
    flat = np.maximum(np.hypot(away[..., 0], away[..., 1]), TINY)
    angles = [
        away[..., 1] / flat,
        away[..., 0] / flat,
        _angle_between(right - nodes_TN3, left - nodes_TN3),
        _angle_between(face_TM3[:, None, 13] - nodes_TN3, face_TM3[:, None, 14] - nodes_TN3),
    ]
    return np.stack(distances + angles, axis=-1)


def _angle_between(one: Floats, two: Floats) -> Floats:
    """Radians from 0 to pi; 0 where one has no length. Exact for small angles, unlike a cosine."""
    across = np.linalg.norm(np.cross(one, two), axis=-1)
    return np.arctan2(across, (one * two).sum(axis=-1))


def _far(face: Floats, *pairs: tuple[int, int]) -> Floats:
    """Mean distance of some pairs (T,)."""
    distances = [np.linalg.norm(face[:, a] - face[:, b], axis=-1) for a, b in pairs]
    return np.mean(distances, axis=0)


def _mean(face: Floats, axis: int, *numbers: int) -> Floats:
    """Mean coordinate of some points (T,): 0 is u, 1 is v, 2 is w."""
    return face[:, numbers, axis].mean(axis=1)


def _contour(group: str) -> list[int]:
    """A lip's edge as a closed line: down the right side, up the left."""
    landmarks = GROUPS[group]
    return [one for one, _ in landmarks] + [two for one, two in reversed(landmarks) if two != one]


_OUTER, _INNER = _contour("outer_lip"), _contour("inner_lip")


def _area(face: Floats, contour: list[int]) -> Floats:
    """What a closed line encloses in the picture's plane (T,)."""
    u, v = face[:, contour, 0], face[:, contour, 1]
    return 0.5 * np.abs((u * np.roll(v, -1, axis=1) - v * np.roll(u, -1, axis=1)).sum(axis=1))


MEASURES: dict[int, Callable[[Floats], Floats]] = {
    9: lambda f: -_far(f, (129, 133), (358, 362)),
    10: lambda f: -_far(f, (2, 37), (2, 0), (2, 267)),
    11: lambda f: -_far(f, (129, 40), (358, 270)),
    12: lambda f: -_far(f, (61, 33), (291, 263)),
    13: lambda f: -_mean(f, 1, 61, 291),
    14: lambda f: _mean(f, 2, 61, 291) - _mean(f, 2, 57, 287),
    15: lambda f: _mean(f, 1, 61, 291) - _mean(f, 1, 13, 14),
    16: lambda f: -_far(f, (17, 152)),
    17: lambda f: -_far(f, (18, 200)),
    18: lambda f: -_far(f, (39, 269), (181, 405)),
    20: lambda f: f[:, 291, 0] - f[:, 61, 0],
    22: lambda f: _mean(f, 2, 61, 291) - _mean(f, 2, 0, 17),
    23: lambda f: -_far(f, (0, 13), (14, 17)),
    24: lambda f: -_far(f, (39, 81), (269, 311), (181, 178), (405, 402)),
    25: lambda f: _far(f, (13, 14)),
    26: lambda f: _far(f, (2, 152)),
    27: lambda f: np.sqrt(_area(f, _INNER)),
    28: lambda f: -np.sqrt(np.maximum(_area(f, _OUTER) - _area(f, _INNER), 0.0)),
}
"""Each action unit's estimate, in interocular distances, growing with the action.

They are geometry, not a coder's intensities: a person's neutral face has its own values, which the
features' normalization takes away. One value a frame, repeated at each node.

9 nose wrinkler: the nose's wings near the eyes. 10 upper lip raiser: the upper lip's middle nears
the nose. 11 nasolabial deepener: the upper lip's sides near the nose's wings. 12 lip corner puller:
the corners near the eyes. 13 sharp lip puller: the corners rise. 14 dimpler: the corners sink below
the skin beside them. 15 lip corner depressor: the corners are below the middle. 16 lower lip
depressor: the lower lip nears the chin. 17 chin raiser: the fold below the lip nears the chin's
boss. 18 lip pucker: the lips' sides near one another. 20 lip stretcher: the corners part. 22 lip
funneler: the lips stand out before the corners. 23 lip tightener: the red is thin in the middle.
24 lip pressor: it is thin at the sides. 25 lips part. 26 jaw drop: the chin leaves the nose.
27 mouth stretch: root of the opening's area. 28 lip suck: minus the root of the red's area.

Source: Ekman, Friesen and Hager, Facial Action Coding System, 2002, for names and actions; the
formulas are this project's own.
"""
