"""Where the beats of a tune lie: the moments at which a voicing may be struck.

What a beat is, by metre:

- compound metres (6/8, 9/8, 12/8, also 3/8): three units together; 3/8 has one beat a bar;
- other metres in eighths or shorter: two units together, the last three where they are odd (5/8 is
  2 + 3, 7/8 is 2 + 2 + 3);
- metres in halves (2/2, 3/2, 4/2): the half where at least half of the time is in notes that long
  (hymns in white notes), else the quarter;
- all others, and free metre: the quarter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.formats.notation import bar_numbers, is_anacrusis
from chromasonic.music.metre import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Metre
from chromasonic.music.tune import Tune

Integers = npt.NDArray[np.int64]

DOWNBEAT, STRONG, WEAK = 2, 1, 0
"""Strengths of beats."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BeatGrid:
    """G beats, one after the other without a gap.

    Attributes:
        start: (G,) ticks from the start of the tune.
        strength: (G,) `DOWNBEAT`, `STRONG` within the bar, or `WEAK`.
        bar: (G,) bar number; the first full bar is 1, an upbeat before it 0. Two short bars that
            make up a full one (at a repeat) share a number.
        place: (G,) ticks from the start of the bar; in an upbeat from where a full bar would begin.
        bar_index: (G,) which of the tune's written bars it stands in, from 0.
        end: ticks where the last beat ends.
    """

    start: Integers
    strength: Integers
    bar: Integers
    place: Integers
    bar_index: Integers
    end: int

    def __len__(self) -> int:
        return len(self.start)


def beat_grid(tune: Tune) -> BeatGrid:
    """The beats of a tune as written, repeats not unfolded."""
    in_halves = moves_in_halves(tune)
    rows: list[tuple[int, int, int, int, int]] = []
    bars, time = tune.bars, 0
    for index, (bar, number) in enumerate(zip(bars, bar_numbers(bars), strict=True)):
        full = bar.metre.bar_ticks if bar.metre else max(bar.duration, 1)
        is_upbeat = is_anacrusis(bars, index)
        offset = full - bar.duration if is_upbeat else 0
        for place, strength in _beats_between(
            bar.metre, offset, offset + bar.duration, full, in_halves
        ):
            rows.append((time + place - offset, strength, number, place, index))
        time += bar.duration
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    return BeatGrid(
        start=columns[0],
        strength=columns[1],
        bar=columns[2],
        place=columns[3],
        bar_index=columns[4],
        end=time,
    )


def moves_in_halves(tune: Tune) -> bool:
    """Whether at least half of the tune's time is in notes of a half or longer."""
    lengths = np.array([duration for _, duration, _ in tune.sounding()])
    if not len(lengths):
        return False
    half = TICKS_PER_WHOLE // 2
    return bool(lengths[lengths >= half].sum() * 2 >= lengths.sum())


def beats_of_metre(metre: Metre | None, in_halves: bool = False) -> list[tuple[int, int]]:
    """(place in ticks, strength) of each beat of a full bar; free metre has one quarter."""
    if metre is None:
        return [(0, DOWNBEAT)]
    unit, count = TICKS_PER_WHOLE // metre.denominator, metre.numerator
    if metre.denominator >= 8:
        size = 3 if count % 3 == 0 else 2
        groups = max(count // size, 1)
        return _with_strengths([unit * size * index for index in range(groups)])
    if metre.denominator <= 2 and not in_halves:
        quarters = unit // TICKS_PER_QUARTER
        return [
            (index * TICKS_PER_QUARTER, DOWNBEAT if not index else _on(index, quarters))
            for index in range(count * quarters)
        ]
    return _with_strengths([unit * index for index in range(count)])


def _on(index: int, every: int) -> int:
    return STRONG if index % every == 0 else WEAK


def _with_strengths(places: list[int]) -> list[tuple[int, int]]:
    """The first is the downbeat; of four beats or more the one after the middle is strong."""
    count = len(places)
    middle = (count + 1) // 2 if count >= 4 else -1
    return [
        (place, DOWNBEAT if index == 0 else STRONG if index == middle else WEAK)
        for index, place in enumerate(places)
    ]


def _beats_between(
    metre: Metre | None, first: int, end: int, full: int, in_halves: bool
) -> list[tuple[int, int]]:
    """Beats of a bar whose notes go from one place to another; a part of a beat counts as one."""
    if metre is None:
        pattern, full = beats_of_metre(None), TICKS_PER_QUARTER
    else:
        pattern = beats_of_metre(metre, in_halves)
    found: list[tuple[int, int]] = []
    for round_start in range(0, max(end, 1), full):
        for place, strength in pattern:
            later_round = WEAK if metre is None else STRONG
            is_first = round_start == 0
            found.append(
                (round_start + place, strength if is_first else min(strength, later_round))
            )
    inside = [(place, strength) for place, strength in found if first < place < end]
    if first < end:
        at_start = [strength for place, strength in found if place == first]
        inside.insert(0, (first, at_start[0] if at_start else WEAK))
    return inside
