"""Figures of classifiers beside scikit-learn's, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from chromasonic.errors import EvaluationError
from chromasonic.evaluation import classification as c


def made(seed: int, items: int = 60, classes: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    shares = rng.dirichlet(np.full(classes, 0.5), items)
    shares[np.arange(items), truth] += 0.5
    return c.check_answers(truth, shares / shares.sum(axis=1, keepdims=True))


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(2, 12))
@settings(max_examples=25, deadline=None)
def test_macro_f1_and_likelihood_equal_scikit_learns(seed: int, items: int, classes: int) -> None:
    truth, shares = made(seed, items, classes)
    counts = c.confusion_counts(truth, shares)
    answers = shares.argmax(axis=1)
    labels = np.arange(classes)
    assert (counts == metrics.confusion_matrix(truth, answers, labels=labels)).all()
    assert c.macro_f1(counts) == pytest.approx(
        metrics.f1_score(truth, answers, average="macro", zero_division=0)
    )
    assert c.surprise(truth, shares).mean() == pytest.approx(
        metrics.log_loss(truth, shares, labels=labels)
    )
    if classes > 5:
        assert c.is_among_first(truth, shares, 5).mean() == pytest.approx(
            metrics.top_k_accuracy_score(truth, shares, k=5, labels=labels)
        )


def test_ties_win_nothing() -> None:
    even = np.full((4, 4), 0.25)
    assert c.is_among_first(np.arange(4), even, 2).tolist() == [True, True, False, False]


def test_a_class_that_is_never_met_nor_named_has_no_f1() -> None:
    counts = [[3, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert c.f1_by_class(counts)[:2] == pytest.approx([6 / 7, 4 / 5])
    assert math.isnan(c.f1_by_class(counts)[2])
    assert c.macro_f1(counts) == pytest.approx((6 / 7 + 4 / 5) / 2)
    assert math.isnan(c.macro_f1(np.zeros((2, 2))))


def test_resamples_of_macro_f1_are_those_of_the_items_that_they_hold() -> None:
    truth, shares = made(3)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(60, np.full(60, 1 / 60), 5)
    draws = c.macro_f1_draws(truth, shares, weights)
    for draw, row in zip(draws, weights, strict=True):
        picks = np.repeat(np.arange(60), row)
        counts = c.confusion_counts(truth[picks], shares[picks])
        assert draw == pytest.approx(c.macro_f1(counts))


def test_calibration_error_by_hand() -> None:
    # Three answers at 0.9, two of them right; one at 0.6, wrong: (|3 * 0.9 - 2| + 0.6) / 4.
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]])
    assert c.calibration_error(np.array([0, 0, 1, 1]), shares) == pytest.approx((0.7 + 0.6) / 4)
    sure = np.eye(3)[[0, 1, 2]]
    assert c.calibration_error(np.arange(3), sure) == 0


def test_an_impossible_class_costs_much_and_not_everything() -> None:
    assert c.surprise(np.array([1]), np.array([[1.0, 0.0]]))[0] == pytest.approx(-math.log(c.LEAST))


@pytest.mark.parametrize(
    ("truth", "shares", "words"),
    [
        ([0, 1], [[1, 0]], "one class and one row"),
        ([], np.zeros((0, 2)), "one class and one row"),
        ([2], [[0.5, 0.5]], "0 to 1"),
        ([0], [[2.0, 3.0]], "needs a softmax|need a softmax"),
        ([0], [[np.nan, 1.0]], "no distribution"),
    ],
)
def test_answers_that_are_none_are_refused(truth: object, shares: object, words: str) -> None:
    with pytest.raises(EvaluationError, match=words):
        c.check_answers(truth, shares)  # type: ignore[arg-type]
