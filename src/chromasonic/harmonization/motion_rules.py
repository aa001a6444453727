"""Predicates on voices that move: one, two, or one with the chords around it.

All arguments are arrays of MIDI numbers (or `Tones`) that broadcast; truths come back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import TABLE

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


# One voice: (start, end).


def leap(start: Integers, end: Integers) -> Truths:
    """The voice moves by more than a major second."""
    return abs(end - start) > 2


def wide_leap(start: Integers, end: Integers) -> Truths:
    """The voice moves by more than a perfect fifth."""
    return abs(end - start) > 7


def bass_leap(start: Integers, end: Integers) -> Truths:
    """The voice moves by a seventh or by more than an octave."""
    size = abs(end - start)
    return (size == 10) | (size == 11) | (size > 12)


def tritone_leap(start: Integers, end: Integers) -> Truths:
    """The voice moves by a tritone (six semitones)."""
    return abs(end - start) == 6


# Two voices: (upper, lower, next_upper, next_lower).


def both_move(
    upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers
) -> Truths:
    """Neither voice stays on its pitch."""
    return (upper != next_upper) & (lower != next_lower)


def similar(upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers) -> Truths:
    """Both voices move in the same direction, parallel motion included."""
    return (next_upper - upper) * (next_lower - lower) > 0


def contrary(
    upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers
) -> Truths:
    """The voices move in opposite directions."""
    return (next_upper - upper) * (next_lower - lower) < 0


def simple_interval(upper: Integers, lower: Integers) -> Integers:
    """Semitones between two pitches without whole octaves, 0 to 11, whichever is the higher."""
    return abs(upper - lower) % 12


def parallel_fifths(
    upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers
) -> Truths:
    """A perfect fifth (or twelfth) is followed by another, both voices moving the same way."""
    is_fifth = simple_interval(upper, lower) == 7
    stays_fifth = simple_interval(next_upper, next_lower) == 7
    return is_fifth & stays_fifth & similar(upper, lower, next_upper, next_lower)


def parallel_octaves(
    upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers
) -> Truths:
    """An octave or unison is followed by another, both voices moving the same way."""
    is_octave = simple_interval(upper, lower) == 0
    stays_octave = simple_interval(next_upper, next_lower) == 0
    return is_octave & stays_octave & similar(upper, lower, next_upper, next_lower)


def contrary_perfect(
    upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers
) -> Truths:
    """Fifth to twelfth, unison to octave and the like, the voices moving apart or together."""
    before, after = simple_interval(upper, lower), simple_interval(next_upper, next_lower)
    is_perfect = (before == after) & ((before == 7) | (before == 0))
    return is_perfect & contrary(upper, lower, next_upper, next_lower)


def hidden_fifths(
    upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers
) -> Truths:
    """A fifth is reached from another interval by similar motion, the upper voice leaping."""
    reaches = (simple_interval(next_upper, next_lower) == 7) & (simple_interval(upper, lower) != 7)
    is_leap = abs(next_upper - upper) > 2
    return reaches & is_leap & similar(upper, lower, next_upper, next_lower)


def hidden_octaves(
    upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers
) -> Truths:
    """An octave is reached from another interval by similar motion, the upper voice leaping."""
    reaches = (simple_interval(next_upper, next_lower) == 0) & (simple_interval(upper, lower) != 0)
    is_leap = abs(next_upper - upper) > 2
    return reaches & is_leap & similar(upper, lower, next_upper, next_lower)


def overlap(upper: Integers, lower: Integers, next_upper: Integers, next_lower: Integers) -> Truths:
    """A voice goes beyond the pitch that its neighbour has just left."""
    return (next_lower > upper) | (next_upper < lower)


# One voice with its chords.


@dataclass(frozen=True, slots=True, eq=False)
class Tones:
    """What one voice sings: its pitch, the chord (a row of the vocabulary) and its tonic."""

    pitch: Integers
    chord: Integers
    tonic: Integers

    @property
    def above_root(self) -> Integers:
        """Semitones of the pitch above the root, 0 to 11."""
        return (self.pitch - self.root) % 12

    @property
    def root(self) -> Integers:
        """Pitch class of the root."""
        return (self.tonic + TABLE.root[self.chord]) % 12

    def is_member(self, index: Integers | int) -> Truths:
        """Whether the pitch is the member so numbered (-1: none)."""
        member = np.take_along_axis(
            TABLE.members[self.chord],
            np.maximum(np.broadcast_to(index, self.chord.shape), 0)[..., None],
            axis=-1,
        )[..., 0]
        return (np.asarray(index) >= 0) & (member >= 0) & (self.above_root == member)


def unresolved_leading_tone(step: Tones, following: Tones) -> Truths:
    """The leading tone of a dominant does not rise to its tonic when the tonic chord comes.

    While the root stays (V to V7) it need not rise; nor where the next chord lacks the tonic.
    """
    is_leading = step.is_member(TABLE.leading[step.chord])
    tonic = (step.pitch + 1) % 12
    comes = (
        (following.root == tonic)
        | ((following.root + 3) % 12 == tonic)
        | ((following.root + 4) % 12 == tonic)
    )
    return is_leading & (step.root != following.root) & comes & (following.pitch != step.pitch + 1)


def unresolved_seventh(step: Tones, following: Tones) -> Truths:
    """The seventh of a chord neither falls by step nor stays, and the chord has changed."""
    is_seventh = step.is_member(3)
    fall = step.pitch - following.pitch
    return is_seventh & (step.root != following.root) & (fall != 0) & (fall != 1) & (fall != 2)


def augmented_second(step: Tones, following: Tones) -> Truths:
    """Three semitones between the sixth degree of minor and its raised leading tone."""
    start = (step.pitch - following.tonic) % 12
    end = (following.pitch - following.tonic) % 12
    is_pair = ((start == 8) & (end == 11)) | ((start == 11) & (end == 8))
    return is_pair & (abs(step.pitch - following.pitch) == 3)
