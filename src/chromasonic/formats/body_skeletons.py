"""The hand of 21 and the body of 33 landmarks that MediaPipe finds.

Source: MediaPipe's documentation of its hand landmark model and pose landmark model (numbers, names
and connections).
"""

from __future__ import annotations

from chromasonic.music.movement import Skeleton

_FINGERS = ("index_finger", "middle_finger", "ring_finger", "pinky")

HAND_21 = Skeleton(
    name="hand-21",
    nodes=(
        "wrist",
        *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
        *(f"{finger}_{joint}" for finger in _FINGERS for joint in ("mcp", "pip", "dip", "tip")),
    ),
    edges=(
        *((0, 1), (1, 2), (2, 3), (3, 4)),
        *((0, 5), (5, 6), (6, 7), (7, 8)),
        *((5, 9), (9, 10), (10, 11), (11, 12)),
        *((9, 13), (13, 14), (14, 15), (15, 16)),
        *((0, 17), (13, 17), (17, 18), (18, 19), (19, 20)),
    ),
    channels=("x", "y", "z"),
    axes=(0, 1, 2),
)
"""A hand, the wrist first."""

_SIDES = ("left", "right")

POSE_33 = Skeleton(
    name="pose-33",
    nodes=(
        "nose",
        *(f"{side}_{part}" for side in _SIDES for part in ("eye_inner", "eye", "eye_outer")),
        *(f"{side}_ear" for side in _SIDES),
        *(f"mouth_{side}" for side in _SIDES),
        *(
            f"{side}_{part}"
            for part in ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
            for side in _SIDES
        ),
        *(
            f"{side}_{part}"
            for part in ("hip", "knee", "ankle", "heel", "foot_index")
            for side in _SIDES
        ),
    ),
    edges=(
        *((0, 1), (1, 2), (2, 3), (3, 7), (0, 4), (4, 5), (5, 6), (6, 8), (9, 10)),
        *((11, 12), (11, 13), (13, 15), (15, 17), (15, 19), (15, 21), (17, 19)),
        *((12, 14), (14, 16), (16, 18), (16, 20), (16, 22), (18, 20)),
        *((11, 23), (12, 24), (23, 24)),
        *((23, 25), (25, 27), (27, 29), (27, 31), (29, 31)),
        *((24, 26), (26, 28), (28, 30), (28, 32), (30, 32)),
    ),
    channels=("x", "y", "z"),
    axes=(0, 1, 2),
)
"""A body; left and right are the person's own."""
