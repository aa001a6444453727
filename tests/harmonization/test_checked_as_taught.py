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
        # V7 to I6: the bass takes F from the alto, and brings E (AS unit 12).
        ("c B c2 | c4 |]", "E F G2 | E4 |]", "C D C2 | C4 |]", "C, G,/F,/ E,2 | C,4 |]"),
        # V4/2 to I6: E comes an octave higher.
        ("c B c2 | c4 |]", "G G G2 | G4 |]", "E D C2 | C4 |]", "C, F,, E,2 | C,4 |]"),
        # The bass passes from C to F below a chord that stays; with A it sounds like vi7.
        ("G G A2 | G4 |]", "E E F2 | E4 |]", "C C C2 | C4 |]", "C,/B,,/ A,,/G,,/ F,,2 | C,4 |]"),
        # G, B flat, D: a minor triad, for which the key has no name but E, G, B flat, D.
        ("c d e2 | c4 |]", "G G G2 | G4 |]", "E _B C2 | E4 |]", "C, G,, C,2 | C,4 |]"),
        # F#, A, C, E flat before G: E flat is its seventh, not C, which leaps.
        ("e _e d2 | e4 |]", "c c G2 | c4 |]", "G A B2 | G4 |]", "C, ^F, G,2 | C,4 |]"),
    ],
)
def test_a_seventh_that_is_well_treated_is_no_fault(lines: Lines) -> None:
    assert told(setting(*lines), "seventh") == []


@pytest.mark.parametrize(
    ("lines", "marked"),
    [
        # V4/2 to I6, V4/3 to I: inversions as they are taught (KP ch. 13).
        (("c B c2 | c4 |]", "G G G2 | G4 |]", "E D C2 | C4 |]", "C, F, E,2 | C,4 |]"), []),
        (("c B c2 | c4 |]", "G G G2 | G4 |]", "E F E2 | E4 |]", "C, D, C,2 | C,4 |]"), []),
        # The bass of a V4/3 leaps.
        (("c B B c | c4 |]", "G G G G | G4 |]", "E F F E | E4 |]", "C, D, G, C, | C,4 |]"), [Q]),
    ],
)
def test_a_seventh_chord_on_its_fifth_or_seventh_is_marked_where_the_bass_leaps(
    lines: Lines, marked: list[int]
) -> None:
    assert [mark.tick for mark in told(setting(*lines), "low_seventh")] == marked


@pytest.mark.parametrize(
    "lines",
    [
        # 8-7-6 in the soprano over I, V, vi (AS unit 8).
        ("c B A G | G4 |]", "G G E E | E4 |]", "E D C C | C4 |]", "C, G,, A,, C, | C,4 |]"),
        # In the alto, as a third down to the fifth that no other voice has (KP ch. 6).
        ("c d c2 | c4 |]", "G B G2 | G4 |]", "E G E2 | E4 |]", "C, G,, C,2 | C,4 |]"),
        # V6 to V4/2 of IV: B flat comes instead of C.
        ("c d c c | c4 |]", "G G G F | G4 |]", "E G E F | E4 |]", "C, B,, _B,, A,, | C,4 |]"),
        # Held over I, it rises a beat later.
        ("c B B c | c4 |]", "G G G G | G4 |]", "E D E E | E4 |]", "C, G,, C, C, | C,4 |]"),
    ],
)
def test_a_leading_tone_that_goes_on_as_it_is_taught_has_no_mark(lines: Lines) -> None:
    found = {mark.remark.rule for mark in all_marks(setting(*lines))}
    assert not found & {"leading_tone", "inner_leading_tone"}


@pytest.mark.parametrize(
    ("lines", "rule", "sung"),
    [
        # It leaps from the soprano; and from the alto to a fifth that the tenor has already.
        (("c B G2 | c4 |]", "G G E2 | G4 |]", "E D C2 | E4 |]", "C, G,, C,2 | C,4 |]"),
         "leading_tone", "B4-G4"),
        (("e d e2 | e4 |]", "c B G2 | c4 |]", "G G G2 | G4 |]", "C, G,, C,2 | C,4 |]"),
         "inner_leading_tone", "B4-G4"),
    ],
)  # fmt: skip
def test_a_leading_tone_that_leaps_is_marked(lines: Lines, rule: str, sung: str) -> None:
    (mark,) = told(setting(*lines), rule)
    assert mark.sung == (sung,)


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
    assert told(given, "second_inversion") == []  # of one fault one mark


def test_a_six_four_that_is_entered_and_left_by_leap_is_marked_once() -> None:
    given = setting("c e c2 | c4 |]", "G G G2 | G4 |]", "E C E2 | E4 |]", "C, G, C,2 | C,4 |]")
    assert [mark.tick for mark in told(given, "six_four")] == [Q]
    assert told(given, "second_inversion") == []


@pytest.mark.parametrize(
    "lines",
    [
        # I, V6/4, I6: the bass passes (AS unit 19).
        ("e d c2 | c4 |]", "G G G2 | G4 |]", "C B, C2 | E4 |]", "C, D, E,2 | C,4 |]"),
        # IV6, I6/4 on the downbeat, ii6/5: it passes all the same.
        ("f2 | e d c B | c4 |]", "F2 | G A G F | E4 |]", "C2 | C C C D | C4 |]",
         "A,2 | G, F, G, G,, | C,4 |]"),
        # I, IV6/4, I over a bass that stays.
        ("g a g2 | g4 |]", "e f e2 | e4 |]", "c c c2 | c4 |]", "C C C2 | C4 |]"),
        # F in the bass passes below I6: no six-four is heard.
        ("c c B2 | c4 |]", "G G G2 | G4 |]", "E E D2 | E4 |]", "E, F, G,2 | C,4 |]"),
    ],
)  # fmt: skip
def test_a_six_four_in_its_uses_has_no_mark(lines: Lines) -> None:
    found = {mark.remark.rule for mark in all_marks(setting(*lines))}
    assert not found & {"six_four", "second_inversion"}


def test_a_cadential_six_four_before_a_stronger_dominant_is_a_second_inversion_alone() -> None:
    given = setting(
        "e2 f e | d4 | e4 |]", "c2 c c | B4 | c4 |]",
        "G2 A G | G4 | G4 |]", "C,2 F, G, | G,4 | C,4 |]",
    )  # fmt: skip
    assert [mark.tick for mark in told(given, "second_inversion")] == [3 * Q]
    assert told(given, "six_four") == []


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


@pytest.mark.parametrize("voice", [1, 2, 3])
def test_a_fermata_ends_the_phrase_whichever_voice_it_stands_in(voice: int) -> None:
    lines = ["c4 | d4 | c2 B2 | c4 |]", *ON_FOUR]
    bars = lines[voice].split(" | ")
    lines[voice] = " | ".join([bars[0], f"!fermata!{bars[1]}", *bars[2:]])
    given = setting(*lines)
    assert [mark.tick for mark in told(given, "cadence")] == [4 * Q]
    assert not any(note.fermata for note in given.score.parts[0].notes())  # as it was written


def test_a_fermata_on_a_voices_last_eighth_is_that_of_the_note_above() -> None:
    # The tenor ends its phrase on the second half of the bar, the soprano holds a whole note.
    given = setting(
        "c4 | d4 | c2 B2 | c4 |]", "G4 | A4 | G2 G2 | G4 |]",
        "E4 | E2 !fermata!F2 | E2 D2 | E4 |]", "C,4 | F,4 | G,2 G,2 | C,4 |]",
    )  # fmt: skip
    assert [(note.pitch, note.fermata) for note in given.tune.notes()][1] == (74, True)
    assert sum(note.fermata for note in given.tune.notes()) == 1
