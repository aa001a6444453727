"""A recording made fit to compute with: gaps filled, spikes out, at one rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from chromasonic.errors import ConfigError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.music.movement import Movement, Skeleton

Numbers = npt.NDArray[np.float32]

ROUNDING = 1e-6
"""Of a frame: a place that falls short of a frame by less is on it."""


def clean(movement: Movement, config: FeatureConfig) -> Movement:
    """The movement without gaps and spikes, at the configured rate; units as recorded.

    Angles in turns have become their sine and cosine, two channels of a skeleton of their own.

    Raises:
        ConfigError: `turns` names a channel that the skeleton does not have, or a coordinate.
    """
    skeleton = cleaned_skeleton(movement.skeleton, config)
    frames = unwound(movement.frames, movement.skeleton, config)
    frames = hold_gaps(frames) if config.causal else fill_gaps(frames)
    if config.median > 1:
        frames = median_filter(frames, config.median, causal=config.causal)
    rate_hz = config.rate_hz or movement.rate_hz
    if rate_hz != movement.rate_hz:
        frames = resample(frames, movement.rate_hz, rate_hz)
    return replace(movement, skeleton=skeleton, frames=frames, rate_hz=rate_hz)


def cleaned_skeleton(skeleton: Skeleton, config: FeatureConfig) -> Skeleton:
    """The skeleton of a cleaned movement.

    Raises:
        ConfigError: `turns` names a channel that the skeleton does not have, or a coordinate.
    """
    if not config.turns:
        return skeleton
    angles = [channel for number, channel in enumerate(skeleton.channels)
              if number not in skeleton.axes]  # fmt: skip
    strange = [channel for channel in config.turns if channel not in angles]
    if strange:
        raise ConfigError(
            f"turns names '{strange[0]}'; the skeleton '{skeleton.name}' has these channels that "
            f"may be angles: {', '.join(angles) or '(none)'}."
        )
    names: list[str] = []
    axes: dict[int, int] = {}
    for number, channel in enumerate(skeleton.channels):
        axes[number] = len(names)
        is_angle = channel in config.turns
        names += [f"{channel} sine", f"{channel} cosine"] if is_angle else [channel]
    moved = tuple(axes[axis] for axis in skeleton.axes)
    return replace(skeleton, channels=tuple(names), axes=moved)


def unwound(frames: Numbers, skeleton: Skeleton, config: FeatureConfig) -> Numbers:
    """Frames (T, N, C) with sine and cosine in place of each angle in turns."""
    if not config.turns:
        return frames
    columns = []
    for number, channel in enumerate(skeleton.channels):
        values = frames[:, :, number]
        if channel in config.turns:
            angle = values * np.float32(2 * np.pi)
            columns += [np.sin(angle), np.cos(angle)]
        else:
            columns.append(values)
    return np.stack(columns, axis=2)


def fill_gaps(frames: Numbers) -> Numbers:
    """Values that were not seen, from their neighbours in time; 0 where one was never seen."""
    unseen = ~np.isfinite(frames)
    if not unseen.any():
        return frames
    filled = frames.copy()
    times = np.arange(len(frames))
    for node, channel in np.argwhere(unseen.any(axis=0)):
        seen = ~unseen[:, node, channel]
        values = frames[:, node, channel]
        filled[:, node, channel] = (
            np.interp(times, times[seen], values[seen]) if seen.any() else 0.0
        )
    return filled


def hold_gaps(frames: Numbers) -> Numbers:
    """Values that were not seen, as they last were; 0 until one is seen."""
    seen = np.isfinite(frames)
    if seen.all():
        return frames
    times = np.arange(len(frames))[:, None, None]
    last = np.maximum.accumulate(np.where(seen, times, -1), axis=0)
    held = np.take_along_axis(frames, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, held, 0).astype(np.float32)


def median_filter(frames: Numbers, width: int, *, causal: bool = False) -> Numbers:
    """Each value's median over `width` frames; ends repeat the outermost frame.

    Args:
        frames: (T, N, C).
        width: of the window.
        causal: whether the window ends with the frame; else the frame is its middle.
    """
    before = width - 1 if causal else width // 2
    if width % 2:  # as the slow way below, in C
        origin = (width // 2, 0, 0) if causal else 0
        return ndimage.median_filter(frames, (width, 1, 1), mode="nearest", origin=origin)
    padded = np.pad(frames, ((before, width - 1 - before), (0, 0), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)
    return np.median(windows, axis=-1).astype(np.float32)


def resample(frames: Numbers, from_hz: float, to_hz: float) -> Numbers:
    """At another rate, on straight lines between the frames; the first stays the first."""
    count = int((len(frames) - 1) * (to_hz / from_hz) + ROUNDING) + 1
    return read_at(frames, np.arange(count) * (from_hz / to_hz))


def stretch(frames: Numbers, count: int) -> Numbers:
    """As `count` frames, on straight lines; first and last stay."""
    return read_at(frames, np.arange(count) * ((len(frames) - 1) / max(count - 1, 1)))


def read_at(frames: Numbers, places: npt.NDArray[np.floating[Any]]) -> Numbers:
    """Frames (T, N, C) at places (T',) between them, on straight lines."""
    last = len(frames) - 1
    left = np.minimum((places + ROUNDING).astype(np.intp), last)
    share = np.maximum(places - left, 0).astype(np.float32)[:, None, None]
    start, end = frames[left], frames[np.minimum(left + 1, last)]
    end -= start
    end *= share
    return start + end
