"""Each rule on the voices of two chords: textbook examples that break it, and such that do not.

AS is Aldwell and Schachter, KP Kostka and Payne; in C major or C minor unless another key is named.
"""

from __future__ import annotations

import pytest
from rule_examples import chord, in_two

from chromasonic.harmonization.rules import RULES, Scope

TONIC, V, IV = (
    chord("C5 G4 E4 C3", "I"),
    chord("D5 G4 B3 G3", "V"),
    chord("C5 A4 F4 F3", "IV"),
)

CASES = [
    # The lines of single voices.
    ("skip", TONIC, chord("C5 A4 F4 F3", "IV"), 0),  # alto G-A, tenor E-F
    ("skip", TONIC, chord("B4 G4 D4 G3", "V"), 0),
    ("skip", chord("E5 G4 C4 C3", "I"), chord("D5 D4 B3 G3", "V"), 1),  # alto G-D
    ("leap", chord("E5 G4 C4 C3", "I"), chord("D5 D4 B3 G3", "V"), 1),
    ("leap", chord("C5 G4 E4 C3", "I"), chord("E5 C5 G4 C3", "I"), 1),  # alto up a fourth only
    ("leap", chord("C5 E4 G3 C3", "I"), chord("C5 G4 G3 C3", "I"), 0),  # a third
    ("bass_skip", TONIC, chord("C5 A4 F4 F3", "IV"), 1),
    ("bass_skip", TONIC, chord("B4 G4 D4 B2", "V"), 0),
    ("idle_bass", TONIC, chord("E5 C5 G4 C3", "I"), 1),
    ("idle_bass", TONIC, chord("E5 C5 G4 C4", "I"), 0),  # an octave is a motion
    ("wide_leap", chord("C5 C4 G3 C3", "I"), chord("C5 A4 C4 F3", "IV"), 1),  # alto up a sixth
    ("wide_leap", chord("C5 E4 G3 C3", "I"), chord("C5 E4 G3 C4", "I"), 0),  # bass octave
    ("wide_leap", chord("C5 E4 G3 C3", "I"), chord("C5 E4 C4 A3", "vi"), 1),  # bass up a sixth
    ("bass_leap", chord("F4 D4 B3 G2", "V7"), chord("E4 C4 G3 E3", "I"), 0),  # a sixth
    ("bass_leap", chord("F4 D4 B3 G2", "V7"), chord("F4 D4 G3 F3", "V7"), 1),  # a seventh
    ("bass_leap", chord("F4 D4 B3 G2", "V7"), chord("D5 D4 B3 B3", "V"), 1),  # a tenth
    ("bass_leap", chord("F4 D4 B3 G2", "V7"), chord("F4 D4 B3 G3", "V7"), 0),
    ("tritone_leap", IV, chord("B4 G4 D4 B2", "V"), 1),  # bass F-B, and nothing in the others
    ("tritone_leap", IV, chord("B4 G4 D4 G2", "V"), 0),
    # KP ch. 6: parallel fifths and octaves, the same by contrary motion, hidden ones.
    ("parallel_fifths", chord("C5 G4 E4 C3", "I"), chord("D5 A4 F4 D3", "ii"), 1),
    ("parallel_fifths", chord("C5 G4 E4 C3", "I"), chord("C5 G4 E4 C3", "I"), 0),  # they stay
    ("parallel_fifths", chord("C5 G4 E4 C3", "I"), chord("A4 F4 D4 D3", "ii"), 0),
    ("parallel_octaves", chord("C5 G4 E4 C3", "I"), chord("D5 A4 F4 D3", "ii"), 1),
    ("parallel_octaves", chord("C5 G4 E4 C3", "I"), chord("B4 G4 D4 G3", "V"), 0),
    # Octave to unison in tenor and bass, twelfth to fifth in the outer voices.
    ("contrary_perfect", chord("G4 E4 C4 C3", "I"), chord("D4 B3 G3 G3", "V"), 2),
    ("contrary_perfect", chord("E5 C5 G4 C4", "I"), chord("D5 B4 G4 G3", "V"), 0),
    ("hidden_fifths", chord("C5 G4 E4 E3", "I"), chord("E5 C5 A4 A3", "vi"), 1),
    ("hidden_fifths", chord("C5 G4 E4 E3", "I"), chord("D5 B4 G4 G3", "V"), 0),  # soprano steps
    ("hidden_octaves", chord("E4 C4 G3 C4", "I"), chord("A4 F4 C4 A3", "IV"), 0),  # contrary
    ("hidden_octaves", chord("E4 C4 G3 C3", "I"), chord("C5 A4 F4 C4", "IV"), 1),
    ("hidden_octaves", chord("E4 C4 G3 C3", "I"), chord("F4 C4 A3 F3", "IV"), 0),  # soprano steps
    ("overlap", chord("E4 C4 G3 C3", "I"), chord("D5 G4 D4 B3", "V"), 3),
    ("overlap", chord("E4 C4 G3 C3", "I"), chord("F4 C4 A3 F3", "IV"), 0),
    ("similar_outer", TONIC, chord("E5 C5 G4 E3", "I"), 1),
    ("similar_outer", TONIC, chord("B4 G4 D4 G3", "V"), 0),  # contrary
    ("similar_outer", TONIC, IV, 0),  # oblique
    # AS unit 6 and 12: the leading tone rises, the seventh falls.
    ("leading_tone", chord("B4 G4 D4 G3", "V"), chord("C5 G4 E4 C3", "I"), 0),
    ("leading_tone", chord("B4 G4 D4 G3", "V"), chord("G4 G4 E4 C3", "I"), 1),
    ("leading_tone", chord("B4 G4 D4 G3", "V"), chord("C5 E4 C4 A3", "vi"), 0),
    ("leading_tone", chord("B4 G4 D4 G3", "V"), chord("B4 G4 F4 G3", "V7"), 0),  # still dominant
    ("leading_tone", chord("D5 G4 D4 B2", "V"), chord("C5 G4 E4 G2", "I"), 1),  # bass
    ("leading_tone", V, chord("C5 G4 G3 C3", "I"), 0),  # an inner one is the next rule's
    ("inner_leading_tone", chord("D5 B4 G4 G3", "V"), chord("C5 G4 E4 C3", "I"), 1),
    ("inner_leading_tone", chord("D5 B4 G4 G3", "V"), chord("E5 C5 G4 C3", "I"), 0),
    ("inner_leading_tone", chord("A4 F#4 D4 D3", "V/V"), chord("B4 G4 D4 G3", "V"), 0),
    ("inner_leading_tone", chord("A4 F#4 D4 D3", "V/V"), chord("B4 D4 D4 G3", "V"), 1),
    ("seventh", chord("F4 D4 B3 G3", "V7"), chord("E4 C4 C4 C3", "I"), 0),
    ("seventh", chord("F4 D4 B3 G3", "V7"), chord("G4 E4 C4 C3", "I"), 1),  # soprano rises
    ("seventh", chord("D5 B4 F4 G3", "V7"), chord("C5 C5 G4 C3", "I"), 1),  # alto's or tenor's too
    ("seventh", chord("C5 A4 F4 D3", "ii7"), chord("B4 G4 D4 G3", "V"), 0),
    ("seventh", chord("C5 A4 F4 D3", "ii7"), chord("C5 E4 G3 G3", "I"), 0),  # it stays
    # AS unit 5: Ab-B in minor; an augmented fourth, but not a diminished fifth.
    ("augmented_interval", chord("C5 Ab4 F4 F3", "iv", "C minor"),
     chord("D5 B4 G4 G3", "V", "C minor"), 1),
    ("augmented_interval", chord("C5 Ab4 F4 F3", "iv", "C minor"),
     chord("B4 G4 D4 G3", "V", "C minor"), 0),
    ("augmented_interval", IV, chord("D5 G4 D4 B3", "V"), 1),  # bass F up to B
    ("augmented_interval", IV, chord("D5 G4 D4 B2", "V"), 0),  # bass F down to B
    ("augmented_interval", TONIC, chord("C5 F#4 D4 A3", "V7/V"), 0),
    ("augmented_interval", chord("G4 Eb4 C4 C3", "i", "C minor"),
     chord("F#4 Eb4 C4 A2", "viio7/V", "C minor"), 0),  # C-A: a third
    # All voices.
    ("same_direction", TONIC, chord("D5 A4 F4 D3", "ii"), 1),
    ("same_direction", TONIC, chord("B4 F4 D4 B2", "viio"), 1),
    ("same_direction", TONIC, chord("D5 A4 F4 A2", "ii"), 0),
    ("same_direction", TONIC, chord("D5 G4 F4 B2", "V7"), 0),
    # AS unit 5, KP ch. 16: F in the tenor, F# in the alto.
    ("false_relation", chord("C5 A4 F4 F3", "IV"), chord("A4 F#4 D4 D3", "V/V"), 1),
    ("false_relation", chord("F5 C5 A4 F3", "IV"), chord("F#5 C5 A4 D3", "V7/V"), 0),  # one voice
    ("false_relation", TONIC, chord("A4 F#4 D4 D3", "V/V"), 0),
    ("false_relation", chord("G4 Eb4 Bb3 Eb3", "III", "C minor"),
     chord("G4 D4 B3 G3", "V", "C minor"), 0),  # the tenor goes Bb-B
    ("false_relation", chord("G4 Eb4 Bb3 Eb3", "III", "C minor"),
     chord("D5 B4 G3 G3", "V", "C minor"), 1),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after", "count"), CASES)
def test_a_motion_breaks_a_rule_as_often_as_the_textbook_says(rule, before, after, count):
    assert in_two(rule, before, after) == count


def test_lower_voices_move_against_the_last_note_of_the_melody_within_the_beat():
    before, after = chord("C5 G4 E4 C3", "I"), chord("D5 A4 F4 D3", "ii")

    assert in_two("parallel_octaves", before, after) == 1
    assert in_two("parallel_octaves", before, after, first={"leaving": 76}) == 0  # E5, then D5


def test_a_false_relation_is_heard_over_a_change_of_key():
    # C major to G major: F of IV in the alto, F# of V in the tenor.
    before, after = chord("C5 F4 C4 A3", "IV"), chord("A4 D4 F#3 D3", "V", "G major")

    assert in_two("false_relation", before, after) == 1


def test_every_rule_of_motion_has_an_example_on_both_sides():
    shown = {rule: set() for rule, *_ in CASES}
    for rule, _, _, count in CASES:
        shown[rule].add(count > 0)

    own = {n for n, r in RULES.items() if r.scope not in (Scope.VOICING, Scope.CHORDS)}

    assert set(shown) == own
    assert all(sides == {False, True} for sides in shown.values())
