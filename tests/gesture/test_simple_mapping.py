"""Rows of one thing a gesture, as a mapping file that means the same."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import ConfigError
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.gesture.mapping import ChordAction, DrumsAction, MoodAction, NoteAction
from chromasonic.gesture.mapping_file import mapping_from
from chromasonic.gesture.simple_mapping import MappingRow, first_rows, mapping_text


def read(rows: list[MappingRow]):  # type: ignore[no-untyped-def]
    return mapping_from(tomllib.loads(mapping_text(rows, HAND_21)))


def test_each_kind_of_row_becomes_what_it_says() -> None:
    mapping = read(
        [
            MappingRow(gesture="a", plays="chord", value="I, V7"),
            MappingRow(gesture="b", plays="note", value="C4 64"),
            MappingRow(gesture="c", plays="mood", value="sad"),
            MappingRow(gesture="d", plays="beat", value="rock"),
            MappingRow(gesture="e", plays="nothing"),
        ]
    )
    chord, note, mood, beat = (mapping.actions[name][0] for name in "abcd")
    assert isinstance(chord, ChordAction)
    assert chord.chords == ("I", "V7")
    assert isinstance(note, NoteAction)
    assert note.notes == (60, 64)
    assert isinstance(mood, MoodAction)
    assert mood.valence < 0
    assert isinstance(beat, DrumsAction)
    assert "kick" in beat.pattern
    assert "e" not in mapping.actions
    assert mapping.follows[0].landmark == "wrist"


@given(st.text(min_size=1, max_size=30).filter(lambda name: name.isprintable()))
def test_any_name_of_a_gesture_survives(name: str) -> None:
    mapping = read([MappingRow(gesture=name, plays="note", value="C4")])
    assert list(mapping.actions) == [name]


def test_what_stands_at_first_can_be_played() -> None:
    classes = ("fist", "still", "swipe-left", "swipe-right", "wave")
    rows = first_rows(classes)
    assert [row.gesture for row in rows] == list(classes)
    assert [row.plays for row in rows] == ["note", "nothing", "chord", "chord", "beat"]
    read(list(rows)).check(classes, HAND_21)


def test_many_gestures_play_chords_then_notes_then_nothing() -> None:
    plays = [row.plays for row in first_rows([f"word {n}" for n in range(40)])]
    assert plays == ["chord"] * 4 + ["note"] * 12 + ["nothing"] * 24


@pytest.mark.parametrize(
    ("plays", "value", "words"),
    [
        ("song", "", "plays is 'song'; allowed: chord, note"),
        ("note", "H9", "note is 'H9'"),
        ("note", "", "name a note"),
        ("note", "200", "note is 200"),
        ("chord", " ", "name a chord"),
        ("beat", "polka", "the beat is 'polka'; allowed: rock"),
        ("mood", "x", "the mood is 'x'"),
        ("note", "C4 " * 100, "more than 200 characters"),
    ],
)
def test_what_cannot_be_is_refused_with_the_gesture(plays: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"gesture 'wave'.*{words}"):
        MappingRow(gesture="wave", plays=plays, value=value)
