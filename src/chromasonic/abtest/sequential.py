"""An always-valid test of a preference: one may look after every vote, and stop when one likes.

A listener is one bet, not each vote, for votes of one listener are alike. Listener l is to cast n_l
votes between two versions, fixed before the first one; a vote for the first version is x = 1, for
the second 0, for neither 1/2. Against the hypothesis "over listeners, the mean preference is mu" a
gambler with stake u in (0, 1) holds, after all listeners so far,

    W_u = product over l of (1 + u / mu * y_l),    y_l = sum over votes of (x - mu) / n_l

and one who bets on the second version the same with u / (1 - mu) and -y_l. Votes that were not
cast count nothing. The e-value is the mean of W over a fixed set of stakes on both sides. Under
the hypothesis W is a nonnegative martingale over listeners, so it ever reaches 1 / alpha with
probability alpha at most (Ville). The values of mu that are not refuted are a confidence sequence.

A listener in the middle of the votes counts by the worst that may still come, for each gambler. The
e-value is then at most what it will be when the listener has finished; so looking in the middle is
allowed as well, however alike one listener's votes are. One who left (no vote for
`LEFT_AFTER_MINUTES`) counts by what was voted.

Assumed: who comes next does not depend on what earlier ones preferred; and which of a pair is
heard first is chance (`assignment`). Not assumed: that listeners agree, that votes of one listener
are independent, or that their number was planned. What is found holds for the items of the
experiment.

Source: Ville, "Etude critique de la notion de collectif" (1939); Robbins, "Statistical methods
related to the law of the iterated logarithm", Annals of Mathematical Statistics 41 (1970);
Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
(2024), sections 3 and 4. Differs: a fixed set of stakes is mixed in place of a predictable plug-in,
so that the order of listeners does not matter; listeners in the middle count by the worst.

Legend: G groups of listeners with equal tallies, K stakes on both sides, M values of mu.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from chromasonic.errors import EvaluationError

LEFT_AFTER_MINUTES = 30.0
EVEN = 0.5
_A_SIDE = 24
_POSITIVE = ((np.arange(_A_SIDE) + 0.5) / _A_SIDE) ** 1.5
STAKES_K = np.concatenate([_POSITIVE, -_POSITIVE])
"""Shares of the wealth that are at stake; below 0 those on the second version."""
GRID_M = np.linspace(0.0, 1.0, 402)[1:-1]
"""Values of mu among which the interval is looked for."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One listener's votes between two versions.

    Attributes:
        planned: votes that he was to cast between the two; fixed before the first.
        votes: how many were cast that count.
        points: for the first version; a vote for neither is half a point.
        to_come: votes that may still come soon; 0 where the listener has finished or left.
    """

    planned: int
    votes: int
    points: float
    to_come: int = 0

    def __post_init__(self) -> None:
        all_of_them = self.votes + self.to_come
        if not (0 <= self.points <= self.votes and self.votes <= all_of_them <= self.planned >= 1):
            raise EvaluationError(
                f"{self.points} points in {self.votes} votes with {self.to_come} to come of "
                f"{self.planned} cannot be; allowed: 0 <= points <= votes, and votes with those "
                "to come at most the planned ones, at least 1."
            )


@dataclass(frozen=True, kw_only=True)
class ConfidenceInterval:
    """The mean preferences that are not refuted at one moment.

    Attributes:
        low: the lowest.
        high: the highest.
    """

    low: float
    high: float

    def lies_within(self, margin: float) -> bool:
        """Whether no preference farther than `margin` from one half is left."""
        return EVEN - margin <= self.low and self.high <= EVEN + margin


def log_factors(tally: Tally, mean: float | np.ndarray = EVEN) -> np.ndarray:
    """What a listener multiplies each gambler's wealth by, as logarithms.

    Args:
        tally: the listener's votes; those to come count by the worst for each gambler.
        mean: the hypothesis; a number, or an array (M,).

    Returns:
        (K,), or (M, K) for an array.
    """
    mean = np.asarray(mean, float)[..., None]
    gain = (tally.points - mean * tally.votes) / tally.planned
    for_first = gain - tally.to_come * mean / tally.planned
    for_second = gain + tally.to_come * (1 - mean) / tally.planned
    bet = np.where(STAKES_K > 0, for_first / mean, for_second / (1 - mean))
    return np.log1p(STAKES_K * bet)


def mixed(log_wealth: np.ndarray) -> np.ndarray:
    """The logarithm of the mean over gamblers (last axis)."""
    highest = log_wealth.max(axis=-1, keepdims=True)
    mean = np.exp(log_wealth - highest).mean(axis=-1)
    return np.asarray(highest[..., 0] + np.log(mean))


def log_e_values(tallies: Iterable[Tally], means: float | np.ndarray = EVEN) -> np.ndarray:
    """The evidence against each hypothesis "the mean preference is mu".

    Args:
        tallies: one a listener, in any order.
        means: mu: a number, or an array (M,) of them; each within (0, 1).

    Returns:
        Natural logarithms of e-values, in the shape of `means`.
    """
    groups = Counter(tallies)
    means = np.asarray(means, float)
    log_wealth = np.zeros((*means.shape, len(STAKES_K)))
    for tally, count in groups.items():
        log_wealth += count * log_factors(tally, means)
    return mixed(log_wealth)


def e_value(tallies: Iterable[Tally]) -> float:
    """The evidence against "listeners prefer neither on the whole"; 20 is enough at alpha 0.05."""
    return float(np.exp(log_e_values(tallies)))


def interval(tallies: Iterable[Tally], *, alpha: float = 0.05) -> ConfidenceInterval:
    """The mean preferences for the first version that the votes do not refute.

    Args:
        tallies: one a listener.
        alpha: the chance, over the whole course of looking, that the truth is ever left out.
    """
    tallies = tuple(tallies)
    limit = -math.log(alpha)
    kept = np.flatnonzero(log_e_values(tallies, GRID_M) < limit)
    if len(kept) == 0:  # narrower than the grid: around where the evidence is least
        best = float(GRID_M[np.argmin(log_e_values(tallies, GRID_M))])
        return ConfidenceInterval(low=best, high=best)
    low, high = float(GRID_M[kept[0]]), float(GRID_M[kept[-1]])
    below = 0.0 if kept[0] == 0 else float(GRID_M[kept[0] - 1])
    above = 1.0 if kept[-1] == len(GRID_M) - 1 else float(GRID_M[kept[-1] + 1])
    return ConfidenceInterval(
        low=_edge(tallies, below, low, limit), high=_edge(tallies, above, high, limit)
    )


def _edge(tallies: Sequence[Tally], refuted: float, kept: float, limit: float) -> float:
    """Where evidence crosses the limit between a refuted value and one that is not."""
    if refuted in (0.0, 1.0):
        return refuted
    for _ in range(20):
        middle = (refuted + kept) / 2
        if float(log_e_values(tallies, middle)) < limit:
            kept = middle
        else:
            refuted = middle
    return refuted


@lru_cache(maxsize=4096)
def _even_factors(tally: Tally) -> np.ndarray:
    return log_factors(tally)


class EvidencePath:
    """The e-value vote by vote: each step costs the same, however many came before."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self._factors: dict[str, np.ndarray] = {}
        self._log_wealth_K = np.zeros(len(STAKES_K))

    def set_tally(self, listener: str, tally: Tally) -> None:
        """Put a listener's votes in the place of what was known of that listener."""
        factors = _even_factors(tally)
        self._log_wealth_K += factors - self._factors.get(listener, 0.0)
        self._factors[listener] = factors
        self.tallies[listener] = tally

    @property
    def log_e_value(self) -> float:
        """Of "listeners prefer neither on the whole", now."""
        return float(mixed(self._log_wealth_K))
