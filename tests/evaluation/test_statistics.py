"""Intervals cover, tests are what they claim, and both agree with scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.statistics import (
    bootstrap_mean,
    bootstrap_median,
    bootstrap_ratio,
    compare_paired,
    holm,
)

BITS = np.array([31.0, 80.0, 12.0, 55.0, 140.0, 22.0, 61.0, 90.0, 35.0, 47.0, 150.0, 28.0])
NOTES = np.array([15.0, 30.0, 8.0, 20.0, 50.0, 12.0, 25.0, 30.0, 15.0, 20.0, 45.0, 14.0])


def test_a_ratio_divides_the_sums_and_not_the_tunes() -> None:
    figure = bootstrap_ratio([10, 90], [10, 30], unit="bits a note")
    assert figure.value == pytest.approx(100 / 40)  # the mean of 1 and 3 would be 2
    assert figure.n == 2
    assert figure.unit == "bits a note"


def test_the_interval_agrees_with_scipys_accelerated_bootstrap() -> None:
    ours = bootstrap_ratio(BITS, NOTES, resamples=40_000)
    theirs = stats.bootstrap(
        (BITS, NOTES),
        lambda top, bottom, axis=-1: top.sum(axis=axis) / bottom.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="BCa",
        n_resamples=40_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.high, abs=0.01)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    runs, covered = 300, 0
    for run in range(runs):
        notes = rng.integers(10, 80, 40).astype(float)
        hardness = rng.gamma(4, 0.5, 40)  # skewed, mean 2 bits, independent of the length
        figure = bootstrap_ratio(hardness * notes, notes, seed=run, resamples=600)
        covered += figure.low <= 2 <= figure.high
    assert 0.90 <= covered / runs <= 0.985


def test_the_same_seed_gives_the_same_interval() -> None:
    assert bootstrap_ratio(BITS, NOTES, seed=3) == bootstrap_ratio(BITS, NOTES, seed=3)
    assert bootstrap_ratio(BITS, NOTES, seed=3) != bootstrap_ratio(BITS, NOTES, seed=4)


def test_tunes_without_a_count_are_not_in_n() -> None:
    figure = bootstrap_ratio([4, 0, 6], [2, 0, 2])
    assert (figure.value, figure.n) == (2.5, 2)


def test_over_nothing_there_is_no_value_but_a_reason() -> None:
    figure = bootstrap_ratio([0, 0], [0, 0])
    assert math.isnan(figure.value)
    assert "nothing to count" in figure.reason


def test_one_tune_has_a_value_and_no_interval() -> None:
    figure = bootstrap_mean([0.5])
    assert figure.value == 0.5
    assert math.isnan(figure.low)
    assert "one tune" in figure.reason


def test_equal_tunes_have_an_interval_of_no_width() -> None:
    figure = bootstrap_mean([0.25, 0.25, 0.25])
    assert (figure.low, figure.value, figure.high) == (0.25, 0.25, 0.25)


def test_a_mean_leaves_out_what_is_undefined() -> None:
    figure = bootstrap_mean([1.0, math.nan, 3.0])
    assert (figure.value, figure.n) == (2.0, 2)


def test_a_median_has_an_interval_too() -> None:
    figure = bootstrap_median([0.1, 0.5, 0.6, 0.7, 0.9, math.nan])
    assert (figure.value, figure.n) == (0.6, 5)
    assert 0.1 <= figure.low <= 0.6 <= figure.high <= 0.9


def test_sums_of_other_tunes_are_refused() -> None:
    with pytest.raises(EvaluationError, match="one number a tune"):
        bootstrap_ratio([1, 2, 3], [1, 2])


def test_few_tunes_get_the_exact_permutation_test() -> None:
    # Of the 8 sign patterns of (1, 2, 4) only + + + and - - - reach 7.
    test = compare_paired([2, 4, 8], [1, 2, 4])
    assert test.p_value == pytest.approx(2 / 8)
    assert (test.wins, test.losses, test.n) == (0, 3, 3)


def test_many_tunes_get_a_permutation_test_like_scipys() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(2.5, 0.4, 60)
    second = first - rng.normal(0.06, 0.25, 60)
    ours = compare_paired(first, second, resamples=20_000)
    theirs = stats.permutation_test(
        (first, second),
        lambda a, b, axis: (a - b).sum(axis=axis),
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    )
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=0.015)
    assert ours.p_wilcoxon == pytest.approx(stats.wilcoxon(first - second).pvalue)
    assert ours.difference.low <= (first - second).mean() <= ours.difference.high


def test_models_that_do_not_differ_are_rarely_told_apart() -> None:
    rng = np.random.default_rng(2)
    found = sum(
        compare_paired(*rng.normal(2, 0.5, (2, 30)), seed=run, resamples=400).p_value < 0.05
        for run in range(200)
    )
    assert found / 200 <= 0.10


def test_a_model_compared_with_itself_does_not_differ() -> None:
    test = compare_paired(BITS, BITS, NOTES)
    assert (test.p_value, test.p_wilcoxon, test.difference.value) == (1, 1, 0)
    assert not test.is_significant


def test_an_infinite_likelihood_is_not_tested() -> None:
    with pytest.raises(EvaluationError, match="probability 0"):
        compare_paired([1, math.inf], [1, 2], names=("A", "B"))


def test_holm_multiplies_the_smallest_most_and_keeps_the_order() -> None:
    # 3 x 0.01; 2 x 0.03; max(2 x 0.03, 1 x 0.04)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
