"""Baselines of steps: by hand, and that they learn what is there to be learned."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.companion.step_baselines import (
    Steps,
    TreeSettings,
    absolute_error,
    choose,
    fit_cells,
    fit_constant,
    fit_ridge,
    fit_trees,
)
from chromasonic.companion.synthetic import synthetic_dynamics
from chromasonic.errors import EvaluationError, UsageError

SMALL = TreeSettings(rounds=30, leaves=8)


def steps(targets: list[list[float]], mask: list[list[int]], cells: list[list[int]]) -> Steps:
    shape = np.array(targets, np.float32)
    return Steps(
        np.zeros((len(shape), 1), np.float32), shape, np.array(mask, bool), np.array(cells)
    )


def test_steps_that_are_masked_teach_nothing_and_count_nowhere() -> None:
    train = steps([[1, 9], [3, 9], [8, 2]], [[1, 0], [1, 0], [1, 1]], [[0, 1]] * 3)
    asked = steps([[5, 99], [99, 4]], [[1, 0], [0, 1]], [[0, 1]] * 2)
    assert fit_constant(train)(asked)[0, 0] == 2.5
    answer = fit_cells(train)(asked)
    assert answer.tolist() == [[4, 2], [4, 2]]
    assert absolute_error(answer, asked) == (1 + 2) / 2
    assert fit_cells(train, "median")(asked)[0, 0] == 3


def test_a_cell_that_training_never_met_gets_the_mean_of_all() -> None:
    train = steps([[1, 3]], [[1, 1]], [[10, 20]])
    asked = steps([[0, 0, 0, 0]], [[1, 1, 1, 1]], [[20, 5, 15, 99]])
    assert fit_cells(train)(asked).tolist() == [[3, 2, 2, 2]]


def test_nothing_to_learn_from_and_nothing_to_judge_are_said() -> None:
    empty = steps([[1, 2]], [[0, 0]], [[0, 1]])
    with pytest.raises(EvaluationError, match="nothing to learn"):
        fit_constant(empty)
    with pytest.raises(EvaluationError, match="No step counts"):
        absolute_error(empty.targets, empty)
    with pytest.raises(UsageError, match="do not fit"):
        Steps(empty.features, empty.targets, empty.mask[:, :1], empty.cells)
    with pytest.raises(UsageError, match="no settings"):
        choose([], fit_trees, empty, empty)


@pytest.fixture(scope="module")
def bars() -> tuple[Steps, Steps]:
    """Made-up bars to learn from, and others to judge by."""
    train, test = (synthetic_dynamics(600, seed) for seed in (0, 1))
    return Steps.of(train, target="expression"), Steps.of(test, target="expression")


def test_what_sees_more_errs_less(bars: tuple[Steps, Steps]) -> None:
    train, test = bars
    errors = [
        absolute_error(fit(train)(test), test)
        for fit in (
            fit_constant,
            fit_cells,
            lambda steps: fit_trees(steps, TreeSettings(rounds=60, leaves=8, channels=2)),
            fit_ridge,
        )
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.03, "the made-up bars are linear, with noise of 0.03 x 0.8"


def test_a_step_that_never_counted_is_answered_by_the_mean() -> None:
    rng = np.random.default_rng(0)
    features = rng.random((60, 2)).astype(np.float32)
    targets = np.stack([features[:, 0], np.full(60, 7.0)], axis=1).astype(np.float32)
    mask = np.tile([True, False], (60, 1))
    train = Steps(features, targets, mask, np.tile([0, 1], (60, 1)))
    for fit in (fit_ridge, lambda s: fit_trees(s, TreeSettings(rounds=5, is_pooled=False))):
        answer = fit(train)(train)
        np.testing.assert_allclose(answer[:, 1], features[:, 0].mean(), atol=1e-5)


def test_pooled_trees_see_each_steps_own_features(bars: tuple[Steps, Steps]) -> None:
    train, test = bars
    blind, seeing = (
        absolute_error(fit_trees(train, settings)(test), test)
        for settings in (SMALL, TreeSettings(rounds=30, leaves=8, channels=2))
    )
    assert seeing < blind - 0.005


def test_validation_chooses_the_settings(bars: tuple[Steps, Steps]) -> None:
    train, test = bars
    candidates = [TreeSettings(rounds=1), TreeSettings(rounds=30, leaves=8, channels=2)]
    chosen = choose(candidates, fit_trees, train, test)
    assert chosen.settings == candidates[1]
    assert [settings for settings, _ in chosen.errors] == candidates
    assert absolute_error(chosen.predict(test), test) == min(error for _, error in chosen.errors)
