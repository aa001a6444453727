"""Breaks of systems: the best of all ways, by trying all; and how they come into the notation."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.formats import system_breaks as page
from chromasonic.formats.system_breaks import bar_widths, system_breaks, with_breaks


def cost(widths: list[float], breaks: list[int], phrase_ends: set[int]) -> float:
    """What the docstring of `system_breaks` says, for lines of width 10 and a prefix of 1."""
    total = 0.0
    edges = [0, *breaks, len(widths)]
    for begin, end in pairwise(edges):
        fill = (sum(widths[begin:end]) + (1.0 if begin else 0.0)) / 10
        if fill > page.TIGHTEST and end - begin > 1:
            return float("inf")
        total += page.SYSTEM_COST + max(0.0, 1 - fill) ** 2
        if end - 1 in phrase_ends or end == len(widths):
            total -= page.PHRASE_BONUS
    return total


@settings(max_examples=60, deadline=None)
@given(
    widths=st.lists(st.integers(1, 12).map(float), min_size=1, max_size=8),
    phrase_ends=st.sets(st.integers(0, 7)),
)
def test_no_other_way_to_break_is_better(widths: list[float], phrase_ends: set[int]) -> None:
    found = system_breaks(widths, line=10, prefix=1, phrase_ends=phrase_ends)
    inner = range(1, len(widths))
    every_way = [list(way) for count in range(len(widths)) for way in combinations(inner, count)]
    best = min(cost(widths, way, phrase_ends) for way in every_way)
    assert cost(widths, found, phrase_ends) == pytest.approx(best)


def test_the_last_system_is_no_single_bar_and_systems_end_with_phrases() -> None:
    # 9 equal bars of which 4 fill a line: 4 + 4 + 1 would be the greedy way.
    assert system_breaks([2.4] * 9, line=10, prefix=0, phrase_ends=()) == [3, 6]
    assert system_breaks([2.4] * 8, line=10, prefix=0, phrase_ends={3, 7}) == [4]
    # A phrase of three bars is not torn for the sake of a fuller line.
    assert system_breaks([2.4] * 7, line=10, prefix=0, phrase_ends={2}) == [3]


def test_a_bar_wider_than_a_line_stands_alone() -> None:
    assert system_breaks([3, 25, 3], line=10, prefix=0, phrase_ends=()) == [1, 2]


def test_widths_are_read_between_bar_lines_of_any_number_of_staves() -> None:
    line = '<g id="x" class="barLine"><path d="M{0} 5 L{0} 9" /><path d="M{0} 20 L{0} 29" /></g>'
    assert bar_widths("".join(line.format(x) for x in (300, 520, 520, 900))) == [300, 220, 380]
    assert bar_widths("<svg/>") == []


def test_breaks_come_into_the_first_part_alone() -> None:
    part = '<part id="{}"><measure number="0" implicit="yes"/><measure number="1"></measure></part>'
    broken = with_breaks(part.format(1) + part.format(2), [1])
    assert broken.count("new-system") == 1
    assert '<measure number="1"><print new-system="yes"/></measure></part><part id="2">' in broken
