"""Four-part chorales on a grid of sixteenths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

STEPS_OF_QUARTER = 4
SILENT = -1
VOICES = ("soprano", "alto", "tenor", "bass")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Chorale:
    """A chorale as its four sounding pitches at each sixteenth; held and struck alike.

    Attributes:
        id: unique and stable within its corpus.
        title: may be empty.
        pitches: (T, 4) MIDI numbers of soprano, alto, tenor and bass; `SILENT` where one rests.
    """

    id: str
    title: str
    pitches: Integers

    def __len__(self) -> int:
        return len(self.pitches)

    def pitch_class_shares(self, voices: slice = slice(None)) -> npt.NDArray[np.float64]:
        """(T, 12) how many of the voices sound each pitch class at each sixteenth."""
        chosen = self.pitches[:, voices]
        counts = np.zeros((len(chosen), 12))
        step, voice = np.nonzero(chosen != SILENT)
        np.add.at(counts, (step, chosen[step, voice] % 12), 1.0)
        return counts
