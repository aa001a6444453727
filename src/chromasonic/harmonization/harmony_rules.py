"""Predicates on two successive chords: `(step, following, beats, next_beats)`, arrays that broadcast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import APPLIED, DOMINANT, PREDOMINANT, TABLE, TONIC
from chromasonic.harmonization.melody import Beats

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Harmony:
    """A chord as it stands: row of the vocabulary, its tonic, and the MIDI number in the bass."""

    chord: Integers
    tonic: Integers
    bass: Integers

    @property
    def root(self) -> Integers:
        """Pitch class of the root."""
        return (self.tonic + TABLE.root[self.chord]) % 12

    @property
    def function(self) -> Integers:
        """See `chords`."""
        return TABLE.function[self.chord]

    @property
    def target(self) -> Integers:
        """Pitch class of the root that it leads to; -1 for none."""
        target = TABLE.target[self.chord]
        return np.where(target < 0, -1, (self.tonic + target) % 12)

    @property
    def is_six_four(self) -> Truths:
        """A triad with its fifth in the bass."""
        fifth = TABLE.members[self.chord][..., 2]
        return (TABLE.size[self.chord] == 3) & ((self.bass - self.root) % 12 == fifth)

    @property
    def degree(self) -> Integers:
        """Scale degree of the root, 0 to 6."""
        return TABLE.degree[self.chord]


def _same_key(step: Harmony, following: Harmony) -> Truths:
    is_same_mode = TABLE.mode[step.chord] == TABLE.mode[following.chord]
    return (step.tonic == following.tonic) & is_same_mode


def is_same_chord(step: Harmony, following: Harmony) -> Truths:
    """Same root and same third, whatever the seventh and the bass."""
    is_same_third = TABLE.is_minor_third[step.chord] == TABLE.is_minor_third[following.chord]
    return (step.root == following.root) & is_same_third


def retrogression(step: Harmony, following: Harmony, beats: Beats, _: Beats) -> Truths:
    """V or vii goes to ii or IV, within a phrase."""
    is_back = (step.function == DOMINANT) & (following.function == PREDOMINANT)
    return is_back & _same_key(step, following) & ~beats.ends_phrase


def weak_progression(step: Harmony, following: Harmony, beats: Beats, _: Beats) -> Truths:
    """A progression that the table of common ones lacks, within a key and a phrase.

    iii goes to vi or IV; ii to V, vii or a six-four of the tonic; others are free from here.
    """
    degree, after = step.degree, following.degree
    from_iii = (degree == 2) & ~((after == 5) | (after == 3) | (after == 2))
    from_ii = (degree == 1) & ~((after == 4) | (after == 6) | (after == 1) | following.is_six_four)
    is_plain = (step.function != APPLIED) & (following.function != APPLIED)
    return (from_iii | from_ii) & is_plain & _same_key(step, following) & ~beats.ends_phrase


def applied_unresolved(step: Harmony, following: Harmony, _: Beats, __: Beats) -> Truths:
    """An applied chord goes neither to its chord, nor to another dominant of it."""
    is_reached = (following.root == step.target) | (following.target == step.target)
    return (step.function == APPLIED) & ~is_reached


def six_four(step: Harmony, following: Harmony, _: Beats, next_beats: Beats) -> Truths:
    """A six-four neither on a strong beat before its dominant, nor with a bass that steps or stays.

    Asked at the way into it and at the way out of it, each by itself.
    """
    motion = abs(following.bass - step.bass)
    enters_badly = following.is_six_four & (motion > 2)
    leaves_badly = step.is_six_four & (motion > 2)
    is_cadential = (following.function == TONIC) & (following.degree == 0)
    wrongly_placed = (
        following.is_six_four & is_cadential & (next_beats.strength == 0) & (motion != 0)
    )
    return enters_badly | leaves_badly | wrongly_placed


def static_barline(step: Harmony, following: Harmony, beats: Beats, next_beats: Beats) -> Truths:
    """The chord stays from a weak beat into a downbeat, no phrase ending between them."""
    stays = is_same_chord(step, following)
    return stays & (next_beats.strength == 2) & (beats.strength < 2) & ~beats.ends_phrase


def static(step: Harmony, following: Harmony, beats: Beats, next_beats: Beats) -> Truths:
    """Chord and bass are the same again, though the melody has a new note."""
    stays = is_same_chord(step, following) & (step.bass == following.bass)
    return stays & ~next_beats.is_held & ~beats.ends_phrase


def weak_cadence(step: Harmony, following: Harmony, _: Beats, next_beats: Beats) -> Truths:
    """A phrase closes on the tonic, reached neither from a dominant nor from IV or ii."""
    is_close = next_beats.ends_phrase & (following.degree == 0) & (following.function == TONIC)
    comes_well = (step.function == DOMINANT) | (step.function == PREDOMINANT)
    return is_close & ~comes_well & ~is_same_chord(step, following)
