"""The difference of two sides on one metric, with its interval, its test and its size.

The unit is the group of pieces that depend on each other, mostly one piece. With one run a side the
difference is between two given models: a sign-flip permutation test and a bootstrap interval over
groups. With several runs a side it is between two recipes, and the runs' chance counts too.

Legend: S runs of a side, N pieces, G groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from chromasonic.abtest.comparing_alignment import Measured
from chromasonic.abtest.comparing_intervals import contributions, interval_of
from chromasonic.abtest.power import Spread
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.statistics import RESAMPLES, bootstrap_ratio, compare_paired


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Second minus first.

    Attributes:
        figure: the difference with its 95% interval, in the metric's unit; n counts groups.
        p_value: two-sided, before any correction.
        spread: what the difference is measured against.
        seed_deviations: standard deviation of each side's runs; NaN where a side has one.
    """

    figure: Figure
    p_value: float
    spread: Spread
    seed_deviations: tuple[float, float] = (math.nan, math.nan)


def group_sums(values_SN: np.ndarray, groups_N: np.ndarray) -> np.ndarray:
    """Sums over each group: (S, N) to (S, G)."""
    groups = int(groups_N.max()) + 1
    return np.stack([np.bincount(groups_N, row, groups) for row in values_SN])


def difference_of(
    measured: Measured, groups_N: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES
) -> Difference:
    """The difference of one metric.

    Args:
        measured: of both sides.
        groups_N: each piece's group.
        seed: chooses resamples and flips.
        resamples: how many of each.
    """
    sides = (measured.first_SN, measured.second_SN)
    counts_G = group_sums(measured.counts_N[None], groups_N)[0]
    used = counts_G > 0
    if not used.any():
        return _none(f"there is nothing to count in any piece for {measured.name}", measured)
    if not all(np.isfinite(side).all() for side in sides):
        return _none(
            "a piece's value is infinite or NaN (a model that gives a note probability 0 has no "
            "finite likelihood)",
            measured,
        )
    first_SG, second_SG = (group_sums(side, groups_N)[:, used] for side in sides)
    counts_G = counts_G[used]
    if len(first_SG) == len(second_SG) == 1:
        return _between_models(first_SG[0], second_SG[0], counts_G, measured, seed, resamples)
    return _between_recipes(first_SG, second_SG, counts_G, measured)


def _none(reason: str, measured: Measured) -> Difference:
    return Difference(
        figure=undefined(reason, unit=measured.unit),
        p_value=math.nan,
        spread=Spread(deviation=math.nan),
    )


def _between_models(
    first_G: np.ndarray,
    second_G: np.ndarray,
    counts_G: np.ndarray,
    measured: Measured,
    seed: int,
    resamples: int,
) -> Difference:
    test = compare_paired(second_G, first_G, counts_G, unit=measured.unit, seed=seed)
    figure, gaps_G = test.difference, second_G - first_G
    if figure.n < 2:
        return Difference(figure=figure, p_value=math.nan, spread=Spread(deviation=math.nan))
    low, high = interval_of(gaps_G, counts_G, seed=seed, resamples=resamples)
    return Difference(
        figure=replace(figure, low=low, high=high),
        p_value=test.p_value,
        spread=Spread(deviation=float(contributions(gaps_G, counts_G).std(ddof=1))),
    )


def _between_recipes(
    first_SG: np.ndarray, second_SG: np.ndarray, counts_G: np.ndarray, measured: Measured
) -> Difference:
    """Groups and runs crossed, runs nested in their side.

    The variance over runs holds their interaction with groups, and so does that over groups, from
    which it is taken out. The reach of the interval is the root of the two squared reaches: exact
    where either variance is all there is, and a little wide between.

    Source: for runs and pieces as readers and cases, Obuchowski and Rockette, "Hypothesis testing
    of diagnostic accuracy for multiple readers and multiple tests", Communications in Statistics 24
    (1995); for the sum of squared reaches, Graybill and Wang, "Confidence intervals on nonnegative
    linear combinations of variances", JASA 75 (1980). Differs: one variance of runs for both sides,
    as there are few runs.
    """
    groups, unit = len(counts_G), measured.unit
    gaps_G = second_SG.mean(axis=0) - first_SG.mean(axis=0)
    value = float(gaps_G.sum() / counts_G.sum())
    if groups == 1:
        figure = Figure(value=value, n=1, unit=unit, reason="one piece gives no interval")
        return Difference(figure=figure, p_value=math.nan, spread=Spread(deviation=math.nan))
    sides = (first_SG, second_SG)
    squares = [_squares_of_runs(side, counts_G) for side in sides]
    freedom = sum(len(side) - 1 for side in sides)
    share = sum(1 / len(side) for side in sides)
    seeds = sum(own for own, _ in squares) / freedom * share
    mixed = sum(rest for _, rest in squares) / (freedom * (groups - 1)) * share / groups
    over_groups = float(contributions(gaps_G, counts_G).var(ddof=1)) / groups
    spread = Spread(
        deviation=math.sqrt(max(over_groups - mixed, 0.0) * groups),
        seed_variance=seeds,
        runs=2 / share,
        seed_freedom=freedom,
    )
    reach = spread.reach(groups)
    deviations = [
        math.sqrt(own / (len(side) - 1)) if len(side) > 1 else math.nan
        for side, (own, _) in zip(sides, squares, strict=True)
    ]
    return Difference(
        figure=Figure(value=value, n=groups, low=value - reach, high=value + reach, unit=unit),
        p_value=_level_at(abs(value), spread, groups),
        spread=spread,
        seed_deviations=(deviations[0], deviations[1]),
    )


def _squares_of_runs(sums_SG: np.ndarray, counts_G: np.ndarray) -> tuple[float, float]:
    """Sums of squares of the runs' figures, and of their interaction with groups."""
    ratios_S = sums_SG.sum(axis=1) / counts_G.sum()
    errors_SG = np.stack([contributions(row, counts_G) for row in sums_SG])
    rest_SG = errors_SG - errors_SG.mean(axis=0)
    return float(((ratios_S - ratios_S.mean()) ** 2).sum()), float((rest_SG**2).sum())


def _level_at(distance: float, spread: Spread, groups: int) -> float:
    """The two-sided level at which an interval just reaches so far: the p-value."""
    if distance == 0:
        return 1.0
    if spread.reach(groups, level=1e-12) <= distance:
        return 1e-12
    from scipy.optimize import brentq

    return float(
        brentq(lambda level: spread.reach(groups, level=level) - distance, 1e-12, 1.0, xtol=1e-12)
    )


def relative_change(measured: Measured, groups_N: np.ndarray, *, seed: int = 0) -> Figure:
    """The second's figure over the first's, less 1, with a bootstrap interval over groups.

    With several runs a side it is of their means, and the interval is that of the groups alone.

    Args:
        measured: of both sides.
        groups_N: each piece's group.
        seed: chooses resamples.

    Returns:
        Undefined where the first's values are not all 0 or more.
    """
    first_G, second_G = (
        group_sums(side.mean(axis=0)[None], groups_N)[0]
        for side in (measured.first_SN, measured.second_SN)
    )
    if not (np.isfinite(first_G).all() and np.isfinite(second_G).all()):
        return undefined("a value is not finite")
    if (first_G < 0).any() or (second_G < 0).any() or first_G.sum() == 0:
        return undefined("a share of values below 0 means nothing")
    value = float(second_G.sum() / first_G.sum())
    if np.count_nonzero(first_G) < len(first_G):  # a resample might have nothing to divide by
        return Figure(value=value - 1, n=len(first_G), reason="a piece's value is 0: no interval")
    ratio = bootstrap_ratio(second_G, first_G, seed=seed)
    return Figure(value=ratio.value - 1, n=ratio.n, low=ratio.low - 1, high=ratio.high - 1)
