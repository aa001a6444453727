"""The rules of voice leading and harmony: named predicates, each with its source and weight.

A rule looks at one of six things (its scope), so that it can be asked of all pairs of candidate
voicings at once: only the distinct values of what it looks at are computed, then spread.

Source abbreviations: AS is E. Aldwell and C. Schachter, "Harmony and Voice Leading" (4th ed.);
KP is S. Kostka and D. Payne, "Tonal Harmony" (7th ed.); H is D. Huron, "Tone and Voice",
Music Perception 19 (2001).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from chromasonic.harmonization import harmony_rules as harmony
from chromasonic.harmonization import motion_rules as motion
from chromasonic.harmonization import voicing_rules as voicing


class Scope(Enum):
    """What a rule looks at, and so the arguments of its predicate (arrays that broadcast)."""

    VOICING = "voicing"
    """`(voicings, beats)`: one voicing on its beat."""
    VOICE = "voice"
    """`(start, end)`: pitches of one voice, before and after."""
    VOICES = "voices"
    """`(upper, lower, next_upper, next_lower)`: pitches of two voices, before and after."""
    RESOLUTION = "resolution"
    """`(step, next_step)` of `motion_rules.Tones`: one voice and the chords around it."""
    PARTS = "parts"
    """`(step, next_step)` of `motion_rules.Parts`: all voices and the chords around them."""
    CHORDS = "chords"
    """`(step, next_step, beats, next_beats)` of `harmony_rules.Harmony`: chord and bass."""


UPPER = ((0, 1), (0, 2), (1, 2))
WITH_BASS = ((0, 3), (1, 3), (2, 3))
ALL_PAIRS = UPPER + WITH_BASS
NEIGHBOURS = ((0, 1), (1, 2), (2, 3))
OUTER = ((0, 3),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        name: short and stable, as in tables and files.
        text: what is wrong, as a teacher writes it in the margin.
        weight: what each breach costs; below 0 it is a merit.
        scope: what the predicate looks at.
        predicate: how often the rule is broken: truths or counts.
        voices: the voices (`Scope.VOICE`, `RESOLUTION`) or pairs, upper first (`VOICES`), that it
            is asked of; 0 is the soprano, 3 the bass.
        source: textbook and section.
    """

    name: str
    text: str
    weight: float
    scope: Scope
    predicate: Callable[..., Any]
    voices: tuple[Any, ...] = ()
    source: str


def _rule(
    name: str,
    text: str,
    weight: float,
    scope: Scope,
    predicate: Callable[..., Any],
    source: str,
    voices: tuple[Any, ...] = (),
) -> Rule:
    return Rule(
        name=name,
        text=text,
        weight=weight,
        scope=scope,
        predicate=predicate,
        voices=voices,
        source=source,
    )


_ALL = (
    # One voicing.
    _rule("range", "out of its comfortable range", 0.84, Scope.VOICING, voicing.out_of_range,
          "AS unit 4, voice ranges"),
    _rule("spacing", "more than an octave between upper neighbours", 3.00, Scope.VOICING,
          voicing.wide_gap, "AS unit 5, spacing"),
    _rule("low_gap", "tenor and bass more than a twelfth apart", 0.97, Scope.VOICING,
          voicing.wide_low_gap, "AS unit 5, spacing"),
    _rule("crossing", "voices cross", 3.00, Scope.VOICING, voicing.crossing, "AS unit 5; KP ch. 5"),
    _rule("unison", "neighbours in unison", 1.30, Scope.VOICING, voicing.unison, "AS unit 5"),
    _rule("foreign_tone", "a tone that is not in the chord", 3.00, Scope.VOICING,
          voicing.foreign_tones, "AS unit 20, embellishing tones"),
    _rule("missing_third", "no third", 3.00, Scope.VOICING, voicing.missing_third,
          "AS unit 5, incomplete chords"),
    _rule("missing_fifth", "no fifth", 2.21, Scope.VOICING, voicing.missing_fifth,
          "AS unit 5, incomplete chords"),
    _rule("missing_seventh", "no seventh in a seventh chord", 1.00, Scope.VOICING,
          voicing.missing_seventh, "AS unit 12"),
    _rule("doubled_leading_tone", "leading tone doubled", 3.00, Scope.VOICING,
          voicing.doubled_leading_tone, "AS unit 5, doubling; KP ch. 5"),
    _rule("doubled_seventh", "seventh doubled", 3.00, Scope.VOICING, voicing.doubled_seventh,
          "KP ch. 13"),
    _rule("doubled_third", "third doubled", 0.46, Scope.VOICING,
          voicing.doubled_third, "AS unit 5, doubling; KP ch. 5"),
    _rule("doubled_fifth", "fifth doubled", 0.82, Scope.VOICING,
          voicing.doubled_fifth, "AS unit 5, doubling; KP ch. 5"),
    _rule("secondary_chord", "a less common chord of the key", 0.65, Scope.VOICING,
          voicing.secondary_chord, "KP ch. 7"),
    _rule("chromatic_chord", "a chord from outside the key", 1.20, Scope.VOICING,
          voicing.chromatic_chord, "KP ch. 16"),
    _rule("minor_dominant", "a dominant of minor without leading tone", 2.66, Scope.VOICING,
          voicing.minor_dominant, "AS unit 6; KP ch. 4"),
    _rule("seventh_chord", "a seventh chord", 1.18, Scope.VOICING, voicing.seventh_chord,
          "KP ch. 13"),
    _rule("plain_seventh", "a seventh chord that is no dominant", 0.56, Scope.VOICING,
          voicing.plain_seventh, "KP ch. 14"),
    _rule("first_inversion", "a first inversion", 0.73, Scope.VOICING, voicing.first_inversion,
          "AS unit 7"),
    _rule("second_inversion", "a second inversion", 3.16, Scope.VOICING, voicing.second_inversion,
          "AS unit 19; KP ch. 9"),
    _rule("low_seventh", "the fifth or seventh of a seventh chord in the bass", 3.16, Scope.VOICING,
          voicing.low_seventh, "KP ch. 13"),
    _rule("diminished_root", "a diminished triad in root position", 2.94, Scope.VOICING,
          voicing.diminished_root, "AS unit 7"),
    _rule("melody_clash", "tones of the melody outside the chord", 0.50, Scope.VOICING,
          voicing.melody_clash, "AS unit 20"),
    _rule("opening", "a phrase opens with neither tonic nor dominant", 0.81, Scope.VOICING,
          voicing.no_opening, "AS unit 6"),
    _rule("cadence", "no chord to end a phrase on", 2.69, Scope.VOICING, voicing.no_cadence,
          "AS unit 10; KP ch. 10"),
    _rule("final", "the piece does not end on its tonic", 3.00, Scope.VOICING, voicing.no_final,
          "AS unit 6"),
    # One voice from one voicing to the next.
    _rule("skip", "an inner voice does not move by step", 0.56, Scope.VOICE, motion.skip,
          "H, pitch proximity; KP ch. 5", (1, 2)),
    _rule("leap", "an inner voice moves by more than a third", 0.27, Scope.VOICE, motion.leap,
          "H, pitch proximity; KP ch. 5", (1, 2)),
    _rule("bass_skip", "the bass does not move by step", 0.80, Scope.VOICE, motion.skip,
          "AS unit 5, melodic motion; H", (3,)),
    _rule("idle_bass", "the bass stays on its pitch", 0.84, Scope.VOICE, motion.stays,
          "AS unit 5, melodic motion", (3,)),
    _rule("wide_leap", "a leap beyond a fifth", 1.62, Scope.VOICE, motion.wide_leap, "KP ch. 5",
          (1, 2, 3)),
    _rule("bass_leap", "the bass leaps beyond an octave or by a seventh", 1.21, Scope.VOICE,
          motion.bass_leap, "KP ch. 5", (3,)),
    _rule("tritone_leap", "a leap by a tritone", 0.79, Scope.VOICE, motion.tritone_leap,
          "AS unit 5, melodic intervals", (1, 2, 3)),
    # Two voices.
    _rule("parallel_fifths", "parallel fifths", 4.00, Scope.VOICES, motion.parallel_fifths,
          "AS unit 5; KP ch. 6", ALL_PAIRS),
    _rule("parallel_octaves", "parallel octaves or unisons", 4.00, Scope.VOICES,
          motion.parallel_octaves, "AS unit 5; KP ch. 6", ALL_PAIRS),
    _rule("contrary_perfect", "fifths or octaves by contrary motion", 1.12, Scope.VOICES,
          motion.contrary_perfect, "KP ch. 6", ALL_PAIRS),
    _rule("hidden_fifths", "hidden fifths of the outer voices", 0.50, Scope.VOICES,
          motion.hidden_fifths, "AS unit 5; KP ch. 6", OUTER),
    _rule("hidden_octaves", "hidden octaves of the outer voices", 1.00, Scope.VOICES,
          motion.hidden_octaves, "AS unit 5; KP ch. 6", OUTER),
    _rule("overlap", "voices overlap", 0.50, Scope.VOICES, motion.overlap, "AS unit 5; KP ch. 5",
          NEIGHBOURS),
    _rule("similar_outer", "outer voices move in the same direction", 0.10, Scope.VOICES,
          motion.similar, "AS unit 5; H", OUTER),
    # One voice and its chords.
    _rule("leading_tone", "the leading tone of an outer voice does not rise", 2.00,
          Scope.RESOLUTION, motion.unresolved_leading_tone, "AS unit 6; KP ch. 6", (0, 3)),
    _rule("inner_leading_tone", "the leading tone of an inner voice does not rise", 1.34,
          Scope.RESOLUTION, motion.unresolved_leading_tone, "AS unit 6; KP ch. 6", (1, 2)),
    _rule("seventh", "the seventh does not fall by step", 3.33, Scope.RESOLUTION,
          motion.unresolved_seventh, "AS unit 12; KP ch. 13", (0, 1, 2, 3)),
    _rule("augmented_interval", "an augmented second or fourth", 2.26, Scope.RESOLUTION,
          motion.augmented_interval, "AS unit 5, melodic intervals; KP ch. 5", (1, 2, 3)),
    # All voices and their chords.
    _rule("same_direction", "all voices move in the same direction", 0.30, Scope.PARTS,
          motion.same_direction, "AS unit 5; KP ch. 5"),
    _rule("false_relation", "a cross relation", 1.03, Scope.PARTS, motion.false_relation,
          "AS unit 5, cross relations; KP ch. 16"),
    # Chord to chord.
    _rule("retrogression", "a dominant goes back to a predominant", 1.90, Scope.CHORDS,
          harmony.retrogression, "KP ch. 7"),
    _rule("weak_progression", "a weak progression", 1.22, Scope.CHORDS, harmony.weak_progression,
          "KP ch. 7"),
    _rule("applied_unresolved", "an applied chord does not reach its chord", 2.43, Scope.CHORDS,
          harmony.applied_unresolved, "KP ch. 16"),
    _rule("six_four", "a six-four chord outside its uses", 1.31, Scope.CHORDS,
          harmony.six_four, "AS unit 19; KP ch. 9"),
    _rule("static_barline", "the chord of the weak beat stays over the bar line", 0.30,
          Scope.CHORDS, harmony.static_barline, "AS unit 3, harmonic rhythm; KP ch. 5"),
    _rule("static", "the same chord in the same position again", 0.68, Scope.CHORDS,
          harmony.static, "AS unit 3, harmonic rhythm"),
    _rule("abrupt_key", "a new key without a chord common to both", 1.00, Scope.CHORDS,
          harmony.abrupt_key, "AS unit 15; KP ch. 18"),
    _rule("close_without_dominant", "a close without its dominant", 2.69, Scope.CHORDS,
          harmony.close_without_dominant, "AS unit 10; KP ch. 10"),
    _rule("inverted_close", "a close from another dominant than V in root position", 2.25,
          Scope.CHORDS, harmony.inverted_close, "AS unit 10; KP ch. 10"),
    _rule("late_tonic", "the tonic of a close sounds before its time", 1.20, Scope.CHORDS,
          harmony.late_tonic, "AS unit 10; KP ch. 10"),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}
"""All rules by name; the reward is the sum of what their breaches cost, below zero."""
