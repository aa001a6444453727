"""The key of a melody by its notes, its first and its last; expected keys are a musician's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from chromasonic.music.key_finding import (
    FIRST_DEGREES,
    LAST_DEGREES,
    MELODY_PROFILES,
    SURE,
    melody_key,
)

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS = {"#": 1, "b": -1}


def notes(text: str) -> list[tuple[int, int]]:
    """Quarters, or with ":2" halves, all in the octave above middle C."""
    words = [word.partition(":") for word in text.split()]
    return [
        (int(length or 1), 60 + SEMITONES[name[0]] + sum(SIGNS[sign] for sign in name[1:]))
        for name, _, length in words
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("C D E F G A B C", "C major"),
        ("C D E F G A B", "C major"),
        ("C B A G F E D C", "C major"),
        ("C D E F G F E D C", "C major"),
        ("C E G", "C major"),
        ("F#", "F# major"),
        ("Eb F G Ab Bb C D Eb", "Eb major"),
        ("A B C D E F G# A", "A minor"),
        ("A B C D E F G A", "A minor"),
        ("E F# G A B C D# E", "E minor"),
        ("G G D D E E D:2 C C B B A A G:2", "G major"),  # Twinkle, twinkle
        ("E E F G G F E D C C D E E D D:2", "C major"),  # Ode to Joy, half of it
        ("D F A D C# D A F G F E C# D:2", "D minor"),
    ],
)
def test_plain_melodies_have_the_key_that_anyone_hears(text: str, key: str):
    found = melody_key(notes(text))
    assert found is not None
    wanted = {"F# major": "Gb major"}.get(key, key)  # six of either: spelled with flats
    assert str(found.key) == wanted


def test_the_last_note_decides_between_relatives_only_where_the_melody_is_over():
    relatives = notes("E D C B A C B A")  # white keys, down to A
    whole, opening = melody_key(relatives), melody_key(relatives, is_whole=False)
    assert whole is not None
    assert opening is not None
    assert str(whole.key) == "A minor"
    assert whole.probability > opening.probability


def test_a_key_moves_with_the_notes():
    low = notes("G A B C D E D B G")
    keys = [melody_key([(length, pitch + up) for length, pitch in low]) for up in range(12)]
    first = keys[0]
    assert first is not None
    for up, found in enumerate(keys):
        assert found is not None
        assert found.key.tonic_pitch_class == (first.key.tonic_pitch_class + up) % 12
        assert (found.key.mode, found.probability) == (
            first.key.mode, pytest.approx(first.probability)
        )  # fmt: skip


def test_a_chord_is_sure_and_a_whole_tone_scale_is_not():
    chord, nowhere = melody_key(notes("D F A D")), melody_key(notes("C D E F# G# A#"))
    assert chord is not None
    assert nowhere is not None
    assert chord.probability > SURE > nowhere.probability


def test_where_nothing_sounds_there_is_no_key():
    assert melody_key([]) is None


@pytest.mark.parametrize("table", [MELODY_PROFILES, FIRST_DEGREES, LAST_DEGREES])
def test_the_tables_are_shares_of_twelve_degrees(table: dict[str, tuple[float, ...]]):
    for row in table.values():
        assert len(row) == 12
        assert min(row) > 0
        assert_allclose(np.sum(row), 1, atol=0.01)
