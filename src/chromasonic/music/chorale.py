"""Four-part chorales on a grid of sixteenths, with what a score and an analysis say of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from chromasonic.music.key import Key
from chromasonic.music.metre import Metre

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

STEPS_OF_QUARTER = 4
SILENT = -1
NO_HARMONY = -1
VOICES = ("soprano", "alto", "tenor", "bass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One chord as an analyst names it.

    Attributes:
        local_key: the key in which the numeral is read; after a modulation not the home key.
        numeral: as written, figures and applied key included: "V6/5", "viio7/ii", "Cad6/4".
        root: pitch class of the root, 0 to 11.
        pitch_classes: of all chord tones.
        bass: pitch class of the lowest one.
    """

    local_key: Key
    numeral: str
    root: int
    pitch_classes: frozenset[int]
    bass: int

    def transposed(self, semitones: int) -> Analysis:
        """The same numeral in a key so many semitones higher."""
        return Analysis(
            local_key=self.local_key.transposed(semitones),
            numeral=self.numeral,
            root=(self.root + semitones) % 12,
            pitch_classes=frozenset((tone + semitones) % 12 for tone in self.pitch_classes),
            bass=(self.bass + semitones) % 12,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class HarmonicAnalysis:
    """A whole chorale's chords: each named once, and which of them holds at each sixteenth.

    Attributes:
        chords: in the order of time; a chord that is named anew stands again.
        chord_of_step: (T,) index into `chords`; `NO_HARMONY` before the first one.
    """

    chords: tuple[Analysis, ...]
    chord_of_step: Integers

    def __len__(self) -> int:
        return len(self.chord_of_step)

    def at(self, step: int) -> Analysis | None:
        """The chord at a sixteenth; None where none is named."""
        index = int(self.chord_of_step[step])
        return None if index == NO_HARMONY else self.chords[index]

    def laid_on(self, steps: Integers, semitones: int = 0) -> HarmonicAnalysis:
        """The analysis on other sixteenths, in a key so many semitones higher.

        Args:
            steps: (T,) for each new sixteenth the old one; `NO_HARMONY` where there is none.
            semitones: how much higher.
        """
        chord_of_step = np.append(self.chord_of_step, NO_HARMONY)[steps]
        moved = tuple(c.transposed(semitones) for c in self.chords) if semitones else self.chords
        return HarmonicAnalysis(chords=moved, chord_of_step=chord_of_step)

    @cached_property
    def roots(self) -> Integers:
        """(T,) pitch class of the root; `NO_HARMONY` where none is named."""
        return self._of_steps([chord.root for chord in self.chords])

    @cached_property
    def basses(self) -> Integers:
        """(T,) pitch class of the lowest chord tone; `NO_HARMONY` where none is named."""
        return self._of_steps([chord.bass for chord in self.chords])

    @cached_property
    def tonics(self) -> Integers:
        """(T,) tonic of the local key; `NO_HARMONY` where none is named."""
        return self._of_steps([chord.local_key.tonic_pitch_class for chord in self.chords])

    @cached_property
    def is_chord_tone(self) -> Booleans:
        """(T, 12) which pitch classes belong to the chord; none where none is named."""
        table = np.zeros((len(self.chords) + 1, 12), np.bool_)  # the last row: no chord
        for row, chord in zip(table, self.chords, strict=False):
            row[sorted(chord.pitch_classes)] = True
        return table[self.chord_of_step]

    def _of_steps(self, values: list[int]) -> Integers:
        return np.array([*values, NO_HARMONY], np.int64)[self.chord_of_step]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Chorale:
    """A chorale as its four sounding pitches at each sixteenth, and what is known of it besides.

    Attributes:
        id: unique and stable within its corpus.
        title: may be empty.
        pitches: (T, 4) MIDI numbers of soprano, alto, tenor and bass; `SILENT` where one rests.
        is_onset: (T, 4) whether a note is struck at this sixteenth, else it is held (or silent);
            None where the source does not say: then a repeated pitch cannot be told from a held.
        fermatas: ascending sixteenths at which a soprano note under a fermata begins: the ends of
            phrases. Empty where the source has none.
        key: the home key; None where the source does not say.
        metre: the first time signature; None where the source does not say.
        pickup_steps: sixteenths before the first full bar; 0 without an upbeat, or unknown.
        analysis: Roman numerals by a person, on the same sixteenths; None where there are none.
    """

    id: str
    title: str
    pitches: Integers
    is_onset: Booleans | None = None
    fermatas: tuple[int, ...] = ()
    key: Key | None = None
    metre: Metre | None = None
    pickup_steps: int = 0
    analysis: HarmonicAnalysis | None = None

    def __len__(self) -> int:
        return len(self.pitches)

    def onsets(self) -> Booleans:
        """(T, 4) `is_onset`; where the source does not say, a change of pitch counts as struck."""
        if self.is_onset is not None:
            return self.is_onset
        sounding = self.pitches != SILENT
        changed = np.ones_like(sounding)
        changed[1:] = self.pitches[1:] != self.pitches[:-1]
        return sounding & changed

    def pitch_class_shares(self, voices: slice = slice(None)) -> npt.NDArray[np.float64]:
        """(T, 12) how many of the voices sound each pitch class at each sixteenth."""
        chosen = self.pitches[:, voices]
        counts = np.zeros((len(chosen), 12))
        step, voice = np.nonzero(chosen != SILENT)
        np.add.at(counts, (step, chosen[step, voice] % 12), 1.0)
        return counts
