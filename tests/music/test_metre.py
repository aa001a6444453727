"""Metres: how long a bar and a felt beat are."""

from __future__ import annotations

import pytest

from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre


@pytest.mark.parametrize(
    ("text", "bar_quarters", "beat_quarters"),
    [
        ("4/4", 4, 1), ("3/4", 3, 1), ("2/2", 4, 2), ("C", 4, 1), ("C|", 4, 2), ("6/8", 3, 1.5),
        ("9/8", 4.5, 1.5), ("12/8", 6, 1.5), ("3/8", 1.5, 0.5), ("5/8", 2.5, 0.5), ("6/4", 6, 1),
    ],
)  # fmt: skip
def test_bars_and_beats(text: str, bar_quarters: float, beat_quarters: float) -> None:
    metre = Metre.parse(text)
    assert metre.bar_ticks == bar_quarters * Q
    assert metre.beat_ticks == beat_quarters * Q


@pytest.mark.parametrize("text", ["", "4", "0/4", "4/0", "4/3", "a/b", "65/4", "-3/4"])
def test_what_is_no_metre_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no metre"):
        Metre.parse(text)


def test_a_quarter_divides_into_every_tuplet_in_use() -> None:
    for parts in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 20, 24, 32):
        assert Q % parts == 0, parts
