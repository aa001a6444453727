"""An interpolated n-gram over any symbols: what a model of sequences has to beat.

What comes next is predicted from a chain of facts about what was before, the most telling first
(the last symbol, the one before it, ...; the place in the bar, ...). The first k facts are the
context of level k; each level mixes what followed its context with the level below, down to the
uniform distribution. So every symbol has a probability above 0, and they sum to 1.

    chains = [last_symbols(symbols, order=3) for symbols in pieces]
    model = Ngram(symbols=64).fit(np.concatenate(chains), np.concatenate(pieces))
    log_p = model.log_probabilities(last_symbols(piece, order=3))     # (T, 64)

Legend: N predictions, L facts of the chain, V symbols, C contexts of a level, P pairs of a context
and a symbol that followed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from chromasonic.errors import EvaluationError, UsageError

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Smoothing = Literal["witten-bell", "kneser-ney"]

BEFORE = -1
"""Fact that stands for "the piece had not begun"."""
UNSEEN = -1
"""Context that training never met."""


def last_symbols(symbols: npt.ArrayLike, order: int) -> Integers:
    """(T, order) for each place the symbols before it, the latest first, `BEFORE` at the start."""
    column = np.asarray(symbols, np.int64)
    padded = np.concatenate([np.full(order, BEFORE), column])
    count = len(column)
    backwards = [padded[order - back : order - back + count] for back in range(1, order + 1)]
    return np.stack(backwards, axis=1) if order else np.zeros((count, 0), np.int64)


@dataclass(frozen=True)
class _Level:
    """Counts of one level.

    Attributes:
        parent: (C,) context of the level below that each one refines.
        fact: (C,) the fact that refines it; contexts are sorted by (parent, fact).
        starts: (C + 1,) where each context's pairs begin.
        symbol: (P,) of each pair.
        mass: (P,) share of the context's probability that the pair has of its own.
        escape: (C,) share that the level below divides.
    """

    parent: Integers
    fact: Integers
    starts: Integers
    symbol: Integers
    mass: Floats
    escape: Floats

    def find(self, parents: Integers, facts: Integers) -> Integers:
        """Context of each (parent, fact), or `UNSEEN`."""
        width = int(max(self.fact.max(), facts.max(initial=0))) - BEFORE + 1
        keys = self.parent * width + self.fact - BEFORE
        asked = parents * width + facts - BEFORE
        place = np.searchsorted(keys, asked).clip(max=len(keys) - 1)
        return np.where((keys[place] == asked) & (parents != UNSEEN), place, UNSEEN)


class Ngram:
    """Counts of what followed which chain of facts; `fit` before use.

    Args:
        symbols: how many symbols there are, V.
        smoothing: "witten-bell" (an escape by the number of distinct successors, as PPM method C)
            or "kneser-ney" (modified: a discount for counts of one, two and more; lower levels
            count in how many contexts a symbol was met).

    Raises:
        UsageError: there is no symbol, or no such smoothing.

    Source: S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language
    modeling" (1999), equations 13 (Witten-Bell) and 26 (modified Kneser-Ney).
    Differs: where a discount cannot be estimated, as no pair was met so often, it is 0.5.
    """

    def __init__(self, *, symbols: int, smoothing: Smoothing = "witten-bell") -> None:
        if symbols < 1:
            raise UsageError(f"symbols is {symbols}; at least one is wanted.")
        if smoothing not in ("witten-bell", "kneser-ney"):
            raise UsageError(f"smoothing is '{smoothing}'; allowed: witten-bell, kneser-ney.")
        self.symbols, self.smoothing = symbols, smoothing
        self.levels: list[_Level] = []

    def fit(self, chains: Integers, symbols: Integers) -> Ngram:
        """Count; replaces what was counted before.

        Args:
            chains: (N, L) facts, whole numbers from -1.
            symbols: (N,) what came, 0 to V - 1.

        Raises:
            EvaluationError: there is nothing to count, or the shapes do not fit.
        """
        chains, symbols = np.asarray(chains, np.int64), np.asarray(symbols, np.int64)
        if chains.ndim != 2 or len(chains) != len(symbols) or not len(symbols):
            raise EvaluationError(
                f"Chains {chains.shape} and symbols {symbols.shape} do not fit: (N, L) and (N,) "
                "with at least one symbol are wanted."
            )
        if symbols.min() < 0 or symbols.max() >= self.symbols:
            raise EvaluationError(f"A symbol is outside of 0 to {self.symbols - 1}.")
        contexts = [np.zeros(len(symbols), np.int64)]
        names = [(np.array([UNSEEN]), np.array([BEFORE]))]
        for fact in chains.T:
            width = int(fact.max()) - BEFORE + 1
            pairs, found = np.unique(contexts[-1] * width + fact - BEFORE, return_inverse=True)
            contexts.append(found.reshape(-1))
            names.append((pairs // width, pairs % width + BEFORE))
        self.levels = []
        above: tuple[Integers, Integers] | None = None
        for level in reversed(range(len(contexts))):
            keys, counts = np.unique(contexts[level] * self.symbols + symbols, return_counts=True)
            if above is not None and self.smoothing == "kneser-ney":
                # In how many contexts of the level above each pair was met.
                parent = names[level + 1][0][above[0] // self.symbols]
                counts = np.unique(parent * self.symbols + above[0] % self.symbols,
                                   return_counts=True)[1]  # fmt: skip
            self.levels.insert(0, self._level(names[level], keys, counts.astype(np.int64)))
            above = keys, counts
        return self

    def _level(self, names: tuple[Integers, Integers], keys: Integers, counts: Integers) -> _Level:
        context = keys // self.symbols
        number = len(names[0])
        total = np.bincount(context, counts, number)
        if self.smoothing == "witten-bell":
            kinds = np.bincount(context, minlength=number)
            mass = np.asarray(counts / (total + kinds)[context], np.float64)
        else:
            mass = np.asarray((counts - _discounts(counts)) / total[context], np.float64)
        escape: Floats = 1.0 - np.bincount(context, mass, number).astype(np.float64)
        starts = np.searchsorted(context, np.arange(number + 1))
        return _Level(*names, starts, keys % self.symbols, mass, escape)

    def log_probabilities(self, chains: Integers) -> Floats:
        """(N, V) log probability of each symbol after each of (N, L) chains of facts.

        Raises:
            EvaluationError: nothing was counted yet, or the chains have another length.
        """
        chains = np.asarray(chains, np.int64)
        if not self.levels or chains.ndim != 2 or chains.shape[1] != len(self.levels) - 1:
            raise EvaluationError(
                f"Chains of shape {chains.shape} do not fit a model of {len(self.levels) - 1} "
                "facts: call fit first, with chains of the same length."
            )
        probabilities = np.full((len(chains), self.symbols), 1 / self.symbols)
        contexts = np.zeros(len(chains), np.int64)
        for number, level in enumerate(self.levels):
            if number:
                contexts = level.find(contexts, chains[:, number - 1])
            rows = np.flatnonzero(contexts != UNSEEN)
            chosen = contexts[rows]
            probabilities[rows] *= level.escape[chosen, None]
            lengths = level.starts[chosen + 1] - level.starts[chosen]
            offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            pairs = np.repeat(level.starts[chosen], lengths) + offsets
            probabilities[np.repeat(rows, lengths), level.symbol[pairs]] += level.mass[pairs]
        return np.log(probabilities)


def _discounts(counts: Integers) -> Floats:
    """(P,) what modified Kneser-Ney takes off each count."""
    met = [int((counts == times).sum()) for times in range(5)]
    result = np.full(4, 0.5)
    for times in (1, 2, 3):
        if met[1] and met[times] and met[times + 1]:
            ratio = met[1] / (met[1] + 2 * met[2])
            estimate = times - (times + 1) * ratio * met[times + 1] / met[times]
            result[times] = estimate if 0 < estimate < times else 0.5
    return result[counts.clip(max=3)]
