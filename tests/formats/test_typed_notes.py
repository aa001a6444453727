"""Notes typed on a line: what each word means, and what is said of a wrong one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import FormatError
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Note


def test_the_notes_of_the_documentation() -> None:
    tune = read_typed_notes("C4 D4 E4 F4 G4:2")
    assert list(tune.sounding()) == [
        (0, Q, 60), (Q, Q, 62), (2 * Q, Q, 64), (3 * Q, Q, 65), (4 * Q, 2 * Q, 67)
    ]  # fmt: skip
    assert [bar.duration for bar in tune.bars] == [4 * Q, 2 * Q]
    assert (tune.metre, tune.key) == (Metre(4, 4), Key("C"))


@pytest.mark.parametrize(
    ("word", "note"),
    [
        ("C4", Note(Q, 60)),
        ("c4", Note(Q, 60)),
        ("A4:4", Note(4 * Q, 69)),
        ("B3", Note(Q, 59)),
        ("Bb3", Note(Q, 58)),
        ("bb3", Note(Q, 58)),
        ("b3", Note(Q, 59)),
        ("F#5", Note(Q, 78)),
        ("F♯5", Note(Q, 78)),
        ("E♭4", Note(Q, 63)),
        ("F𝄪4", Note(Q, 67)),
        ("Fx4", Note(Q, 67)),
        ("Abb4", Note(Q, 67)),
        ("A♮4", Note(Q, 69)),
        ("Cb4", Note(Q, 59)),
        ("B#3", Note(Q, 60)),
        ("C-1", Note(Q, 0)),
        ("G9", Note(Q, 127)),
        ("C4:1/2", Note(Q // 2, 60)),
        ("C4:0.5", Note(Q // 2, 60)),
        ("C4:.5", Note(Q // 2, 60)),
        ("C4:3/2", Note(3 * Q // 2, 60)),
        ("C4:1.5", Note(3 * Q // 2, 60)),
        ("C4:1/3", Note(Q // 3, 60)),
        ("C4:0.333", Note(Q // 3, 60)),
        ("C4:0.67", Note(2 * Q // 3, 60)),
        ("C4^", Note(Q, 60, fermata=True)),
        ("C4:2!", Note(2 * Q, 60, fermata=True)),
    ],
)
def test_a_word_is_a_note(word: str, note: Note) -> None:
    assert list(read_typed_notes(word).notes()) == [note]


@pytest.mark.parametrize("word", ["R", "r", "-"])
def test_rests_have_lengths_as_notes_have(word: str) -> None:
    tune = read_typed_notes(f"C4 {word}:1/2 {word} D4:1.5")
    assert [(note.pitch, note.duration) for note in tune.notes()] == [
        (60, Q), (None, Q // 2), (None, Q), (62, 3 * Q // 2)
    ]  # fmt: skip


def test_spellings_are_kept() -> None:
    names = [note.name for note in read_typed_notes("D#4 Eb4 F𝄪4 B4 R").notes()]
    assert names == ["D#", "Eb", "F##", "B", None]


def test_bars_are_cut_by_the_metre_and_notes_over_the_line_are_tied() -> None:
    tune = read_typed_notes("G4:2 A4:2^ R:4", metre=Metre(3, 4), key=Key("G"))
    assert [[(n.pitch, n.duration, n.tied, n.fermata) for n in bar.notes] for bar in tune.bars] == [
        [(67, 2 * Q, False, False), (69, Q, False, False)],
        [(69, Q, True, True), (None, 2 * Q, False, False)],
        [(None, 2 * Q, False, False)],
    ]
    assert all((bar.metre, bar.key) == (Metre(3, 4), Key("G")) for bar in tune.bars)


def test_typed_bar_lines_make_the_bars_with_a_pickup() -> None:
    tune = read_typed_notes("D4 | G4 A4 B4 c5|D5:4 ||")
    assert [bar.duration // Q for bar in tune.bars] == [1, 4, 4]


def test_a_tie_joins_two_words() -> None:
    tune = read_typed_notes("C4~ C4:2 D4, E4")
    assert list(tune.sounding())[:2] == [(0, 3 * Q, 60), (3 * Q, Q, 62)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A4 B4 C5 D5 E5:2 D5 C5 B4 G#4 A4:2", Key("A", "minor")),
        ("Bb4 C5 D5 Eb5 F5:2 D5 Bb4:2", Key("Bb")),
    ],
)
def test_the_key_is_found_where_none_is_given(text: str, key: Key) -> None:
    assert read_typed_notes(text).key == key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no note: nothing was typed"),
        ("  | | ", "no note: nothing"),
        ("R R:2", "no note: only rests"),
        ("C4 D E4", "Word 2, 'D', has no octave.*'D4'"),
        ("C4 H4", "Word 2, 'H4', is no note.*C4 D4"),
        ("C4 do", "Word 2, 'do', is no note"),
        ("C4 4", "Word 2, '4', is no note"),
        ("C4:", "Word 1, 'C4:', has the length ''"),
        ("C4:0", "has the length '0'.*above 0"),
        ("C4:1/0", "has the length '1/0'"),
        ("C4:-1", "Word 1"),
        ("C4:999", "up to 64"),
        ("C4:nan", "has the length 'nan'"),
        ("C4:1e3", "has the length '1e3'"),
        ("C4:1/11", "has the length '1/11'.*fraction"),
        ("C4:2:2", "is no note"),
        ("C99", "outside what MIDI knows"),
        ("C-2", "outside"),
        ("G#9", "outside"),
        ("C4~ D4", "Word 2, 'D4', is tied to another pitch"),
        ("C4 D4 E4 F4 G4 | C4", r"Bar 1 has 5 quarters, and a bar of 4/4 has 4"),
        ("C4 " * 20_001, "20,001 words"),
        ("C4 \x00", "is no note"),
        ("C" + "#" * 200 + "4", "outside"),
    ],
)
def test_a_wrong_word_is_named_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_typed_notes(text)


@given(text=st.text(alphabet="ABCDEFGHabcg#b♭x0123456789:./-~^!|R \t,", max_size=40))
def test_any_text_is_read_or_refused_with_a_message(text: str) -> None:
    try:
        tune = read_typed_notes(text)
    except FormatError as error:
        assert re.search(r"Word \d|no note|Bar \d", str(error))
    else:
        assert all(0 <= pitch <= 127 for _, _, pitch in tune.sounding())
        assert all(bar.duration <= 4 * Q for bar in tune.bars)
