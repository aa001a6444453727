"""Weights fitted to choices: they come back from choices that were drawn under known ones."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import UsageError
from chromasonic.harmonization.bach import labelled
from chromasonic.harmonization.exact import Harmonization, harmonize_exactly
from chromasonic.harmonization.melodies import melody_of_steps
from chromasonic.harmonization.rules import RULES
from chromasonic.harmonization.weights import (
    FLOORS,
    Choices,
    choices_of,
    fit_weights,
    rates_of_rules,
    with_weights,
)
from chromasonic.music.key import Key

THREE = {name: RULES[name] for name in ("skip", "unison", "parallel_fifths")}


def drawn(weights: list[float], choices: int = 4_000, alternatives: int = 6) -> Choices:
    """Random alternatives, one of each chosen with probability proportional to exp(-cost)."""
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 3, (choices, alternatives, len(weights))).astype(np.float32)
    costs = counts @ np.array(weights)
    noise = rng.gumbel(size=costs.shape)
    first = np.arange(choices) * alternatives
    return Choices(
        counts=counts.reshape(-1, len(weights)),
        first=first,
        chosen=first + (noise - costs).argmax(1),
        beats=choices,
    )


def melody():
    steps = np.repeat([72, 74, 76, 74, 72, 71, 72, 72], 4)
    return melody_of_steps(steps, key=Key("C", "major"))


def test_known_weights_come_back():
    fitted = fit_weights(drawn([0.5, 1.0, 2.0]), THREE, floors={}, ridge=0.0)

    assert list(fitted.weights.values()) == pytest.approx([0.5, 1.0, 2.0], abs=0.12)
    assert fitted.nats < fitted.uniform_nats == pytest.approx(np.log(6))
    assert fitted.choices == 4_000


def test_no_weight_falls_below_its_floor_nor_below_zero():
    fitted = fit_weights(drawn([-1.0, 0.2, 1.0]), THREE, floors={"unison": 0.7})

    assert fitted.weights["skip"] == 0.0
    assert fitted.weights["unison"] == pytest.approx(0.7)
    assert fitted.weights["parallel_fifths"] == pytest.approx(1.0, abs=0.3)


def test_the_choice_at_each_beat_is_among_its_alternatives():
    one = harmonize_exactly(melody())

    choices = choices_of([one])

    assert choices.beats == len(choices.first) == len(one.voicings)
    ends = np.append(choices.first[1:], len(choices.counts))
    assert ((choices.first <= choices.chosen) & (choices.chosen < ends)).all()
    assert choices.counts.shape[1] == len(RULES)


def test_the_exact_solution_costs_least_at_every_beat_between_its_neighbours():
    one = harmonize_exactly(melody())

    choices = choices_of([one])

    costs = choices.counts @ np.array([rule.weight for rule in RULES.values()])
    for first, end, chosen in zip(
        choices.first, np.append(choices.first[1:], len(costs)), choices.chosen, strict=True
    ):
        assert costs[chosen] == pytest.approx(costs[first:end].min(), abs=1e-3)


def test_voicings_that_are_not_admissible_are_no_choices():
    tune = melody()
    pitches = np.tile([72, 71, 70, 69], (len(tune), 1))
    pitches[:, 0] = tune.beats.pitch
    cluster = Harmonization(
        melody=tune, voicings=labelled(pitches, tune.beats), reward=0.0, agent="none"
    )

    with pytest.raises(UsageError, match="None of the voicings is admissible"):
        choices_of([cluster])


def test_rates_are_breaches_a_beat():
    one = harmonize_exactly(melody())
    rates = rates_of_rules([one, one])

    cost = sum(rates[name] * rule.weight for name, rule in RULES.items())
    assert cost * len(one.voicings) == pytest.approx(-one.reward)


def test_a_reward_with_other_weights_keeps_those_that_are_not_named():
    rules = with_weights({"skip": 9.0}).rules

    assert rules["skip"].weight == 9.0
    assert rules["leap"].weight == RULES["leap"].weight


def test_no_rule_weighs_less_than_its_floor():
    assert set(FLOORS) <= set(RULES)
    assert all(RULES[name].weight >= floor for name, floor in FLOORS.items())
