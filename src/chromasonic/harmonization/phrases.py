"""Where the phrases of a melody end: under fermatas, else before rests, else a guess."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune

Integers = npt.NDArray[np.int64]


class SungNote(NamedTuple):
    """A note as heard, ties joined: ticks from the start, ticks, MIDI number, under a fermata."""

    onset: int
    duration: int
    pitch: int
    fermata: bool

    @property
    def end(self) -> int:
        """Ticks from the start of the tune."""
        return self.onset + self.duration


def sung_notes(tune: Tune) -> list[SungNote]:
    """The notes of a tune as written (repeats not unfolded), ties joined, rests left out."""
    onset, found = 0, list[SungNote]()
    for note in tune.notes():
        last = found[-1] if found else None
        if note.pitch is not None:
            if note.tied and last and last.end == onset and last.pitch == note.pitch:
                fermata = last.fermata or note.fermata
                found[-1] = last._replace(duration=last.duration + note.duration, fermata=fermata)
            else:
                found.append(SungNote(onset, note.duration, note.pitch, note.fermata))
        onset += note.duration
    return found


def phrase_ends(tune: Tune, notes: list[SungNote]) -> list[int]:
    """Indices, ascending, of the notes that end phrases; the last note always does.

    Args:
        tune: the melody.
        notes: `sung_notes` of it.
    """
    last = len(notes) - 1
    marked = [index for index, note in enumerate(notes) if note.fermata]
    if not marked or marked == [last]:
        marked = _before_rests(notes)
    return sorted({*marked, last})


def _before_rests(notes: list[SungNote]) -> list[int]:
    """Notes that a rest of a quarter or longer follows."""
    return [
        index
        for index, (note, after) in enumerate(pairwise(notes))
        if after.onset - note.end >= TICKS_PER_QUARTER
    ]
