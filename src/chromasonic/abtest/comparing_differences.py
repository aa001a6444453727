"""The difference of two sides on one metric, with its interval, its test and its size.

The unit is the group of pieces that depend on each other, mostly one piece. With one run a side the
difference is between two given models: a sign-flip permutation test and a bootstrap interval over
groups. With several runs a side it is between two recipes, and runs vary too: the variance is that
of groups and that of runs, and the interval is Student's with Satterthwaite's degrees of freedom.

Legend: S runs of a side, N pieces, G groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chromasonic.abtest.comparing_alignment import Measured
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.statistics import LEVEL, bootstrap_ratio, compare_paired


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Second minus first.

    Attributes:
        figure: the difference with its 95% interval, in the metric's unit; n counts groups.
        p_value: two-sided, before any correction.
        deviation: standard deviation of the groups' contributions, in the metric's unit.
        seed_variance: of the difference, from the runs; 0 with one run a side.
        seed_deviations: standard deviation of each side's runs; NaN where a side has one.
    """

    figure: Figure
    p_value: float
    deviation: float
    seed_variance: float = 0.0
    seed_deviations: tuple[float, float] = (math.nan, math.nan)


def group_sums(values_SN: np.ndarray, groups_N: np.ndarray) -> np.ndarray:
    """Sums over each group: (S, N) to (S, G)."""
    groups = int(groups_N.max()) + 1
    return np.stack([np.bincount(groups_N, row, groups) for row in values_SN])


def difference_of(measured: Measured, groups_N: np.ndarray, *, seed: int = 0) -> Difference:
    """The difference of one metric.

    Args:
        measured: of both sides.
        groups_N: each piece's group.
        seed: chooses resamples and flips.
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
        return _between_models(first_SG[0], second_SG[0], counts_G, measured, seed)
    return _between_recipes(first_SG, second_SG, counts_G, measured)


def _none(reason: str, measured: Measured) -> Difference:
    return Difference(
        figure=undefined(reason, unit=measured.unit), p_value=math.nan, deviation=math.nan
    )


def contributions(gaps_G: np.ndarray, counts_G: np.ndarray) -> np.ndarray:
    """What each group adds to the ratio's error, so that its variance is theirs over G.

    Source: linearization of a ratio; Cochran, "Sampling Techniques" (1977), section 6.
    """
    ratio = gaps_G.sum() / counts_G.sum()
    return np.asarray((gaps_G - ratio * counts_G) / counts_G.mean())


def _between_models(
    first_G: np.ndarray, second_G: np.ndarray, counts_G: np.ndarray, measured: Measured, seed: int
) -> Difference:
    test = compare_paired(second_G, first_G, counts_G, unit=measured.unit, seed=seed)
    errors_G = contributions(second_G - first_G, counts_G)
    deviation = float(errors_G.std(ddof=1)) if len(errors_G) > 1 else math.nan
    return Difference(figure=test.difference, p_value=test.p_value, deviation=deviation)


def _between_recipes(
    first_SG: np.ndarray, second_SG: np.ndarray, counts_G: np.ndarray, measured: Measured
) -> Difference:
    """Groups and runs crossed, runs nested in their side.

    The variance of a side's mean over runs holds the runs' interaction with groups, and so does the
    variance over groups; it is taken out once. Satterthwaite's degrees of freedom follow.

    Source: Satterthwaite, "An approximate distribution of estimates of variance components",
    Biometrics Bulletin 2 (1946); Obuchowski and Rockette, "Hypothesis testing of diagnostic
    accuracy for multiple readers and multiple tests", Communications in Statistics 24 (1995), for
    readers and cases in the place of runs and pieces.
    """
    groups, unit = len(counts_G), measured.unit
    gaps_G = second_SG.mean(axis=0) - first_SG.mean(axis=0)
    value = float(gaps_G.sum() / counts_G.sum())
    if groups == 1:
        figure = Figure(value=value, n=1, unit=unit, reason="one piece gives no interval")
        return Difference(figure=figure, p_value=math.nan, deviation=math.nan)
    errors_G = contributions(gaps_G, counts_G)
    over_groups = float(errors_G.var(ddof=1)) / groups
    spreads = [_spread_of_runs(side, counts_G) for side in (first_SG, second_SG)]
    known = [spread for spread in spreads if spread is not None]
    terms = [(over_groups, groups - 1)]
    seeds = interaction = 0.0
    for side, spread in zip((first_SG, second_SG), spreads, strict=True):
        between, mixed = spread if spread is not None else known[0]
        runs = len(side)
        seeds += between / runs
        interaction += mixed / (runs * groups)
        if spread is not None:
            terms.append((between / runs, runs - 1))
    if len(known) == 1:  # the single run's side leans on the other's runs: one estimate, used twice
        runs = max(len(first_SG), len(second_SG))
        terms = [(over_groups, groups - 1), (seeds, runs - 1)]
    variance = max(over_groups + seeds - interaction, over_groups, seeds)
    figure, p_value = _student(value, variance, terms, n=groups, unit=unit)
    deviations = tuple(math.nan if s is None else math.sqrt(s[0]) for s in spreads)
    return Difference(
        figure=figure,
        p_value=p_value,
        deviation=math.sqrt(over_groups * groups),
        seed_variance=max(seeds - interaction, 0.0),
        seed_deviations=(deviations[0], deviations[1]),
    )


def _spread_of_runs(sums_SG: np.ndarray, counts_G: np.ndarray) -> tuple[float, float] | None:
    """Variance of the runs' figures, and of their interaction with groups; None of one run."""
    runs, groups = sums_SG.shape
    if runs < 2:
        return None
    ratios_S = sums_SG.sum(axis=1) / counts_G.sum()
    errors_SG = np.stack([contributions(row, counts_G) for row in sums_SG])
    rest_SG = errors_SG - errors_SG.mean(axis=0)
    mixed = float((rest_SG**2).sum()) / ((runs - 1) * (groups - 1))
    return float(ratios_S.var(ddof=1)), mixed


def _student(
    value: float, variance: float, terms: list[tuple[float, int]], *, n: int, unit: str
) -> tuple[Figure, float]:
    from scipy.stats import t

    if variance == 0:
        return Figure(value=value, n=n, low=value, high=value, unit=unit), float(value == 0)
    # As many degrees of freedom as the terms that make up the variance have together.
    scale = sum(part for part, _ in terms)
    freedom = scale**2 / sum(part**2 / degrees for part, degrees in terms)
    error = math.sqrt(variance)
    reach = float(t.ppf((1 + LEVEL) / 2, freedom)) * error
    figure = Figure(value=value, n=n, low=value - reach, high=value + reach, unit=unit)
    return figure, float(2 * t.sf(abs(value) / error, freedom))


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
