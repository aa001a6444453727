"""A recording made fit to compute with: gaps filled, spikes out, at one rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.music.movement import Movement

Numbers = npt.NDArray[np.float32]


def clean(movement: Movement, config: FeatureConfig) -> Movement:
    """The movement without gaps and spikes, at the configured rate; units as recorded."""
    frames = fill_gaps(movement.frames)
    if config.median > 1:
        frames = median_filter(frames, config.median)
    rate_hz = config.rate_hz or movement.rate_hz
    if rate_hz != movement.rate_hz:
        frames = resample(frames, movement.rate_hz, rate_hz)
    return replace(movement, frames=frames, rate_hz=rate_hz)


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


def median_filter(frames: Numbers, width: int) -> Numbers:
    """Each value's median over `width` frames around it; ends repeat the outermost frame."""
    before = width // 2
    padded = np.pad(frames, ((before, width - 1 - before), (0, 0), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)
    return np.median(windows, axis=-1).astype(np.float32)


def resample(frames: Numbers, from_hz: float, to_hz: float) -> Numbers:
    """At another rate, on straight lines between the frames; the first stays the first."""
    count = max(1, round(len(frames) / from_hz * to_hz))
    at = np.minimum(np.arange(count) * (from_hz / to_hz), len(frames) - 1)
    left = np.floor(at).astype(np.intp)
    right = np.minimum(left + 1, len(frames) - 1)
    share = (at - left).astype(np.float32)[:, None, None]
    return frames[left] * (1 - share) + frames[right] * share
