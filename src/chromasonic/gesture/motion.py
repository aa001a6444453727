"""How fast a movement is, in units of its own kind: by it stillness is told from moving.

The speed of a frame is the root mean square, over everything that is measured, of how far it has
come within `SPAN_SECONDS`, in deviations of the training's recordings, a second. Spikes of one
frame are taken out by a trailing median; what is not seen does not count, and where nothing is seen
there is no speed. So a glove, a face and a body are measured alike, a hand that comes into the
picture does not count as a jump, and a frame's speed never depends on a later frame.

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

SPAN_SECONDS = 0.1
"""Over which a frame's way is measured: coarse sensors go in steps."""

MEDIAN = 3
"""Frames of the trailing median: a spike of one frame is gone."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """How much a skeleton's numbers vary, and how fast they go when somebody moves.

    Attributes:
        scale: (N, C) deviation of each number; where it is 0 the number does not count.
        typical: speed that half of all frames of gestures reach, in deviations a second.

    Raises:
        DataError: nothing varies, or the typical speed is no speed.
    """

    scale: Floats
    typical: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.scale).all() or not (self.scale > 0).any():
            raise DataError(
                "The scale of motion has no number above 0: nothing in these movements moves. "
                "Give recordings in which something does."
            )
        if not 0 < self.typical < float("inf"):
            raise DataError(
                f"The typical speed is {self.typical}; allowed: above 0. Nothing in these "
                "movements moves: give recordings in which something does."
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
        total = np.zeros(movements[0].frames.shape[1:])
        count = np.zeros_like(total)
        for movement in movements:
            values = movement.frames.astype(np.float64)
            seen = np.isfinite(values)
            values = np.where(seen, values, 0.0)
            here = np.maximum(seen.sum(0), 1)
            around = np.where(seen, values - values.sum(0) / here, 0.0)
            total += (around**2).sum(0)
            count += seen.sum(0)
        scale = np.sqrt(total / np.maximum(count, 1))
        rough = cls(scale=scale, typical=1.0) if (scale > 0).any() else cls(scale=scale, typical=0)
        every = np.concatenate([rough.speeds(movement) for movement in movements])
        return cls(scale=scale, typical=float(np.median(every[every > 0])) if every.any() else 0.0)

    @classmethod
    def in_all(cls, movements: Iterable[Movement]) -> Motion | None:
        """As `of`; None where nothing moves."""
        try:
            return cls.of(movements)
        except DataError:
            return None

    def speeds(self, movement: Movement) -> Floats:
        """(T,) speed of each frame, in deviations a second; the first is 0."""
        nodes, channels = self._counted
        frames = movement.frames[:, nodes, channels]  # (T, numbers)
        first = np.repeat(frames[:1], MEDIAN - 1, axis=0)
        windows = np.lib.stride_tricks.sliding_window_view(
            np.concatenate([first, frames]), MEDIAN, axis=0
        )
        smooth = np.median(windows, axis=-1)
        span = span_frames(movement.rate_hz)
        before = np.concatenate([np.repeat(smooth[:1], span, axis=0), smooth])[: len(smooth)]
        return self._speed(smooth - before, span / movement.rate_hz)

    def meter(self, rate_hz: float) -> SpeedMeter:
        """The same, frame by frame."""
        return SpeedMeter(self, rate_hz)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for checkpoints."""
        return {"scale": self.scale.tolist(), "typical": self.typical}

    @classmethod
    def from_dict(cls, values: dict[str, Any], skeleton: Skeleton) -> Motion:
        """From plain values.

        Raises:
            DataError: they are of another skeleton, or no numbers.
        """
        try:
            scale = np.asarray(values["scale"], np.float64)
            typical = float(values["typical"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The scale of motion is damaged ({error}).") from error
        wanted = (len(skeleton.nodes), len(skeleton.channels))
        if scale.shape != wanted:
            raise DataError(
                f"The scale of motion is of shape {scale.shape}; the skeleton '{skeleton.name}' "
                f"wants {wanted}."
            )
        return cls(scale=scale, typical=typical)

    @cached_property
    def _counted(self) -> tuple[npt.NDArray[np.intp], ...]:
        return np.nonzero(self.scale > 0)

    def _speed(self, way: npt.NDArray[Any], seconds: float) -> Floats:
        """Ways (..., numbers) as speeds (...)."""
        shares = way / self.scale[self._counted]
        seen = np.isfinite(shares)
        squares = np.where(seen, shares, 0.0) ** 2
        mean = squares.sum(-1) / np.maximum(seen.sum(-1), 1)
        return np.asarray(np.sqrt(mean) / seconds, np.float64)


class SpeedMeter:
    """Speeds of frames that come one by one; equal to `Motion.speeds`.

    Args:
        motion: of the skeleton.
        rate_hz: frames a second.
    """

    def __init__(self, motion: Motion, rate_hz: float) -> None:
        self._motion, self._span = motion, span_frames(rate_hz)
        self._seconds = self._span / rate_hz
        self._raw: deque[Numbers] = deque(maxlen=MEDIAN)
        self._smooth: deque[npt.NDArray[Any]] = deque(maxlen=self._span + 1)

    def push(self, frame: Numbers) -> float:
        """Speed at a frame (N, C), in deviations a second."""
        values = frame[self._motion._counted]
        if not self._raw:
            self._raw.extend([values] * MEDIAN)
        else:
            self._raw.append(values)
        smooth = np.median(np.stack(self._raw), axis=0)
        if not self._smooth:
            self._smooth.extend([smooth] * self._span)
        self._smooth.append(smooth)
        return float(self._motion._speed(smooth - self._smooth[0], self._seconds))


def span_frames(rate_hz: float) -> int:
    """How many frames `SPAN_SECONDS` are, 1 or more."""
    return max(1, round(SPAN_SECONDS * rate_hz))

