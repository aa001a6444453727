"""The rules of the two-voice game: first-species counterpoint below a melody, one note a beat.

They are `rules.Rule`s like those of four voices, so that `Reward`, `breaches` and the exact search
take them as they are. Contrary motion is the chief merit: it alone adds to the reward.

Source abbreviations: F is J. J. Fux, "Gradus ad Parnassum" (1725), first book of the second part
(two voices, note against note); AS and H as in `rules`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization import motion_rules as motion
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.motion_rules import Tones
from chromasonic.harmonization.rules import Rule, Scope
from chromasonic.harmonization.voicings import Voicings

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

UPPER, LOWER = 0, 1
LOWER_RANGE = (43, 64)
"""Lowest and highest MIDI number of the counter-melody: G2 to E4, a baritone."""
LOWER_COMFORTABLE = (45, 62)
"""Where it is sung with ease: A2 to D4."""

_IS_CONSONANT = np.isin(np.arange(12), (0, 3, 4, 7, 8, 9))
_IS_PERFECT = np.isin(np.arange(12), (0, 7))


def _interval(voicings: Voicings) -> Integers:
    return voicings.pitches[:, UPPER] - voicings.pitches[:, LOWER]


def _degree(voicings: Voicings, voice: int) -> Integers:
    """(N,) semitones above the tonic, 0 to 11."""
    return (voicings.pitches[:, voice] - voicings.tonic) % 12


# One sonority: (voicings, beats).


def dissonance(voicings: Voicings, _: Beats) -> Truths:
    """Not a unison, third, fifth, sixth, octave or their compounds; the fourth is a dissonance."""
    return ~_IS_CONSONANT[_interval(voicings) % 12]


def perfect_within(voicings: Voicings, beats: Beats) -> Truths:
    """A fifth or octave where no phrase begins or ends."""
    is_within = ~(beats.begins_phrase | beats.ends_phrase)
    return _IS_PERFECT[_interval(voicings) % 12] & is_within


def unison(voicings: Voicings, _: Beats) -> Truths:
    """Both voices sing the same pitch."""
    return _interval(voicings) == 0


def crossing(voicings: Voicings, beats: Beats) -> Truths:
    """The melody goes below the lower voice before the beat is over."""
    return beats.leaving < voicings.pitches[:, LOWER]


def far_apart(voicings: Voicings, _: Beats) -> Truths:
    """More than two octaves between the voices."""
    return _interval(voicings) > 24


def out_of_range(voicings: Voicings, _: Beats) -> Truths:
    """The lower voice is outside its comfortable range."""
    pitch = voicings.pitches[:, LOWER]
    return (pitch < LOWER_COMFORTABLE[0]) | (pitch > LOWER_COMFORTABLE[1])


def doubled_leading_tone(voicings: Voicings, _: Beats) -> Truths:
    """Both voices are on the leading tone."""
    return (_degree(voicings, UPPER) == 11) & (_degree(voicings, LOWER) == 11)


def no_cadence(voicings: Voicings, beats: Beats) -> Truths:
    """A phrase ends with the lower voice neither on the tonic nor on the dominant."""
    degree = _degree(voicings, LOWER)
    return beats.ends_phrase & (degree != 0) & (degree != 7)


def weak_opening(voicings: Voicings, beats: Beats) -> Truths:
    """A phrase begins with the lower voice neither on the tonic nor on the dominant."""
    degree = _degree(voicings, LOWER)
    return beats.begins_phrase & (degree != 0) & (degree != 7)


def no_final(voicings: Voicings, beats: Beats) -> Truths:
    """The piece ends with the lower voice on another tone than its tonic."""
    return beats.is_last & (_degree(voicings, LOWER) != 0)


# The lower voice: (start, end), and with its key.


def stays(start: Integers, end: Integers) -> Truths:
    """The voice repeats its pitch."""
    return start == end


def skip(start: Integers, end: Integers) -> Truths:
    """The voice moves by more than a major second."""
    return abs(end - start) > 2


def leap(start: Integers, end: Integers) -> Truths:
    """The voice moves by more than a major third."""
    return abs(end - start) > 4


def leading_tone_leaps(step: Tones, following: Tones) -> Truths:
    """The leading tone is left by a leap."""
    is_leading = (step.pitch - following.tonic) % 12 == 11
    return is_leading & (abs(following.pitch - step.pitch) > 2)


def cross_relation(step: Tones, following: Tones) -> Truths:
    """The raised and the natural seventh degree follow one another."""
    start = (step.pitch - following.tonic) % 12
    end = (following.pitch - following.tonic) % 12
    return ((start == 11) & (end == 10)) | ((start == 10) & (end == 11))


def augmented_second(step: Tones, following: Tones) -> Truths:
    """Three semitones between the minor sixth degree and the leading tone."""
    start = (step.pitch - following.tonic) % 12
    end = (following.pitch - following.tonic) % 12
    is_pair = ((start == 8) & (end == 11)) | ((start == 11) & (end == 8))
    return is_pair & (abs(step.pitch - following.pitch) == 3)


_SECOND, _BOTH = (LOWER,), ((UPPER, LOWER),)

_ALL = (
    # One sonority.
    Rule(name="dissonance", text="a dissonance", weight=4.0, scope=Scope.VOICING,
         predicate=dissonance, source="F, first species"),
    Rule(name="perfect_within", text="a fifth or octave within a phrase", weight=0.3,
         scope=Scope.VOICING, predicate=perfect_within, source="F, first species"),
    Rule(name="unison", text="a unison", weight=1.0, scope=Scope.VOICING, predicate=unison,
         source="F, first species"),
    Rule(name="crossing", text="the voices cross within the beat", weight=3.0,
         scope=Scope.VOICING, predicate=crossing, source="F, first species"),
    Rule(name="far_apart", text="more than two octaves apart", weight=0.5, scope=Scope.VOICING,
         predicate=far_apart, source="AS unit 5, spacing"),
    Rule(name="range", text="out of its comfortable range", weight=0.5, scope=Scope.VOICING,
         predicate=out_of_range, source="AS unit 4, voice ranges"),
    Rule(name="doubled_leading_tone", text="leading tone doubled", weight=4.0,
         scope=Scope.VOICING, predicate=doubled_leading_tone, source="AS unit 5, doubling"),
    Rule(name="cadence", text="a phrase ends on neither tonic nor dominant", weight=3.0,
         scope=Scope.VOICING, predicate=no_cadence, source="AS unit 10"),
    Rule(name="opening", text="a phrase begins on neither tonic nor dominant", weight=0.5,
         scope=Scope.VOICING, predicate=weak_opening, source="F, first species"),
    Rule(name="final", text="the piece does not end on its tonic", weight=4.0,
         scope=Scope.VOICING, predicate=no_final, source="F, first species"),
    # The lower voice.
    Rule(name="stays", text="the lower voice repeats its note", weight=0.4, scope=Scope.VOICE,
         predicate=stays, voices=_SECOND, source="F, first species"),
    Rule(name="skip", text="the lower voice does not move by step", weight=0.15,
         scope=Scope.VOICE, predicate=skip, voices=_SECOND, source="H, pitch proximity"),
    Rule(name="leap", text="the lower voice leaps beyond a third", weight=0.3, scope=Scope.VOICE,
         predicate=leap, voices=_SECOND, source="H, pitch proximity"),
    Rule(name="wide_leap", text="a leap beyond a fifth", weight=1.0, scope=Scope.VOICE,
         predicate=motion.wide_leap, voices=_SECOND, source="F, first species"),
    Rule(name="bass_leap", text="a leap by a seventh or beyond an octave", weight=2.0,
         scope=Scope.VOICE, predicate=motion.bass_leap, voices=_SECOND, source="F, first species"),
    Rule(name="tritone_leap", text="a leap by a tritone", weight=1.0, scope=Scope.VOICE,
         predicate=motion.tritone_leap, voices=_SECOND, source="F, first species"),
    Rule(name="leading_tone", text="the leading tone is left by a leap", weight=1.0,
         scope=Scope.RESOLUTION, predicate=leading_tone_leaps, voices=_SECOND,
         source="AS unit 6"),
    Rule(name="cross_relation", text="raised and natural seventh degree in a row", weight=1.0,
         scope=Scope.RESOLUTION, predicate=cross_relation, voices=_SECOND, source="AS unit 5"),
    Rule(name="augmented_second", text="an augmented second", weight=2.0, scope=Scope.RESOLUTION,
         predicate=augmented_second, voices=_SECOND,
         source="AS unit 5, melodic intervals"),
    # Both.
    Rule(name="contrary", text="the voices move in opposite directions", weight=-1.0,
         scope=Scope.VOICES, predicate=motion.contrary, voices=_BOTH,
         source="F, first species; H"),
    Rule(name="similar", text="the voices move in the same direction", weight=0.5,
         scope=Scope.VOICES, predicate=motion.similar, voices=_BOTH, source="F; H"),
    Rule(name="parallel_fifths", text="parallel fifths", weight=6.0, scope=Scope.VOICES,
         predicate=motion.parallel_fifths, voices=_BOTH, source="F, first species"),
    Rule(name="parallel_octaves", text="parallel octaves or unisons", weight=6.0,
         scope=Scope.VOICES, predicate=motion.parallel_octaves, voices=_BOTH,
         source="F, first species"),
    Rule(name="contrary_perfect", text="fifths or octaves by contrary motion", weight=3.0,
         scope=Scope.VOICES, predicate=motion.contrary_perfect, voices=_BOTH,
         source="F, first species"),
    Rule(name="hidden_fifths", text="hidden fifths", weight=1.5, scope=Scope.VOICES,
         predicate=motion.hidden_fifths, voices=_BOTH, source="F, first species"),
    Rule(name="hidden_octaves", text="hidden octaves", weight=1.5, scope=Scope.VOICES,
         predicate=motion.hidden_octaves, voices=_BOTH, source="F, first species"),
    Rule(name="overlap", text="the voices overlap", weight=1.0, scope=Scope.VOICES,
         predicate=motion.overlap, voices=_BOTH, source="AS unit 5"),
)  # fmt: skip

TWO_VOICE_RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}
"""All rules of two voices by name."""
