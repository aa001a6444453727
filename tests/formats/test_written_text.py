"""Typed music in each of its forms."""

from __future__ import annotations

import pytest

from chromasonic.errors import FormatError
from chromasonic.formats.written_text import MAX_CHARACTERS, read_written
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre


def pitches(text: str) -> list[int | None]:
    return [note.pitch for note in read_written(text).tune.notes()]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("C5 D5 E5:2 | D5 B4 C5:2", "notes"),
        ("R C5, D5", "notes"),
        ("CDEF GABc", "bare abc"),
        ("c2 d2 | e4", "bare abc"),
        ("C4 D4 E4 F4", "notes"),
        ("C2 E2:2", "notes"),
        ('"Am"A2 !fermata!B2 | vc4', "bare abc"),
        ("X:1\nK:G\nGABc", "abc"),
        ("K:G\nGABc", "abc"),
        ("M:3/4\nL:1/4\nGAB", "abc"),
    ],
)
def test_the_form_is_told_from_the_text(text: str, form: str) -> None:
    assert read_written(text).form == form


def test_each_form_gives_the_notes_that_were_meant() -> None:
    assert pitches("C5 D5 E5:2") == [72, 74, 76]
    assert pitches("cde2") == [72, 74, 76]
    assert pitches("K:D\nc d e") == [73, 74, 76]
    assert pitches("T:Without a key\nc d e") == [72, 74, 76]


def test_notes_alone_take_the_key_and_metre_that_are_given() -> None:
    written = read_written("FGA FGA", metre=Metre(3, 8), key=Key("G", "major"))
    assert [note.pitch for note in written.tune.notes()] == [66, 67, 69, 66, 67, 69]
    assert written.tune.metre == Metre(3, 8)


def test_letters_without_bar_lines_are_cut_into_bars_and_tied_over_them() -> None:
    bars = read_written("c6 c3 c3 c8").tune.bars  # eighths, in 4/4
    eighths = [[note.duration // 5040 for note in bar.notes] for bar in bars]
    assert eighths == [[6, 2], [1, 3, 4], [4]]
    assert [note.tied for bar in bars for note in bar.notes] == [
        *(False, False, True, False, False, True),
    ]


def test_a_key_within_the_music_is_no_foreign_letter() -> None:
    assert pitches("[K:F] AB") == [69, 70]
    assert pitches("AB % how it begins") == [69, 71]


def test_a_fields_own_metre_stays() -> None:
    assert read_written("X:1\nM:6/8\nK:C\nCDE", metre=Metre(3, 4)).tune.metre == Metre(6, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  \n ", "Nothing is typed"),
        ("C5 H5 D5", "Word 2, 'H5', is no note"),
        ("hello there", "neither as notes"),
        ("R R:2", "no note"),
        ("C" * (MAX_CHARACTERS + 1), "characters were typed"),
    ],
)
def test_what_is_no_music_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_written(text)
