"""How many of Bach's chords a harmonization finds, by the Roman numerals of human analysts.

A chord is found when its root and the quality of its triad are the analyst's: the numeral, read in
the analyst's own key of the moment, without its seventh and its inversion. Beats on which the
analyst names another chord than on the beat before are told apart from those on which the chord is
held, since holding is easy to guess.

The analyses are for evaluation alone: no weight, model or choice is made with them.

Source: D. Tymoczko and others, "The Romantext Format", ISMIR 2019 (When in Rome).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import triad_number, triad_numbers
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.melodies import TICKS_PER_STEP
from chromasonic.music.chorale import NO_HARMONY, HarmonicAnalysis

Integers = npt.NDArray[np.int64]

UNKNOWN = -1
"""No chord, or one without a third or fifth that tell its quality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordCounts:
    """Beats with a chord that was found, out of those with one that could be.

    Attributes:
        found_new, new: beats on which the analyst's chord is new.
        found_held, held: beats on which it is that of the beat before.
    """

    found_new: int
    new: int
    found_held: int
    held: int

    @property
    def found(self) -> int:
        """On all beats."""
        return self.found_new + self.found_held

    @property
    def all(self) -> int:
        """All beats with an analysed chord."""
        return self.new + self.held


def count_chords(harmonization: Harmonization, analysis: HarmonicAnalysis) -> ChordCounts:
    """Compare at every beat, where its voicing is struck.

    Args:
        harmonization: four voices, on a melody whose ticks are those of the analysed sixteenths.
        analysis: of the same music.
    """
    steps = np.minimum(harmonization.melody.onset // TICKS_PER_STEP, len(analysis) - 1)
    wanted = analysed_triads(analysis)[steps]  # (B,)
    given = triad_numbers(harmonization.voicings.chord, harmonization.voicings.tonic)
    is_known = wanted != UNKNOWN
    is_new = np.append(True, wanted[1:] != wanted[:-1])
    is_found = (wanted == given) & is_known
    return ChordCounts(
        found_new=int((is_found & is_new).sum()),
        new=int((is_known & is_new).sum()),
        found_held=int((is_found & ~is_new).sum()),
        held=int((is_known & ~is_new).sum()),
    )


def analysed_triads(analysis: HarmonicAnalysis) -> Integers:
    """(T,) `chords.triad_number` of an analysis; `UNKNOWN` where nothing is named."""
    roots, tones = analysis.roots, analysis.is_chord_tone
    steps = np.arange(len(roots))
    has = {size: tones[steps, (roots + size) % 12] for size in (3, 4, 6, 7, 8)}
    third = np.select([has[4] & ~has[3], has[3]], [4, 3], UNKNOWN)
    fifth = np.select([has[7], has[6], has[8]], [7, 6, 8], UNKNOWN)
    is_known = (roots != NO_HARMONY) & (third != UNKNOWN) & (fifth != UNKNOWN)
    return np.where(is_known, triad_number(roots, third, fifth), UNKNOWN)
