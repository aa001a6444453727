"""Chorales made up for tests: four parts on sixteenths, with an analysis where it is wanted."""

from __future__ import annotations

import numpy as np

from chromasonic.music.chorale import Analysis, Chorale, HarmonicAnalysis
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre

C_MAJOR = Key(tonic="C", mode="major")

CADENCE = (
    (67, 64, 60, 48),  # I
    (69, 65, 60, 53),  # IV
    (67, 62, 59, 55),  # V
    (71, 62, 55, 43),  # V
    (72, 64, 55, 48),  # I
    (74, 65, 62, 53),  # ii6
    (71, 67, 62, 43),  # V
    (72, 64, 60, 48),  # I
)
NUMERALS = ("I", "IV", "V", "V", "I", "ii6", "V", "I")
CHORDS = {
    "I": (0, {0, 4, 7}, 0), "IV": (5, {5, 9, 0}, 5), "V": (7, {7, 11, 2}, 7),
    "ii6": (2, {2, 5, 9}, 5),
}  # fmt: skip


def chorale(
    id: str = "small/1", *, semitones: int = 0, is_analysed: bool = True, turns: int = 1
) -> Chorale:
    """Two bars of quarters, each chord held, some turns of them one after another."""
    rows = np.array(CADENCE * turns) + semitones
    return Chorale(
        id=id,
        title="Cadence",
        pitches=np.repeat(rows, 4, 0),
        key=C_MAJOR.transposed(semitones),
        metre=Metre(4, 4),
        fermatas=tuple(28 + 32 * turn for turn in range(turns)),
        analysis=analysis(semitones, turns) if is_analysed else None,
    )


def analysis(semitones: int = 0, turns: int = 1) -> HarmonicAnalysis:
    """The numerals of `CADENCE` as an analyst would write them."""
    key = C_MAJOR.transposed(semitones)
    chords = []
    for numeral in NUMERALS * turns:
        root, tones, bass = CHORDS[numeral]
        chords.append(
            Analysis(
                local_key=key,
                numeral=numeral,
                root=(root + semitones) % 12,
                pitch_classes=frozenset((tone + semitones) % 12 for tone in tones),
                bass=(bass + semitones) % 12,
            )
        )
    return HarmonicAnalysis(
        chords=tuple(chords), chord_of_step=np.repeat(np.arange(len(chords)), 4)
    )
