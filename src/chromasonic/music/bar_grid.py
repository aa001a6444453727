"""Beats, and on which sixteenth of which bar an onset falls.

The grid: every beat is divided evenly into sixteenths, as many as it has (4 in 4/4, 6 in 6/8 where
the dotted quarter is the beat). A bar of at most 16 sixteenths is one window; a longer one is cut
into the fewest windows of equal length. Onsets go to the nearest sixteenth, so what is played just
before a bar line belongs to the bar that begins there.

Legend: B beats, N notes, W windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import DataError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

STEPS = 16
"""Sixteenths of the longest window."""

SIXTEENTHS = 4
"""Sixteenths of a beat where nothing else is said: the beat is a quarter."""

OFF_GRID = -1
"""The window of an onset that lies before the first beat or after the last."""


def sixteenths_of_a_beat(numerator: int, denominator: int) -> int:
    """How many sixteenths a beat of a metre has: 4 in 4/4, 6 in 6/8 and 9/8, 2 in 3/8, 8 in 2/2.

    Metres of six, nine, twelve ... have beats of three; 3/8 has three beats.

    Raises:
        DataError: the metre has no beat of whole sixteenths (denominators are 1, 2, 4, 8, 16).
    """
    if numerator < 1 or denominator not in (1, 2, 4, 8, 16):
        raise DataError(
            f"The metre {numerator}/{denominator} has no beat of whole sixteenths; allowed are "
            "numerators from 1 and denominators 1, 2, 4, 8 and 16."
        )
    is_compound = numerator % 3 == 0 and numerator > 3
    return (3 if is_compound else 1) * 16 // denominator


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Beats:
    """The beats of a performance, as columns of one length B.

    Attributes:
        seconds: (B,) from the start of the recording, each later than the one before.
        is_downbeat: (B,) whether a bar begins there.
        sixteenths: (B,) how many sixteenths the beat that begins there has, 1 or more.
    """

    seconds: Floats
    is_downbeat: Booleans
    sixteenths: Integers

    def __post_init__(self) -> None:
        sizes = {len(self.seconds), len(self.is_downbeat), len(self.sixteenths)}
        if len(sizes) > 1:
            raise DataError(f"Beats have columns of lengths {sorted(sizes)}; they must agree.")
        if len(self) < 2:
            raise DataError(f"{len(self)} beat(s) are no grid; at least 2 are needed.")
        if not np.isfinite(self.seconds).all() or (np.diff(self.seconds) <= 0).any():
            raise DataError("Beats must be finite times, each later than the one before.")
        if (self.sixteenths < 1).any():
            raise DataError("Every beat must have 1 sixteenth or more.")

    def __len__(self) -> int:
        return len(self.seconds)

    @classmethod
    def even(
        cls,
        seconds: npt.NDArray[np.floating[Any]],
        *,
        beats_a_bar: int = 4,
        first_downbeat: int = 0,
    ) -> Beats:
        """Beats that are quarters, in bars of one length.

        Args:
            seconds: (B,) of each beat.
            beats_a_bar: 4 for 4/4.
            first_downbeat: number of the first beat that begins a bar.
        """
        numbers = np.arange(len(seconds))
        return cls(
            seconds=np.asarray(seconds, np.float64),
            is_downbeat=(numbers - first_downbeat) % beats_a_bar == 0,
            sixteenths=np.full(len(seconds), SIXTEENTHS, np.int64),
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BarSteps:
    """Where onsets fall, and the windows that they fall into.

    Attributes:
        window: (N,) number of the window; `OFF_GRID` where the onset is outside of all beats.
        step: (N,) sixteenth within the window, 0 to 15; 0 outside.
        offset: (N,) how much later than its sixteenth it is played, in sixteenths, -0.5 to 0.5.
        bar: (W,) number of the bar of each window; windows of a long bar share it.
        steps: (W,) sixteenths of each window, 1 to 16.
        bar_steps: (W,) sixteenths of its whole bar, which tells the metre.
    """

    window: Integers
    step: Integers
    offset: Floats
    bar: Integers
    steps: Integers
    bar_steps: Integers


def place_onsets(onset_seconds: Floats, beats: Beats) -> BarSteps:
    """Put onsets on the sixteenths of bars.

    What precedes the first downbeat is an upbeat: it stands at the end of a bar as long as the
    first whole one. The last beat lasts as long as the one before it.

    Args:
        onset_seconds: (N,) in any order.
        beats: of the same recording.
    """
    seconds = np.append(beats.seconds, 2 * beats.seconds[-1] - beats.seconds[-2])
    starts = np.concatenate([[0], np.cumsum(beats.sixteenths)])  # (B + 1,) on the grid
    position = np.interp(onset_seconds, seconds, starts.astype(np.float64), left=-1.0, right=-1.0)
    # An onset up to half a sixteenth before the first beat still belongs to it.
    first = (seconds[1] - seconds[0]) / beats.sixteenths[0]
    is_early = (onset_seconds < seconds[0]) & (onset_seconds >= seconds[0] - first / 2)
    position = np.where(is_early, (onset_seconds - seconds[0]) / first, position)
    nearest = np.floor(position + 0.5).astype(np.int64)
    is_inside = ((position >= 0) | is_early) & (nearest < starts[-1])

    window_of, step_of, bar, steps, bar_steps = _windows(beats, starts)
    nearest = np.where(is_inside, nearest, 0)
    return BarSteps(
        window=np.where(is_inside, window_of[nearest], OFF_GRID),
        step=np.where(is_inside, step_of[nearest], 0),
        offset=np.where(is_inside, position - nearest, 0.0),
        bar=bar,
        steps=steps,
        bar_steps=bar_steps,
    )


def _windows(beats: Beats, starts: Integers) -> tuple[Integers, ...]:
    """Window and step of each sixteenth of the grid; bar, length, and bar length of each window."""
    lines = starts[:-1][beats.is_downbeat]  # bar lines on the grid
    edges = np.unique(np.concatenate([[0], lines, [starts[-1]]]))
    lengths = np.diff(edges)
    upbeat = 0
    if not beats.is_downbeat[0] and len(lengths) > 1 and lengths[0] < lengths[1]:
        upbeat = int(lengths[1] - lengths[0])  # where in its bar the upbeat begins
    window_of, step_of = np.zeros(starts[-1], np.int64), np.zeros(starts[-1], np.int64)
    bars: list[int] = []
    sizes: list[int] = []
    wholes: list[int] = []
    for number, (edge, length) in enumerate(zip(edges, lengths, strict=False)):
        skipped = upbeat if number == 0 else 0
        whole = int(length) + skipped
        size = -(-whole // -(-whole // STEPS))  # the fewest equal windows of at most 16
        place = np.arange(skipped, whole)
        cells = slice(edge, edge + length)
        window_of[cells], step_of[cells] = len(bars) + place // size, place % size
        for begin in range(0, whole, size):
            bars.append(number)
            sizes.append(min(size, whole - begin))
            wholes.append(whole)
    return (window_of, step_of, *(np.array(column, np.int64) for column in (bars, sizes, wholes)))
