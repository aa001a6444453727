"""Roman numerals: their tones by hand from textbooks, and music21's reading of the same."""

from __future__ import annotations

import pytest

from chromasonic.music.key import Key
from chromasonic.music.pitch import pitch_class_of
from chromasonic.music.roman_numeral import parse_numeral

BY_HAND = [
    ("C", "major", "I", "C", "C E G", "C"),
    ("C", "major", "I6", "C", "C E G", "E"),
    ("C", "major", "I6/4", "C", "C E G", "G"),
    ("C", "major", "V6/5", "G", "G B D F", "B"),
    ("C", "major", "V4/3", "G", "G B D F", "D"),
    ("C", "major", "V2", "G", "G B D F", "F"),
    ("C", "major", "V42", "G", "G B D F", "F"),
    ("C", "major", "viio6", "B", "B D F", "D"),
    ("C", "major", "vii/o7", "B", "B D F A", "B"),
    ("C", "major", "viio7", "B", "B D F Ab", "B"),
    ("C", "major", "IVmaj7", "F", "F A C E", "F"),
    ("C", "major", "bVI", "Ab", "Ab C Eb", "Ab"),
    ("C", "major", "V7/ii", "A", "A C# E G", "A"),
    ("C", "major", "viio6/5/V", "F#", "F# A C Eb", "A"),
    ("C", "major", "V6/5/IV", "C", "C E G Bb", "E"),
    ("C", "major", "V9", "G", "G B D F A", "G"),
    ("A", "minor", "V9[b9]", "E", "E G# B D F", "E"),
    ("A", "minor", "i", "A", "A C E", "A"),
    ("A", "minor", "V", "E", "E G# B", "E"),
    ("A", "minor", "v", "E", "E G B", "E"),
    ("A", "minor", "VII", "G", "G B D", "G"),
    ("A", "minor", "viio6", "G#", "G# B D", "B"),
    ("A", "minor", "viio7", "G#", "G# B D F", "G#"),
    ("A", "minor", "VI", "F", "F A C", "F"),
    ("A", "minor", "vio6", "F#", "F# A C", "A"),
    ("A", "minor", "ii/o6/5", "B", "B D F A", "D"),
    ("A", "minor", "IV6/5", "D", "D F# A C", "F#"),
    ("A", "minor", "III+6", "C", "C E G#", "E"),
    ("A", "minor", "V/V/III", "D", "D F# A", "D"),
    ("A", "minor", "N6", "Bb", "Bb D F", "D"),
    ("A", "minor", "N", "Bb", "Bb D F", "Bb"),
    ("A", "minor", "It6", "D#", "D# F A", "F"),
    ("A", "minor", "Ger6/5", "D#", "D# F A C", "F"),
    ("A", "minor", "Fr4/3", "B", "B D# F A", "F"),
    ("E", "phrygian", "i", "E", "E G B", "E"),
]


@pytest.mark.parametrize(("tonic", "mode", "numeral", "root", "tones", "bass"), BY_HAND)
def test_a_numeral_names_the_tones_that_textbooks_give(
    tonic: str, mode: str, numeral: str, root: str, tones: str, bass: str
) -> None:
    chord = parse_numeral(numeral, Key(tonic, mode))
    assert chord.root == pitch_class_of(root)
    assert chord.pitch_classes == {pitch_class_of(tone) for tone in tones.split()}
    assert chord.bass == pitch_class_of(bass)
    assert (chord.numeral, chord.local_key) == (numeral, Key(tonic, mode))


@pytest.mark.parametrize("numeral", ["", "H", "Ib", "V8", "V6/5/", "V/H", "iVx", "b", "7", "V//V"])
def test_what_is_no_numeral_is_an_error_that_names_it(numeral: str) -> None:
    with pytest.raises(ValueError, match=f"'{numeral}'|is no Roman numeral"):
        parse_numeral(numeral, Key())


def test_a_numeral_moves_with_its_key() -> None:
    for semitones in range(12):
        moved = parse_numeral("viio4/3/V", Key("G", "minor")).transposed(semitones)
        assert moved == parse_numeral("viio4/3/V", Key("G", "minor").transposed(semitones))


FIGURES = ("", "6", "6/4", "7", "6/5", "4/3", "2")
TRIADS = ("I", "ii", "iii", "IV", "V", "vi", "i", "III", "iv", "v", "VI", "VII", "viio", "iio")
APPLIED = ("", "/V", "/ii", "/iv", "/III", "/V/IV")


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_music21_reads_the_same_tones(mode: str) -> None:
    from music21 import key, roman

    ours_key, their_key = Key("D", mode), key.Key("D" if mode == "major" else "d")
    for triad in TRIADS:
        for place, figure in enumerate(FIGURES):
            numeral = triad + figure + APPLIED[(place + len(triad)) % len(APPLIED)]
            ours, theirs = parse_numeral(numeral, ours_key), roman.RomanNumeral(numeral, their_key)
            assert ours.root == theirs.root().pitchClass, numeral
            assert ours.pitch_classes == {pitch.pitchClass for pitch in theirs.pitches}, numeral
            assert ours.bass == theirs.bass().pitchClass, numeral
