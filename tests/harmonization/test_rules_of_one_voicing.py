"""Each rule on single chords: textbook examples that break it, and such that do not.

AS is Aldwell and Schachter, KP Kostka and Payne; the examples are in C major, C minor or D dorian.
"""

from __future__ import annotations

import numpy as np
import pytest
from rule_examples import chord, in_one

from chromasonic.harmonization.rules import RULES, Scope

I_CLOSE = chord("C5 G4 E4 C3", "I")

CASES = [
    # AS unit 4: the ranges of the voices; a tenor on A4 and a bass on D2 are at their ends.
    ("range", chord("C5 G4 E4 C3", "I"), 0),
    ("range", chord("C5 A4 A4 F3", "IV"), 1),
    ("range", chord("A4 F4 D4 D2", "ii"), 1),
    ("range", chord("A5 F5 A4 D2", "ii"), 3),
    # AS unit 5: no more than an octave between soprano and alto, alto and tenor.
    ("spacing", chord("C5 C4 E3 C3", "I"), 0),
    ("spacing", chord("E5 C4 G3 C3", "I"), 1),
    ("spacing", chord("G5 E4 C3 C3", "I"), 2),
    ("low_gap", chord("C5 G4 E4 G2", "I"), 1),
    ("low_gap", chord("C5 E4 G3 C2", "I"), 0),
    # KP ch. 5: crossed voices.
    ("crossing", chord("C5 E4 G4 C3", "I"), 1),
    ("crossing", I_CLOSE, 0),
    ("unison", chord("C5 E4 E4 C3", "I"), 1),
    ("unison", I_CLOSE, 0),
    ("foreign_tone", chord("D5 G4 E4 C3", "I"), 1),  # a suspended ninth
    ("foreign_tone", I_CLOSE, 0),
    ("missing_third", chord("C5 G4 C4 C3", "I"), 1),
    ("missing_third", I_CLOSE, 0),
    ("missing_fifth", chord("C5 E4 C4 C3", "I"), 1),  # a doubled root three times: allowed, costs
    ("missing_fifth", I_CLOSE, 0),
    ("missing_seventh", chord("D5 B4 G4 G3", "V7"), 1),
    ("missing_seventh", chord("D5 B4 F4 G3", "V7"), 0),
    # AS unit 5, KP ch. 5: never double the leading tone, nor the seventh.
    ("doubled_leading_tone", chord("B4 G4 D4 B2", "V"), 1),
    ("doubled_leading_tone", chord("G4 D4 B3 G2", "V"), 0),
    ("doubled_leading_tone", chord("F#5 D5 A4 F#3", "V/V"), 1),
    ("doubled_seventh", chord("F5 B4 F4 G3", "V7"), 1),
    ("doubled_seventh", chord("F5 B4 G4 G3", "V7"), 0),
    # AS unit 5: double the root; the third of a minor six-three chord is free.
    ("doubled_third", chord("E5 G4 E4 C3", "I"), 1),
    ("doubled_third", chord("F5 D5 A4 F3", "ii"), 0),
    ("doubled_third", chord("F5 D5 A4 D3", "ii"), 0),
    ("doubled_third", chord("F5 F4 A3 D3", "ii"), 1),
    ("doubled_third", I_CLOSE, 0),
    ("doubled_fifth", chord("G4 E4 G3 C3", "I"), 1),
    ("doubled_fifth", chord("G4 E4 C4 G3", "I"), 0),  # the six-four doubles its bass
    ("secondary_chord", chord("E5 B4 G4 E3", "iii"), 1),
    ("secondary_chord", chord("C5 A4 F4 F3", "IV"), 0),
    ("chromatic_chord", chord("A4 F#4 D4 D3", "V/V"), 1),
    ("chromatic_chord", chord("A4 F4 D4 D3", "ii"), 0),
    # KP ch. 4: V of minor has the raised leading tone.
    ("minor_dominant", chord("G4 D4 Bb3 G3", "v", "C minor"), 1),
    ("minor_dominant", chord("G4 D4 B3 G3", "V", "C minor"), 0),
    ("minor_dominant", chord("A4 E4 C4 A3", "v", "D dorian"), 0),
    ("seventh_chord", chord("F5 B4 G4 G3", "V7"), 1),
    ("seventh_chord", chord("D5 B4 G4 G3", "V"), 0),
    ("plain_seventh", chord("C5 A4 F4 D3", "ii7"), 1),
    ("plain_seventh", chord("F5 B4 G4 G3", "V7"), 0),
    ("plain_seventh", chord("C5 A4 F#4 D3", "V7/V"), 0),
    ("first_inversion", chord("C5 G4 C4 E3", "I"), 1),
    ("first_inversion", I_CLOSE, 0),
    ("second_inversion", chord("C5 E4 C4 G3", "I"), 1),
    ("second_inversion", chord("B4 F4 G3 D3", "V7"), 0),
    ("low_seventh", chord("B4 F4 G3 D3", "V7"), 1),  # 4/3
    ("low_seventh", chord("B4 D4 G3 F3", "V7"), 1),  # 4/2
    ("low_seventh", chord("G4 F4 D4 B2", "V7"), 0),
    # AS unit 7: the diminished triad stands in six-three position.
    ("diminished_root", chord("D5 B4 F4 B3", "viio"), 1),
    ("diminished_root", chord("F5 B4 F4 D3", "viio"), 0),
    ("diminished_root", chord("D5 Ab4 F4 B3", "viio7", "C minor"), 0),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "voicing", "count"), CASES)
def test_a_chord_breaks_a_rule_as_often_as_the_textbook_says(rule, voicing, count):
    assert in_one(rule, voicing) == count


PHRASES = [
    # KP ch. 10: phrases end on I or V, in root position; what else is at rest in minor and modes.
    ("cadence", I_CLOSE, 0),
    ("cadence", chord("D5 B4 G4 G3", "V"), 0),
    ("cadence", chord("C5 A4 E4 A3", "vi"), 0),
    ("cadence", chord("C5 G4 C4 E3", "I"), 1),
    ("cadence", chord("D5 B4 F4 G3", "V7"), 1),
    ("cadence", chord("C5 A4 F4 F3", "IV"), 1),
    ("cadence", chord("E5 B4 G4 E3", "iii"), 1),
    ("cadence", chord("G4 Eb4 Bb3 Eb3", "III", "C minor"), 0),
    ("cadence", chord("F4 D4 Bb3 Bb2", "VII", "C minor"), 0),
    ("cadence", chord("C5 G4 E4 C3", "I", "C minor"), 0),
    ("cadence", chord("A4 E4 C4 A3", "v", "D dorian"), 0),
    ("cadence", chord("F4 C4 A3 F3", "bVII", "G mixolydian"), 0),
]


@pytest.mark.parametrize(("rule", "voicing", "count"), PHRASES)
def test_a_phrase_ends_on_a_chord_at_rest(rule, voicing, count):
    assert in_one(rule, voicing, ends_phrase=True) == count
    assert in_one(rule, voicing) == 0


@pytest.mark.parametrize(
    ("voicing", "count"),
    [
        (I_CLOSE, 0),
        (chord("D5 B4 G4 G3", "V"), 0),
        (chord("C5 G4 C4 E3", "I"), 0),
        (chord("C5 A4 F4 F3", "IV"), 1),
        (chord("D5 B4 F4 G3", "V7"), 1),
    ],
)
def test_a_phrase_opens_on_tonic_or_dominant(voicing, count):
    assert in_one("opening", voicing, begins_phrase=True) == count
    assert in_one("opening", voicing) == 0


@pytest.mark.parametrize(
    ("voicing", "count"),
    [
        (I_CLOSE, 0),
        (chord("C5 G4 E4 C3", "I", "C minor"), 0),  # the major tonic at the end of minor
        (chord("C5 G4 Eb4 C3", "i", "C minor"), 0),
        (chord("D5 A4 F4 D3", "i", "D dorian"), 0),
        (chord("C5 G4 C4 E3", "I"), 1),
        (chord("D5 B4 G4 G3", "V"), 1),
        (chord("C5 A4 E4 A3", "vi"), 1),
    ],
)
def test_a_piece_ends_on_its_tonic_in_root_position(voicing, count):
    assert in_one("final", voicing, is_last=True) == count
    assert in_one("final", voicing) == 0


def test_the_major_tonic_of_minor_is_chromatic_but_at_the_end_of_a_phrase():
    picardy = chord("C5 G4 E4 C3", "I", "C minor")

    assert in_one("chromatic_chord", picardy) == 1
    assert in_one("chromatic_chord", picardy, ends_phrase=True) == 0


def test_the_melodys_passing_tone_clashes_for_as_long_as_it_sounds():
    tones = np.zeros(12)
    tones[[0, 2]] = 0.75, 0.25  # C, then D for a sixteenth

    assert in_one("melody_clash", I_CLOSE, tones=tones) == pytest.approx(0.25)
    assert in_one("melody_clash", I_CLOSE) == 0


def test_every_rule_of_one_voicing_has_an_example_on_both_sides():
    shown = {rule: set() for rule, *_ in CASES + PHRASES}
    for rule, _, count in CASES + PHRASES:
        shown[rule].add(count > 0)

    own = {name for name, rule in RULES.items() if rule.scope == Scope.VOICING}

    assert own - set(shown) == {"opening", "final", "melody_clash"}  # these have their own tests
    assert all(sides == {False, True} for sides in shown.values())
