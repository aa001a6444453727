"""How fast a movement is, in units of its own kind: by it rest is told from moving.

The speed of a frame is how far everything that is measured has come within `SPAN_SECONDS`, in
deviations of the training's recordings, a second. Spikes of one frame are taken out by a trailing
median, jitter by a trailing mean. Landmarks that go fast count for more than those that do not move
(`POWER`): a pinch moves two fingertips of twenty-one. What goes unseen stays where it was for as
long as the span, and then does not count; where nothing is seen there is no speed: so a lost frame
does no harm, and a hand that comes into the picture does not count as a jump. No frame's speed
depends on a later frame.

Sensors are never quite still. So the measure knows its zero too: how fast training's recordings are
at their stillest, and how fast at their fastest.

Legend: T frames, N nodes, C channels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import DataError
from chromasonic.music.movement import Movement, Skeleton

Numbers = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

SPAN_SECONDS = 0.2
"""Over which a frame's way is measured, and jitter is averaged. Within 0.1 s a tracked hand's pinch
goes no farther than its jitter does."""

MEDIAN = 3
"""Frames of the trailing median: a spike of one frame is gone."""

ENDS = (0.05, 0.95)
"""Quantiles of a recording's speeds that count as its stillest and its fastest."""

RESTING = 0.25
"""Share of recordings that are at rest somewhere, at least."""

POWER = 4
"""Exponent of the mean over landmarks: 2 is the root mean square, more is nearer the fastest."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """How much a skeleton's numbers vary, how fast they are at rest, and how fast when moving.

    Attributes:
        scale: (N, C) deviation of each number; where it is 0 the number does not count.
        rest: speed of recordings that rest, at their stillest moments, in deviations a second.
        fast: speed of recordings at their fastest moments, the median over them; above `rest`.

    Raises:
        DataError: nothing varies, or the speeds are none.
    """

    scale: Floats
    rest: float
    fast: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.scale).all() or not (self.scale > 0).any():
            raise DataError(
                "The scale of motion has no number above 0: nothing in these movements moves. "
                "Give recordings in which something does."
            )
        if not 0 <= self.rest < self.fast < float("inf"):
            raise DataError(
                f"The speeds of motion are {self.rest} at rest and {self.fast} when moving; "
                "allowed: 0 or more, the second above the first. Give recordings in which "
                "something moves."
            )

    @classmethod
    def of(cls, movements: Iterable[Movement]) -> Motion:
        """Counted on movements of one skeleton, each of them a gesture.

        Raises:
            DataError: there is none, or nothing moves.
        """
        movements = list(movements)
        if not movements:
            raise DataError("No movement was given; one or more are needed.")
        rough = cls(scale=_deviations(movements), rest=0.0, fast=1.0)
        speeds = [rough.speeds(movement) for movement in movements]
        # A recording's first frames have no past: their speed is not known yet.
        known = [
            each[min(window_frames(one.rate_hz), len(each) - 1) :]
            for each, one in zip(speeds, movements, strict=True)
        ]
        slowest, fastest = (np.array([np.quantile(one, share) for one in known]) for share in ENDS)
        # Not every gesture begins and ends at rest; those that do say what rest is.
        rest, fast = float(np.quantile(slowest, RESTING)), float(np.median(fastest))
        return cls(scale=rough.scale, rest=rest, fast=fast)

    @classmethod
    def in_all(cls, movements: Iterable[Movement]) -> Motion | None:
        """As `of`; None where nothing moves."""
        try:
            return cls.of(movements)
        except DataError:
            return None

    def speeds(self, movement: Movement) -> Floats:
        """(T,) speed of each frame, in deviations a second; the first is 0."""
        frames = movement.frames[:, self._nodes]
        padding = np.repeat(frames[:1], window_frames(movement.rate_hz) - 1, axis=0)
        return self._of_window(np.concatenate([padding, frames]), movement.rate_hz)

    def efforts(self, movement: Movement) -> Floats:
        """(T,) speeds with 0 for rest and 1 for as fast as gestures usually get."""
        return self.effort(self.speeds(movement))

    def effort(self, speed: Any) -> Any:
        """A speed, with 0 for rest and 1 for as fast as gestures usually get; not below 0."""
        return np.maximum((speed - self.rest) / (self.fast - self.rest), 0.0)

    def meter(self, rate_hz: float) -> EffortMeter:
        """`efforts`, frame by frame."""
        return EffortMeter(self, rate_hz)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for checkpoints."""
        return {"scale": self.scale.tolist(), "rest": self.rest, "fast": self.fast}

    @classmethod
    def from_dict(cls, values: dict[str, Any], skeleton: Skeleton) -> Motion:
        """From plain values.

        Raises:
            DataError: they are of another skeleton, or no numbers.
        """
        try:
            scale = np.asarray(values["scale"], np.float64)
            rest, fast = float(values["rest"]), float(values["fast"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The scale of motion is damaged ({error}).") from error
        wanted = (len(skeleton.nodes), len(skeleton.channels))
        if scale.shape != wanted:
            raise DataError(
                f"The scale of motion is of shape {scale.shape}; the skeleton '{skeleton.name}' "
                f"wants {wanted}."
            )
        return cls(scale=scale, rest=rest, fast=fast)

    @cached_property
    def _nodes(self) -> npt.NDArray[np.intp]:
        """Numbers of the nodes of which something varies."""
        return np.flatnonzero((self.scale > 0).any(axis=1))

    @cached_property
    def _divisor(self) -> Floats:
        """(N', C) scale of those; infinite where a number does not count."""
        scale = self.scale[self._nodes]
        return np.where(scale > 0, scale, np.inf)

    def _of_window(self, frames: Numbers, rate_hz: float) -> Floats:
        """Speeds (T,) of frames (window_frames - 1 + T, N', C)."""
        span = span_frames(rate_hz)
        held = _held(frames, span)[span:]
        windows = np.lib.stride_tricks.sliding_window_view(held, MEDIAN, axis=0)
        calm = np.median(windows, axis=-1)
        count = len(calm) - span + 1
        mean = np.asarray(sum(calm[start : start + count] for start in range(span))) / span
        way = (mean[span:] - mean[:-span]) / self._divisor / (span / rate_hz)  # (T, N', C)
        seen = np.isfinite(way) & np.isfinite(self._divisor)
        squares = np.where(seen, way, 0.0) ** 2
        of_nodes = squares.sum(-1) / np.maximum(seen.sum(-1), 1)  # (T, N')
        nodes = np.maximum(seen.any(-1).sum(-1), 1)
        return np.asarray(((of_nodes ** (POWER / 2)).sum(-1) / nodes) ** (1 / POWER), np.float64)


class EffortMeter:
    """Efforts of frames that come one by one; equal to `Motion.efforts`.

    Args:
        motion: of the skeleton.
        rate_hz: frames a second.
    """

    def __init__(self, motion: Motion, rate_hz: float) -> None:
        self._motion, self._rate = motion, rate_hz
        self._past: deque[Numbers] = deque(maxlen=window_frames(rate_hz))

    def push(self, frame: Numbers) -> float:
        """Effort at a frame (N, C)."""
        values = frame[self._motion._nodes]
        if not self._past:
            self._past.extend([values] * window_frames(self._rate))
        else:
            self._past.append(values)
        speed = self._motion._of_window(np.stack(self._past), self._rate)
        return float(self._motion.effort(speed[0]))


def span_frames(rate_hz: float) -> int:
    """How many frames `SPAN_SECONDS` are, 1 or more."""
    return max(1, round(SPAN_SECONDS * rate_hz))


def window_frames(rate_hz: float) -> int:
    """How many frames, with its own, a frame's speed is computed from."""
    return MEDIAN - 1 + 3 * span_frames(rate_hz)


def _held(frames: Numbers, most: int) -> Numbers:
    """Frames (T, N, C), what is unseen as it was seen last, up to so many frames ago."""
    unseen = ~np.isfinite(frames)
    if not unseen.any():
        return frames
    numbers = np.arange(len(frames))[:, None, None]
    last = np.maximum.accumulate(np.where(unseen, -1, numbers), axis=0)
    held = np.take_along_axis(frames, np.maximum(last, 0), axis=0)
    return np.where((last >= 0) & (numbers - last <= most), held, np.float32(np.nan))


def _deviations(movements: list[Movement]) -> Floats:
    """(N, C) deviation of each number from its mean in the recording; 0 where it never varies."""
    total = np.zeros(movements[0].frames.shape[1:])
    count = np.zeros_like(total)
    for movement in movements:
        values = movement.frames.astype(np.float64)
        seen = np.isfinite(values)
        values = np.where(seen, values, 0.0)
        mean = values.sum(0) / np.maximum(seen.sum(0), 1)
        total += (np.where(seen, values - mean, 0.0) ** 2).sum(0)
        count += seen.sum(0)
    found: Floats = np.sqrt(total / np.maximum(count, 1))
    # What differs by rounding alone does not vary.
    return np.where(found > 1e-6 * found.max(initial=0.0), found, 0.0)
