"""Performances: notes as they were played, with strength and exact time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlayedNotes:
    """Notes in the order of their onsets (then pitches), as columns of one length N.

    Attributes:
        onset_seconds: (N,) from the start of the recording.
        end_seconds: (N,) when the key is let go (the pedal is not counted in).
        onset_quarters: (N,) on the file's own grid of quarter notes; in a file without a tempo
            this grid means nothing musical.
        pitch: (N,) MIDI number 0 to 127; for drums the General MIDI instrument.
        velocity: (N,) 1 to 127.
        channel: (N,) 0 to 15; 9 is the drums.
        track: (N,) number of the track in the file.
        program: (N,) General MIDI instrument in force, 0 to 127.
    """

    onset_seconds: Floats
    end_seconds: Floats
    onset_quarters: Floats
    pitch: Integers
    velocity: Integers
    channel: Integers
    track: Integers
    program: Integers

    def __len__(self) -> int:
        return len(self.pitch)

    def __getitem__(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> PlayedNotes:
        """The notes of a mask or of some numbers, in that order."""
        return PlayedNotes(**{name: getattr(self, name)[chosen] for name in COLUMNS})


COLUMNS = tuple(PlayedNotes.__dataclass_fields__)
"""Names of the columns of `PlayedNotes`."""
