"""A melody as beats: the moments at which a voicing is chosen."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Beats:
    """B beats of a melody, each a row; silent beats are no rows.

    Attributes:
        pitch: (B,) MIDI number of the melody where the beat begins: it is harmonized.
        leaving: (B,) the last pitch of the melody within the beat: the next beat is reached from
            it. Between the two, the lower voices stand still.
        tones: (B, 12) share of the beat's sounding time that each pitch class of the melody has.
        tonic: (B,) pitch class of the tonic of the key in force.
        mode: (B,) number of its mode, see `chords.MODE_NUMBERS`.
        strength: (B,) 2 for a downbeat, 1 for a strong beat within the bar, 0 for a weak one.
        is_held: (B,) the melody holds its note over from the beat before.
        begins_phrase: (B,) the first beat of a phrase.
        ends_phrase: (B,) the last beat of a phrase (where its last note begins).
        is_last: (B,) the final beat of the piece on which a voicing is struck.
    """

    pitch: Integers
    leaving: Integers
    tones: Floats
    tonic: Integers
    mode: Integers
    strength: Integers
    is_held: Truths
    begins_phrase: Truths
    ends_phrase: Truths
    is_last: Truths

    def __len__(self) -> int:
        return len(self.pitch)

    def __getitem__(self, rows: int | slice | npt.ArrayLike) -> Beats:
        """The beats of some rows; a single number keeps the axis (one row)."""
        if isinstance(rows, (int, np.integer)):
            rows = slice(int(rows), int(rows) + 1)
        return Beats(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Melody:
    """A melody to be harmonized.

    Attributes:
        id: unique within its corpus.
        title: may be empty.
        beats: B beats.
        onset: (B,) ticks from the start at which each beat's voicing is struck.
        duration: (B,) ticks that it sounds.
        bar: (B,) number of the bar that it stands in, the first full bar being 1, a pickup 0.
        place: (B,) quarters from the start of its bar.
    """

    id: str
    title: str = ""
    beats: Beats
    onset: Integers
    duration: Integers
    bar: Integers
    place: Floats

    def __len__(self) -> int:
        return len(self.beats)
