"""The learning rule of the advanced agent: by hand, on a chain, and where plain Q-learning errs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.harmonization.double_q import DoubleTable, returns


def test_returns_of_one_step_ahead_are_the_discounted_greedy_values():
    found = returns(
        np.array([-1.0, -2.0, -3.0]), np.array([9.0, -0.5, -1.5]), np.ones(3, bool), 0.5, 0.0
    )
    np.testing.assert_allclose(found, [-0.25, -0.75, 0.0])


def test_returns_with_full_trace_add_up_what_was_earned():
    found = returns(
        np.array([-1.0, -2.0, -4.0]), np.array([9.0, 9.0, 9.0]), np.ones(3, bool), 0.5, 1.0
    )
    np.testing.assert_allclose(found, [0.5 * (-2 + 0.5 * -4), 0.5 * -4, 0.0])


def test_the_trace_ends_at_a_choice_that_was_not_the_best():
    found = returns(
        np.array([0.0, -1.0, -8.0]), np.array([0.0, -1.0, -2.0]),
        np.array([True, True, False]), 1.0, 1.0,
    )  # fmt: skip
    np.testing.assert_allclose(found, [-1 - 2, -2, 0.0])


@given(st.lists(st.floats(-9, 0), min_size=1, max_size=9), st.floats(0, 1), st.floats(0, 1))
def test_returns_of_a_consistent_table_are_the_same_for_every_trace(rewards, discount, trace):
    to_come = np.zeros(len(rewards) + 1)
    for step in range(len(rewards) - 1, -1, -1):
        to_come[step] = rewards[step] + discount * to_come[step + 1]
    found = returns(np.array(rewards), to_come[:-1], np.ones(len(rewards), bool), discount, trace)
    np.testing.assert_allclose(found, discount * to_come[1:], atol=1e-9)


def test_a_row_makes_good_what_its_visits_are_worth():
    table = DoubleTable.of_size(1)
    table.learn(0, np.array([[0]]), np.array([-4.0]), caution=3, memory=9)  # 1 / (1 + 0 + 3)
    assert table.values[0, 0] == pytest.approx(-1)
    table.learn(0, np.array([[0]] * 2), np.array([-1.0, -5.0]), caution=3, memory=9)  # 2 / (2+1+3)
    assert table.values[0, 0] == pytest.approx(-1 + (-3 - -1) / 3)
    table.visits[0] = 1_000
    before = table.values[0, 0]
    table.learn(0, np.array([[0]]), np.array([9.0]), caution=3, memory=9)  # 1 / (1 + 9 + 3)
    assert table.values[0, 0] == pytest.approx(before + (9 - before) / 13)
    assert table.values[1, 0] == 0


def test_a_finer_table_learns_what_the_coarser_ones_leave():
    table = DoubleTable.of_size(3)  # row 0 is coarse; 1 and 2 are fine
    table.learn(0, np.array([[0, 1], [0, 2]]), np.array([-6.0, -2.0]), caution=0, memory=9)
    np.testing.assert_allclose(table.values[0], [-4, -2, 2])
    np.testing.assert_array_equal(table.visits[0], [2, 1, 1])


def test_without_caution_or_change_a_row_is_the_mean_of_its_targets():
    table, targets = DoubleTable.of_size(1), np.random.default_rng(0).normal(size=40)
    for part in np.split(targets, [3, 10, 11, 30]):
        table.learn(1, np.zeros((len(part), 1), np.int64), part, caution=0, memory=99)
    assert table.values[1, 0] == pytest.approx(targets.mean())


def test_a_context_never_met_is_worth_what_coarser_tables_know():
    table = DoubleTable.of_size(4)  # row 0 is coarse; 1, 2 and 3 are fine
    for _ in range(200):
        table.learn(0, np.array([[0, 1], [0, 2]]), np.array([-3.0, -1.0]), caution=4, memory=50)
    values = table.of_rows(np.array([[0, 1], [0, 2], [0, 3]]))[0]
    np.testing.assert_allclose(values[:2], [-3, -1], atol=0.02)
    assert -3 < values[2] < -1


def test_nothing_is_learned_from_nothing():
    table = DoubleTable.of_size(2)
    table.learn(0, np.empty((0, 1), np.int64), np.empty(0), caution=1, memory=9)
    assert not table.values.any()


@pytest.mark.parametrize("is_double", [True, False])
def test_only_plain_q_learning_overrates_a_choice_among_noisy_ones(is_double):
    """Ten choices, each worth 0 on the mean: the start is worth 0, and going there is no gain.

    Source: the example of maximization bias in Sutton and Barto, 6.7.
    """
    rng = np.random.default_rng(3)
    table, estimates = DoubleTable.of_size(10), []
    for _ in range(3_000):
        which = int(rng.integers(2)) * is_double
        best = int(table.values[which].argmax())
        estimates.append(table.values[1 - which if is_double else which][best])
        choice = rng.integers(10, size=(1, 1))
        table.learn(which, choice, rng.normal(size=1), caution=0, memory=9)
    overrated = float(np.mean(estimates[1_000:]))
    if is_double:
        assert abs(overrated) < 0.1
    else:
        assert overrated > 0.2
