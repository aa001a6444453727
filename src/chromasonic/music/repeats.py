"""Repeats: where each one begins and ends, and the bars in the order in which they are played.

A repeated section ends with its closing mark, or with the last of its endings. It begins at its
opening mark; where none is written, at the latest double bar or closed repeat, else at the start
of the tune. Source: ABC 2.1, section 4.8; printed music does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chromasonic.music.tune import Bar


def played(bars: tuple[Bar, ...]) -> Iterator[Bar]:
    """The bars in the order of performance, with repeat marks and endings taken off.

    A section is played as often as its highest ending says, or one time more than its closing mark
    goes back; a bar of an ending only on the passes of that ending.
    """
    return (_unmarked(bars[index]) for index in played_order(bars))


def played_order(bars: tuple[Bar, ...]) -> Iterator[int]:
    """Places of the bars, from 0, in the order of performance; see `played`."""
    position = 0
    for start, stop in repeats(bars):
        section = bars[start:stop]
        passes = 1 + max(bar.closes_repeat for bar in section)
        passes = max([passes, *(number for bar in section for number in bar.ending)])
        yield from range(position, start)
        for number in range(1, passes + 1):
            for index in range(start, stop):
                if not bars[index].ending or number in bars[index].ending:
                    yield index
        position = stop
    yield from range(position, len(bars))


def with_openings(bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The bars with an opening mark wherever a repeat begins and the mark was left out."""
    starts = {start for start, _ in repeats(bars)}
    return tuple(
        replace(bar, opens_repeat=True) if index in starts and not bar.opens_repeat else bar
        for index, bar in enumerate(bars)
    )


def repeats(bars: tuple[Bar, ...]) -> Iterator[tuple[int, int]]:
    """First bar of each repeated section, and the bar after its end."""
    position = 0
    while True:
        goal = position  # the first bar that tells of a repeat: it closes one, or is in an ending
        while goal < len(bars) and not bars[goal].closes_repeat and not bars[goal].ending:
            goal += 1
        if goal == len(bars):
            return
        stop = goal + 1
        while stop < len(bars) and bars[stop].ending and not bars[stop].opens_repeat:
            stop += 1
        yield _start(bars, position, goal), stop
        position = stop


def _start(bars: tuple[Bar, ...], position: int, goal: int) -> int:
    start = position
    for index in range(position + 1, goal + 1):
        is_after_double_bar = bars[index - 1].closes_section and not bars[start].opens_repeat
        if bars[index].opens_repeat or is_after_double_bar:
            start = index
    return start


def _unmarked(bar: Bar) -> Bar:
    if bar.opens_repeat or bar.closes_repeat or bar.ending:
        return replace(bar, opens_repeat=False, closes_repeat=0, ending=())
    return bar
