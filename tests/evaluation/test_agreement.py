"""R2 and CCC: values by hand, edges, intervals."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.agreement import ccc, interval_of, r2


def test_values_by_hand() -> None:
    measured, predicted = [1.0, 2.0, 3.0], [1.0, 2.0, 4.0]
    # Squared errors 1, deviations 2; covariance 1, variances 2/3 and 14/9, means 2 and 7/3.
    assert r2(measured, predicted) == pytest.approx(1 / 2)
    assert ccc(measured, predicted) == pytest.approx(2 * 1 / (2 / 3 + 14 / 9 + 1 / 9))


def test_perfect_constant_and_shifted_predictions() -> None:
    y = np.array([0.1, -0.4, 0.7, 0.2])
    assert r2(y, y) == ccc(y, y) == 1
    assert r2(y, np.full(4, y.mean())) == pytest.approx(0)
    assert ccc(y, np.zeros(4)) == 0
    assert ccc(y, -y) < 0
    # The variance is 0.1525: 2 x 0.1525 / (2 x 0.1525 + 1).
    assert ccc(y, y + 1) == pytest.approx(0.305 / 1.305)


def test_scikit_learn_agrees_about_r2() -> None:
    from sklearn.metrics import r2_score

    rng = np.random.default_rng(0)
    y, p = rng.normal(size=50), rng.normal(size=50)
    assert r2(y, p) == pytest.approx(r2_score(y, p))


def test_what_does_not_vary_has_no_figure() -> None:
    assert np.isnan(r2([1.0, 1.0], [1.0, 2.0]))
    figure = interval_of(r2, [1.0, 1.0, 1.0], [0.0, 1.0, 2.0])
    assert not figure.is_defined
    assert "does not vary" in figure.reason


def test_the_interval_holds_the_value_and_narrows_with_more() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=2000)
    p = y + rng.normal(size=2000)
    few, many = interval_of(ccc, y[:40], p[:40]), interval_of(ccc, y, p)
    assert few.low < few.value < few.high
    assert many.high - many.low < (few.high - few.low) / 3
    assert interval_of(ccc, y, p) == many


@pytest.mark.parametrize("pair", [([1.0], [1.0, 2.0]), ([], []), ([np.nan], [1.0])])
def test_what_cannot_be_compared_is_refused(pair: tuple[list[float], list[float]]) -> None:
    with pytest.raises(EvaluationError):
        ccc(*pair)
