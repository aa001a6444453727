"""Predicates on voices that move: one, two, or one with the chords around it.

All arguments are arrays of MIDI numbers (or `Tones`) that broadcast; truths come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import TABLE

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


# One voice: (start, end).


def skip(start: Integers, end: Integers) -> Truths:
    """The voice moves by more than a major second."""
    return abs(end - start) > 2


def leap(start: Integers, end: Integers) -> Truths:
    """The voice moves by more than a major third."""
    return abs(end - start) > 4


def stays(start: Integers, end: Integers) -> Truths:
    """The voice sings the same pitch again."""
    return start == end


def wide_leap(start: Integers, end: Integers) -> Truths:
    """The voice moves by more than a perfect fifth, and not by an octave."""
    size = abs(end - start)
    return (size > 7) & (size != 12)


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

_LETTERS_BETWEEN = np.array([0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6])
"""Semitones from one tonic up to another to letters between their names, as near keys have them."""


def letters_between(tonic: Integers, other: Integers) -> Integers:
    """How many letters the name of another tonic is above that of a tonic, 0 to 6."""
    return _LETTERS_BETWEEN[(other - tonic) % 12]


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

    @property
    def letter(self) -> Integers:
        """Letters that its name is above the tonic's, 0 to 6; -1 where the chord lacks the tone."""
        members = TABLE.members[self.chord]
        is_it = (members == self.above_root[..., None]) & (members >= 0)
        letter = np.take_along_axis(TABLE.letters[self.chord], is_it.argmax(-1)[..., None], -1)
        return np.where(is_it.any(-1), letter[..., 0], -1)

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


def augmented_interval(step: Tones, following: Tones) -> Truths:
    """The voice moves by an augmented second or fourth, told from a third or a diminished fifth.

    By the letters of the names: six semitones over four letters are augmented, over five
    diminished. Tones foreign to their chord have no name and pass.
    """
    size = abs(following.pitch - step.pitch)
    ascends = following.pitch > step.pitch
    between = letters_between(step.tonic, following.tonic)
    start, end = step.letter, following.letter
    letters = np.where(ascends, end + between - start, start - between - end) % 7
    is_named = (start >= 0) & (end >= 0)
    return is_named & (((size == 3) & (letters == 1)) | ((size == 6) & (letters == 3)))


# All voices with their chords.


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """All four pitches of voicings: (..., 4), with chord and tonic."""

    pitches: Integers
    chord: Integers
    tonic: Integers


def same_direction(step: Parts, following: Parts) -> Truths:
    """All voices move, and all in the same direction."""
    rises = [following.pitches[..., voice] > step.pitches[..., voice] for voice in range(4)]
    falls = [following.pitches[..., voice] < step.pitches[..., voice] for voice in range(4)]
    return (rises[0] & rises[1] & rises[2] & rises[3]) | (falls[0] & falls[1] & falls[2] & falls[3])


def false_relation(step: Parts, following: Parts) -> Truths:
    """A degree is altered chromatically, and another voice has it than had it before.

    None where any one voice makes the chromatic step itself. One alteration is asked of each pair
    of chords, that of their lowest members.
    """
    before, after = _alterations(step, following)
    was, comes, steps = (np.zeros(before.shape, np.bool_) for _ in range(3))
    if not (before >= 0).any():
        return was
    start, end = step.pitches % 12, following.pitches % 12
    for voice in range(4):
        had, has = start[..., voice] == before, end[..., voice] == after
        was |= had
        comes |= has
        steps |= had & has
    return was & comes & ~steps


def _alterations(step: Parts, following: Parts) -> tuple[Integers, Integers]:
    """The pitch classes that an altered degree has before and after; -1 where none is altered."""
    mine, row = np.unique(step.chord * 12 + step.tonic, return_inverse=True)
    theirs, column = np.unique(following.chord * 12 + following.tonic, return_inverse=True)
    (chord, tonic), (next_chord, next_tonic) = np.divmod(mine[:, None], 12), np.divmod(theirs, 12)
    pair = _altered()[:, chord, next_chord, (next_tonic - tonic) % 12]  # (2, distinct, distinct)
    tonics = np.broadcast_arrays(tonic, next_tonic)
    pair = np.where(pair < 0, -1, (pair + tonics) % 12).astype(np.int8)
    if step.chord.ndim == 2:  # all pairs, (M, 1) and (1, N): columns first is the faster way
        before, after = (table.take(column.ravel(), 1).take(row.ravel(), 0) for table in pair)
        return before, after
    place = row.reshape(step.chord.shape) * len(theirs) + column.reshape(following.chord.shape)
    return pair[0].ravel()[place], pair[1].ravel()[place]


@cache
def _altered() -> npt.NDArray[np.int8]:
    """(2, C, C, 12) the pitch classes that a degree has in two chords, where it has two; else -1.

    The last axis: semitones from the first tonic to the second. Each is relative to its tonic.
    """
    count = len(TABLE.root)
    classes = np.where(TABLE.members < 0, -1, (TABLE.root[:, None] + TABLE.members) % 12)
    found = np.full((2, count, count, 12), -1, np.int8)
    is_there = classes >= 0
    for shift, letters in enumerate(_LETTERS_BETWEEN):
        for mine in range(3, -1, -1):
            for other in range(3, -1, -1):
                theirs = classes[:, other]
                is_altered = (
                    (TABLE.letters[:, mine, None] == (TABLE.letters[:, other] + letters) % 7)
                    & (classes[:, mine, None] != (theirs + shift) % 12)
                    & is_there[:, mine, None]
                    & is_there[:, other]
                )
                rows, columns = np.nonzero(is_altered)
                found[0, rows, columns, shift] = classes[rows, mine]
                found[1, rows, columns, shift] = theirs[columns]
    return found
