"""Wilson's and Student's intervals against published values and other implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.statistics import student, wilson


def test_wilson_equals_scipys() -> None:
    for successes, n in ((0, 10), (81, 263), (98, 100), (300, 300), (1, 1)):
        figure = wilson(successes, n)
        other = stats.binomtest(successes, n).proportion_ci(method="wilson")
        assert (figure.value, figure.n) == (successes / n, n)
        assert (figure.low, figure.high) == pytest.approx((other.low, other.high))


def test_wilson_of_a_published_example() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
    figure = wilson(81, 263)
    assert (round(figure.low, 4), round(figure.high, 4)) == (0.2553, 0.3662)


def test_wilson_refuses_more_successes_than_trials() -> None:
    with pytest.raises(EvaluationError, match="3 of 2"):
        wilson(3, 2)
    assert not wilson(0, 0).is_defined


def test_student_equals_scipys() -> None:
    values = [0.2, 0.3, 0.25, 0.41]
    figure = student(values)
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.29, low, high))
    assert math.isnan(student([0.5]).low)
    assert not student([]).is_defined
