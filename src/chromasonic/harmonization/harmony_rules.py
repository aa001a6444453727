"""Predicates on two successive chords: `(step, following, beats, next_beats)`; they broadcast.

Where the key changes between them, the first chord is read in the new key if it is one of its
chords (a pivot), so that no progression goes unjudged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import (
    APPLIED,
    DOMINANT,
    MODE_NUMBERS,
    PREDOMINANT,
    TABLE,
    TONIC,
)
from chromasonic.harmonization.melody import Beats

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

_MODES = int(TABLE.mode.max()) + 1

_COMMON = {
    0: (0, 1, 2, 3, 4, 5, 6), 1: (1, 4, 6), 2: (2, 3, 5), 3: (0, 1, 3, 4, 6),
    4: (0, 4, 5, 6), 5: (1, 3, 4, 5), 6: (0, 2, 4, 6),
}  # fmt: skip
"""Scale degree of a root to those that commonly follow it (KP ch. 7, the diagram in thirds and
fifths; ii to a six-four of the tonic, and the step up from V to vi, are there told apart)."""

_IS_COMMON = np.array([[after in _COMMON[degree] for after in range(7)] for degree in range(7)])


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
    def has_root_in_bass(self) -> Truths:
        """Root position."""
        return self.bass % 12 == self.root

    @property
    def is_six_four(self) -> Truths:
        """A triad with its fifth in the bass."""
        fifth = TABLE.members[self.chord][..., 2]
        return (TABLE.size[self.chord] == 3) & ((self.bass - self.root) % 12 == fifth)

    @property
    def degree(self) -> Integers:
        """Scale degree of the root, 0 to 6."""
        return TABLE.degree[self.chord]

    @property
    def is_tonic(self) -> Truths:
        """The chord on the tonic, major or minor."""
        return (self.function == TONIC) & (self.degree == 0)

    def read_in(self, key_of: Harmony) -> Harmony:
        """The same sonority as a chord of another's key; unchanged where that key lacks it."""
        if _all_in_one_key(self, key_of):
            return self
        mode = TABLE.mode[key_of.chord]
        shift = (self.tonic - key_of.tonic) % 12
        there = _readings()[self.chord, shift, mode]
        tonic = np.where(there < 0, self.tonic, key_of.tonic)
        return replace(self, chord=np.where(there < 0, self.chord, there), tonic=tonic)


@cache
def _readings() -> Integers:
    """(C, 12, modes) the chord as a row of a mode whose tonic is that much lower; -1 for none."""
    rows = {
        (mode, root, tuple(members)): row
        for row, (mode, root, members) in enumerate(
            zip(TABLE.mode.tolist(), TABLE.root.tolist(), TABLE.members.tolist(), strict=True)
        )
    }
    table = np.full((len(TABLE.root), 12, _MODES), -1)
    for chord, (root, members) in enumerate(zip(TABLE.root, TABLE.members.tolist(), strict=True)):
        for shift in range(12):
            for mode in range(_MODES):
                table[chord, shift, mode] = rows.get(
                    (mode, int(root + shift) % 12, tuple(members)), -1
                )
    return table


def _all_in_one_key(step: Harmony, following: Harmony) -> bool:
    tonic, mode = following.tonic.flat[0], TABLE.mode[following.chord.flat[0]]
    return bool(
        (step.tonic == tonic).all()
        and (following.tonic == tonic).all()
        and (TABLE.mode[step.chord] == mode).all()
        and (TABLE.mode[following.chord] == mode).all()
    )


def _in_one_key(step: Harmony, following: Harmony) -> Truths:
    is_same_mode = TABLE.mode[step.chord] == TABLE.mode[following.chord]
    return (step.tonic == following.tonic) & is_same_mode


def is_same_chord(step: Harmony, following: Harmony) -> Truths:
    """Same root and same third, whatever the seventh and the bass."""
    is_same_third = TABLE.is_minor_third[step.chord] == TABLE.is_minor_third[following.chord]
    return (step.root == following.root) & is_same_third


def retrogression(step: Harmony, following: Harmony, beats: Beats, _: Beats) -> Truths:
    """A dominant with a leading tone goes to ii or IV, within a phrase."""
    step = step.read_in(following)
    leads = (step.function == DOMINANT) & (TABLE.leading[step.chord] >= 0)
    is_back = leads & (following.function == PREDOMINANT)
    return is_back & _in_one_key(step, following) & ~beats.ends_phrase


def weak_progression(step: Harmony, following: Harmony, beats: Beats, _: Beats) -> Truths:
    """A root progression of diatonic chords that the table of common ones lacks, within a phrase.

    ii may also go to a six-four of the tonic. Dominants that go back to a predominant are
    `retrogression`. Between two dominants the leading tone neither comes nor goes; else one without
    it (v, VII) may go anywhere, save VII of minor to the tonic.
    """
    step = step.read_in(following)
    is_common = _IS_COMMON[step.degree, following.degree]
    is_common = is_common | ((step.degree == 1) & following.is_six_four)
    is_dominant, leads = step.function == DOMINANT, TABLE.leading[step.chord] >= 0
    is_wrong = ~is_common & ~(is_dominant & (following.function == PREDOMINANT))
    is_free = is_dominant & ~leads
    is_subtonic = (step.degree == 6) & (TABLE.mode[step.chord] == MODE_NUMBERS["minor"])
    is_wrong = np.where(is_free, is_subtonic & following.is_tonic, is_wrong)
    alters = (following.function == DOMINANT) & (leads != (TABLE.leading[following.chord] >= 0))
    is_wrong = is_wrong | (is_dominant & alters)
    is_plain = (step.function != APPLIED) & (following.function != APPLIED)
    return is_wrong & is_plain & _in_one_key(step, following) & ~beats.ends_phrase


def abrupt_key(step: Harmony, following: Harmony, beats: Beats, _: Beats) -> Truths:
    """The key changes within a phrase, and neither chord belongs to both keys."""
    if _all_in_one_key(step, following):
        return np.zeros(np.broadcast_shapes(step.chord.shape, following.chord.shape), np.bool_)
    forward, back = step.read_in(following), following.read_in(step)
    is_bridged = _in_one_key(forward, following) | _in_one_key(step, back)
    return ~is_bridged & ~beats.ends_phrase


def applied_unresolved(step: Harmony, following: Harmony, _: Beats, __: Beats) -> Truths:
    """An applied chord goes neither to its chord, nor to another dominant of it."""
    is_reached = (following.root == step.target) | (following.target == step.target)
    return (step.function == APPLIED) & ~is_reached


def six_four(step: Harmony, following: Harmony, beats: Beats, next_beats: Beats) -> Truths:
    """A six-four that is neither cadential, nor passing, nor over a bass that stays.

    Wrong are: a bass that leaps into it or out of it, and one of the tonic on a strong beat that
    does not go to its dominant over the same bass. An octave is no leap: the bass keeps its tone,
    as so often between a cadential six-four and its dominant. Into one of the tonic on a strong
    beat the bass may leap, as from ii or from a sixth chord. Asked at both sides of it, each by
    itself.
    """
    motion = abs(following.bass - step.bass)
    leaps = (motion > 2) & (motion != 12)
    opens_cadence = following.is_tonic & (next_beats.strength > 0)
    enters_badly = following.is_six_four & leaps & ~opens_cadence
    leaves_badly = step.is_six_four & leaps
    is_on_dominant = (following.function == DOMINANT) & (motion % 12 == 0)
    is_cadential = step.is_six_four & step.is_tonic & (beats.strength > 0)
    return enters_badly | leaves_badly | (is_cadential & ~is_on_dominant)


def static_barline(step: Harmony, following: Harmony, beats: Beats, next_beats: Beats) -> Truths:
    """The chord stays from a weak beat into a downbeat, no phrase ending between them."""
    stays = is_same_chord(step, following)
    return stays & (next_beats.strength == 2) & (beats.strength < 2) & ~beats.ends_phrase


def static(step: Harmony, following: Harmony, beats: Beats, next_beats: Beats) -> Truths:
    """Chord and bass are the same again, though the melody has a new note."""
    stays = is_same_chord(step, following) & (step.bass % 12 == following.bass % 12)
    return stays & ~next_beats.is_held & ~beats.ends_phrase


def close_without_dominant(
    step: Harmony, following: Harmony, _: Beats, next_beats: Beats
) -> Truths:
    """A phrase closes on I, III or vi, and what comes before is neither its dominant nor itself.

    In modes other than major and minor any dominant of the mode (v, VII) leads to its tonic.
    """
    is_close = next_beats.ends_phrase & (following.function == TONIC)
    step = step.read_in(following)
    return is_close & ~_leads_to(step, following) & ~is_same_chord(step, following)


def inverted_close(step: Harmony, following: Harmony, _: Beats, next_beats: Beats) -> Truths:
    """A phrase closes from a dominant that is not the chord a fifth above in root position.

    VII of a mode other than major and minor, in root position, closes as well.
    """
    is_close = next_beats.ends_phrase & (following.function == TONIC)
    step = step.read_in(following)
    is_fifth = (step.root - following.root) % 12 == 7
    is_pillar = (is_fifth | _is_modal_dominant(step)) & step.has_root_in_bass
    return is_close & _leads_to(step, following) & ~is_pillar


def _leads_to(step: Harmony, following: Harmony) -> Truths:
    """The first chord is a dominant of the second."""
    is_its_own = _is_modal_dominant(step) & following.is_tonic
    return (step.target == following.root) | is_its_own


def _is_modal_dominant(step: Harmony) -> Truths:
    """A dominant, with or without leading tone, in a mode that is neither major nor minor."""
    modes = MODE_NUMBERS["major"], MODE_NUMBERS["minor"]
    return (step.function == DOMINANT) & ~np.isin(TABLE.mode[step.chord], modes)


def late_tonic(step: Harmony, following: Harmony, _: Beats, next_beats: Beats) -> Truths:
    """The tonic of a close sounds already on the beat before, so that no cadence is heard."""
    is_close = next_beats.ends_phrase & following.is_tonic & ~next_beats.is_held
    return is_close & is_same_chord(step, following)
