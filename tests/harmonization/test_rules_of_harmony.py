"""Each rule on successive chords: textbook examples that break it, and such that do not.

AS is Aldwell and Schachter, KP Kostka and Payne; in C major or C minor unless another key is named.
"""

from __future__ import annotations

import pytest
from rule_examples import chord, in_two

from chromasonic.harmonization.rules import RULES, Scope

TONIC = chord("C5 G4 E4 C3", "I")
SIXTH = chord("C5 G4 C4 E3", "I")
SIX_FOUR = chord("C5 E4 C4 G3", "I")
SUPERTONIC = chord("A4 F4 D4 D3", "ii")
MEDIANT = chord("G4 E4 B3 E3", "iii")
SUBDOMINANT = chord("C5 A4 F4 F3", "IV")
DOMINANT = chord("B4 G4 D4 G3", "V")
LOW_DOMINANT = chord("B4 G4 D4 G2", "V")
SIX_FOUR_BELOW = chord("C5 E4 C4 G2", "I")
PEDAL = chord("C5 A4 F4 C3", "IV")
SEVENTH = chord("B4 G4 D4 F3", "V7")
SUBMEDIANT = chord("C5 E4 C4 A3", "vi")
LEADING = chord("D5 B4 F4 D3", "viio")
MINOR = chord("C5 G4 Eb4 C3", "i", "C minor")
MINOR_V = chord("G4 D4 Bb3 G3", "v", "C minor")
MINOR_DOMINANT = chord("G4 D4 B3 G3", "V", "C minor")
SUBTONIC = chord("F4 D4 Bb3 Bb2", "VII", "C minor")
RELATIVE = chord("G4 Eb4 Bb3 Eb3", "III", "C minor")

PHRASE_END, DOWNBEAT, WEAK = {"ends_phrase": True}, {"strength": 2}, {"strength": 0}

CASES = [
    # KP ch. 7: dominants do not go back to predominants; the table of common progressions.
    ("retrogression", DOMINANT, SUBDOMINANT, {}, {}, 1),
    ("retrogression", LEADING, SUPERTONIC, {}, {}, 1),
    ("retrogression", SUBDOMINANT, DOMINANT, {}, {}, 0),
    ("retrogression", DOMINANT, SUBDOMINANT, PHRASE_END, {}, 0),  # a new phrase may
    ("retrogression", MINOR_V, chord("Ab4 F4 C4 F3", "iv", "C minor"), {}, {}, 0),  # modal
    ("weak_progression", SUPERTONIC, TONIC, {}, {}, 1),
    ("weak_progression", SUPERTONIC, SIX_FOUR, {}, {}, 0),
    ("weak_progression", SUPERTONIC, DOMINANT, {}, {}, 0),
    ("weak_progression", MEDIANT, DOMINANT, {}, {}, 1),
    ("weak_progression", MEDIANT, SUBMEDIANT, {}, {}, 0),
    ("weak_progression", SUBMEDIANT, TONIC, {}, {}, 1),
    ("weak_progression", SUBMEDIANT, SUBDOMINANT, {}, {}, 0),
    ("weak_progression", DOMINANT, SUBMEDIANT, {}, {}, 0),
    ("weak_progression", DOMINANT, MEDIANT, {}, {}, 1),
    ("weak_progression", DOMINANT, SUBDOMINANT, {}, {}, 0),  # that is a retrogression
    ("weak_progression", SUBTONIC, RELATIVE, {}, {}, 0),
    ("weak_progression", SUBTONIC, MINOR, {}, {}, 1),
    ("weak_progression", SUBTONIC, MINOR_DOMINANT, {}, {}, 1),
    ("weak_progression", MINOR_DOMINANT, SUBTONIC, {}, {}, 1),
    ("weak_progression", chord("F4 C4 A3 F3", "bVII", "G mixolydian"),
     chord("G4 D4 B3 G3", "I", "G mixolydian"), {}, {}, 0),
    ("weak_progression", SUPERTONIC, TONIC, PHRASE_END, {}, 0),
    # Over a change of key the first chord is read in the new one.
    ("retrogression", chord("A4 F#4 D4 D3", "V", "G major"),
     chord("C5 A4 E4 A3", "ii", "G major"), {}, {}, 1),
    ("retrogression", chord("D5 A4 F#4 D3", "V/V"),
     chord("C5 A4 E4 A3", "ii", "G major"), {}, {}, 1),  # V/V of C is V of G
    ("weak_progression", chord("G4 E4 B3 E3", "iii"),
     chord("F#4 D4 A3 D3", "V", "G major"), {}, {}, 0),  # iii of C is vi of G
    ("weak_progression", chord("G4 E4 B3 E3", "iii"), DOMINANT, {}, {}, 1),
    ("abrupt_key", TONIC, chord("F#4 C#4 A#3 F#2", "I", "F# major"), {}, {}, 1),
    ("abrupt_key", TONIC, chord("F#4 C#4 A#3 F#2", "I", "F# major"), PHRASE_END, {}, 0),
    ("abrupt_key", TONIC, chord("A4 F#4 D4 D3", "V", "G major"), {}, {}, 0),  # I is IV of G
    ("abrupt_key", TONIC, DOMINANT, {}, {}, 0),
    # KP ch. 16.
    ("applied_unresolved", chord("A4 F#4 D4 D3", "V/V"), DOMINANT, {}, {}, 0),
    ("applied_unresolved", chord("A4 F#4 D4 D3", "V/V"),
     chord("A4 F#4 D4 C3", "V7/V"), {}, {}, 0),
    ("applied_unresolved", chord("A4 F#4 D4 D3", "V/V"), SUBDOMINANT, {}, {}, 1),
    ("applied_unresolved", chord("A4 F#4 D4 D3", "V/V"),
     chord("B4 G4 D4 G3", "I", "G major"), {}, {}, 0),
    # AS unit 19, KP ch. 9: cadential, passing and pedal six-fours.
    ("six_four", SUBDOMINANT, SIX_FOUR, {}, {}, 0),
    ("six_four", SIX_FOUR, DOMINANT, {}, {}, 0),
    ("six_four", SIX_FOUR, LOW_DOMINANT, {}, {}, 0),  # the octave, Bach's usual bass of a close
    ("six_four", SIX_FOUR, LOW_DOMINANT, WEAK, {}, 0),
    ("six_four", SIX_FOUR, SUBDOMINANT, {}, {}, 1),  # on a strong beat it must go to V
    ("six_four", SIX_FOUR, SIX_FOUR_BELOW, {}, {}, 1),  # an octave alone is no V
    ("six_four", SUPERTONIC, SIX_FOUR, {}, {}, 0),  # into a cadential one the bass may leap
    ("six_four", SIXTH, SIX_FOUR, {}, {}, 0),
    ("six_four", SIXTH, SIX_FOUR, {}, WEAK, 1),  # not into a passing one
    ("six_four", TONIC, SIX_FOUR, {}, WEAK, 1),
    ("six_four", SIX_FOUR, TONIC, WEAK, {}, 1),  # the bass leaps out of it
    ("six_four", SIX_FOUR, chord("B4 D4 B3 E3", "iii"), WEAK, {}, 1),
    # Passing, E-D-C under I6, V6/4, I; the bass steps at both sides.
    ("six_four", SIXTH, chord("B4 G4 G3 D3", "V"), {}, WEAK, 0),
    ("six_four", chord("B4 G4 G3 D3", "V"), TONIC, WEAK, {}, 0),
    ("six_four", SIX_FOUR, SUBDOMINANT, WEAK, {}, 0),
    ("six_four", chord("B4 G4 G3 D3", "V"), chord("C5 G4 E4 C4", "I"), WEAK, {}, 1),  # a seventh
    # Pedal, I, IV6/4, I over C, which may be struck anew an octave lower.
    ("six_four", TONIC, PEDAL, {}, {}, 0),
    ("six_four", chord("C5 G4 E4 C4", "I"), PEDAL, {}, {}, 0),
    ("six_four", PEDAL, chord("C5 G4 E4 C4", "I"), {}, {}, 0),
    ("six_four", PEDAL, SUBDOMINANT, {}, {}, 1),
    ("six_four", TONIC, DOMINANT, {}, {}, 0),
    # AS unit 3: harmonic rhythm.
    ("static_barline", TONIC, SIXTH, WEAK, DOWNBEAT, 1),
    ("static_barline", TONIC, SIXTH, DOWNBEAT, WEAK, 0),
    ("static_barline", TONIC, SIXTH, WEAK | PHRASE_END, DOWNBEAT, 0),
    ("static_barline", TONIC, DOMINANT, WEAK, DOWNBEAT, 0),
    ("static", TONIC, chord("E5 C5 G4 C3", "I"), {}, {}, 1),
    ("static", TONIC, chord("E5 C5 G4 C3", "I"), {}, {"is_held": True}, 0),
    ("static", TONIC, SIXTH, {}, {}, 0),
    ("static", DOMINANT, chord("B4 F4 D4 G3", "V7"), {}, {}, 1),
    # KP ch. 10: a close comes from its dominant, V in root position, and not before its time.
    ("close_without_dominant", SUBDOMINANT, TONIC, {}, PHRASE_END, 1),
    ("close_without_dominant", DOMINANT, TONIC, {}, PHRASE_END, 0),
    ("close_without_dominant", SUBDOMINANT, TONIC, {}, {}, 0),
    ("close_without_dominant", SUBDOMINANT, DOMINANT, {}, PHRASE_END, 0),  # a half close
    ("close_without_dominant", DOMINANT, SUBMEDIANT, {}, PHRASE_END, 1),  # no phrase's end
    ("close_without_dominant", chord("B4 G#4 E4 E3", "V/vi"), SUBMEDIANT, {}, PHRASE_END, 0),
    ("close_without_dominant", SUBTONIC, RELATIVE, {}, PHRASE_END, 0),
    ("close_without_dominant", SUBTONIC, MINOR, {}, PHRASE_END, 1),
    ("close_without_dominant", MINOR_DOMINANT, chord("C5 G4 E4 C3", "I", "C minor"), {},
     PHRASE_END, 0),
    ("close_without_dominant", chord("F4 C4 A3 F3", "bVII", "G mixolydian"),
     chord("G4 D4 B3 G3", "I", "G mixolydian"), {}, PHRASE_END, 0),
    ("close_without_dominant", chord("G4 E4 C4 C3", "VII", "D dorian"),
     chord("F4 D4 A3 D3", "i", "D dorian"), {}, PHRASE_END, 0),
    ("close_without_dominant", chord("D5 A4 F#4 D3", "V/V"),
     chord("D5 B4 G4 G3", "I", "G major"), {}, PHRASE_END, 0),  # a pivot into the close
    ("inverted_close", DOMINANT, TONIC, {}, PHRASE_END, 0),
    ("inverted_close", SEVENTH, SIXTH, {}, PHRASE_END, 1),
    ("inverted_close", LEADING, TONIC, {}, PHRASE_END, 1),
    ("inverted_close", LEADING, TONIC, {}, {}, 0),
    ("inverted_close", SUBTONIC, RELATIVE, {}, PHRASE_END, 0),
    ("inverted_close", chord("G4 E4 C4 C3", "VII", "D dorian"),
     chord("F4 D4 A3 D3", "i", "D dorian"), {}, PHRASE_END, 0),
    ("late_tonic", SIXTH, TONIC, {}, PHRASE_END, 1),
    ("late_tonic", SIXTH, TONIC, {}, PHRASE_END | {"is_held": True}, 0),
    ("late_tonic", DOMINANT, TONIC, {}, PHRASE_END, 0),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after", "first", "second", "count"), CASES)
def test_a_progression_breaks_a_rule_as_often_as_the_textbook_says(
    rule, before, after, first, second, count
):
    assert in_two(rule, before, after, first, second) == count


def test_every_rule_of_harmony_has_an_example_on_both_sides():
    shown = {rule: set() for rule, *_ in CASES}
    for rule, *_, count in CASES:
        shown[rule].add(count > 0)

    assert set(shown) == {n for n, rule in RULES.items() if rule.scope == Scope.CHORDS}
    assert all(sides == {False, True} for sides in shown.values())


def test_every_rule_names_a_textbook_and_says_what_is_wrong():
    assert all(rule.source and rule.text and rule.weight > 0 for rule in RULES.values())
    assert all(name == rule.name for name, rule in RULES.items())
