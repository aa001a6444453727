"""A recorded movement as a small film: so few numbers that a page draws it, however long it is.

Legend: T frames of the recording, F frames of the film, N nodes, D = 2 or 3 coordinates.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from chromasonic.music.movement import Movement

FRAMES_A_SECOND = 30.0
MOST_FRAMES = 9_000
MOST_BYTES = 6_000_000
FULL, UNSEEN = 30_000, -32_768
"""What the edge of the picture and an unseen coordinate are in 16 bits."""

RANGE = (0.5, 99.5)
"""Percentiles that fill the picture; a spike beyond is drawn at its edge."""

DOWNWARDS = ("hand-21", "pose-33", "face-88")
"""Skeletons of pictures, whose y grows downwards."""


def film_of(movement: Movement) -> tuple[dict[str, Any], bytes]:
    """What the page draws.

    Returns:
        What the film is (see the keys below), and its (F, N, D) coordinates as little-endian
        16-bit numbers: 0 the middle, `FULL` the edge of a square that holds nearly everything,
        `UNSEEN` what was not seen. A recording without coordinates is drawn as its numbers, each
        in its own range, D being 1.
    """
    skeleton = movement.skeleton
    axes = [skeleton.channels.index(name) for name in "xyz" if name in skeleton.channels]
    is_points = len(axes) >= 2
    values = movement.frames[:, :, axes] if is_points else movement.frames[:, :, :1]
    chosen = _frames(movement, values.shape[1] * values.shape[2])
    values = values[chosen].astype(np.float64)
    middle, half = _box(values, is_points=is_points)
    seen = np.isfinite(values)
    scaled = np.where(seen, (values - middle) / half * FULL, 0.0)
    numbers = np.where(seen, np.clip(np.round(scaled), -32_000, 32_000), UNSEEN)
    return {
        "frames": len(chosen),
        "seconds": movement.seconds,
        "recorded": len(movement),
        "rate": movement.rate_hz,
        "skeleton": skeleton.name,
        "nodes": list(skeleton.nodes),
        "edges": [list(edge) for edge in skeleton.edges],
        "dimensions": values.shape[2],
        "downwards": _is_downwards(movement, axes) if is_points else False,
        "unseen": float(1 - np.isfinite(movement.frames).mean()),
    }, numbers.astype("<i2").tobytes()


def _frames(movement: Movement, numbers: int) -> np.ndarray:
    """(F,) numbers of the frames that are shown, evenly in time."""
    most = min(MOST_FRAMES, max(2, MOST_BYTES // (2 * numbers)))
    wanted = int(np.ceil(movement.seconds * min(movement.rate_hz, FRAMES_A_SECOND)))
    count = max(1, min(most, wanted, len(movement)))
    return np.round(np.linspace(0, len(movement) - 1, count)).astype(int)


def _box(values: np.ndarray, *, is_points: bool) -> tuple[np.ndarray, np.ndarray]:
    """Middle and half the size of what is filled: a cube for points, else each number's own."""
    along = (0, 1) if is_points else (0,)
    # A landmark that was never seen has no percentile, and NumPy says so.
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        low, high = np.nanpercentile(values, RANGE, axis=along)
    middle, half = np.nan_to_num((low + high) / 2), np.nan_to_num((high - low) / 2)
    if is_points:
        half = np.full_like(half, half.max())
    return middle, np.where(half > 0, half, 1.0)


def _is_downwards(movement: Movement, axes: list[int]) -> bool:
    """Whether y grows downwards: as in pictures, whose shares lie between 0 and 1."""
    if movement.skeleton.name in DOWNWARDS:
        return True
    if movement.skeleton.name != "landmarks":
        return False
    xy = movement.frames[:, :, axes[:2]]
    return bool(np.nanquantile(xy, 0.02) >= -0.2 and np.nanquantile(xy, 0.98) <= 1.8)
