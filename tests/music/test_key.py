"""Keys: their signatures and scales, by hand from any book of scales."""

from __future__ import annotations

import pytest

from chromasonic.music.key import MODES, Key
from chromasonic.music.pitch import fifths_of, name_of_fifths, pitch_class_of


@pytest.mark.parametrize(
    ("tonic", "mode", "fifths"),
    [
        ("C", "major", 0), ("A", "minor", 0), ("D", "dorian", 0), ("G", "mixolydian", 0),
        ("E", "phrygian", 0), ("F", "lydian", 0), ("B", "locrian", 0), ("D", "major", 2),
        ("F#", "minor", 3), ("Bb", "major", -2), ("C", "minor", -3), ("C#", "major", 7),
        ("Cb", "major", -7), ("A", "mixolydian", 2), ("E", "dorian", 2),
    ],
)  # fmt: skip
def test_a_signature_counts_its_sharps_or_flats(tonic: str, mode: str, fifths: int) -> None:
    assert Key(tonic, mode).fifths == fifths


def test_signatures_alter_letters_in_the_order_of_fifths() -> None:
    assert Key("D").signature() == {"F": 1, "C": 1}
    assert Key("Eb").signature() == {"B": -1, "E": -1, "A": -1}
    assert Key("A", "minor").signature() == {}
    assert Key("G#").signature() == {"F": 2, "C": 1, "G": 1, "D": 1, "A": 1, "E": 1, "B": 1}


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("tonic", ["C", "F#", "Bb", "E", "Db"])
def test_the_scale_is_what_the_signature_makes_of_the_seven_letters(tonic: str, mode: str) -> None:
    key = Key(tonic, mode)
    letters = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    signature = key.signature()
    assert key.pitch_classes == {(pc + signature.get(name, 0)) % 12 for name, pc in letters.items()}


def test_a_transposed_key_has_the_fewest_accidentals() -> None:
    assert Key("C").transposed(1) == Key("Db")
    assert Key("C").transposed(6) == Key("Gb")
    assert Key("C").transposed(11) == Key("B")
    assert Key("A", "minor").transposed(-1) == Key("G#", "minor")
    assert Key("D", "dorian").transposed(12) == Key("D", "dorian")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="'H' is no pitch name"):
        Key("H")
    with pytest.raises(ValueError, match="'blues' is no mode; known: major"):
        Key("C", "blues")


def test_names_and_places_on_the_line_of_fifths_are_inverse() -> None:
    for place in range(-15, 20):
        assert fifths_of(name_of_fifths(place)) == place
        assert pitch_class_of(name_of_fifths(place)) == place * 7 % 12
    assert [name_of_fifths(n) for n in (-8, -2, -1, 0, 5, 6, 13)] == [
        "Fb", "Bb", "F", "C", "B", "F#", "F##",
    ]  # fmt: skip
