"""Scores of several parts for tests: a cadence by hand, a folk tune with repeats, any score."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from tests.formats.tune_strategies import tunes

from chromasonic.formats.abc import read_abc
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre
from chromasonic.music.part_score import Label, PartScore
from chromasonic.music.tune import Bar, Note, Tune

SATB = ("Soprano", "Alto", "Tenor", "Bass")


def bars(*rows: str, key: str = "G") -> tuple[Bar, ...]:
    """Bars of 4/4 with notes such as "67 69:2 r ~71:2^" (MIDI number, quarters, ~ tied, ^)."""
    return tuple(Bar(tuple(map(_note, row.split())), Metre(4, 4), Key(key)) for row in rows)


def part(name: str, *rows: str) -> Tune:
    """A part of such bars."""
    return Tune(name, "", bars(*rows))


def _note(word: str) -> Note:
    fermata, tied = "^" in word, "~" in word
    name, _, quarters = word.strip("^~").partition(":")
    pitch = None if name == "r" else int(name)
    return Note(int(float(quarters or 1) * Q), pitch, tied, fermata)


def labels(*rows: str) -> tuple[tuple[Label, ...], ...]:
    """Labels such as "0:I 2:V6/5": quarters from the start of the bar, text."""
    return tuple(
        tuple(
            Label(onset=int(float(at) * Q), text=text)
            for at, text in (word.split(":") for word in row.split())
        )
        for row in rows
    )


CADENCE = PartScore(
    id="cadence",
    title="Two Phrases & a <Half Cadence>",
    names=SATB,
    parts=(
        part("s", "67", "67 69 71 72", "71:2 69:2^", "71 72 74:2", "72 71:2 69", "67:4^"),
        part("a", "62", "62 62 62 64", "67:2 66:2^", "67 66 67:2", "67 67:2 66", "62:4^"),
        part("t", "59", "59 57 55 55", "62:2 62:2^", "62 62 59:2", "64 62:2 60", "59:4^"),
        part("b", "55", "55 54 55 48", "50:2 50:2^", "55 57 55:2", "48 50:3", "~50 43:3^"),
    ),
    labels=labels(
        "0:I", "0:I 1:V6/5 2:I 3:IV", "0:Cad6/4 2:V", "0:I 1:V4/3 2:I", "0:IV 1:I6/4 3:V7", "1:I"
    ),
    source="written by hand",
)  # fmt: skip
"""In G: a pickup, a half cadence under fermatas, a bass note tied over the last bar line."""


JIG = read_abc(
    "X:1\nT:The Two Endings\nM:6/8\nL:1/8\nQ:3/8=80\nK:Edor\n"
    "B|:EBB dBA|EFG FED|[1 G2A B2c:|[2 d3 d2z||\n|:!fermata!e3 ^def|\nM:3/4\nK:D\n(3gfe fe d2:|\n",
    source="jig",
).tunes[0]


def lowered(tune: Tune, semitones: int) -> Tune:
    """The tune lower, in the same keys."""
    return replace(
        tune,
        bars=tuple(
            replace(
                bar,
                notes=tuple(
                    replace(n, pitch=None if n.pitch is None else n.pitch - semitones)
                    for n in bar.notes
                ),
                chords=(),
            )
            for bar in tune.bars
        ),
    )


FOLK = PartScore(
    id="folk",
    title=JIG.title,
    names=("Soprano", "Bass"),
    parts=(JIG, lowered(JIG, 24)),
    labels=tuple((Label(onset=0, text="i"),) if bar.is_full else () for bar in JIG.bars),
)
"""Two voices in E dorian: a pickup, two endings, a rest, a triplet, a new metre and key."""


@st.composite
def part_scores(draw: st.DrawFn) -> PartScore:
    """A score of two to four voices, each of rhythms of its own within the same bars."""
    first = draw(tunes())
    count = draw(st.integers(2, 4))
    parts = [first]
    for number in range(1, count):
        rows = []
        for bar in first.bars:
            halves = [bar.duration // 2, bar.duration - bar.duration // 2]
            lengths = draw(st.sampled_from([[bar.duration], halves]))
            pitch = st.integers(72 - 12 * number, 80 - 12 * number)
            notes = tuple(Note(length, draw(pitch)) for length in lengths)
            rows.append(replace(bar, notes=notes))
        parts.append(Tune(f"voice {number}", "", tuple(rows)))
    rows_of_labels = tuple(
        draw(st.sampled_from([(), (Label(onset=0, text="V6/5"),)])) for _ in first.bars
    )
    return PartScore(
        id="made up", title="Made up", names=SATB[:count], parts=tuple(parts),
        labels=rows_of_labels,
    )  # fmt: skip
