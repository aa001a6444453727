"""What a harmony teacher expects of a checked setting: sevenths, six-fours, held notes, closes.

Settings written by hand in C major. AS is Aldwell and Schachter.
"""

from __future__ import annotations

import pytest

from chromasonic.formats.abc import read_abc_voices
from chromasonic.harmonization.between_beats import all_marks
from chromasonic.harmonization.given_voices import GivenSetting, four_voices, given_setting
from chromasonic.harmonization.placing import Mark
from chromasonic.music.metre import TICKS_PER_QUARTER as Q

Lines = tuple[str, str, str, str]


def setting(*lines: str, metre: str = "4/4") -> GivenSetting:
    text = f"X:1\nM:{metre}\nL:1/4\nK:C\n"
    text += "".join(f"V:{number}\n{line}\n" for number, line in enumerate(lines, start=1))
    return given_setting(four_voices(read_abc_voices(text, source="mine"), "mine"))


def told(given: GivenSetting, rule: str) -> list[Mark]:
    return [mark for mark in all_marks(given) if mark.remark.rule == rule]


def ornaments(given: GivenSetting) -> list[tuple[str, str]]:
    return [(one.text, str(one.tick / Q)) for one in given.ornaments]


def numerals(given: GivenSetting) -> list[str]:
    return [label.text for bar in given.score.labels for label in bar]


RISING_HALF = ("c2 B2 | c4 |]", "G2 G2 | G4 |]", "E2 F2 | G4 |]", "C,2 G,2 | C,4 |]")
RISING_QUARTER = ("c B c2 | c4 |]", "G G G2 | G4 |]", "E F G2 | E4 |]", "C, G, C,2 | C,4 |]")
RISING_WHOLE = ("c4 | B4 | c4 |]", "G4 | G4 | G4 |]", "E4 | F4 | G4 |]", "C,4 | G,4 | C,4 |]")
RISING_SOPRANO = ("e f g2 | e4 |]", "c B c2 | c4 |]", "G G G2 | G4 |]", "C, G, C,2 | C,4 |]")
LEAPING_TENOR = ("c2 B2 | c4 |]", "G2 G2 | G4 |]", "E2 F2 | C4 |]", "C,2 G,2 | C,4 |]")
LEAPING_SOPRANO = ("e f c2 | e4 |]", "c B G2 | c4 |]", "G G E2 | G4 |]", "C, G, C,2 | C,4 |]")
RISING_BASS = ("c B c2 | c4 |]", "G G G2 | G4 |]", "E D E2 | E4 |]", "C, F, G,2 | C,4 |]")
HELD_THEN_RISING = (
    "c d B c | c4 |]",
    "G A G G | G4 |]",
    "E F F G | E4 |]",
    "C, B,, G,, C, | C,4 |]",
)


@pytest.mark.parametrize(
    ("lines", "sung"),
    [
        (RISING_HALF, "F4-G4"),
        (RISING_QUARTER, "F4-G4"),
        (RISING_WHOLE, "F4-G4"),
        (HELD_THEN_RISING, "F4-G4"),
        (RISING_SOPRANO, "F5-G5"),
        (LEAPING_TENOR, "F4-C4"),
        (LEAPING_SOPRANO, "F5-C5"),
        (RISING_BASS, "F3-G3"),
    ],
)
def test_a_seventh_that_does_not_fall_is_a_fault_and_no_ornament(lines: Lines, sung: str) -> None:
    given = setting(*lines)
    (fault,) = told(given, "seventh")
    assert fault.advice.gravity.value == "fault"
    assert fault.sung == (sung,)
    assert ornaments(given) == []
    assert told(given, "foreign_tone") == []
    assert any(numeral in ("V7", "V4/2") for numeral in numerals(given))


@pytest.mark.parametrize(
    "lines",
    [
        ("c2 B2 | c4 |]", "G2 G2 | G4 |]", "E2 F2 | E4 |]", "C,2 G,2 | C,4 |]"),
        ("c B c2 | c4 |]", "G G G2 | G4 |]", "E D C2 | C4 |]", "C, F, E,2 | C,4 |]"),  # V4/2-I6
        ("e f e2 | e4 |]", "c B c2 | c4 |]", "G G G2 | G4 |]", "C, G, C,2 | C,4 |]"),
        # V4/3 to I6: F rises with the bass in tenths (AS unit 12).
        ("e f g2 | g4 |]", "c B c2 | c4 |]", "G G G2 | G4 |]", "C, D, E,2 | C,4 |]"),
        # The tenor has its E before the beat is over.
        ("c B c2 | c4 |]", "G G G2 | G4 |]", "E F/E/ C2 | C4 |]", "C, G, C,2 | C,4 |]"),
    ],
)
def test_a_seventh_that_is_well_treated_is_no_fault(lines: Lines) -> None:
    assert told(setting(*lines), "seventh") == []


def test_what_is_held_while_no_other_voice_moves_is_no_retardation() -> None:
    # D, foreign to C E G, comes by leap, is held for two beats over the same chord, and rises.
    given = setting("g2 d2 | e4 |]", "e2 e2 | c4 |]", "c2 c2 | G4 |]", "C2 C2 | C4 |]")
    assert not [text for text, _ in ornaments(given) if text.startswith("retardation")]


def test_a_leading_tone_held_over_the_tonic_that_rises_is_a_retardation() -> None:
    given = setting("B2 B c | c4 |]", "G2 G2 | G4 |]", "D2 E2 | E4 |]", "G,2 C,2 | C,4 |]")
    assert ornaments(given) == [("retardation 7-8", "2.0")]
    assert told(given, "leading_tone") == []
    assert numerals(given) == ["C: V", "I"]


CADENCE = ("e2 d2 | c2 B2 | c4 |]", "c2 A2 | G2 G2 | G4 |]", "G2 F2 | E2 D2 | E4 |]")
THREE = ("e2 d | c2 B | c3 |]", "c2 A | G2 G | G3 |]", "G2 F | E2 D | E3 |]")


@pytest.mark.parametrize(
    ("lines", "metre"),
    [
        ((*CADENCE, "C,2 F,2 | G,2 G,2 | C,4 |]"), "4/4"),
        ((*CADENCE, "C,2 F,2 | G,2 G,,2 | C,4 |]"), "4/4"),
        ((*CADENCE, "C,2 F,2 | G,4 | C,4 |]"), "4/4"),
        ((*THREE, "C,2 F, | G,2 G, | C,3 |]"), "3/4"),
        ((*THREE, "C,2 F, | G,2 G,, | C,3 |]"), "3/4"),
        (("c A c B | c4 |]", "G F E D | E4 |]", "E D C G, | G,4 |]", "C, F, G, G,, | C,4 |]"),
         "4/4"),
    ],
)  # fmt: skip
def test_a_cadential_six_four_has_no_mark(lines: Lines, metre: str) -> None:
    found = {mark.remark.rule for mark in all_marks(setting(*lines, metre=metre))}
    assert not found & {"six_four", "second_inversion", "same_direction"}


def test_a_six_four_that_goes_elsewhere_is_marked_once_where_it_is_left() -> None:
    # I6/4 of two beats on the downbeat, its bass leaping down to the root of I.
    given = setting("c2 c2 | c4 |]", "A2 G2 | G4 |]", "F2 E2 | E4 |]", "F,2 G,2 | C,4 |]")
    (mark,) = told(given, "six_four")
    assert mark.tick == 4 * Q
    assert [one.tick for one in told(given, "second_inversion")] == [2 * Q]


def test_all_voices_falling_with_the_bass_by_a_fifth_are_still_marked() -> None:
    given = setting("d2 B2 | c4 |]", "A2 G2 | G4 |]", "F2 D2 | E4 |]", "D,2 G,,2 | C,4 |]")
    assert [mark.tick for mark in told(given, "same_direction")] == [2 * Q]


def test_held_notes_are_marked_where_they_begin() -> None:
    # The tenor's A4 is too high for two beats, and above the alto; the bass is one whole note.
    given = setting("c2 c2 | c4 |]", "G2 G2 | G4 |]", "A2 E2 | E4 |]", "C,4 | C,4 |]")
    assert [mark.tick for mark in told(given, "crossing")] == [0]
    assert [mark.tick for mark in told(given, "range")] == [0]
    assert [mark.tick for mark in told(given, "idle_bass")] == [4 * Q]


# I, IV, then a close: the melody's long d is guessed to end a phrase.
ON_FOUR = ("G4 | A4 | G2 G2 | G4 |]", "E4 | F4 | E2 D2 | E4 |]", "C,4 | F,4 | G,2 G,2 | C,4 |]")


def test_an_end_is_asked_for_a_chord_of_rest_only_where_it_is_written() -> None:
    guessed = setting("c4 | d4 | c2 B2 | c4 |]", *ON_FOUR)
    assert guessed.plain.melody.beats.ends_phrase[:-1].any()
    assert told(guessed, "cadence") == []
    marked = setting("c4 | !fermata!d4 | c2 B2 | c4 |]", *ON_FOUR)
    assert [mark.tick for mark in told(marked, "cadence")] == [4 * Q]
