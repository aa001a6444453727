"""Predicates on one voicing and its beat: `(voicings, beats) -> (N,)` counts or truths."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import (
    CHROMATIC,
    DOMINANT,
    MODE_NUMBERS,
    PRIMARY,
    SECONDARY,
    TABLE,
    TONIC,
)
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.voicings import BASS, Voicings

Counts = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

COMFORTABLE = np.array([(60, 79), (55, 72), (50, 67), (40, 60)])
"""Lowest and highest MIDI number that each voice sings with ease: C4-G5, G3-C5, D3-G4, E2-C4."""


TABLE_TONIC = np.array(
    [np.flatnonzero((TABLE.mode == mode) & (TABLE.root == 0))[0] for mode in range(7)]
)
"""Mode number to the row of its tonic triad."""


def out_of_range(voicings: Voicings, _: Beats) -> Counts:
    """How many of the lower voices are outside their comfortable range."""
    pitches = voicings.pitches[:, 1:]
    return ((pitches < COMFORTABLE[1:, 0]) | (pitches > COMFORTABLE[1:, 1])).sum(1)


def wide_gap(voicings: Voicings, _: Beats) -> Counts:
    """How many gaps between soprano, alto and tenor are wider than an octave."""
    return (voicings.pitches[:, :2] - voicings.pitches[:, 1:3] > 12).sum(1)


def wide_low_gap(voicings: Voicings, _: Beats) -> Truths:
    """Tenor and bass are more than a twelfth (19 semitones) apart."""
    return voicings.pitches[:, 2] - voicings.pitches[:, 3] > 19


def crossing(voicings: Voicings, _: Beats) -> Counts:
    """How many neighbours stand the wrong way round."""
    return (voicings.pitches[:, :-1] < voicings.pitches[:, 1:]).sum(1)


def unison(voicings: Voicings, _: Beats) -> Counts:
    """How many neighbours sing the same pitch."""
    return (voicings.pitches[:, :-1] == voicings.pitches[:, 1:]).sum(1)


def foreign_tones(voicings: Voicings, _: Beats) -> Counts:
    """How many voices sing a tone that the chord does not have."""
    return (voicings.member < 0).sum(1)


def missing_third(voicings: Voicings, _: Beats) -> Truths:
    """No voice has the third."""
    return ~(voicings.member == 1).any(1)


def missing_fifth(voicings: Voicings, _: Beats) -> Truths:
    """No voice has the fifth."""
    return ~(voicings.member == 2).any(1)


def missing_seventh(voicings: Voicings, _: Beats) -> Truths:
    """A chord with a seventh, and no voice has it."""
    return (TABLE.size[voicings.chord] == 4) & ~(voicings.member == 3).any(1)


def doubled_leading_tone(voicings: Voicings, _: Beats) -> Truths:
    """Two voices have the leading tone (of the key, or of the chord applied to)."""
    leading = TABLE.leading[voicings.chord]
    return (leading >= 0) & ((voicings.member == leading[:, None]).sum(1) > 1)


def doubled_seventh(voicings: Voicings, _: Beats) -> Truths:
    """Two voices have the seventh."""
    return (voicings.member == 3).sum(1) > 1


def doubled_third(voicings: Voicings, _: Beats) -> Truths:
    """The third is doubled in a major triad, or in a minor one that is no first inversion."""
    is_triad = TABLE.members[voicings.chord][:, 2] == 7
    is_free = (TABLE.is_minor_third[voicings.chord] > 0) & (voicings.member[:, BASS] == 1)
    return is_triad & ~is_free & ((voicings.member == 1).sum(1) > 1)


def doubled_fifth(voicings: Voicings, _: Beats) -> Truths:
    """The fifth is doubled, and the bass does not have it."""
    return ((voicings.member == 2).sum(1) > 1) & (voicings.member[:, BASS] != 2)


def secondary_chord(voicings: Voicings, _: Beats) -> Truths:
    """A diatonic chord that is no pillar of the key."""
    return TABLE.rank[voicings.chord] == SECONDARY


def chromatic_chord(voicings: Voicings, beats: Beats) -> Truths:
    """A chord with tones from outside the key; the major tonic that ends a minor phrase is free."""
    return (TABLE.rank[voicings.chord] == CHROMATIC) & ~(_is_tonic(voicings) & beats.ends_phrase)


def _is_tonic(voicings: Voicings) -> Truths:
    """A triad on the tonic, major or minor."""
    chord = voicings.chord
    return (TABLE.root[chord] == 0) & (TABLE.function[chord] == TONIC) & (TABLE.size[chord] == 3)


def minor_dominant(voicings: Voicings, _: Beats) -> Truths:
    """The triad or seventh on the fifth degree of minor without its leading tone."""
    chord = voicings.chord
    is_minor = TABLE.mode[chord] == MODE_NUMBERS["minor"]
    return (
        is_minor
        & (TABLE.degree[chord] == 4)
        & (TABLE.rank[chord] == PRIMARY)
        & (TABLE.leading[chord] < 0)
    )


def seventh_chord(voicings: Voicings, _: Beats) -> Truths:
    """A seventh chord."""
    return TABLE.size[voicings.chord] == 4


def plain_seventh(voicings: Voicings, _: Beats) -> Truths:
    """A seventh chord that is no dominant and leads nowhere."""
    return (TABLE.size[voicings.chord] == 4) & (TABLE.target[voicings.chord] < 0)


def first_inversion(voicings: Voicings, _: Beats) -> Truths:
    """The third is in the bass."""
    return voicings.member[:, BASS] == 1


def second_inversion(voicings: Voicings, _: Beats) -> Truths:
    """A triad with its fifth in the bass."""
    return (voicings.member[:, BASS] == 2) & (TABLE.size[voicings.chord] == 3)


def low_seventh(voicings: Voicings, _: Beats) -> Truths:
    """A seventh chord with its fifth or its seventh in the bass (4/3, 4/2)."""
    return (TABLE.size[voicings.chord] == 4) & (voicings.member[:, BASS] >= 2)


def diminished_root(voicings: Voicings, _: Beats) -> Truths:
    """A diminished triad with its root in the bass."""
    is_diminished = (TABLE.size[voicings.chord] == 3) & (TABLE.members[voicings.chord][:, 2] == 6)
    return is_diminished & (voicings.member[:, BASS] == 0)


def melody_clash(voicings: Voicings, beats: Beats) -> npt.NDArray[np.float64]:
    """Share of the beat in which the melody sounds tones that the chord does not have."""
    classes = (voicings.tonic + TABLE.root[voicings.chord])[:, None] + TABLE.members[voicings.chord]
    fits = np.zeros((len(voicings), 12))
    is_there = TABLE.members[voicings.chord] >= 0
    rows = np.broadcast_to(np.arange(len(voicings))[:, None], classes.shape)
    fits[rows[is_there], classes[is_there] % 12] = 1.0
    return 1.0 - (fits * beats.tones).sum(1)


def no_opening(voicings: Voicings, beats: Beats) -> Truths:
    """A phrase begins with neither a tonic nor a dominant triad of the key."""
    chord = voicings.chord
    is_dominant = (TABLE.function[chord] == DOMINANT) & (TABLE.degree[chord] == 4)
    return beats.begins_phrase & ~(_is_tonic(voicings) | (is_dominant & (TABLE.size[chord] == 3)))


def no_cadence(voicings: Voicings, beats: Beats) -> Truths:
    """A phrase ends on another chord than a triad at rest, its root in the bass.

    At rest are the tonic, V and vi; in minor also III and VII (the relative major and its
    dominant), in modes without leading tone v and VII.
    """
    chord = voicings.chord
    is_triad = (TABLE.size[chord] == 3) & (TABLE.members[chord][:, 2] == 7)
    is_minor = TABLE.members[TABLE_TONIC[TABLE.mode[chord]]][:, 1] == 3
    degree, function = TABLE.degree[chord], TABLE.function[chord]
    is_rest = (function == TONIC) & ((degree != 2) | is_minor)
    is_rest |= (function == DOMINANT) & is_triad
    return beats.ends_phrase & ~(is_triad & is_rest & (voicings.member[:, BASS] == 0))


def no_final(voicings: Voicings, beats: Beats) -> Truths:
    """The piece ends on another chord than its tonic, or not with the root in the bass."""
    return beats.is_last & ~(_is_tonic(voicings) & (voicings.member[:, BASS] == 0))
