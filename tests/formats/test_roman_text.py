"""RomanText: bars, beats, keys; and music21's reading of the same analyses."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from chromasonic.errors import FormatError
from chromasonic.formats.roman_text import parse_roman_text
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre

TEXT = """Composer: Nobody
Title: A made-up chorale
Analyst: One of us

Time Signature: 3/4
Form: chorale
m0 b3 G: I
m1 I6 b2 V6/5 b3 I
Note: all plain so far: nothing to see
m2 IV b2.5 viio6 || b3 e: i
m2var1 IV b2 I
Pedal: G m1 b1 m2 b1
m3 V b2 i :||
m4-5 = m1-2
Time Signature: 4/4
m6 G: ii b1.66 V
m7 I e: vi
"""


def events(text: str) -> list[tuple[int, Fraction, str, str]]:
    read = parse_roman_text(text, source="x.txt")
    return [(e.bar, e.offset, str(e.key), e.numeral) for e in read.events]


def test_bars_beats_keys_and_copies_are_read() -> None:
    half, g, e = Fraction(1, 2), "G major", "E minor"
    assert events(TEXT) == [
        (0, 2, g, "I"),
        (1, 0, g, "I6"), (1, 1, g, "V6/5"), (1, 2, g, "I"),
        (2, 0, g, "IV"), (2, 1 + half, g, "viio6"), (2, 2, e, "i"),
        (3, 0, e, "V"), (3, 1, e, "i"),
        (4, 0, g, "I6"), (4, 1, g, "V6/5"), (4, 2, g, "I"),
        (5, 0, g, "IV"), (5, 1 + half, g, "viio6"), (5, 2, e, "i"),
        (6, 0, g, "ii"), (6, Fraction(2, 3), g, "V"),
        (7, 0, e, "vi"),
    ]  # fmt: skip


def test_head_metres_and_phrase_ends_are_read() -> None:
    read = parse_roman_text(TEXT, source="x.txt")
    assert read.head == {
        "Composer": "Nobody", "Title": "A made-up chorale", "Analyst": "One of us",
    }  # fmt: skip
    assert read.metres == ((0, Metre(3, 4)), (6, Metre(4, 4)))
    assert read.phrase_ends == ((2, Fraction(3, 2)), (3, Fraction(1)))


def test_beats_of_compound_and_half_note_metres_have_their_own_length() -> None:
    compound = "Time Signature: 6/8\nm1 C: I b1.66 V b2 I\n"
    assert [event[1] for event in events(compound)] == [0, 1, Fraction(3, 2)]
    assert [e[1] for e in events("Time Signature: 3/2\nm1 C: I b2 V b3 I\n")] == [0, 2, 4]


def test_of_two_keys_for_one_beat_the_later_counts() -> None:
    assert events("m1 C: I b2 vi a: i b3 V")[1:] == [
        (1, 1, "A minor", "i"), (1, 2, "A minor", "V"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.txt has no chord"),
        ("Composer: Bach\nTitle: Nothing\n", "x.txt has no chord"),
        ("m1 I b2 V", "line 1: 'I' stands before any key, such as 'G:'"),
        ("m1 C: I\nm2 Q7 b2 V", "line 2: 'Q7' is no Roman numeral"),
        ("m1 C: I b0 V", "beats are counted from 1"),
        ("m1 C: I\nm2-4 V", "bars 2 to 4 at once"),
        ("m1 C: I\nm3-4 = m1-3", "bars 3 to 4 cannot be like bars 1 to 3"),
        ("m1 C: I\nm3-4 = m7-8", "bars 7 to 8 have no chord"),
        ("Time Signature: waltz\nm1 C: I", "line 1: 'waltz' is no metre"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_that_quotes_it(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)):
        parse_roman_text(text, source="x.txt")


def theirs(text: str) -> list[tuple[Fraction, int, frozenset[int], int]]:
    """Offset in quarters from the first chord, root, tones and bass as music21 reads them."""
    from music21 import converter, roman

    score = converter.parse(text, format="romantext").flatten()
    chords = list(score.getElementsByClass(roman.RomanNumeral))
    first = chords[0].offset
    return [
        (
            Fraction(chord.offset - first).limit_denominator(48),
            chord.root().pitchClass,
            frozenset(pitch.pitchClass for pitch in chord.pitches),
            chord.bass().pitchClass,
        )
        for chord in chords
    ]


def ours(text: str) -> list[tuple[Fraction, int, frozenset[int], int]]:
    from chromasonic.data.when_in_rome import bar_starts
    from chromasonic.music.roman_numeral import parse_numeral

    read = parse_roman_text(text, source="x.txt")
    starts = bar_starts(read)
    first = starts[read.events[0].bar] + read.events[0].offset
    rows = []
    for event in read.events:
        chord = parse_numeral(event.numeral, event.key)
        onset = starts[event.bar] + event.offset - first
        rows.append((onset, chord.root, chord.pitch_classes, chord.bass))
    return rows


PLAIN = """Composer: Nobody
Title: Two phrases
Time Signature: 4/4
m0 b4 d: i
m1 V6 b2 i b3 iv6 b4 V
m2 i b1.5 V6/5 b2 i b3 F: V7 b4 I || b4.5 V2
m3 I6 b2 viio6/5/V b3 V b4 V7
m4 I b2 d: iv b3 V
m5 I
"""


def test_music21_reads_the_same_chords_at_the_same_places() -> None:
    assert ours(PLAIN) == theirs(PLAIN)


@pytest.mark.corpus
@pytest.mark.parametrize("number", ["001", "019", "124", "203", "371"])
def test_music21_reads_the_same_analyses(number: str, corpus_folder: Path) -> None:
    folder = "when-in-rome/Corpus/Early_Choral/Bach,_Johann_Sebastian/Chorales"
    text = (corpus_folder / folder / number / "analysis.txt").read_text(encoding="utf-8")
    assert changes(ours(text)) == changes(theirs(text))


def changes(rows: list[Any]) -> list[Any]:
    """Without chords that go on: music21 names the last one again where a bar begins with none."""
    return [row for place, row in enumerate(rows) if not place or row[1:] != rows[place - 1][1:]]


def test_keys_are_spelled_as_written() -> None:
    read = parse_roman_text("m1 f#: i b2 Bb: I b3 b: i b4 Ab: I", source="x")
    assert [event.key for event in read.events] == [
        Key("F#", "minor"), Key("Bb", "major"), Key("B", "minor"), Key("Ab", "major"),
    ]  # fmt: skip
