"""Which key is in force at each bar of a tune."""

from __future__ import annotations

import numpy as np

from chromasonic.harmonization.phrases import SungNote
from chromasonic.music.key import Key
from chromasonic.music.tune import Tune


def plan_keys(
    tune: Tune, notes: list[SungNote], ends: list[int], key: Key | None = None
) -> list[Key]:
    """The key of each note.

    Args:
        tune: the melody.
        notes: `sung_notes` of it, N of them.
        ends: indices of those that end phrases, ascending.
        key: in force from beginning to end; None: found.

    Returns:
        N keys.
    """
    del ends
    weights = np.zeros(12)
    for note in notes:
        weights[note.pitch % 12] += note.duration
    return [key or tune.key] * len(notes)
