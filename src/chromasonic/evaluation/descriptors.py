"""What a tune is like, in numbers that are compared with those of human tunes.

Two catalogues: `FLOW` looks at how it goes on from note to note and from bar to bar (coherence);
`STRUCTURE` looks at tonality, repetition and the ending (musicality). A descriptor takes an outline
and returns a number, or NaN where the tune is too short for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from chromasonic.evaluation.features import best_scale_share, entropy
from chromasonic.evaluation.outline import Outline, OutlineBar
from chromasonic.music.key import MODES

LEAP_SEMITONES = 5  # a fourth or more
PHRASE_BARS = 4
NAN = math.nan

Descriptor = Callable[[Outline], float]


def _mean(values: np.ndarray | Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else NAN


# --- from note to note -------------------------------------------------------------------------


def mean_interval(o: Outline) -> float:
    """Mean size of an interval, in semitones."""
    return _mean(np.abs(o.intervals))


def step_share(o: Outline) -> float:
    """Share of intervals that are one or two semitones."""
    return _mean(np.isin(np.abs(o.intervals), (1, 2)))


def leap_recovery(o: Outline) -> float:
    """Share of leaps after which the melody turns back, or moves by no more than a step.

    Source: the post-skip reversal of von Hippel and Huron, Music Perception 18 (2000), widened by
    steps onwards.
    """
    first, second = o.intervals[:-1], o.intervals[1:]
    is_leap = np.abs(first) >= LEAP_SEMITONES
    recovered = (first * second < 0) | (np.abs(second) <= 2)
    return _mean(recovered[is_leap])


def bar_line_interval(o: Outline) -> float:
    """Mean interval across bar lines over that inside bars, a semitone added to both."""
    across = np.diff(o.bar_of_note) > 0
    sizes = np.abs(o.intervals)
    if not across.any() or across.all():
        return NAN
    return float((sizes[across].mean() + 1) / (sizes[~across].mean() + 1))


# --- from bar to bar ---------------------------------------------------------------------------


def _full(o: Outline) -> list[OutlineBar]:
    return [bar for bar in o.bars if bar.is_full and bar.onsets]


def _likeness(a: frozenset, b: frozenset) -> float:
    """Jaccard index: what is common over what is there."""
    return len(a & b) / len(a | b) if a or b else NAN


def rhythm_likeness(o: Outline) -> float:
    """Mean likeness (Jaccard) of the onsets of neighbouring bars."""
    bars = _full(o)
    return _mean([_likeness(a.rhythm, b.rhythm) for a, b in pairwise(bars)])


def _likeness_matrix(sets: list[frozenset]) -> np.ndarray:
    """Jaccard index of every two of n sets (n, n)."""
    places = {item: place for place, item in enumerate(set().union(*sets))}
    holds = np.zeros((len(sets), len(places)))
    for row, items in enumerate(sets):
        holds[row, [places[item] for item in items]] = 1
    common, sizes = holds @ holds.T, holds.sum(axis=1)
    return common / np.maximum(sizes[:, None] + sizes[None, :] - common, 1)


def _lag_excess(likeness: np.ndarray, lags: tuple[int, ...]) -> float:
    """How much more alike bars at one of the lags are than any two bars; NaN without the lag."""
    n = len(likeness)
    lags = tuple(lag for lag in lags if n >= lag + 2)
    if not lags:
        return NAN
    overall = (likeness.sum() - np.trace(likeness)) / (n * (n - 1))
    return float(max(np.diagonal(likeness, lag).mean() for lag in lags) - overall)


def rhythm_order(o: Outline) -> float:
    """How much more alike in rhythm bars 2, 4 or 8 apart are than any two bars."""
    return _lag_excess(_likeness_matrix([bar.rhythm for bar in _full(o)]), (2, 4, 8))


def phrase_order(o: Outline) -> float:
    """How much more alike in notes bars 4 or 8 apart are than any two bars."""
    return _lag_excess(_likeness_matrix([bar.events for bar in _full(o)]), (4, 8))


# --- tonality ----------------------------------------------------------------------------------


def in_scale(o: Outline) -> float:
    """Share of notes in the best of the 24 major and natural minor scales."""
    return best_scale_share(np.bincount(o.pitches % 12, minlength=12))


def pitch_entropy(o: Outline) -> float:
    """Entropy of pitch classes, in bits."""
    return entropy(np.bincount(o.pitches % 12, minlength=12))


def ends_on_tonic(o: Outline) -> float:
    """1 where the last note is the tonic, else 0."""
    return float(o.pitches[-1] % 12 == o.key.tonic_pitch_class)


def triad_on_beat(o: Outline) -> float:
    """Share of bars that begin on a note of the tonic triad."""
    firsts = [(bar.pitches[0], bar.key) for bar in _full(o) if bar.onsets[0] == 0]
    hits = []
    for pitch, key in firsts:
        third = MODES[key.mode][2]
        fifth = MODES[key.mode][4]
        hits.append((pitch - key.tonic_pitch_class) % 12 in (0, third, fifth))
    return _mean(hits)


# --- repetition and ending ---------------------------------------------------------------------


def bar_repetition(o: Outline) -> float:
    """Share of bars that stood before, note by note."""
    bars = [bar.events for bar in _full(o)]
    return 1 - len(set(bars)) / len(bars) if len(bars) >= PHRASE_BARS else NAN


def phrase_repetition(o: Outline) -> float:
    """Share of pairs of neighbouring bars that stood before as a pair, note by note."""
    bars = [bar.events for bar in _full(o)]
    pairs = list(pairwise(bars))
    return 1 - len(set(pairs)) / len(pairs) if len(pairs) >= PHRASE_BARS else NAN


def final_length(o: Outline) -> float:
    """Duration of the last note over the mean duration, in octaves."""
    return float(np.log2(o.durations[-1] / o.durations.mean()))


FLOW: dict[str, Descriptor] = {
    "mean_interval": mean_interval,
    "step_share": step_share,
    "leap_recovery": leap_recovery,
    "bar_line_interval": bar_line_interval,
    "rhythm_likeness": rhythm_likeness,
    "rhythm_order": rhythm_order,
    "phrase_order": phrase_order,
}
STRUCTURE: dict[str, Descriptor] = {
    "in_scale": in_scale,
    "pitch_entropy": pitch_entropy,
    "triad_on_beat": triad_on_beat,
    "ends_on_tonic": ends_on_tonic,
    "final_length": final_length,
    "bar_repetition": bar_repetition,
    "phrase_repetition": phrase_repetition,
    "rhythm_order": rhythm_order,
    "phrase_order": phrase_order,
}
METRICS: dict[str, dict[str, Descriptor]] = {"coherence": FLOW, "musicality": STRUCTURE}
"""Metric to its descriptors; a contract test goes over every entry."""
