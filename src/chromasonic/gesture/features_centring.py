"""What positions are relative to: nothing, the recording's own middle, or the body's root."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chromasonic.errors import ConfigError
from chromasonic.gesture.feature_config import Centre
from chromasonic.music.movement import Skeleton

Numbers = npt.NDArray[np.float32]


def centred(frames: Numbers, centre: Centre, skeleton: Skeleton) -> Numbers:
    """Frames (T, N, C) relative to what the recipe says; sizes stay, NaN stays.

    Args:
        frames: of one recording.
        centre: "none" leaves them; "recording" takes each channel's mean over the recording off;
            "root" takes the first node's place off in each frame, along all coordinates but the
            second: how high a body is stays, where in the room it stands goes.
        skeleton: says which channels are coordinates.

    Raises:
        ConfigError: "root" for a skeleton without coordinates.
    """
    if centre == "none":
        return frames
    if centre == "recording":
        seen = np.isfinite(frames)
        count = np.maximum(seen.sum(axis=0), 1)
        middle = np.where(seen, frames, 0).sum(axis=0, dtype=np.float64) / count
        return np.asarray(frames - middle.astype(np.float32))
    if not skeleton.axes:
        raise ConfigError(
            f"centre is 'root', but the skeleton '{skeleton.name}' has no coordinates; "
            "allowed: none, recording."
        )
    along = [axis for place, axis in enumerate(skeleton.axes) if place != 1]
    changed = frames.copy()
    changed[:, :, along] -= _root(frames[:, :, along])
    return changed


def _root(points: Numbers) -> Numbers:
    """(T, 1, A): the first node's place; where it is unseen, the middle of those that are."""
    root = points[:, :1]
    unseen = ~np.isfinite(root)
    if not unseen.any():
        return root
    seen = np.isfinite(points)
    total = np.where(seen, points, 0).sum(axis=1, keepdims=True)
    return np.where(unseen, total / np.maximum(seen.sum(axis=1, keepdims=True), 1), root)
