"""Pitch classes and their names."""

from __future__ import annotations

LETTERS = "CDEFGAB"
NATURAL_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LINE_OF_FIFTHS = "FCGDAEB"
"""Letters in the order in which sharps enter a key signature."""


def pitch_class_of(name: str) -> int:
    """Pitch class 0 to 11 of a spelled name such as "C", "F#", "Bb".

    Raises:
        ValueError: the name is no letter A to G with sharps or flats.
    """
    letter, accidentals = name[:1].upper(), name[1:]
    if letter not in NATURAL_PITCH_CLASSES or accidentals.strip("#b"):
        raise ValueError(f"'{name}' is no pitch name: write a letter A to G, then # or b.")
    shift = accidentals.count("#") - accidentals.count("b")
    return (NATURAL_PITCH_CLASSES[letter] + shift) % 12


def fifths_of(name: str) -> int:
    """Place of a spelled name on the line of fifths, C being 0 (F# is 6, Bb is -2)."""
    pitch_class_of(name)
    letter, accidentals = name[:1].upper(), name[1:]
    shift = accidentals.count("#") - accidentals.count("b")
    return LINE_OF_FIFTHS.index(letter) - 1 + 7 * shift


def name_of_fifths(fifths: int) -> str:
    """Spelled name at a place on the line of fifths (6 is F#, -2 is Bb)."""
    accidentals, place = divmod(fifths + 1, 7)
    return LINE_OF_FIFTHS[place] + ("#" * accidentals if accidentals > 0 else "b" * -accidentals)
