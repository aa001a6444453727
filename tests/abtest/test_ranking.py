"""Bradley-Terry strengths: values by hand, another fit, intervals, what cannot be ranked."""

from __future__ import annotations

import math
import random

import choix
import numpy as np
import pytest
from listening import make_design, votes_of

from chromasonic.abtest.assignment import Trial
from chromasonic.abtest.ranking import rank
from chromasonic.abtest.vote import Vote
from chromasonic.errors import EvaluationError

STRENGTHS = {"A": 0.0, "B": 0.8, "C": -0.6, "D": 0.3}


def listen(labels: str, listeners: int, *, order_effect: float = 0.0, seed: int = 1) -> list[Vote]:
    """Votes by the very model, with an advantage of what comes first."""
    chance = random.Random(seed)

    def choose(trial: Trial, _: str) -> str:
        gap = STRENGTHS[trial.first] - STRENGTHS[trial.second] + order_effect
        return "first" if chance.random() < 1 / (1 + math.exp(-gap)) else "second"

    design = make_design(labels, trials=12, repeats=0)
    return votes_of(design, [f"listener {n}" for n in range(listeners)], choose)


def test_of_two_versions_the_strength_is_the_log_odds_of_the_share() -> None:
    votes = listen("AB", 40)
    for_b = sum(vote.preferred == "B" for vote in votes)
    share = (for_b + 0.1) / (len(votes) + 0.2)  # with the tenth of a vote for and against
    best, other = rank(votes, "AB", resamples=0).standings
    assert (best.label, other.label) == ("B", "A")
    gap = best.strength.value - other.strength.value
    assert gap == pytest.approx(math.log(share / (1 - share)), abs=1e-6)
    assert best.preferred.value == pytest.approx(share, abs=1e-6)
    assert (best.wins, best.votes) == (for_b, len(votes))


def test_strengths_are_those_of_a_fit_by_another_method() -> None:
    votes = listen("ABCD", 60)
    place = {label: index for index, label in enumerate("ABCD")}
    wins = [
        (place[v.preferred], place[v.second if v.preferred == v.first else v.first])
        for v in votes
        if v.preferred
    ]
    expected = choix.opt_pairwise(4, wins, method="Newton-CG")
    found = {one.label: one.strength.value for one in rank(votes, "ABCD", resamples=0).standings}
    fitted = np.array([found[label] for label in "ABCD"])
    assert fitted == pytest.approx(expected - np.mean(expected), abs=0.01)


def test_intervals_over_listeners_hold_the_truth_and_order_versions() -> None:
    ranking = rank(listen("ABCD", 150), "ABCD", resamples=200)
    assert [one.label for one in ranking.standings] == ["B", "D", "A", "C"]
    centre = sum(STRENGTHS.values()) / 4
    for one in ranking.standings:
        assert one.strength.low < STRENGTHS[one.label] - centre < one.strength.high
        assert one.strength.high - one.strength.low < 0.5
    assert ranking.order_effect.low < 0 < ranking.order_effect.high


def test_an_advantage_of_what_comes_first_is_found_and_does_not_move_the_order() -> None:
    ranking = rank(listen("ABCD", 150, order_effect=0.7), "ABCD", resamples=200)
    assert ranking.order_effect.low < 0.7 < ranking.order_effect.high + 0.1
    assert ranking.order_effect.low > 0.3
    assert [one.label for one in ranking.standings] == ["B", "D", "A", "C"]


def test_votes_for_neither_are_half_a_vote_for_each() -> None:
    votes = votes_of(make_design(), ["x", "y"], lambda trial, _: "neither")
    for one in rank(votes, "AB", resamples=20).standings:
        assert one.strength.value == pytest.approx(0, abs=1e-9)
        assert one.wins == one.votes / 2


def test_a_version_that_always_won_has_a_finite_strength() -> None:
    def choose(trial: Trial, _: str) -> str:
        return "first" if trial.first < trial.second else "second"

    votes = votes_of(make_design("ABC", trials=12), ["x", "y"], choose)
    ranking = rank(votes, "ABC", resamples=50)
    assert [one.label for one in ranking.standings] == ["A", "B", "C"]
    assert all(math.isfinite(one.strength.value) for one in ranking.standings)


def test_versions_that_no_vote_connects_are_told() -> None:
    votes = [v for v in listen("ABCD", 20) if {v.first, v.second} in ({"A", "B"}, {"C", "D"})]
    with pytest.raises(EvaluationError, match=r"No vote connects \{A, B\} and \{C, D\}"):
        rank(votes, "ABCD")


@pytest.mark.parametrize(("listeners", "has_interval"), [(1, False), (9, False), (10, True)])
def test_few_listeners_give_strengths_without_intervals(listeners: int, has_interval: bool) -> None:
    for one in rank(listen("AB", listeners), "AB", resamples=50).standings:
        assert math.isfinite(one.strength.low) == has_interval
        assert ("fewer than 10 listeners" in one.strength.reason) != has_interval
