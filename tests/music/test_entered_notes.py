"""Notes entered on a grid become bars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import UsageError
from chromasonic.formats.abc import read_abc, write_abc
from chromasonic.music.entered_notes import barred, tune_of_steps
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar

SIXTEENTH = TICKS_PER_QUARTER // 4
STEPS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20), st.integers(40, 90)), min_size=1, max_size=12
)


def test_a_gap_is_a_rest_and_a_long_note_is_tied_over_the_bar_line() -> None:
    steps = [(0, 4, 62), (6, 2, 64), (8, 8, 66)]
    tune = tune_of_steps(steps, key=Key("D"), metre=Metre(3, 4))
    assert "D2 zE F2- | F2" in write_abc(tune)


def test_a_note_ends_where_the_next_begins_and_of_two_at_once_the_higher_stays() -> None:
    tune = tune_of_steps([(0, 16, 60), (4, 4, 64), (4, 4, 67)])
    assert list(tune.sounding()) == [
        (0, 4 * SIXTEENTH, 60),
        (4 * SIXTEENTH, 4 * SIXTEENTH, 67),
    ]


@given(STEPS, st.sampled_from(["2/4", "3/4", "4/4", "6/8", "7/8"]))
def test_no_bar_is_longer_than_its_metre_and_onsets_stay(steps: list, metre: str) -> None:
    tune = tune_of_steps(steps, metre=Metre.parse(metre))
    bar_ticks = Metre.parse(metre).bar_ticks
    assert all(bar.duration == bar_ticks for bar in tune.bars[:-1])
    assert 0 < tune.bars[-1].duration <= bar_ticks
    onsets = {onset for onset, _, _ in tune.sounding()}
    assert onsets == {start * SIXTEENTH for start, _, _ in steps}


@pytest.mark.parametrize("steps", [[], [(-1, 2, 60)], [(0, 0, 60)], [(0, 1, 128)]])
def test_what_cannot_be_notes_is_refused(steps: list) -> None:
    with pytest.raises(UsageError, match="out of range|notes were played"):
        tune_of_steps(steps)


def test_a_line_without_bar_lines_is_cut_into_bars() -> None:
    (line,) = read_abc("X:1\nM:3/4\nL:1/8\nK:G\nGABcd4 e2- eg", source="t").tunes
    cut = barred(line)
    assert "GA Bc d2- | d2 e2- eg |" in write_abc(cut)
    assert list(cut.sounding()) == list(line.sounding())
    (written,) = read_abc("X:1\nM:3/4\nL:1/8\nK:G\nGABcde | d6", source="t").tunes
    assert barred(written) is written


def test_what_is_written_of_the_whole_line_stays_where_it_was() -> None:
    def bars(music: str) -> tuple[Bar, ...]:
        (line,) = read_abc(f"X:1\nM:4/4\nL:1/8\nK:C\n{music}", source="t").tunes
        cut = barred(line)
        assert list(cut.expanded().sounding()) == list(line.expanded().sounding())
        return cut.bars

    ended = bars('"C"CDEF GABc "G"defg agfe dcBA G2"C"F2 |]')
    assert [bar.closes_section for bar in ended] == [False, False, True]
    assert [[(c.onset, c.text) for c in bar.chords] for bar in ended] == [
        [(0, "C")],
        [(0, "G")],
        [(3 * TICKS_PER_QUARTER, "C")],
    ]
    repeated = bars("|:CDEF GABc defg agfe:|")
    assert [(bar.opens_repeat, bar.closes_repeat) for bar in repeated] == [(True, 0), (False, 1)]
    first, second = bars("CDEFGABc d2!fermata!c2 E4")
    assert [note.fermata for note in first.notes + second.notes] == [False] * 9 + [True, False]
