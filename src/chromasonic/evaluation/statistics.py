"""Intervals and tests over tunes.

The tune is the unit everywhere: notes of one tune depend on each other, tunes do not. A figure such
as bits a note is a ratio of two sums over tunes; resampling takes whole tunes and divides anew.

Legend: N tunes, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.figure import Figure, undefined

LEVEL = 0.95
RESAMPLES = 4_000
_CELLS_AT_ONCE = 4_000_000  # cells (resamples x tunes) drawn at once, to bound memory (32 MB)


def bootstrap_ratio(
    numerators: Sequence[float] | np.ndarray,
    denominators: Sequence[float] | np.ndarray | None = None,
    *,
    unit: str = "",
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Figure:
    """Sum of numerators over sum of denominators, with a 95% interval over tunes.

    The interval is the bias-corrected and accelerated bootstrap (BCa), which stays right for skewed
    ratios; where it degenerates (all resamples alike) it is the percentile interval.

    Args:
        numerators: one sum a tune (N,), such as the bits of its pitches.
        denominators: one sum a tune (N,), such as its notes; None is 1 each, giving the mean.
        unit: unit of the figure.
        seed: chooses the resamples.
        resamples: how many resamples.

    Returns:
        The figure; `n` counts the tunes whose denominator is above 0. Undefined without any; with
        one tune the value stands and the interval is NaN.

    Source: Efron, "Better bootstrap confidence intervals", JASA 82 (1987), equations 2.3 and 6.6.
    """
    top, bottom = _checked(numerators, denominators)
    used = bottom > 0
    top, bottom = top[used], bottom[used]
    n = len(top)
    if n == 0:
        return undefined("there is nothing to count in any tune", unit=unit)
    value = float(top.sum() / bottom.sum())
    if math.isnan(value):
        return undefined("a tune has no value (NaN)", n=n, unit=unit)
    if n == 1:
        reason = "one tune gives no interval"
        return Figure(value=value, n=n, unit=unit, reason=reason)
    if math.isinf(value):
        return Figure(value=value, n=n, unit=unit, reason="a tune's sum is infinite: no interval")
    draws_R = _resampled(top, bottom, resamples=resamples, seed=seed)
    jackknife_N = (top.sum() - top) / (bottom.sum() - bottom)
    low, high = _bca(value, draws_R, jackknife_N)
    return Figure(value=value, n=n, low=low, high=high, unit=unit)


def bootstrap_mean(values: Sequence[float] | np.ndarray, **options: Any) -> Figure:
    """Mean over tunes with its interval; tunes whose value is NaN are left out of n."""
    kept = np.asarray(values, float)
    return bootstrap_ratio(kept[~np.isnan(kept)], None, **options)


def bootstrap_median(
    values: Sequence[float] | np.ndarray, *, unit: str = "", seed: int = 0
) -> Figure:
    """Median over tunes with its percentile interval; tunes whose value is NaN are left out."""
    kept = np.asarray(values, float)
    kept = kept[~np.isnan(kept)]
    if len(kept) == 0:
        return undefined("no tune has a value", unit=unit)
    value = float(np.median(kept))
    if len(kept) == 1:
        return Figure(value=value, n=1, unit=unit, reason="one tune gives no interval")
    rng = np.random.default_rng(seed)
    draws = np.median(kept[rng.integers(0, len(kept), (RESAMPLES // 2, len(kept)))], axis=1)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value=value, n=len(kept), low=float(low), high=float(high), unit=unit)


def wilson(successes: float, n: int, *, unit: str = "") -> Figure:
    """A share with its 95% Wilson score interval, which stays right near 0 and 1.

    Args:
        successes: how many of the `n` succeeded; a fraction where several trials are averaged.
        n: independent trials.
        unit: unit of the figure.

    Raises:
        EvaluationError: there are more successes than trials, or fewer than 0.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
    (1927).
    """
    from scipy.special import ndtri

    if not 0 <= successes <= max(n, 0):
        raise EvaluationError(f"{successes} of {n} succeeded; allowed: from 0 to all of them.")
    if n == 0:
        return undefined("there was no trial", unit=unit)
    share, z = successes / n, float(ndtri((1 + LEVEL) / 2))
    middle = share + z**2 / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = ((middle + sign * reach) / (1 + z**2 / n) for sign in (-1, 1))
    return Figure(value=share, n=n, low=max(0.0, low), high=min(1.0, high), unit=unit)


def student(values: Sequence[float] | np.ndarray, *, unit: str = "") -> Figure:
    """Mean of a few values with its 95% Student interval: what another such value's mean may be.

    For a handful of performers or seeds, too few to resample.

    Args:
        values: one each, such as the accuracy on each performer who was left out.
        unit: unit of the figure.
    """
    from scipy.stats import t

    kept = np.asarray(values, float)
    n = len(kept)
    if n == 0:
        return undefined("there is no value", unit=unit)
    mean = float(kept.mean())
    if n == 1:
        return Figure(value=mean, n=1, unit=unit, reason="one value gives no interval")
    reach = float(t.ppf((1 + LEVEL) / 2, n - 1) * kept.std(ddof=1) / math.sqrt(n))
    return Figure(value=mean, n=n, low=mean - reach, high=mean + reach, unit=unit)


def _checked(
    numerators: Sequence[float] | np.ndarray, denominators: Sequence[float] | np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    top = np.asarray(numerators, float)
    bottom = np.ones_like(top) if denominators is None else np.asarray(denominators, float)
    if top.shape != bottom.shape or top.ndim != 1:
        raise EvaluationError(
            f"Sums of {top.shape} and {bottom.shape} were given; "
            "both must be one number a tune, in the same order of tunes."
        )
    if (bottom < 0).any():
        raise EvaluationError("A tune has a negative count; counts are 0 or more.")
    return top, bottom


def _resampled(top: np.ndarray, bottom: np.ndarray, *, resamples: int, seed: int) -> np.ndarray:
    """Ratios of resampled tunes (R,)."""
    rng, n = np.random.default_rng(seed), len(top)
    chunk = max(1, _CELLS_AT_ONCE // n)
    ratios = []
    for start in range(0, resamples, chunk):
        picks = rng.integers(0, n, (min(chunk, resamples - start), n))
        ratios.append(top[picks].sum(axis=1) / bottom[picks].sum(axis=1))
    return np.concatenate(ratios)


def _bca(value: float, draws_R: np.ndarray, jackknife_N: np.ndarray) -> tuple[float, float]:
    from scipy.special import ndtr, ndtri

    levels = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    below = ((draws_R < value).mean() + (draws_R <= value).mean()) / 2
    deviations = jackknife_N.mean() - jackknife_N
    spread = (deviations**2).sum() ** 1.5
    if 0 < below < 1 and spread > 0:
        bias = ndtri(below)
        acceleration = (deviations**3).sum() / (6 * spread)
        shifted = bias + ndtri(levels)
        levels = ndtr(bias + shifted / (1 - acceleration * shifted))
    low, high = np.quantile(draws_R, levels)
    return float(low), float(high)


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """Two models over the same tunes.

    Attributes:
        first: name of the first.
        second: name of the second.
        difference: first minus second, with its paired bootstrap interval.
        p_value: two-sided, sign-flip permutation over tunes (primary).
        p_wilcoxon: two-sided Wilcoxon signed-rank over the tunes' own ratios (beside it).
        p_adjusted: `p_value` after Holm's correction over all pairs of one comparison.
        wins: tunes on which the first has the lower ratio.
        losses: tunes on which the second has.
        n: tunes.
    """

    first: str
    second: str
    difference: Figure
    p_value: float
    p_wilcoxon: float
    p_adjusted: float
    wins: int
    losses: int
    n: int

    @property
    def is_significant(self) -> bool:
        """Whether the adjusted p-value is below 0.05."""
        return self.p_adjusted < 1 - LEVEL

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "is_significant": self.is_significant}


def compare_paired(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    counts: Sequence[float] | np.ndarray | None = None,
    *,
    names: tuple[str, str] = ("first", "second"),
    unit: str = "",
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> PairedTest:
    """Test whether two models differ, tune by tune.

    The sign-flip permutation test asks: were the two models exchangeable on each tune, how often
    would the difference of the ratios be at least this large?

    Args:
        first: one sum a tune (N,), such as the bits of its pitches under the first model.
        second: the same tunes under the second.
        counts: the notes of each tune, equal for both; None is 1 each.
        names: how to call the two.
        unit: unit of the difference.
        seed: chooses resamples and flips.
        resamples: how many of each.

    Returns:
        The test; `p_adjusted` equals `p_value` until `holm` has seen all pairs.
    """
    from scipy.stats import wilcoxon

    a, bottom = _checked(first, counts)
    b, _ = _checked(second, counts)
    used = bottom > 0
    a, b, bottom = a[used], b[used], bottom[used]
    if len(a) == 0:
        raise EvaluationError("No tune is common to the two models; compare them on the same data.")
    gaps = a - b
    if not np.isfinite(gaps).all():
        raise EvaluationError(
            f"{names[0]} and {names[1]} cannot be tested: a tune's sum is infinite or NaN. "
            "A model that gives a note probability 0 has no finite likelihood."
        )
    difference = bootstrap_ratio(gaps, bottom, unit=unit, seed=seed, resamples=resamples)
    ratio_gaps = gaps / bottom
    has_gap = bool(np.any(ratio_gaps != 0))
    p_value = _sign_flip(gaps, seed=seed, flips=resamples) if has_gap else 1.0
    return PairedTest(
        first=names[0],
        second=names[1],
        difference=difference,
        p_value=p_value,
        p_wilcoxon=float(wilcoxon(ratio_gaps).pvalue) if has_gap else 1.0,
        p_adjusted=p_value,
        wins=int((ratio_gaps < 0).sum()),
        losses=int((ratio_gaps > 0).sum()),
        n=len(a),
    )


def _sign_flip(gaps: np.ndarray, *, seed: int, flips: int) -> float:
    """Two-sided p-value; exact when all sign patterns are fewer than the flips asked for."""
    n = len(gaps)
    observed = abs(gaps.sum()) * (1 - 1e-12)  # equal sums in another order count as equal
    if 2**n <= flips:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float((np.abs(signs @ gaps) >= observed).mean())
    rng = np.random.default_rng(seed)
    chunk, as_large = max(1, _CELLS_AT_ONCE // n), 0
    for start in range(0, flips, chunk):
        signs = rng.integers(0, 2, (min(chunk, flips - start), n)) * 2 - 1
        as_large += int((np.abs(signs @ gaps) >= observed).sum())
    return (1 + as_large) / (1 + flips)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for being several (Holm's step-down), in the order given.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6 (1979).
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, highest)
    return adjusted
