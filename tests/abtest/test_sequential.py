"""The always-valid test: values by hand, exact expectations, properties, false alarms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.abtest.sequential import (
    STAKES_K,
    EvidencePath,
    Tally,
    e_value,
    interval,
    log_e_values,
)
from chromasonic.errors import EvaluationError


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    planned = draw(st.integers(1, 12))
    votes = draw(st.integers(0, planned))
    return Tally(planned=planned, votes=votes, points=draw(st.integers(0, 2 * votes)) / 2)


def e_value_spelt_out(listeners: list[Tally], mean: float) -> float:
    """The definition, gambler by gambler, without logarithms."""
    fortunes = []
    for stake in STAKES_K:
        wealth = 1.0
        for listener in listeners:
            gain = (listener.points - mean * listener.votes) / listener.planned
            wealth *= 1 + stake * gain / (mean if stake > 0 else 1 - mean)
        fortunes.append(wealth)
    return sum(fortunes) / len(fortunes)


@given(st.lists(tallies(), max_size=12), st.floats(0.05, 0.95))
def test_the_e_value_is_the_mean_fortune_of_the_gamblers(found: list[Tally], mean: float) -> None:
    assert float(np.exp(log_e_values(found, mean))) == pytest.approx(e_value_spelt_out(found, mean))


def test_no_votes_are_no_evidence() -> None:
    assert e_value([]) == pytest.approx(1)
    span = interval([])
    assert (span.low, span.high) == (0, 1)


def test_one_listener_of_one_vote_gives_evidence_1_either_way() -> None:
    # One fair throw: gamblers on both sides gain and lose the same, 1 + u and 1 - u.
    assert e_value([Tally(planned=1, votes=1, points=1)]) == pytest.approx(1)
    assert e_value([Tally(planned=1, votes=1, points=0)]) == pytest.approx(1)


@pytest.mark.parametrize("mean", [0.5, 0.3])
def test_expected_evidence_is_1_under_the_hypothesis_whatever_listeners_tastes(mean: float) -> None:
    """All outcomes of three listeners with two votes each, summed exactly.

    Each listener is of one mind for both votes or of another: tastes `low` and `high` whose mean is
    the hypothesis. A martingale over listeners has expectation 1.
    """
    low, high = 0.1, 0.9
    chance_high = (mean - low) / (high - low)
    outcomes = []
    for points in (0, 1, 2):
        chance = sum(
            weight * math.comb(2, points) * taste**points * (1 - taste) ** (2 - points)
            for taste, weight in ((low, 1 - chance_high), (high, chance_high))
        )
        outcomes.append((chance, Tally(planned=2, votes=2, points=points)))
    total = sum(
        math.prod(chance for chance, _ in three)
        * float(np.exp(log_e_values([tally for _, tally in three], mean)))
        for three in itertools.product(outcomes, repeat=3)
    )
    assert total == pytest.approx(1, abs=1e-12)


def test_bets_on_single_votes_would_not_be_fair_where_tastes_differ() -> None:
    """Why a listener is one bet: two votes of one mind, as two listeners, expect more than 1."""
    both = [Tally(planned=1, votes=1, points=1)] * 2
    neither = [Tally(planned=1, votes=1, points=0)] * 2
    assert (e_value(both) + e_value(neither)) / 2 > 1.2


@given(st.lists(tallies(), max_size=10), st.randoms())
def test_the_order_of_listeners_does_not_matter(found: list[Tally], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert e_value(shuffled) == pytest.approx(e_value(found))


@given(st.lists(tallies(), max_size=10), st.floats(0.05, 0.95))
def test_the_two_versions_are_treated_alike(found: list[Tally], mean: float) -> None:
    other = [Tally(planned=t.planned, votes=t.votes, points=t.votes - t.points) for t in found]
    assert float(log_e_values(other, 1 - mean)) == pytest.approx(float(log_e_values(found, mean)))


@settings(max_examples=30, deadline=None)
@given(st.lists(tallies(), max_size=40))
def test_the_interval_holds_exactly_what_is_not_refuted(found: list[Tally]) -> None:
    span = interval(found)
    fine = np.linspace(0.003, 0.997, 498)
    kept = fine[log_e_values(found, fine) < math.log(20)]
    if len(kept):
        assert span.low <= kept[0] <= span.low + 0.005
        assert span.high - 0.005 <= kept[-1] <= span.high
    half_is_out = not span.low < 0.5 < span.high
    assert half_is_out == (e_value(found) >= 20)


def test_the_interval_narrows_to_the_share_with_many_votes() -> None:
    found = [Tally(planned=10, votes=10, points=6)] * 2000
    span = interval(found)
    assert span.low < 0.6 < span.high
    assert span.high - span.low < 0.02


def test_listeners_who_left_count_for_the_part_that_they_voted() -> None:
    whole = e_value([Tally(planned=10, votes=10, points=10)] * 5)
    tenth = e_value([Tally(planned=10, votes=1, points=1)] * 5)
    assert whole > 4
    assert 1 < tenth < 1.1


@given(st.lists(st.tuples(st.sampled_from("abcd"), tallies()), max_size=20))
def test_evidence_kept_vote_by_vote_equals_evidence_from_the_beginning(
    steps: list[tuple[str, Tally]],
) -> None:
    path = EvidencePath()
    for listener, tally in steps:
        path.set_tally(listener, tally)
    latest = dict(steps)
    assert math.exp(path.log_e_value) == pytest.approx(e_value(latest.values()))


@pytest.mark.parametrize(
    ("planned", "votes", "points"), [(0, 0, 0), (2, 3, 1), (2, 1, 2), (2, 1, -0.5)]
)
def test_a_tally_that_cannot_be_is_refused(planned: int, votes: int, points: float) -> None:
    with pytest.raises(EvaluationError, match="cannot be; allowed"):
        Tally(planned=planned, votes=votes, points=points)
