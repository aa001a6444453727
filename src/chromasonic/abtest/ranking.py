"""More than two versions in one order: Bradley-Terry strengths with intervals over listeners.

A version i of strength b_i is preferred to j with probability 1 / (1 + exp(b_j - b_i)). A vote for
neither is half a vote for each. Strengths are centred: 0 is the average version.

Source: Bradley and Terry, "Rank analysis of incomplete block designs", Biometrika 39 (1952), fitted
by choix (Maystre and Grossglauser, NeurIPS 2015); the order effect as in Davidson and Beaver,
Biometrics 33 (1977), on top of the strengths.

Legend: L listeners, V versions (and the anchor), R resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chromasonic.abtest.vote import Vote
from chromasonic.errors import EvaluationError
from chromasonic.evaluation.figure import Figure

RESAMPLES = 400
FEWEST_LISTENERS = 10
"""Resampling fewer gives intervals that are far too narrow, so none is given then."""
TOO_FEW = f"fewer than {FEWEST_LISTENERS} listeners give no interval"
_PRIOR = 0.1  # a tenth of a vote for and against: a version that always won has a finite strength


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One version's place.

    Attributes:
        label: of the version.
        strength: log-odds of being preferred to the average one.
        preferred: share of votes it would get against the others, each equally often.
        wins: points it got: votes for it, halves for neither.
        votes: in which it stood.
    """

    label: str
    strength: Figure
    preferred: Figure
    wins: float
    votes: int


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Versions, the best first.

    Attributes:
        standings: one a version.
        order_effect: log-odds by which what is heard first gains; 0: order does not matter.
    """

    standings: tuple[Standing, ...]
    order_effect: Figure


def rank(
    votes: Sequence[Vote], labels: Sequence[str], *, seed: int = 0, resamples: int = RESAMPLES
) -> Ranking:
    """Put versions in order by what listeners preferred.

    Args:
        votes: of one experiment; repeats are to be left out.
        labels: of the versions, the anchor among them where there is one.
        seed: chooses the resamples of listeners.
        resamples: how many; intervals are percentiles over them.

    Raises:
        EvaluationError: some versions were never compared, not even by way of others.
    """
    all_points_LVV, counts_LVV = _by_listener(votes, labels)
    _check_connected(counts_LVV.sum(axis=0), labels)
    n = len(counts_LVV)
    rng = np.random.default_rng(seed)
    weights_RL = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    weights_RL = np.concatenate([np.ones((1, n)), weights_RL])  # the first row is what was seen
    points_RVV = np.tensordot(weights_RL, all_points_LVV, axes=1)
    counts_RVV = np.tensordot(weights_RL, counts_LVV, axes=1)
    wins_RVV = points_RVV + np.swapaxes(counts_RVV - points_RVV, 1, 2)
    strengths_RV = np.stack([_strengths(wins_VV) for wins_VV in wins_RVV])
    preferred_RV = _against_others(strengths_RV)
    effect_R = _order_effect(strengths_RV, points_RVV, counts_RVV)
    played_V = (counts_RVV[0] + counts_RVV[0].T).sum(axis=1)
    standings = [
        Standing(
            label=label,
            strength=_figure(strengths_RV[:, v], n, "log-odds"),
            preferred=_figure(preferred_RV[:, v], n, "share of votes"),
            wins=float(wins_RVV[0, v].sum()),
            votes=round(float(played_V[v])),
        )
        for v, label in enumerate(labels)
    ]
    standings.sort(key=lambda standing: -standing.strength.value)
    return Ranking(
        standings=tuple(standings), order_effect=_figure(effect_R, n, "log-odds for the first")
    )


def _by_listener(votes: Sequence[Vote], labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Points of the version heard first, and votes: (L, V, V), by first and second."""
    place = {label: index for index, label in enumerate(labels)}
    row = {name: index for index, name in enumerate(dict.fromkeys(v.listener for v in votes))}
    points = np.zeros((len(row), len(labels), len(labels)))
    counts = np.zeros_like(points)
    for vote in votes:
        cell = row[vote.listener], place[vote.first], place[vote.second]
        counts[cell] += 1
        points[cell] += vote.points_for(vote.first)
    return points, counts


def _check_connected(counts_VV: np.ndarray, labels: Sequence[str]) -> None:
    from scipy.sparse.csgraph import connected_components

    n, group_V = connected_components(counts_VV > 0, directed=False)
    if n > 1:
        groups = [
            "{" + ", ".join(label for label, g in zip(labels, group_V, strict=True) if g == k) + "}"
            for k in range(n)
        ]
        raise EvaluationError(
            f"No vote connects {' and '.join(groups)}, so they cannot stand in one order. Collect "
            "votes between them, or rank each group by itself."
        )


def _strengths(wins_VV: np.ndarray) -> np.ndarray:
    """Centred strengths (V,) from a table of wins."""
    import choix

    prior = _PRIOR * (1 - np.eye(len(wins_VV))) / (len(wins_VV) - 1)
    fitted = choix.ilsr_pairwise_dense(wins_VV + prior, alpha=0.0, max_iter=1000)
    return np.asarray(fitted - fitted.mean())


def _against_others(strengths_RV: np.ndarray) -> np.ndarray:
    """Mean chance of being preferred to each other version (R, V)."""
    gaps_RVV = strengths_RV[:, :, None] - strengths_RV[:, None, :]
    chance_RVV = 1 / (1 + np.exp(-gaps_RVV))
    n = strengths_RV.shape[1]
    return np.asarray((chance_RVV.sum(axis=2) - 0.5) / (n - 1))


def _order_effect(
    strengths_RV: np.ndarray, points_RVV: np.ndarray, counts_RVV: np.ndarray
) -> np.ndarray:
    """What the first one gains, such that as many votes for it are expected as were seen (R,)."""
    gaps_RVV = strengths_RV[:, :, None] - strengths_RV[:, None, :]
    half = 0.5 * _PRIOR
    seen_R = points_RVV.sum(axis=(1, 2)) + half
    total_R = counts_RVV.sum(axis=(1, 2)) + 2 * half
    low, high = np.full(len(gaps_RVV), -12.0), np.full(len(gaps_RVV), 12.0)
    for _ in range(50):
        middle = (low + high) / 2
        chance_RVV = 1 / (1 + np.exp(-(gaps_RVV + middle[:, None, None])))
        expected_R = (counts_RVV * chance_RVV).sum(axis=(1, 2))
        expected_R += (total_R - counts_RVV.sum(axis=(1, 2))) / (1 + np.exp(-middle))
        is_more = expected_R < seen_R
        low, high = np.where(is_more, middle, low), np.where(is_more, high, middle)
    return (low + high) / 2


def _figure(draws_R: np.ndarray, n: int, unit: str) -> Figure:
    """What was seen (the first), with the percentile interval of the resamples."""
    value = float(draws_R[0])
    if n < FEWEST_LISTENERS or len(draws_R) < 3:
        return Figure(value=value, n=n, unit=unit, reason=TOO_FEW)
    low, high = np.quantile(draws_R[1:], [0.025, 0.975])
    return Figure(value=value, n=n, low=float(low), high=float(high), unit=unit)
