"""The interpolated n-gram: values by hand, normalization, contexts that were never met."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation.ngram import BEFORE, Ngram, last_symbols

ABRACADABRA = np.array([{"a": 0, "b": 1, "c": 2, "d": 3, "r": 4}[x] for x in "abracadabra"])


def test_the_last_symbols_stand_latest_first_and_begin_with_nothing() -> None:
    assert last_symbols([5, 6, 7], order=2).tolist() == [[BEFORE, BEFORE], [5, BEFORE], [6, 5]]
    assert last_symbols([5, 6], order=0).shape == (2, 0)


def test_witten_bell_by_hand() -> None:
    # Level 0: a 5, b 2, r 2, c 1, d 1; 11 in all, 5 kinds, so the escape is 5 / 16.
    # p0(b) = 2/16 + 5/16 x 1/5 = 3/16 and p0(c) = 1/16 + 1/16 = 2/16.
    # After a: b 2, c 1, d 1; 4 in all, 3 kinds, so the escape is 3 / 7.
    # p1(b | a) = 2/7 + 3/7 x 3/16, p1(c | a) = 1/7 + 3/7 x 2/16, p1(r | a) = 3/7 x 3/16.
    model = Ngram(symbols=5).fit(last_symbols(ABRACADABRA, 1), ABRACADABRA)
    p = np.exp(model.log_probabilities(np.array([[0]])))[0]
    assert p[1] == pytest.approx(2 / 7 + 3 / 7 * 3 / 16)
    assert p[2] == pytest.approx(1 / 7 + 3 / 7 * 2 / 16)
    assert p[4] == pytest.approx(3 / 7 * 3 / 16)


def test_kneser_ney_counts_contexts_below_the_top_by_hand() -> None:
    # Pairs (before, what came): 0 1 twice, 0 2 once, 3 1 once. Two pairs were met once and one
    # twice, so the first discount is 1 - 2 x 2/(2 + 2) x 1/2 = 1/2; the second falls back to 1/2.
    chains, symbols = np.array([[0], [0], [0], [3]]), np.array([1, 1, 2, 1])
    model = Ngram(symbols=4, smoothing="kneser-ney").fit(chains, symbols)
    p = np.exp(model.log_probabilities(np.array([[0]])))[0]
    # Below, 1 was met in two contexts and 2 in one: the first discount is 1 - 2 x 1/3 x 1 = 1/3.
    shared = (1 / 2 + 1 / 3) / 3 / 4
    lower = np.array([0, 1.5 / 3, (1 - 1 / 3) / 3, 0]) + shared
    escape = (0.5 + 0.5) / 3
    assert p == pytest.approx(np.array([0, 1.5 / 3, 0.5 / 3, 0]) + escape * lower)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=40),
    st.integers(0, 4),
    st.sampled_from(["witten-bell", "kneser-ney"]),
)
@settings(max_examples=60, deadline=None)
def test_probabilities_are_above_0_and_sum_to_1(
    symbols: list[int], order: int, smoothing: str
) -> None:
    column = np.array(symbols)
    model = Ngram(symbols=6, smoothing=smoothing)  # type: ignore[arg-type]
    model.fit(last_symbols(column, order), column)
    asked = np.concatenate([last_symbols(column, order), np.full((2, order), 99)])
    log_p = model.log_probabilities(asked)
    assert np.isfinite(log_p).all()
    assert np.exp(log_p).sum(axis=1) == pytest.approx(np.ones(len(asked)))


def test_a_context_that_was_never_met_falls_back_to_the_one_below() -> None:
    model = Ngram(symbols=5).fit(last_symbols(ABRACADABRA, 2), ABRACADABRA)
    shorter = Ngram(symbols=5).fit(last_symbols(ABRACADABRA, 1), ABRACADABRA)
    unmet = model.log_probabilities(np.array([[0, 0]]))  # "aa" never occurs
    assert unmet == pytest.approx(shorter.log_probabilities(np.array([[0]])))


def test_longer_contexts_predict_a_strict_pattern() -> None:
    pattern = np.tile([0, 0, 1, 2], 50)
    surprise = []
    for order in (0, 1, 2):
        chains = last_symbols(pattern, order)
        log_p = Ngram(symbols=3, smoothing="kneser-ney").fit(chains, pattern)
        answers = log_p.log_probabilities(chains)
        surprise.append(-answers[np.arange(len(pattern)), pattern].mean())
    assert surprise[0] > surprise[1] > surprise[2]
    assert surprise[2] < 0.1


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="smoothing is 'laplace'; allowed"):
        Ngram(symbols=3, smoothing="laplace")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="symbols is 0"):
        Ngram(symbols=0)
    model = Ngram(symbols=3)
    with pytest.raises(EvaluationError, match="call fit first"):
        model.log_probabilities(np.zeros((1, 1), int))
    with pytest.raises(EvaluationError, match="do not fit"):
        model.fit(np.zeros((2, 1), int), np.zeros(3, int))
    with pytest.raises(EvaluationError, match="outside of 0 to 2"):
        model.fit(np.zeros((1, 1), int), np.array([3]))
