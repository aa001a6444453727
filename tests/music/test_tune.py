"""Tunes: ties as heard, transposition, full bars."""

from __future__ import annotations

from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

Q = 10080
METRE = Metre(2, 4)


def tune(*bars: tuple[Note, ...]) -> Tune:
    return Tune("id", "title", tuple(Bar(notes, METRE, Key("D")) for notes in bars))


def test_tied_notes_sound_as_one_over_the_bar_line() -> None:
    played = tune((Note(Q, 62), Note(Q, 64)), (Note(Q, 64, tied=True), Note(Q, 64)))
    assert list(played.sounding()) == [(0, Q, 62), (Q, 2 * Q, 64), (3 * Q, Q, 64)]


def test_a_rest_is_silent_and_ends_the_note_before() -> None:
    played = tune((Note(Q, 62), Note(Q, None)), (Note(2 * Q, 62, tied=True),))
    assert list(played.sounding()) == [(0, Q, 62), (2 * Q, 2 * Q, 62)]


def test_a_tie_from_another_pitch_is_a_new_note() -> None:
    played = tune((Note(Q, 62), Note(Q, 64, tied=True)))
    assert list(played.sounding()) == [(0, Q, 62), (Q, Q, 64)]


def test_transposing_moves_notes_and_keys_and_leaves_chord_symbols_out() -> None:
    bar = Bar((Note(Q, 62), Note(Q, None)), METRE, Key("D"), (ChordSymbol(0, "D"),))
    moved = Tune("id", "title", (bar,)).transposed(-2)
    assert moved.bars[0] == Bar((Note(Q, 60), Note(Q, None)), METRE, Key("C"))
    assert Tune("id", "title", (bar,)).transposed(0).bars == (bar,)


def test_a_bar_is_full_when_its_notes_fill_the_metre() -> None:
    assert Bar((Note(2 * Q, 62),), METRE, Key()).is_full
    assert not Bar((Note(Q, 62),), METRE, Key()).is_full
    assert Bar((Note(Q, 62),), None, Key()).is_full


def test_the_key_and_metre_of_a_tune_are_those_of_its_first_bar() -> None:
    first, second = Bar((Note(Q, 62),), METRE, Key("D")), Bar((Note(Q, 62),), None, Key("G"))
    whole = Tune("id", "title", (first, second))
    assert (whole.key, whole.metre) == (Key("D"), METRE)


def test_where_a_tune_comes_from_does_not_make_it_another() -> None:
    bars = (Bar((Note(Q, 62),), METRE, Key()),)
    assert Tune("id", "t", bars, source="here") == Tune("id", "t", bars, source="there")
