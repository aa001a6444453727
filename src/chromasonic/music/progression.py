"""Chord progressions: one chord a beat, with the key and, where there is one, the melody.

The grid of beats is that of felt beats (`Metre.beat_ticks`): quarters in 2/4, 3/4 and 4/4, halves
in 2/2 and 3/2, dotted quarters in 6/8, 9/8 and 12/8.

Legend: N beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.music.chord import HOLD, OTHER, START, Chord

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NOT_BEGUN = -1
"""Number of a chord before the first one; tonic and beat of the bar where they are unknown."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChordProgression:
    """The chords of a piece.

    Attributes:
        id: unique and stable within its corpus.
        title: as written; may be empty.
        palette: the distinct chords.
        chord: (N,) for each beat which of them; `NOT_BEGUN` before the first.
        beat: (N,) beat of the bar from 0; `NOT_BEGUN` where no bars are known.
        bar_beats: (N,) how many beats the bar has; 0 where no bars are known.
        tonic: (N,) pitch class of the tonic; `NOT_BEGUN` where it is unknown.
        scale: (N, 12) 1 for each pitch class that is known to be of the key, else 0: the scale,
            the tonic alone where the mode is unknown, nothing where the key is.
        melody: (N, 12) how long each pitch class sounds in the melody, as a share of the beat;
            (0, 12) where there is none.
    """

    id: str
    title: str
    palette: tuple[Chord, ...]
    chord: Integers
    beat: Integers
    bar_beats: Integers
    tonic: Integers
    scale: Floats
    melody: Floats

    def __len__(self) -> int:
        return len(self.chord)

    @property
    def has_melody(self) -> bool:
        """Whether the melody is known."""
        return len(self.melody) == len(self)

    def chords(self) -> tuple[Chord | None, ...]:
        """For each beat its chord; None before the first."""
        return tuple(None if number < 0 else self.palette[number] for number in self.chord)

    def classes(self) -> Integers:
        """(N,) class of each beat's chord; `START` before the first."""
        table = np.array([*(chord.class_id for chord in self.palette), START], np.int64)
        return table[self.chord]

    def targets(self) -> Integers:
        """(N,) what to predict: `HOLD` where the class stays, else the new chord's class.

        Before the first chord it is `START`. Two chords of class `OTHER` are the same one only if
        their roots are.
        """
        classes = self.classes()
        roots = np.array(
            [*(NOT_BEGUN if chord.root is None else chord.root for chord in self.palette), -1],
            np.int64,
        )[self.chord]
        stays = np.zeros(len(self), bool)
        same_root = (classes[1:] != OTHER) | (roots[1:] == roots[:-1])
        stays[1:] = (classes[1:] == classes[:-1]) & same_root & (classes[1:] != START)
        return np.where(stays, HOLD, classes)


def progression(
    chords: list[Chord | None],
    *,
    id: str,
    title: str,
    beat: list[int],
    bar_beats: list[int],
    tonic: list[int],
    scale: npt.NDArray[np.float64],
    melody: npt.NDArray[np.float64] | None = None,
) -> ChordProgression:
    """A progression from one chord a beat; see `ChordProgression` for the rest.

    Raises:
        ValueError: the columns are not of one length.
    """
    palette = tuple(dict.fromkeys(chord for chord in chords if chord is not None))
    numbers = {chord: number for number, chord in enumerate(palette)}
    lengths = {len(chords), len(beat), len(bar_beats), len(tonic), len(scale)}
    lengths |= {len(melody)} if melody is not None else set()
    if len(lengths) > 1:
        raise ValueError(f"The columns of a progression have lengths {sorted(lengths)}, not one.")
    return ChordProgression(
        id=id,
        title=title,
        palette=palette,
        chord=np.array([NOT_BEGUN if c is None else numbers[c] for c in chords], np.int64),
        beat=np.array(beat, np.int64),
        bar_beats=np.array(bar_beats, np.int64),
        tonic=np.array(tonic, np.int64),
        scale=np.asarray(scale, np.float64).reshape(len(chords), 12),
        melody=np.zeros((0, 12)) if melody is None else np.asarray(melody, np.float64),
    )
