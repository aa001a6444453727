"""Mixing: two examples as one, with a share of both labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from chromasonic.errors import DataError
from chromasonic.gesture.mixing import draw_share, mix, stretch


def example(values: list[float], label: int) -> dict[str, np.ndarray]:
    """One node with one feature, of three classes."""
    features = np.array(values, np.float32)[:, None, None]
    target = np.eye(3, dtype=np.float32)[label]
    return {"features": features, "mask": np.ones(len(values), np.float32), "target": target}


def test_features_and_labels_are_mixed_by_the_same_share() -> None:
    mixed = mix(example([0, 4, 8], 0), example([1, 1, 1], 2), 0.75)

    assert_allclose(mixed["features"][:, 0, 0], [0.25, 3.25, 6.25])
    assert_allclose(mixed["target"], [0.75, 0, 0.25])
    assert mixed["features"].dtype == mixed["target"].dtype == np.float32


def test_the_second_is_stretched_to_the_length_of_the_first() -> None:
    mixed = mix(example([0, 0, 0, 0, 0], 0), example([0, 8], 1), 0.5)

    assert_allclose(mixed["features"][:, 0, 0], [0, 1, 2, 3, 4])
    assert_array_equal(mixed["mask"], np.ones(5))


def test_all_of_the_first_is_the_first() -> None:
    first = example([3, 1, 2], 1)

    mixed = mix(first, example([9, 9], 0), 1.0)

    for name in first:
        assert_array_equal(mixed[name], first[name])


@given(length=st.integers(1, 50), count=st.integers(1, 50))
def test_a_stretch_keeps_both_ends(length: int, count: int) -> None:
    values = np.arange(length, dtype=np.float32)[:, None]

    stretched = stretch(values, count)

    assert stretched.shape == (count, 1)
    assert stretched[0] == 0
    assert stretched[-1] == (length - 1 if count > 1 or length == 1 else 0)
    assert (np.diff(stretched[:, 0]) >= 0).all()


@given(alpha=st.floats(0.05, 5), seed=st.integers(0, 1000))
def test_the_first_has_the_larger_share(alpha: float, seed: int) -> None:
    assert 0.5 <= draw_share(alpha, np.random.default_rng(seed)) <= 1


def test_shares_follow_the_beta_distribution() -> None:
    rng = np.random.default_rng(0)

    shares = [draw_share(1.0, rng) for _ in range(4000)]  # Beta(1, 1) is even, folded at a half

    assert np.mean(shares) == pytest.approx(0.75, abs=0.01)
    assert draw_share(0.0, rng) == 1.0


def test_a_number_of_a_class_cannot_be_mixed() -> None:
    numbered = {"features": np.zeros((2, 1, 1), np.float32), "target": np.array(4)}

    with pytest.raises(DataError, match="needs floating shares of the classes"):
        mix(numbered, numbered, 0.5)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_bounds_is_refused(share: float) -> None:
    with pytest.raises(DataError, match="allowed: 0 to 1"):
        mix(example([1], 0), example([1], 0), share)


def test_examples_of_other_names_are_refused() -> None:
    second = example([1], 0)
    del second["mask"]

    with pytest.raises(DataError, match="the same names in both"):
        mix(example([1], 0), second, 0.5)
