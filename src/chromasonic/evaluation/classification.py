"""How good answers of a classifier are: which class it names, and how sure it is.

Legend: N items, K classes, R resamples, B bins.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.statistics import LEVEL

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LEAST = 1e-12
"""A smaller probability counts as this one, so that one sure error does not make all infinite."""
BINS = 15


def check_answers(truth_N: npt.ArrayLike, probabilities_NK: npt.ArrayLike) -> tuple[Whole, Floats]:
    """Answers as arrays.

    Args:
        truth_N: number of each item's class.
        probabilities_NK: of each class, a row of sum 1 for each item.

    Raises:
        EvaluationError: there is no item, the shapes do not fit, a class is unknown, or a row is no
            distribution.
    """
    truth, shares = np.asarray(truth_N, np.int64), np.asarray(probabilities_NK, float)
    if shares.ndim != 2 or truth.shape != shares.shape[:1] or not len(truth):
        raise EvaluationError(
            f"Classes of shape {truth.shape} and probabilities of shape {shares.shape} were given; "
            "one class and one row of probabilities for each of one or more items are wanted."
        )
    if truth.min() < 0 or truth.max() >= shares.shape[1]:
        raise EvaluationError(
            f"There are the classes {truth.min()} to {truth.max()}, but probabilities of "
            f"{shares.shape[1]} classes; allowed: 0 to {shares.shape[1] - 1}."
        )
    sums = shares.sum(axis=1)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and (abs(sums - 1) < 1e-3).all()):
        raise EvaluationError(
            "A row of probabilities is no distribution: numbers from 0 to 1 with the sum 1 are "
            "wanted (logits need a softmax first)."
        )
    return truth, shares / sums[:, None]


def is_among_first(truth_N: Whole, probabilities_NK: Floats, count: int) -> npt.NDArray[np.bool_]:
    """Whether each item's class is among the `count` most probable ones, (N,).

    Of classes as probable as the true one, those of lower number go before it: a constant answer
    gains nothing from ties.
    """
    own = np.take_along_axis(probabilities_NK, truth_N[:, None], axis=1)
    numbers = np.arange(probabilities_NK.shape[1])
    above = probabilities_NK > own
    before = (probabilities_NK == own) & (numbers < truth_N[:, None])
    return np.asarray((above | before).sum(axis=1) < count)


def surprise(truth_N: Whole, probabilities_NK: Floats) -> Floats:
    """Negative log-likelihood of each item's class in nats, (N,); see `LEAST`."""
    own = np.take_along_axis(probabilities_NK, truth_N[:, None], axis=1)[:, 0]
    return np.asarray(-np.log(np.maximum(own, LEAST)))


def confusion_counts(truth_N: Whole, probabilities_NK: Floats) -> Whole:
    """How often items of each class (rows) got each answer (columns), (K, K)."""
    classes = probabilities_NK.shape[1]
    cells = truth_N * classes + probabilities_NK.argmax(axis=1)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def f1_by_class(counts_KK: npt.ArrayLike) -> Floats:
    """F1 of each class from its confusion counts, (K,).

    Twice the right answers over items of the class plus answers with the class; NaN for a class
    that neither occurs nor is named.
    """
    counts = np.asarray(counts_KK, float)
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return np.divide(2 * np.diag(counts), both, out=np.full(len(both), np.nan), where=both > 0)


def macro_f1(counts_KK: npt.ArrayLike) -> float:
    """Mean of `f1_by_class` over the classes that occur or are named; NaN where there is none."""
    values = f1_by_class(counts_KK)
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def macro_f1_draws(truth_N: Whole, probabilities_NK: Floats, weights_RN: npt.ArrayLike) -> Floats:
    """Macro F1 of each resample, (R,).

    Args:
        truth_N: number of each item's class.
        probabilities_NK: of each class.
        weights_RN: how often each resample holds each item.
    """
    weights = np.asarray(weights_RN, float)
    classes = probabilities_NK.shape[1]
    true_NK = np.eye(classes)[truth_N]
    named_NK = np.eye(classes)[probabilities_NK.argmax(axis=1)]
    right_RK = weights @ (true_NK * named_NK)
    both_RK = weights @ (true_NK + named_NK)
    occurs_RK = both_RK > 0
    f1_RK = np.divide(2 * right_RK, both_RK, out=np.zeros_like(both_RK), where=occurs_RK)
    return np.asarray(f1_RK.sum(axis=1) / np.maximum(occurs_RK.sum(axis=1), 1))


def calibration_error(truth_N: Whole, probabilities_NK: Floats, *, bins: int = BINS) -> float:
    """Expected calibration error: how far certainty and accuracy lie apart, from 0 to 1.

    Items fall into bins of equal width by the probability of their answer; each bin's distance of
    mean certainty and accuracy counts by its items.

    Source: Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3.
    """
    certainty = probabilities_NK.max(axis=1)
    is_right = probabilities_NK.argmax(axis=1) == truth_N
    places = np.clip(np.ceil(certainty * bins).astype(int) - 1, 0, bins - 1)
    gaps_B = np.bincount(places, weights=certainty - is_right, minlength=bins)
    return float(np.abs(gaps_B).sum() / len(truth_N))


def percentile_ends(draws: npt.ArrayLike) -> tuple[float, float]:
    """The 95% percentile interval of resampled values."""
    low, high = np.quantile(np.asarray(draws, float), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
