"""Diversity: variety inside each tune of a set, and between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.statistics import LEVEL, RESAMPLES, bootstrap_mean
from chromasonic.music.tune import Tune

GRAM_NOTES = 4
"""Moves in an n-gram; a move is an interval and the duration of the note it leads to."""


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Variety of a set of tunes.

    Attributes:
        value: geometric mean of `distinct` and 1 - `self_similarity`; 0 to 1.
        distinct: mean over tunes of the share of a tune's n-grams that are different ones.
        self_similarity: mean over pairs of tunes of the Jaccard index of their n-grams.
    """

    value: Figure
    distinct: Figure
    self_similarity: Figure

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "value": self.value.to_dict(),
            "distinct": self.distinct.to_dict(),
            "self_similarity": self.self_similarity.to_dict(),
        }


def moves(tune: Tune) -> list[tuple[int, int]]:
    """(interval in semitones, duration in ticks) of each note but the first; free of the key."""
    notes = list(tune.sounding())
    return [(pitch - before[2], duration) for before, (_, duration, pitch) in pairwise(notes)]


def diversity_of(tunes: Sequence[Tune], *, seed: int = 0) -> Diversity:
    """How varied a set of tunes is; undefined with fewer than two tunes that have an n-gram.

    Neither part depends on how many tunes there are, so sets of different sizes compare; both
    depend a little on the tunes' lengths.

    Source: distinct n-grams are those of Li and others, NAACL 2016 (distinct-n), here over moves.
    """
    grams = [gram for gram in map(_grams, tunes) if gram]
    n = len(grams)
    if n < 2:
        why = f"{n} of {len(tunes)} tunes have {GRAM_NOTES + 1} notes or more; two are needed"
        return Diversity(
            value=undefined(why, n=n), distinct=undefined(why, n=n),
            self_similarity=undefined(why, n=n),
        )  # fmt: skip
    sets = [set(gram) for gram in grams]
    distinct_N = np.array([len(s) / len(g) for s, g in zip(sets, grams, strict=True)])
    like_NN = np.array([[len(a & b) / len(a | b) for b in sets] for a in sets])
    like_N = (like_NN.sum(axis=1) - 1) / (n - 1)
    value = _together(distinct_N.mean(), like_N.mean())
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, n, (RESAMPLES // 2, n))
    draws = _together(distinct_N[picks].mean(axis=1), like_N[picks].mean(axis=1))
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Diversity(
        value=Figure(value=float(value), low=float(low), high=float(high), n=n, unit="0 to 1"),
        distinct=bootstrap_mean(distinct_N, unit="share of n-grams"),
        self_similarity=bootstrap_mean(like_N, unit="share of n-grams"),
    )


def _together(distinct: Any, similarity: Any) -> Any:
    return np.sqrt(distinct * (1 - similarity))


def _grams(tune: Tune) -> list[tuple[tuple[int, int], ...]]:
    steps = moves(tune)
    return [
        tuple(steps[start : start + GRAM_NOTES]) for start in range(len(steps) - GRAM_NOTES + 1)
    ]
