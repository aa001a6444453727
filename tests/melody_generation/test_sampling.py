"""Drawing from logits: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.melody_generation.sampling import draw, probabilities

HALVES = np.log(np.array([[0.5, 0.25, 0.15, 0.1]]))
ALL = np.ones((1, 4), dtype=bool)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [0.5, 0.25, 0.15, 0.1]),
        # Squares 0.25, 0.0625, 0.0225, 0.01 of sum 0.345.
        ({"temperature": 0.5}, [0.25 / 0.345, 0.0625 / 0.345, 0.0225 / 0.345, 0.01 / 0.345]),
        ({"top_k": 2}, [2 / 3, 1 / 3, 0, 0]),
        ({"top_k": 9}, [0.5, 0.25, 0.15, 0.1]),
        ({"top_p": 0.5}, [1, 0, 0, 0]),
        ({"top_p": 0.51}, [2 / 3, 1 / 3, 0, 0]),
        ({"top_p": 0.8}, [5 / 9, 2.5 / 9, 1.5 / 9, 0]),
        # First three of the four, which are 5/9, 2.5/9 and 1.5/9; two of them hold 0.8.
        ({"top_k": 3, "top_p": 0.8}, [2 / 3, 1 / 3, 0, 0]),
    ],
)
def test_shares_are_what_a_pencil_gives(how: dict, expected: list[float]) -> None:
    np.testing.assert_allclose(probabilities(HALVES, ALL, **how)[0], expected, atol=1e-12)


def test_what_is_not_allowed_has_no_share_and_counts_in_no_top() -> None:
    allowed = np.array([[False, True, True, True]])
    np.testing.assert_allclose(
        probabilities(HALVES, allowed, top_k=2)[0], [0, 0.625, 0.375, 0], atol=1e-12
    )


def test_where_all_that_is_allowed_is_impossible_all_of_it_is_alike() -> None:
    logits = np.array([[0.0, -np.inf, -np.inf]])
    allowed = np.array([[False, True, True]])
    np.testing.assert_allclose(probabilities(logits, allowed)[0], [0, 0.5, 0.5])


@pytest.mark.parametrize(
    ("number", "token"), [(0.0, 0), (0.4999, 0), (0.5001, 1), (0.76, 2), (0.9999999999999999, 3)]
)
def test_the_number_picks_the_token_whose_share_it_falls_in(number: float, token: int) -> None:
    assert draw(HALVES, ALL, np.array([number])).tolist() == [token]


@settings(max_examples=200, deadline=None)
@given(
    logits=st.lists(st.floats(-80, 80) | st.just(-np.inf), min_size=6, max_size=6),
    allowed=st.lists(st.booleans(), min_size=6, max_size=6).filter(any),
    number=st.floats(0, 1, exclude_max=True),
    temperature=st.sampled_from([1e-6, 0.5, 1.0, 1e6]),
    top_k=st.none() | st.integers(1, 8),
    top_p=st.sampled_from([1e-9, 0.3, 0.999, 1.0]),
)
def test_what_is_drawn_is_always_allowed(
    logits: list[float], allowed: list[bool], number: float, **how: float
) -> None:
    rows = np.array([logits]), np.array([allowed])
    shares = probabilities(*rows, **how)  # type: ignore[arg-type]
    assert shares.sum() == pytest.approx(1)
    (token,) = draw(*rows, np.array([number]), **how)  # type: ignore[arg-type]
    assert allowed[token]
    assert shares[0, token] > 0


def test_rows_of_a_batch_are_drawn_apart() -> None:
    numbers = np.array([0.1, 0.6, 0.8])
    together = draw(HALVES.repeat(3, 0), ALL.repeat(3, 0), numbers)
    assert together.tolist() == [0, 1, 2]
