"""Made-up listeners: false alarms stay rare, real preferences are found, figures by hand agree."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chromasonic.abtest.guards import GuardRules
from chromasonic.abtest.sequential import STAKES_K
from chromasonic.abtest.simulation import World, fixed_votes, simulate
from chromasonic.errors import UsageError


def test_listeners_of_one_mind_take_as_many_votes_as_counted_by_hand() -> None:
    """Every vote for the first: after L listeners the mean fortune is that of (1 + u)^L."""
    fortunes = [np.mean((1 + STAKES_K) ** listeners) for listeners in range(30)]
    needed = next(listeners for listeners, value in enumerate(fortunes) if value >= 20)
    found = simulate(
        World(preference=1, alike=0, trials=4, at_once=1), experiments=3, max_votes=100
    )
    assert found.decided_at_X.tolist() == [4 * needed] * 3
    assert found.first_won_X.all()


@pytest.mark.parametrize(
    "world",
    [
        World(trials=1, alike=0, at_once=1),
        World(alike=0.3),
        World(alike=0.9, at_once=20),
        World(first_gains=0.2, neither=0.3, leaves=0.1),
    ],
    ids=str,
)
def test_looking_after_every_vote_raises_few_false_alarms(world: World) -> None:
    found = simulate(world, experiments=400, max_votes=400, seed=2)
    assert found.share_ever(found.decided_at_X).low < 0.05
    naive = found.share_ever(found.naive_at_X)
    assert naive.low > 0.2  # a z-test that is repeated


def test_bets_on_single_votes_raise_many_where_tastes_differ() -> None:
    found = simulate(World(alike=0.5), experiments=300, max_votes=400, seed=2)
    assert found.share_ever(found.by_vote_at_X).low > 0.3
    assert found.share_ever(found.decided_at_X).value < 0.05


def test_a_preference_is_found_the_right_way_round() -> None:
    found = simulate(World(preference=0.7, trials=5), experiments=200, max_votes=1000, seed=4)
    assert np.isfinite(found.decided_at_X).all()
    assert found.first_won_X.all()
    assert found.votes_taken(0.5) <= found.votes_taken(0.9) < 400
    mirrored = simulate(World(preference=0.3, trials=5), experiments=200, max_votes=1000, seed=4)
    assert not mirrored.first_won_X.any()


def test_no_difference_is_seen_where_there_is_none_and_not_at_the_margin() -> None:
    even = simulate(World(alike=0, trials=5), experiments=40, max_votes=1200, margin=0.15, seed=1)
    assert even.share_ever(even.settled_at_X).value > 0.9
    beyond = simulate(
        World(preference=0.65, alike=0, trials=5), experiments=200, max_votes=800, margin=0.15
    )
    assert beyond.share_ever(beyond.settled_at_X).low < 0.05


def test_bots_of_one_side_cancel_themselves_where_orders_are_balanced() -> None:
    """Half of their votes are for either version; so setting them apart changes nothing."""
    world = World(preference=0.7, bots=0.3, trials=12, alike=0)
    with_rules = simulate(world, experiments=60, max_votes=600, rules=GuardRules(), seed=6)
    without = simulate(world, experiments=60, max_votes=600, rules=None, seed=6)
    assert with_rules.decided_at_X.tolist() == without.decided_at_X.tolist()
    assert np.isfinite(with_rules.decided_at_X).mean() > 0.9
    odd = World(preference=0.7, bots=0.3, trials=11, alike=0)
    with_rules = simulate(odd, experiments=60, max_votes=600, rules=GuardRules(), seed=6)
    without = simulate(odd, experiments=60, max_votes=600, rules=None, seed=6)
    assert with_rules.decided_at_X.tolist() != without.decided_at_X.tolist()


def test_a_fixed_test_takes_as_many_votes_as_the_textbook_says() -> None:
    # One share against one half at 0.6, two-sided 5%, power 80%: 194 (Fleiss, Levin and Paik,
    # "Statistical methods for rates and proportions", 2.5, without continuity correction).
    assert fixed_votes(0.6) == 194
    assert fixed_votes(0.4) == 194
    assert fixed_votes(0.6, alike=0.1, trials=11) == 388  # a design effect of 2
    with pytest.raises(UsageError, match="not one half"):
        fixed_votes(0.5)


def test_the_same_seed_gives_the_same_experiments() -> None:
    one, two = (simulate(World(), experiments=20, max_votes=200, seed=9) for _ in range(2))
    assert one.naive_at_X.tolist() == two.naive_at_X.tolist()


def test_a_summary_is_plain_and_knows_no_fixed_test_of_no_preference() -> None:
    summary = simulate(World(), experiments=20, max_votes=100).summary()
    assert summary["fixed_votes"] is None
    assert set(summary["ways"]) == {"always valid", "z-test, repeated", "each vote a bet"}
    assert math.isinf(summary["ways"]["always valid"]["within_90"])


@pytest.mark.parametrize("values", [{"preference": 1.2}, {"alike": 1.0}, {"trials": 0}])
def test_a_world_that_cannot_be_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="allowed"):
        World(**values)  # type: ignore[arg-type]
