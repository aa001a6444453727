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

A listener enters the product when the last of the planned votes is cast, or after leaving (no vote
for `LEFT_AFTER_MINUTES`), with what was voted by then. So one may look in the middle of somebody's
votes, however alike they are.

Assumed: who comes next, and when somebody finishes or leaves, has nothing to do with which version
they prefer; which of a pair is heard first is chance (`assignment`). Not assumed: that listeners
agree, that votes of one listener are independent, that the number of listeners or votes was
planned. What is found holds for the items of the experiment.

Source: Ville, "Etude critique de la notion de collectif" (1939); Robbins, "Statistical methods
related to the law of the iterated logarithm", Annals of Mathematical Statistics 41 (1970);
Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
(2024), sections 3 and 4. Differs: a fixed set of stakes is mixed in place of a predictable plug-in,
so that the order of listeners does not matter.

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
GRID_M = np.linspace(0.0, 1.0, 101)[1:-1]
"""Values of mu among which the interval is looked for."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One listener's votes between two versions.

    Attributes:
        planned: votes that were to be cast between the two; fixed before the first.
        votes: how many were cast that count.
        points: for the first version; a vote for neither is half a point.
    """

    planned: int
    votes: int
    points: float

    def __post_init__(self) -> None:
        if not 0 <= self.points <= self.votes <= self.planned >= 1:
            raise EvaluationError(
                f"{self.points} points in {self.votes} of {self.planned} votes cannot be; "
                "allowed: 0 <= points <= votes <= planned, and planned at least 1."
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


def log_factors(tally: Tally, mean: float = EVEN) -> np.ndarray:
    """What a listener multiplies each gambler's wealth by, as logarithms (K,).

    Args:
        tally: the listener's votes.
        mean: the hypothesis.
    """
    gain = (tally.points - mean * tally.votes) / tally.planned
    return np.log1p(STAKES_K * gain / np.where(STAKES_K > 0, mean, 1 - mean))


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
    means = np.asarray(means, float)[..., None]
    count_G = np.fromiter(groups.values(), float, len(groups))
    votes_G = np.array([tally.votes / tally.planned for tally in groups])
    points_G = np.array([tally.points / tally.planned for tally in groups])
    gain = points_G - means * votes_G
    stakes = STAKES_K / np.where(STAKES_K > 0, means, 1 - means)
    return mixed(np.log1p(stakes[..., :, None] * gain[..., None, :]) @ count_G)


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
    log_e_M = log_e_values(tallies, GRID_M)
    kept = np.flatnonzero(log_e_M < limit)
    if len(kept) == 0:  # narrower than the grid: begin where the evidence is least
        from scipy.optimize import minimize_scalar

        least = int(np.argmin(log_e_M))
        around = GRID_M[max(0, least - 1)], GRID_M[min(len(GRID_M) - 1, least + 1)]
        found = minimize_scalar(lambda m: float(log_e_values(tallies, m)), bounds=around)
        start_low = start_high = float(found.x)
        below, above = (float(edge) for edge in around)
    else:
        start_low, start_high = float(GRID_M[kept[0]]), float(GRID_M[kept[-1]])
        below = 0.0 if kept[0] == 0 else float(GRID_M[kept[0] - 1])
        above = 1.0 if kept[-1] == len(GRID_M) - 1 else float(GRID_M[kept[-1] + 1])
    return ConfidenceInterval(
        low=_edge(tallies, below, start_low, limit), high=_edge(tallies, above, start_high, limit)
    )


def _edge(tallies: Sequence[Tally], refuted: float, kept: float, limit: float) -> float:
    """Where evidence crosses the limit between a refuted value and one that is not.

    What is returned is refuted, or an end of the scale: the interval is never too narrow.
    """
    low, high = refuted, kept
    for _ in range(14):
        middle = (low + high) / 2
        if float(log_e_values(tallies, middle)) < limit:
            high = middle
        else:
            low = middle
    return low


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
