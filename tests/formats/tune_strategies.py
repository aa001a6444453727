"""Tunes out of thin air for property tests: whole bars of notatable lengths, ties, tuplets."""

from __future__ import annotations

from hypothesis import strategies as st

from chromasonic.music.key import FIFTHS_OF_MODE, MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.pitch import name_of_fifths
from chromasonic.music.tune import Bar, Note, Tune

Q = TICKS_PER_QUARTER
METRES = [Metre(4, 4), Metre(3, 4), Metre(6, 8), Metre(2, 2), Metre(9, 8), Metre(2, 4)]
QUARTERS = [
    (Q,), (Q // 2, Q // 2), (Q // 4,) * 4, (3 * Q // 4, Q // 4), (Q // 3,) * 3,
    (2 * Q // 3, Q // 3), (Q // 6,) * 6, (Q // 2, Q // 4, Q // 4), (Q // 5,) * 5,
]  # fmt: skip
EIGHTHS = [(Q // 2,), (Q // 4, Q // 4)]


@st.composite
def _filled_bars(draw: st.DrawFn, metre: Metre, key: Key) -> Bar:
    """A full bar: each quarter (or eighth) takes a rhythm; some cells are joined across."""
    unit, cells = (Q, QUARTERS) if metre.bar_ticks % Q == 0 else (Q // 2, EIGHTHS)
    lengths: list[int] = []
    for _ in range(metre.bar_ticks // unit):
        cell = draw(st.sampled_from(cells))
        if lengths and draw(st.booleans()) and draw(st.booleans()):
            lengths[-1] += cell[0]
            cell = cell[1:]
        lengths.extend(cell)
    pitches = st.one_of(st.none(), st.integers(55, 88))
    return Bar(tuple(Note(length, draw(pitches)) for length in lengths), metre, key)


@st.composite
def tunes(draw: st.DrawFn) -> Tune:
    """A tune of one metre and key: anacrusis or none, ties over bar lines, perhaps a repeat."""
    metre = draw(st.sampled_from(METRES))
    mode = draw(st.sampled_from(sorted(MODES)))
    key = Key(name_of_fifths(draw(st.integers(-7, 7)) - FIFTHS_OF_MODE[mode]), mode)
    bars = [draw(_filled_bars(metre, key)) for _ in range(draw(st.integers(1, 4)))]
    first, second = draw(st.integers(60, 80)), draw(st.integers(60, 80))
    bars[0] = Bar((Note(metre.bar_ticks, first),), metre, key)
    bars.append(Bar((Note(metre.bar_ticks, second),), metre, key))
    tied = []
    for index, bar in enumerate(bars):
        before = bars[index - 1].notes[-1].pitch if index else None
        head = bar.notes[0]
        tie = index > 0 and before is not None and before == head.pitch and draw(st.booleans())
        notes = (Note(head.duration, head.pitch, tied=tie), *bar.notes[1:])
        tied.append(Bar(notes, metre, key, chords=bar.chords))
    if draw(st.booleans()):
        tied.insert(0, Bar((Note(Q // 2, draw(st.integers(60, 72))),), metre, key))
    if draw(st.booleans()):
        last = tied[-1]
        tied[-1] = Bar(last.notes, last.metre, last.key, closes_repeat=1)
    return Tune("made-up", "Made up", tuple(tied), draw(st.sampled_from([None, 90.0, 120.0])))
