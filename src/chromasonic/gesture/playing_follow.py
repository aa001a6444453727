"""Controllers that follow a landmark: where it is, or how fast it goes.

Causal, as it would be live: each value is known from what came before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.formats.midi_messages import ControlChange
from chromasonic.gesture.mapping import Follow
from chromasonic.gesture.spotting_events import GestureEvent
from chromasonic.music.movement import Movement

Floats = npt.NDArray[np.floating[Any]]

MOST_A_SECOND = 50.0
"""Changes of a controller; more is not heard, and fills a MIDI cable."""

MIDDLE = (0.05, 0.95)
"""Quantiles of the recording that 0 and 127 are at, where no range is given."""


def followed(
    follows: Sequence[Follow], movement: Movement, events: Sequence[GestureEvent]
) -> list[ControlChange]:
    """What the controllers do through a recording; only changes are told.

    Args:
        follows: which controllers, and what they follow.
        movement: the recording; what is unseen stays where it was seen last.
        events: closed gestures, for those that follow during one.
    """
    return [change for follow in follows for change in _one(follow, movement, events)]


def values_of(follow: Follow, movement: Movement) -> Floats:
    """(T,) what is followed, in its own units; NaN until it is first seen.

    Speed is in units of the skeleton's points a second (of all channels where it has no points).
    """
    rate, skeleton = movement.rate_hz, movement.skeleton
    landmark = movement.frames[:, skeleton.node_numbers[follow.landmark]].astype(np.float64)
    if follow.what == "speed":
        points = landmark[:, list(skeleton.axes)] if skeleton.axes else landmark
        way = np.diff(_held(points), axis=0, prepend=_held(points)[:1])
        values = np.sqrt((way**2).sum(axis=1)) * rate
    else:
        channel = "y" if follow.what == "height" else follow.what
        values = _held(landmark[:, skeleton.channels.index(channel)])
    return _averaged(values, max(1, round(follow.smooth_seconds * rate)))


def _one(follow: Follow, movement: Movement, events: Sequence[GestureEvent]) -> list[ControlChange]:
    values = values_of(follow, movement)
    seen = np.isfinite(values)
    if not seen.any():
        return []
    low, high = follow.range or np.quantile(values[seen], MIDDLE).tolist()
    if low == high:
        high = low + 1
    exact = np.clip(np.nan_to_num((values - low) / (high - low)), 0, 1) * 127
    counts = seen & _during(follow, movement, events)
    changes: list[ControlChange] = []
    for frame in np.flatnonzero(counts).tolist():
        time, value = frame / movement.rate_hz, round(float(exact[frame]))
        if changes:
            last = changes[-1]
            # A value between two steps does not flicker from one to the other.
            is_new = abs(exact[frame] - last.value) >= 1 or value in {0, 127} - {last.value}
            if not is_new or time - last.time < 1 / MOST_A_SECOND - 1e-9:
                continue
        changes.append(
            ControlChange(
                time=time, controller=follow.controller, value=value, channel=follow.channel - 1
            )
        )
    return changes


def _during(
    follow: Follow, movement: Movement, events: Sequence[GestureEvent]
) -> npt.NDArray[np.bool_]:
    """(T,) whether it follows."""
    if not follow.during:
        return np.ones(len(movement), bool)
    times = np.arange(len(movement)) / movement.rate_hz
    inside = np.zeros(len(movement), bool)
    for event in events:
        if event.label == follow.during and event.end is not None:
            inside |= (times >= event.recognized) & (times <= event.end)
    return inside


def _held(values: Floats) -> Floats:
    """Values (T, ...), each that was not seen as it was seen last; before that NaN."""
    flat = values.reshape(len(values), -1)
    last = np.where(np.isfinite(flat), np.arange(len(flat))[:, None], 0)
    held = np.take_along_axis(flat, np.maximum.accumulate(last, axis=0), axis=0)
    return np.where(np.isfinite(held), held, np.nan).reshape(values.shape)


def _averaged(values: Floats, frames: int) -> Floats:
    """Mean of the last frames; NaN does not count."""
    known = np.isfinite(values)
    total = np.cumsum(np.where(known, values, 0.0))
    count = np.cumsum(known)
    before = np.arange(len(values)) - frames
    total = total - np.where(before >= 0, total[before], 0.0)
    count = count - np.where(before >= 0, count[before], 0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
