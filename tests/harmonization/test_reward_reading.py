"""Rewards of a training, told in words."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.harmonization.reward_reading import read_rewards

SCATTER = np.random.default_rng(0).normal(0.0, 0.1, 1_000)
RISE = np.linspace(-1.0, 0.0, 1_000)


@pytest.mark.parametrize(
    ("rewards", "kind", "severity"),
    [
        (SCATTER[:99], "too-short", "note"),
        (SCATTER, "not-learning", "warning"),
        (SCATTER - RISE, "not-learning", "warning"),  # it falls
        (SCATTER + RISE, "stopped-while-improving", "note"),
        (SCATTER + np.minimum(RISE, -0.5), "settled", "good"),
    ],
)
def test_a_reward_that_rises_stands_or_does_neither_is_told_apart(
    rewards: np.ndarray, kind: str, severity: str
) -> None:
    told = read_rewards(rewards)
    assert (told["kind"], told["severity"]) == (kind, severity)


def test_the_first_and_the_last_tenth_are_named() -> None:
    rewards = np.concatenate([np.full(10, -2.0), np.linspace(-2.0, 1.0, 80), np.full(10, 1.0)])
    says = read_rewards(rewards)["says"]
    assert says.startswith("The reward rose from -2.00 (its first 10 episodes) to 1.00")
