"""Voicings: four pitches and the chord that they spell; and all that are admissible for a note."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import MODE_NUMBERS, TABLE
from chromasonic.music.chorale import VOICES
from chromasonic.music.key import MODES

Integers = npt.NDArray[np.int64]

SOPRANO, ALTO, TENOR, BASS = range(4)

NO_CHORD = -1
"""In the place of a chord: two voices name none."""

RANGES = {"soprano": (60, 81), "alto": (53, 74), "tenor": (48, 69), "bass": (38, 62)}
"""Lowest and highest MIDI number of each voice: C4 to A5, F3 to D5, C3 to A4, D2 to D4.

Source: Aldwell and Schachter, unit 4; the bass a tone lower, as Bach's goes.
"""

WIDEST_UPPER, WIDEST_LOWER = 12, 24
"""Semitones at most between neighbours above the bass, and between tenor and bass."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Voicings:
    """N voicings, each a row.

    Four voices; or two, the melody and a counter-melody below it (`two_voices`): then pitches and
    members have two columns, every chord is `NO_CHORD` and every member -1.

    Attributes:
        pitches: (N, 4) MIDI numbers of soprano, alto, tenor and bass.
        chord: (N,) row of `chords.VOCABULARY`; `NO_CHORD` with two voices.
        tonic: (N,) pitch class of the tonic that the chord is named from.
        member: (N, 4) which member of the chord each voice has: 0 the root, 1 the third, 2 the
            fifth, 3 the seventh; -1 a tone that is foreign to it.
    """

    pitches: Integers
    chord: Integers
    tonic: Integers
    member: Integers

    def __len__(self) -> int:
        return len(self.chord)

    def __getitem__(self, rows: slice | npt.ArrayLike) -> Voicings:
        """The voicings of some rows (a slice, indices or a mask)."""
        if not isinstance(rows, slice):
            rows = np.asarray(rows)
        return Voicings(
            pitches=self.pitches[rows],
            chord=self.chord[rows],
            tonic=self.tonic[rows],
            member=self.member[rows],
        )

    @classmethod
    def of(cls, pitches: npt.ArrayLike, chord: npt.ArrayLike, tonic: npt.ArrayLike) -> Voicings:
        """Voicings of given pitches and chords, members found; shapes broadcast over rows."""
        pitches = np.atleast_2d(np.asarray(pitches, np.int64))
        chord, tonic = np.atleast_1d(chord).astype(np.int64), np.atleast_1d(tonic).astype(np.int64)
        rows = max(len(pitches), len(chord), len(tonic))
        pitches = np.broadcast_to(pitches, (rows, pitches.shape[1]))
        chord, tonic = np.broadcast_to(chord, rows), np.broadcast_to(tonic, rows)
        return cls(
            pitches=pitches, chord=chord, tonic=tonic, member=members_of(pitches, chord, tonic)
        )

    @classmethod
    def joined(cls, parts: list[Voicings]) -> Voicings:
        """All rows of several, in order."""
        return cls(
            pitches=np.concatenate([part.pitches for part in parts]),
            chord=np.concatenate([part.chord for part in parts]),
            tonic=np.concatenate([part.tonic for part in parts]),
            member=np.concatenate([part.member for part in parts]),
        )


def members_of(pitches: Integers, chord: Integers, tonic: Integers) -> Integers:
    """(N, 4) which member each pitch is of its row's chord; -1 for none."""
    above = (pitches - tonic[:, None] - TABLE.root[chord][:, None]) % 12  # (N, 4)
    is_member = above[:, :, None] == TABLE.members[chord][:, None, :]  # (N, voices, members)
    return np.where(is_member.any(-1), is_member.argmax(-1), -1)


@lru_cache(maxsize=2048)
def admissible(soprano: int, tonic: int, mode: str) -> Voicings:
    """All admissible voicings under a note: (N, 4), ordered by chord, then bass, tenor, alto.

    Admissible is what can be sung and names its chord: each voice in its range (the soprano is
    given), no voice above its upper neighbour, neighbours above the bass at most an octave apart,
    tenor and bass at most two; root and third present, in sevenths the seventh too (the fifth may
    be left out); a leading tone or a seventh not doubled.

    Args:
        soprano: MIDI number.
        tonic: pitch class of the tonic.
        mode: one of `MODES`.

    Returns:
        The voicings; none where no chord of the mode holds the note.
    """
    chords = np.flatnonzero(TABLE.mode == MODE_NUMBERS[mode])
    rows = [_of_chord(soprano, tonic, int(chord)) for chord in chords]
    pitches = np.concatenate(rows)
    chord = np.repeat(chords, [len(row) for row in rows])
    return Voicings.of(pitches, chord, np.full(len(chord), tonic))


def _of_chord(soprano: int, tonic: int, chord: int) -> Integers:
    """(N, 4) admissible voicings of one chord."""
    members = TABLE.members[chord][: TABLE.size[chord]]
    classes = (tonic + TABLE.root[chord] + members) % 12
    if soprano % 12 not in classes:
        return np.empty((0, 4), np.int64)
    choices = [
        [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]
        for low, high in (RANGES[voice] for voice in VOICES[:0:-1])
    ]
    grid = np.array(list(product(*choices)), np.int64)  # bass, tenor, alto
    pitches = np.column_stack([np.full(len(grid), soprano), grid[:, 2], grid[:, 1], grid[:, 0]])
    gaps = pitches[:, :-1] - pitches[:, 1:]
    fits = (gaps >= 0).all(1) & (gaps[:, :2] <= WIDEST_UPPER).all(1) & (gaps[:, 2] <= WIDEST_LOWER)
    pitches = pitches[fits]
    counts = (pitches[:, :, None] % 12 == classes).sum(1)  # (N, members)
    needed = [0, 1, 3][: len(members) - 1]
    leading = TABLE.leading[chord]
    is_whole = (counts[:, needed] > 0).all(1)
    if leading >= 0:
        is_whole &= counts[:, leading] <= 1
    if len(members) == 4:
        is_whole &= counts[:, 3] <= 1
    return pitches[is_whole]


def chords_in_key(tonic: int, mode: str) -> tuple[Integers, Integers]:
    """(C,) rows of the vocabulary in a mode, and (C,) the tonic: labels for any sonority."""
    chords = np.flatnonzero(TABLE.mode == MODE_NUMBERS[mode])
    return chords, np.full(len(chords), tonic)


def is_known_mode(mode: str) -> bool:
    """Whether a mode has a vocabulary."""
    return mode in MODES
