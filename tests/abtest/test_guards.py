"""The rules that set votes apart: each by hand, and none that sees which version was preferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listening import START, make_design, side_of, votes_of

from chromasonic.abtest.guards import (
    CONTRADICTS,
    ONE_SIDE,
    SAME_ADDRESS,
    TOO_FAST,
    TOO_SOON,
    Flag,
    GuardRules,
    flags,
    set_apart,
    two_sided_chance,
)
from chromasonic.abtest.vote import Vote
from chromasonic.errors import UsageError

DESIGN = make_design()
RULES = GuardRules()


def honest(*listeners: str) -> list[Vote]:
    """Listeners who prefer A, hear everything and answer repeats alike."""
    return votes_of(DESIGN, listeners, lambda trial, _: side_of(trial, "A"))


def rules_found(votes: list[Vote], rules: GuardRules = RULES) -> set[str]:
    return {flag.rule for flag in flags(votes, rules)}


def test_honest_listeners_are_left_alone_also_those_of_one_mind() -> None:
    assert flags(honest("anna", "bert", "carl"), RULES) == []


def test_one_vote_before_the_clips_were_heard_is_set_apart_alone() -> None:
    votes = honest("anna")
    votes[3] = replace(votes[3], heard_ms=(8000, 3999))
    (flag,) = flags(votes, RULES)
    assert (flag.rule, flag.votes) == (TOO_FAST, (4,))
    assert "1 of 12 votes" in flag.reason
    assert "less than 50%" in flag.reason
    assert flags(votes, replace(RULES, heard_share=0.49)) == []


def test_who_mostly_votes_too_fast_is_set_apart_whole() -> None:
    votes = [replace(vote, heard_ms=(10, 10)) for vote in honest("anna")[:6]] + honest("anna")[6:]
    (flag,) = flags(votes, RULES)
    assert flag.votes == tuple(range(1, 13))


def test_votes_nearer_together_than_their_clips_are_found_by_the_servers_clock() -> None:
    votes = [
        replace(vote, cast_at=START + timedelta(seconds=7.9 * vote.number))
        for vote in honest("anna")
    ]  # 16 s of clips, half of them is 8
    (flag,) = flags(votes, RULES)
    assert flag.rule == TOO_SOON
    slower = [replace(v, cast_at=START + timedelta(seconds=8.1 * v.number)) for v in votes]
    assert flags(slower, RULES) == []


def at_once(waited_s: Sequence[float]) -> list[Vote]:
    """Votes of one listener that all come in an hour after `START`, each said to have waited."""
    return [
        replace(vote, cast_at=START + timedelta(hours=1), waited_ms=round(1000 * waited))
        for vote, waited in zip(honest("anna"), waited_s, strict=False)
    ]


def test_votes_that_waited_for_a_connection_were_given_one_after_the_other() -> None:
    assert flags(at_once([60, 40, 20]), RULES) == []
    (flag,) = flags(at_once([60, 40, 33]), RULES)  # 7 s, where half of the clips is 8
    assert (flag.rule, flag.votes) == (TOO_SOON, (3,))
    # The next was given when they had come in; it is asked about from then on.
    late = START + timedelta(hours=1, seconds=30)
    assert flags([*at_once([60, 40, 20]), replace(honest("anna")[3], cast_at=late)], RULES) == []


def test_who_makes_up_that_votes_waited_gains_no_more_than_can_wait() -> None:
    votes = at_once([3600 - 300 * number for number in range(12)])  # five minutes for each
    (flag,) = flags(votes, RULES)
    assert "8 of 12 votes" in flag.reason  # all from the fifth on
    assert set_apart([flag]) == set(range(1, 13))
    days_ago = [replace(vote, waited_ms=30 * 86_400_000) for vote in votes]
    assert set_apart(flags(days_ago, RULES)) == set(range(1, 13))


def test_always_the_same_side_is_set_apart() -> None:
    votes = votes_of(DESIGN, ["bot"], lambda trial, _: "first")
    assert ONE_SIDE in rules_found(votes)
    assert set_apart(flags(votes, RULES)) == set(range(1, 13))


@pytest.mark.parametrize(
    ("most", "n", "chance"),
    [(12, 12, 2 / 4096), (5, 5, 2 / 32), (4, 5, 12 / 32), (3, 6, 1), (6, 6, 2 / 64)],
)
def test_the_chance_of_uneven_sides_is_that_of_a_fair_coin(
    most: int, n: int, chance: float
) -> None:
    assert two_sided_chance(most, n) == pytest.approx(chance)


def test_chance_alone_hardly_ever_sets_a_listener_apart() -> None:
    import random

    coin = random.Random(5)
    names = [f"listener {n}" for n in range(400)]
    votes = votes_of(DESIGN, names, lambda trial, _: coin.choice(["first", "second"]))
    found = {flag.listener for flag in flags(votes, RULES)}
    assert len(found) <= 3  # 1 in 2,000 by sides; contradictions want sure votes or four repeats


def test_sure_contradictions_are_set_apart_unsure_ones_are_not() -> None:
    """By side, so that each repeat (sides swapped) is answered for the other version."""
    design = make_design(repeats=2)
    first_half = {trial: ["first", "second"][trial % 2] for trial in range(12)}

    def contradict(trial: object, name: str) -> str:
        of = trial.index if trial.repeats is None else trial.repeats  # type: ignore[attr-defined]
        return first_half[of]

    sure = votes_of(design, ["odd"], contradict, confidence=3)
    unsure = votes_of(design, ["odd"], contradict, confidence=2)
    assert rules_found(sure) == {CONTRADICTS}
    assert rules_found(unsure) == set()
    four = votes_of(make_design(repeats=4), ["odd"], lambda t, n: contradict(t, n), confidence=1)
    assert CONTRADICTS in rules_found(four)


def test_many_listeners_of_one_address_are_set_apart_all_of_them() -> None:
    names = [f"listener {n}" for n in range(6)]
    votes = [replace(vote, address="one") for vote in honest(*names)]
    found = flags(votes, RULES)
    assert {flag.listener for flag in found} == set(names)
    assert {flag.rule for flag in found} == {SAME_ADDRESS}
    assert flags(votes, replace(RULES, listeners_per_address=6)) == []
    assert flags([replace(vote, address="") for vote in votes], RULES) == []


def swapped(votes: list[Vote]) -> list[Vote]:
    """The same votes with the two versions' names exchanged."""
    other = {"A": "B", "B": "A"}
    return [replace(v, first=other[v.first], second=other[v.second]) for v in votes]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_rule_sees_which_version_was_preferred(data: st.DataObject) -> None:
    votes = votes_of(
        DESIGN,
        ["x", "y", "z"],
        lambda trial, _: data.draw(st.sampled_from(["first", "second", "neither"])),
    )
    votes = [
        replace(
            vote,
            heard_ms=data.draw(st.sampled_from([(8000, 8000), (100, 8000)])),
            address=data.draw(st.sampled_from(["", "one"])),
            confidence=data.draw(st.sampled_from([1, 3])),
        )
        for vote in votes
    ]
    rules = replace(RULES, listeners_per_address=2, side_chance=0.1)

    def seen(found: list[Flag]) -> list[tuple[str, str, tuple[int, ...]]]:
        return [(flag.rule, flag.listener, flag.votes) for flag in found]

    assert seen(flags(votes, rules)) == seen(flags(swapped(votes), rules))


@pytest.mark.parametrize("values", [{"heard_share": 1.5}, {"listeners_per_address": 0}])
def test_a_threshold_that_cannot_be_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(values))} is .*; allowed"):
        GuardRules(**values)  # type: ignore[arg-type]
