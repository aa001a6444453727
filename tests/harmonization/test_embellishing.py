"""Ornaments by their textbook names: settings written by hand, in C major unless told.

AS is Aldwell and Schachter, units 20 to 22; KP Kostka and Payne, ch. 11 and 12.
"""

from __future__ import annotations

import pytest

from chromasonic.formats.abc import read_abc_voices
from chromasonic.harmonization.between_beats import all_marks
from chromasonic.harmonization.given_voices import GivenSetting, four_voices, given_setting
from chromasonic.harmonization.placing import Mark, Spot
from chromasonic.harmonization.rule_guide import Gravity
from chromasonic.music.metre import TICKS_PER_QUARTER as Q


def setting(*lines: str) -> GivenSetting:
    """Soprano, alto, tenor and bass in quarters of 4/4."""
    text = "X:1\nM:4/4\nL:1/4\nK:C\n"
    text += "".join(f"V:{number}\n{line}\n" for number, line in enumerate(lines, start=1))
    return given_setting(four_voices(read_abc_voices(text, source="mine"), "mine"))


def marks(given: GivenSetting, gravity: Gravity) -> list[Mark]:
    return [mark for mark in all_marks(given) if mark.advice.gravity is gravity]


def names(given: GivenSetting) -> list[tuple[str, str, int, float]]:
    """Name, voice, bar and beat of each ornament."""
    found = marks(given, Gravity.ORNAMENT)
    return [(m.remark.text, m.remark.voices[0], m.remark.bar, m.remark.beat) for m in found]


FOUR_THREE = ("e f d2 | e4 |]", "c c- c B | c4 |]", "G A G2 | G4 |]", "C, F, G,2 | C,4 |]")
SEVEN_SIX = ("c d- d c | d c2 z |]", "G G G2 | G G2 z |]", "E B, G,2 | B, C2 z |]",
             "C, G, E,2 | G, C,2 z |]")  # fmt: skip
SEVEN_SIX_AS_SEVENTH = ("e e- e d | d e2 z |]", "G G A2 | G G2 z |]", "c c A2 | B c2 z |]",
                        "C C F,2 | G, C,2 z |]")  # fmt: skip
NINE_EIGHT = ("c d- d c | B c2 z |]", "G G G2 | G G2 z |]", "E D E2 | D E2 z |]",
              "C, B,, C,2 | G,, C,2 z |]")  # fmt: skip
TWO_THREE = ("e d2 d | e4 |]", "c G2 G | G4 |]", "G G2 B | c4 |]", "C- C B,2 | C4 |]")
ACCENTED = ("e d/c/ B2 | c4 |]", "G G G2 | G4 |]", "c E D2 | E4 |]", "C, C, G,2 | C,4 |]")


@pytest.mark.parametrize(
    ("lines", "name", "voice", "beat"),
    [
        (FOUR_THREE, "suspension 4-3", "Alto", 3),
        (SEVEN_SIX, "suspension 7-6", "Soprano", 3),
        (SEVEN_SIX_AS_SEVENTH, "suspension 7-6", "Soprano", 3),  # not F A C E, a seventh chord
        (NINE_EIGHT, "suspension 9-8", "Soprano", 3),
        (TWO_THREE, "suspension 2-3", "Bass", 2),
        (ACCENTED, "accented passing tone", "Soprano", 2),
    ],
)
def test_an_ornament_on_the_beat_has_its_textbook_name_and_is_no_mistake(
    lines: tuple[str, ...], name: str, voice: str, beat: float
) -> None:
    given = setting(*lines)
    assert names(given) == [(name, voice, 1, beat)]
    wrong = {mark.remark.rule for mark in all_marks(given) if mark.tick == (beat - 1) * Q}
    assert not wrong & {"foreign_tone", "missing_third", "plain_seventh", "melody_clash"}


def test_over_a_bass_that_rests_nothing_is_a_suspension_by_its_figure() -> None:
    given = setting("a a- a g | g4 |]", "f f f e | e4 |]", "c c c2 | c4 |]", "F, F, z2 | C,4 |]")
    assert names(given) == []


def test_the_chord_under_a_suspension_is_the_one_that_it_resolves_into() -> None:
    for lines, numeral in ((FOUR_THREE, "V"), (SEVEN_SIX, "I6"), (SEVEN_SIX_AS_SEVENTH, "ii6")):
        labels = {label.onset: label.text for label in setting(*lines).score.labels[0]}
        assert labels[2 * Q] == numeral


def test_a_suspension_is_marked_on_its_note_and_costs_nothing() -> None:
    (mark,) = marks(setting(*FOUR_THREE), Gravity.ORNAMENT)
    assert mark.spots == (Spot(voice=1, tick=2 * Q),)
    assert mark.sung == ("C5-B4",)
    assert mark.remark.cost == 0


@pytest.mark.parametrize(
    ("alto", "why"),
    [
        ("c A c B | c4 |]", "it is not prepared: it comes by leap"),
        ("c c- c A | G4 |]", "it does not go on by step"),
        ("c c- c d | e4 |]", "it rises, and not to a tone of the chord next to it"),
    ],
)
def test_what_only_looks_like_a_suspension_is_none(alto: str, why: str) -> None:
    given = setting(FOUR_THREE[0], alto, *FOUR_THREE[2:])
    assert not [row for row in names(given) if row[0].startswith("suspension")], why


@pytest.mark.parametrize(
    ("soprano", "name"),
    [
        ("c/d/ e c2 | c4 |]", "passing tone"),
        ("c/d/ c c2 | c4 |]", "neighbour tone"),
        ("e/d/ d/c/ c2 | c4 |]", ""),  # d is left and struck again: see below
    ],
)
def test_eighths_between_the_beats_are_named(soprano: str, name: str) -> None:
    given = setting(soprano, "G G G2 | G4 |]", "E E E2 | E4 |]", "C, C, C,2 | C,4 |]")
    first = [row for row in names(given) if row[3] == 1.5]
    assert [row[0] for row in first] == ([name] if name else ["anticipation"])


def test_a_tone_that_comes_before_its_chord_is_an_anticipation() -> None:
    given = setting("d e d/c/ c | c4 |]", "G G F E | E4 |]", "B c G G | G4 |]",
                    "G, C, G, C, | C,4 |]")  # fmt: skip
    assert ("anticipation", "Soprano", 1, 3.5) in names(given)


def test_fifths_from_an_eighth_to_the_next_beat_are_faults_though_the_beats_have_none() -> None:
    # Tenor over bass: a tenth, then the fifths A-D and B-E, the first of them off the beat.
    given = setting("c c c2 | c4 |]", "G G G2 | G4 |]", "E/A,/ B,/C/ C2 | C4 |]",
                    "C,/D,/ E,/C,/ E,2 | C,4 |]")  # fmt: skip
    faults = [
        (m.remark.rule, m.remark.voices, m.remark.bar, m.remark.beat, m.sung)
        for m in marks(given, Gravity.FAULT)
    ]
    assert ("parallel_fifths", ("Tenor", "Bass"), 1, 2, ("A3-B3", "D3-E3")) in faults


def test_a_suspension_hides_no_parallel_octaves_of_what_sounds() -> None:
    given = setting("e f g2 | e4 |]", "c c- c B | c4 |]", "G A G2 | G4 |]", "C, F, G,2 | C,4 |]")
    faults = {(m.remark.rule, m.remark.voices) for m in marks(given, Gravity.FAULT)}
    assert ("parallel_octaves", ("Soprano", "Bass")) in faults
    assert [row[0] for row in names(given)] == ["suspension 4-3"]
