"""Weights at fewer bits: Python measures what C++ computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from asking import Cpp

from chromasonic.export.quantizing import PRECISIONS, Precision, held


def hard_weights() -> np.ndarray:
    """(I, O): all sizes, ties, columns of zeros and of numbers that are barely there."""
    random = np.random.default_rng(7)
    weights = random.normal(0, 1, (40, 70)) * 10.0 ** random.integers(-9, 4, (40, 70))
    weights[:, 0] = 0
    weights[:, 1] = 1e-38
    weights[:, 2] = np.arange(40) / 2 - 10  # halves of a step once the largest is 63.5
    weights[0, 2] = 63.5
    weights[:, 3] = (2 * np.arange(40) + 1) * 2.0**-12 + 1  # ties between halves
    return weights.astype(np.float32)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_each_weight_is_held_as_in_python_bit_by_bit(built: Path, precision: Precision):
    weights = hard_weights()
    with Cpp(built) as cpp:
        rows = cpp.ask("product", precision=precision, rows=weights, x=np.eye(40))
    assert np.array_equal(np.array(rows, np.float32), held(weights, precision))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_products_are_those_of_the_weights_as_held(built: Path, precision: Precision):
    random = np.random.default_rng(8)
    weights = random.normal(0, 0.1, (300, 130)).astype(np.float32)
    x = random.normal(0, 1, (6, 300))
    x[3:] *= random.random((3, 300)) < 0.3
    with Cpp(built) as cpp:
        products = cpp.ask("product", precision=precision, rows=weights, x=x)
    expected = x.astype(np.float32).astype(np.float64) @ held(weights, precision)
    assert np.abs(np.array(products) - expected).max() < 3e-6
