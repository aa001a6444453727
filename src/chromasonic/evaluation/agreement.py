"""How well predicted numbers agree with measured ones: R2, CCC, and intervals of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.statistics import LEVEL

Floats = npt.NDArray[np.float64]
RESAMPLES = 2_000


def r2(measured: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Share of the variance that is explained: 1 - squared errors / squared deviations.

    1 is perfect, 0 as good as the mean of what was measured, negative worse; NaN where all that was
    measured is alike.
    """
    y, p = _pair(measured, predicted)
    total = np.square(y - y.mean()).sum()
    return float(1 - np.square(y - p).sum() / total) if total > 0 else float("nan")


def ccc(measured: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Concordance: 2 cov / (var + var + squared difference of the means), from -1 to 1.

    1 only where both are equal; 0 for a constant prediction; NaN where both are constant and equal.

    Source: Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45
    (1989), equation 3, with variances over n.
    """
    y, p = _pair(measured, predicted)
    below = y.var() + p.var() + (y.mean() - p.mean()) ** 2
    return (
        float(2 * ((y - y.mean()) * (p - p.mean())).mean() / below) if below > 0 else float("nan")
    )


def interval_of(
    measure: Callable[[Floats, Floats], float],
    measured: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    seed: int = 0,
) -> Figure:
    """A measure with its 95% percentile-bootstrap interval over pairs.

    Args:
        measure: (measured, predicted) to a number.
        measured: (N,).
        predicted: (N,).
        seed: chooses the resamples.
    """
    y, p = _pair(measured, predicted)
    value = measure(y, p)
    if np.isnan(value):
        return undefined("what was measured does not vary", n=len(y))
    if len(y) < 3:
        return Figure(value=value, n=len(y), reason="fewer than three give no interval")
    rng = np.random.default_rng(seed)
    draws = [measure(y[picks], p[picks]) for picks in rng.integers(0, len(y), (RESAMPLES, len(y)))]
    low, high = np.nanquantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value=value, n=len(y), low=float(low), high=float(high))


def _pair(measured: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[Floats, Floats]:
    y, p = np.asarray(measured, float), np.asarray(predicted, float)
    if y.shape != p.shape or y.ndim != 1 or not len(y):
        raise EvaluationError(
            f"Measured {y.shape} and predicted {p.shape}: both must be (N,), N at least 1."
        )
    if not (np.isfinite(y).all() and np.isfinite(p).all()):
        raise EvaluationError("A measured or predicted number is NaN or infinite.")
    return y, p
