"""A simple hand: from how its fingers are bent to where its 21 landmarks are in a picture.

Legend: T frames, 21 landmarks; the palm's own axes are x to the little finger's side turned left
(the thumb's side of a right hand seen from behind), y towards the fingers, z out of the palm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ROOTS = np.array([[-0.35, 0.25], [-0.3, 0.95], [0.0, 1.0], [0.25, 0.93], [0.5, 0.8]])
"""(5, 2): where each finger's first landmark is in the palm, the wrist being 0."""

BONES = np.array(
    [[0.40, 0.35, 0.30], [0.45, 0.28, 0.22], [0.50, 0.32, 0.24], [0.45, 0.30, 0.23],
     [0.35, 0.22, 0.20]]
)  # fmt: skip
"""(5, 3): lengths of each finger's three bones."""

SPREAD_DEGREES = np.array([45.0, 10.0, 0.0, -9.0, -18.0])
"""(5,): by which each finger leans towards the thumb's side."""

BENT_DEGREES = np.array([80.0, 95.0, 60.0])
"""(3,): how far each joint of a finger bends in a fist."""


@dataclass(kw_only=True)
class Pose:
    """A hand over time.

    Attributes:
        place: (T, 2) of the wrist, in shares of the picture; y goes down.
        scale: (T,) from the wrist to the root of the middle finger, in shares of the picture.
        tilt_degrees: (T,) by which the hand leans to the right.
        bend: (T, 5) of each finger, from 0 (straight) to 1 (as in a fist).
        pinch: (T,) from 0 to 1: how near the tips of thumb and index finger are to each other.
    """

    place: Floats
    scale: Floats
    tilt_degrees: Floats
    bend: Floats
    pinch: Floats


def landmarks(pose: Pose, fingers: Floats) -> Floats:
    """Where the landmarks are.

    Args:
        pose: over T frames.
        fingers: (5,) factors on the fingers' lengths.

    Returns:
        (T, 21, 3): x to the right, y down, z away from the camera, 0 at the wrist.
    """
    frames = len(pose.place)
    hand = np.zeros((frames, 21, 3))
    spread = np.deg2rad(SPREAD_DEGREES)
    ahead = np.stack([-np.sin(spread), np.cos(spread)], axis=1)  # (5, 2)
    angles = np.cumsum(pose.bend[:, :, None] * np.deg2rad(BENT_DEGREES), axis=2)  # (T, 5, 3)
    lengths = BONES * fingers[:, None]
    along = np.cumsum(lengths * np.cos(angles), axis=2)  # in the palm's plane
    out = np.cumsum(lengths * np.sin(angles), axis=2)  # out of it
    roots = ROOTS + np.zeros((frames, 1, 1))
    points = np.zeros((frames, 5, 4, 3))
    points[:, :, 0, :2] = roots
    points[:, :, 1:, :2] = roots[:, :, None] + along[..., None] * ahead[:, None]
    points[:, :, 1:, 2] = -out
    meeting = (points[:, 0, 3] + points[:, 1, 3]) / 2 + np.array([0.0, 0.0, -0.15])
    for finger in (0, 1):  # each joint goes a part of the way, the tip all of it
        way = np.array([0.0, 0.3, 0.7, 1.0]) * pose.pinch[:, None]
        moved = meeting[:, None] - points[:, finger, 3:4]
        points[:, finger] += way[..., None] * moved
    hand[:, 1:] = points.reshape(frames, 20, 3)
    tilt = np.deg2rad(pose.tilt_degrees)[:, None]
    right = hand[..., 0] * np.cos(tilt) + hand[..., 1] * np.sin(tilt)
    up = -hand[..., 0] * np.sin(tilt) + hand[..., 1] * np.cos(tilt)
    turned = np.stack([right, -up, hand[..., 2]], axis=2) * pose.scale[:, None, None]
    turned[..., :2] += pose.place[:, None]
    return turned
