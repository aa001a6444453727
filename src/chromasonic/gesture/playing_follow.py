"""Controllers that follow a landmark: where it is, or how fast it goes.

Causal, as it would be live: each value is known from what came before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import ConfigError
from chromasonic.formats.midi_messages import ControlChange
from chromasonic.gesture.mapping import Follow
from chromasonic.gesture.spotting_events import GestureEvent
from chromasonic.music.movement import Movement, Skeleton

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
    thinned = Thinned(follow, low, high)
    counts = seen & _during(follow, movement, events)
    found = (
        thinned.push(frame / movement.rate_hz, float(values[frame]))
        for frame in np.flatnonzero(counts).tolist()
    )
    return [change for change in found if change is not None]


class Thinned:
    """Values as changes of a controller, so few as are heard.

    Args:
        follow: which controller.
        low: the value that is 0.
        high: the value that is 127.
    """

    def __init__(self, follow: Follow, low: float, high: float) -> None:
        self._follow, self._low, self._high = follow, low, high
        self._last: ControlChange | None = None

    def push(self, time: float, value: float) -> ControlChange | None:
        """The change that a value, which is a number, leads to; None for none."""
        exact = min(1.0, max(0.0, (value - self._low) / (self._high - self._low))) * 127
        number = round(exact)
        if self._last is not None:
            before = self._last.value
            # A value between two steps does not flicker from one to the other.
            is_new = abs(exact - before) >= 1 or number in {0, 127} - {before}
            if not is_new or time - self._last.time < 1 / MOST_A_SECOND - 1e-9:
                return None
        self._last = ControlChange(
            time=time,
            controller=self._follow.controller,
            value=number,
            channel=self._follow.channel - 1,
        )
        return self._last


class Follower:
    """A controller that follows while frames come; as `followed` of the whole recording.

    Args:
        follow: what it follows; its range must be given.
        skeleton: of the frames.
        rate_hz: frames a second.

    Raises:
        ConfigError: the range is left to the recording, of which there is none yet.
    """

    def __init__(self, follow: Follow, skeleton: Skeleton, rate_hz: float) -> None:
        if not follow.range:
            raise ConfigError(
                f"The controller {follow.controller} follows {follow.landmark} without a range, "
                "which is then the recording's; of a stream nobody knows it yet. Give range = "
                "[LOW, HIGH]."
            )
        low, high = follow.range
        self.follow, self._skeleton, self._rate = follow, skeleton, rate_hz
        self._thinned = Thinned(follow, low, high)
        frames = max(1, round(follow.smooth_seconds * rate_hz))
        self._window: deque[npt.NDArray[np.float32]] = deque(maxlen=frames + 1)

    def forget(self) -> None:
        """What comes next has nothing to do with what came before."""
        self._window.clear()

    def push(
        self, frame: npt.NDArray[np.float32], time: float, *, counts: bool
    ) -> list[ControlChange]:
        """The change at a frame (N, C), or none.

        Args:
            frame: NaN where unseen.
            time: of it, in seconds.
            counts: whether it follows now.
        """
        before = self._window[-1] if self._window else frame
        self._window.append(np.where(np.isfinite(frame), frame, before))
        window = Movement(
            id="stream",
            skeleton=self._skeleton,
            frames=np.stack(self._window),
            rate_hz=self._rate,
        )
        value = float(values_of(self.follow, window)[-1])
        change = self._thinned.push(time, value) if counts and np.isfinite(value) else None
        return [] if change is None else [change]


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
    if frames < len(values):
        total[frames:], count[frames:] = (
            sums[frames:] - sums[:-frames] for sums in (total.copy(), count.copy())
        )
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
