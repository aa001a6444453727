"""Memorization: how much of a tune stands, note for note, in the tunes that a model learned from.

A run of L notes is copied when some training tune has L notes in a row with the same intervals and
the same durations, in any key; the duration of the run's first note is free. Human tunes share
turns of phrase too, so the figure of held-out human tunes stands beside that of generated ones.

All runs are found at once: the training tunes and the tunes in question are strung together, a
separator of its own after each tune, their suffixes sorted by prefix doubling (Manber and Myers,
SIAM J. Computing 22, 1993); the longest match of a suffix is that with its nearest training suffix
before or after it in this order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.diversity import moves
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import bootstrap_mean, bootstrap_ratio
from chromasonic.music.tune import Tune

RUN_NOTES = 8
"""Runs of this many notes and more count as copied material."""


@dataclass(frozen=True, kw_only=True)
class Memorization:
    """What of a set of tunes stands in the training tunes.

    Attributes:
        copied_share: share of the notes that lie in runs of `RUN_NOTES` or more.
        longest_run: mean over tunes of the longest copied run, in notes.
        longest_run_of_all: the longest copied run of any tune, in notes.
        whole_tunes: tunes that stand in the training part whole.
        runs_N: longest copied run of each tune, in notes.
    """

    copied_share: Figure
    longest_run: Figure
    longest_run_of_all: int
    whole_tunes: int
    runs_N: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "run_notes": RUN_NOTES,
            "copied_share": self.copied_share.to_dict(),
            "longest_run": self.longest_run.to_dict(),
            "longest_run_of_all": self.longest_run_of_all,
            "whole_tunes": self.whole_tunes,
        }


def memorization_of(tunes: Sequence[Tune], training: Sequence[Tune]) -> Memorization:
    """What of `tunes` stands in `training`.

    Raises:
        EvaluationError: there is no tune, or no training tune.
    """
    if not tunes or not training:
        raise EvaluationError(
            f"Memorization needs tunes and the training tunes; given were {len(tunes)} and "
            f"{len(training)}."
        )
    notes_N = np.array([sum(1 for _ in tune.sounding()) for tune in tunes])
    copied_N, longest_N = np.zeros(len(tunes)), np.zeros(len(tunes), int)
    for index, run_M in enumerate(copied_runs([moves(t) for t in tunes], map(moves, training))):
        # A match of m moves covers m + 1 notes.
        longest_N[index] = run_M.max() + 1 if len(run_M) and run_M.max() else min(notes_N[index], 1)
        covered = np.zeros(notes_N[index] + 1)
        for start in np.flatnonzero(run_M + 1 >= RUN_NOTES):
            covered[start : start + run_M[start] + 1] = 1
        copied_N[index] = covered[: notes_N[index]].sum()
    return Memorization(
        copied_share=bootstrap_ratio(copied_N, notes_N, unit="share of notes"),
        longest_run=bootstrap_mean(longest_N.astype(float), unit="notes"),
        longest_run_of_all=int(longest_N.max()),
        whole_tunes=int(((longest_N == notes_N) & (notes_N >= RUN_NOTES)).sum()),
        runs_N=tuple(int(run) for run in longest_N),
    )


def copied_runs(queries: Sequence[Sequence[Any]], training: Any) -> list[np.ndarray]:
    """For each place of each query, how many symbols from there on stand in a training sequence.

    Args:
        queries: sequences of hashable symbols.
        training: sequences of the same.

    Returns:
        An int array a query, one number a place.
    """
    known = [list(sequence) for sequence in training]
    text, is_training = _strung_together([*known, *queries], training=len(known))
    order, levels = _sorted_suffixes(text, longest=max(map(len, [*known, *queries]), default=0))
    place = np.arange(len(order))
    of_training = is_training[order]
    before = np.maximum.accumulate(np.where(of_training, place, -1))
    after = np.minimum.accumulate(np.where(of_training, place, len(order))[::-1])[::-1]
    longest = np.zeros(len(order), int)
    for nearest in (before, after):
        there = (nearest >= 0) & (nearest < len(order)) & ~of_training
        first, second = order[place[there]], order[nearest[there]]
        longest[first] = np.maximum(longest[first], _common_prefix(first, second, levels))
    start = sum(len(sequence) + 1 for sequence in known)
    runs = []
    for query in queries:
        runs.append(longest[start : start + len(query)])
        start += len(query) + 1
    return runs


def _strung_together(
    sequences: Sequence[Sequence[Any]], *, training: int
) -> tuple[np.ndarray, np.ndarray]:
    """One array of numbers for symbols, each sequence closed by a number of its own."""
    numbers: dict[Any, int] = {}
    text: list[int] = []
    is_training: list[bool] = []
    for index, sequence in enumerate(sequences):
        text += [numbers.setdefault(symbol, len(numbers)) for symbol in sequence]
        text.append(-1 - index)
        is_training += [index < training] * (len(sequence) + 1)
    return np.array(text), np.array(is_training)


def _sorted_suffixes(text: np.ndarray, *, longest: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Order of the suffixes, and for each k the ranks of the substrings of length 2^k."""
    rank = np.unique(text, return_inverse=True)[1]
    levels, length = [rank], 1
    while length <= longest:
        following = np.full(len(rank), -1)
        following[:-length] = rank[length:]
        rank = np.unique(rank * (len(rank) + 1) + following + 1, return_inverse=True)[1]
        levels.append(rank)
        length *= 2
    return np.argsort(rank, kind="stable"), levels


def _common_prefix(
    first: np.ndarray, second: np.ndarray, levels: Sequence[np.ndarray]
) -> np.ndarray:
    """Lengths of the common prefixes of pairs of suffixes."""
    total = np.zeros(len(first), int)
    a, b = first.copy(), second.copy()
    for power in range(len(levels) - 1, -1, -1):
        inside = (a < len(levels[power])) & (b < len(levels[power]))
        same = inside.copy()
        same[inside] = levels[power][a[inside]] == levels[power][b[inside]]
        total[same] += 1 << power
        a[same] += 1 << power
        b[same] += 1 << power
    return total
