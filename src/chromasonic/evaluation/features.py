"""Published features of a tune: one pure function each, NaN where it is undefined.

Notes are counted as heard (ties joined), bars as written (repeats not played out).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from chromasonic.music.key import MODES
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Bar, Tune

NAN = math.nan


def pitch_class_entropy(tune: Tune) -> float:
    """Shannon entropy of the notes' pitch classes, in bits (0 to log2 12 = 3.585).

    Every note counts once, whatever its length. NaN without notes.

    Source: Wu and Yang, "The Jazz Transformer on the front line", ISMIR 2020, section 4 (H, there
    over windows of 1 or 4 bars; here over the whole tune, as MusPy's `pitch_class_entropy`).
    """
    classes = [pitch % 12 for _, _, pitch in tune.sounding()]
    return entropy(np.bincount(classes, minlength=12)) if classes else NAN


def scale_consistency(tune: Tune) -> float:
    """The largest share of notes that lies in one of the 24 major and natural minor scales.

    Every note counts once. NaN without notes. A natural minor scale has the notes of its relative
    major, so 12 sets are enough.

    Source: Mogren, "C-RNN-GAN", 2016; as MusPy's `scale_consistency`.
    """
    counts = np.bincount([pitch % 12 for _, _, pitch in tune.sounding()], minlength=12)
    return best_scale_share(counts)


def groove_consistency(tune: Tune, *, positions_a_quarter: int = 24) -> float:
    """One minus the mean Hamming distance, a position, of neighbouring bars' onset patterns.

    An onset pattern marks at which positions of a bar a note begins. Only bars that fill their
    metre take part (no anacrusis), and only neighbours of one metre are compared; NaN without a
    pair. Onsets between two positions go to the nearest.

    Args:
        tune: the tune.
        positions_a_quarter: fineness of the grid; the value depends on it, as most positions are
            empty in every bar (MusPy's default is 24; Wu and Yang use 16).

    Source: Wu and Yang, ISMIR 2020, section 4 (GS, there over all pairs of bars); over neighbours
    as MusPy's `groove_consistency`.
    Differs: MusPy divides the summed distance by the number of bars, this by that of the pairs.
    """
    agreements = []
    for (bar, onsets), (next_bar, next_onsets) in neighbours(tune):
        if bar.metre is None or bar.metre != next_bar.metre:
            continue
        positions = bar.metre.bar_ticks * positions_a_quarter // TICKS_PER_QUARTER
        a, b = (_grid(ticks, positions, positions_a_quarter) for ticks in (onsets, next_onsets))
        agreements.append(float((a == b).mean()))
    return float(np.mean(agreements)) if agreements else NAN


def neighbours(tune: Tune) -> list[tuple[tuple[Bar, list[int]], tuple[Bar, list[int]]]]:
    """Pairs of neighbouring full bars, each with its onsets in ticks from its bar line."""
    bars = list(zip(tune.bars, bar_onsets(tune), strict=True))
    return [
        (first, second)
        for first, second in pairwise(bars)
        if first[0].is_full and second[0].is_full
    ]


def bar_onsets(tune: Tune) -> list[list[int]]:
    """The onsets of each bar, in ticks from its bar line; tied notes and rests have none."""
    onsets = []
    for bar in tune.bars:
        time, places = 0, []
        for note in bar.notes:
            if note.pitch is not None and not note.tied:
                places.append(time)
            time += note.duration
        onsets.append(places)
    return onsets


def _grid(onsets: Sequence[int], positions: int, positions_a_quarter: int) -> np.ndarray:
    grid = np.zeros(positions, bool)
    for onset in onsets:
        place = (onset * positions_a_quarter * 2 + TICKS_PER_QUARTER) // (2 * TICKS_PER_QUARTER)
        grid[min(place, positions - 1)] = True
    return grid


def entropy(counts: np.ndarray) -> float:
    """Shannon entropy of counts, in bits; NaN where they sum to 0."""
    total = counts.sum()
    if total == 0:
        return NAN
    shares = counts[counts > 0] / total
    return float(-(shares * np.log2(shares)).sum()) + 0.0  # + 0.0: no negative zero


def best_scale_share(counts: np.ndarray) -> float:
    """Of pitch-class counts (12,), the share in the best major scale; NaN where they sum to 0."""
    if counts.sum() == 0:
        return NAN
    scale = np.array(MODES["major"])
    return float(max(counts[(scale + root) % 12].sum() for root in range(12)) / counts.sum())
