"""Made-up progressions for tests of the HarmonyPredictor."""

from __future__ import annotations

import numpy as np

from chromasonic.music.chord import Chord, chord_of_class
from chromasonic.music.progression import ChordProgression, progression


def piece(
    classes: list[int], *, tonic: int = 0, melody: bool = True, seed: int = 0
) -> ChordProgression:
    """A progression in 4/4 with a made-up melody; -1 has not begun."""
    count, rng = len(classes), np.random.default_rng(seed)
    chords: list[Chord | None] = [None if c < 0 else chord_of_class(c) for c in classes]
    scale = np.zeros((count, 12))
    scale[:, [(tonic + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)]] = 1
    return progression(
        chords,
        id=f"piece/{seed}",
        title="",
        beat=[beat % 4 for beat in range(count)],
        bar_beats=[4] * count,
        tonic=[tonic] * count,
        scale=scale,
        melody=rng.random((count, 12)) if melody else None,
    )
