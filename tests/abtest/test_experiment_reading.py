"""What votes say by now: who is in the middle, what was set apart, verdicts, the stop rule."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from listening import START, make_design, side_of, votes_of

from chromasonic.abtest.assignment import Trial, plan, planned_votes
from chromasonic.abtest.design import Arm, Design
from chromasonic.abtest.reading import Reading, read
from chromasonic.abtest.sequential import Tally, e_value, interval
from chromasonic.abtest.vote import Vote
from chromasonic.errors import EvaluationError
from chromasonic.files import json_text

NAMES = [f"listener {n}" for n in range(60)]


def lovers_of(label: str, share: float, seed: int = 3):
    """Listeners who choose a version with this chance, each vote by itself."""
    chance = random.Random(seed)

    def choose(trial: Trial, _: str) -> str:
        side = side_of(trial, label)
        other = {"first": "second", "second": "first", "neither": "neither"}[side]
        return side if chance.random() < share else other

    return choose


def reading_of(votes: list[Vote], design: Design) -> Reading:
    return read(design, votes, now=None)


def test_no_votes_say_nothing_and_advise_to_go_on() -> None:
    reading = reading_of([], make_design())
    (pair,) = reading.pairs
    assert (pair.votes, pair.p_value, pair.low, pair.high) == (0, 1, 0, 1)
    assert not reading.should_stop
    assert "no votes yet" in reading.words
    json.loads(json_text(reading.to_dict()))


def test_before_a_listener_has_finished_there_is_nothing_to_say_and_no_nan() -> None:
    design = make_design()
    votes = votes_of(design, ["early"], lovers_of("A", 1.0))[:2]
    reading = read(design, votes, now=votes[-1].cast_at)
    assert reading.words.startswith(
        "A (m@1) and B (m@2): nothing to say yet (2 votes; no listener has finished)."
    )
    assert "nan" not in reading.words
    later = read(design, votes[:1], now=votes[0].cast_at + timedelta(minutes=31))
    assert "100% of 1 vote of 1 listener, " in later.words


def test_a_reading_is_the_test_over_listeners_tallies() -> None:
    design = make_design()
    votes = votes_of(design, NAMES, lovers_of("A", 0.65))
    (pair,) = reading_of(votes, design).pairs
    tallies = []
    for name in NAMES:
        own = [vote for vote in votes if vote.listener == name and vote.repeats is None]
        points = sum(vote.preferred == "A" for vote in own)
        assert planned_votes(plan(design, name), ("A", "B")) == len(own) == 10
        tallies.append(Tally(planned=10, votes=10, points=points))
    assert pair.e_value == pytest.approx(e_value(tallies))
    last = pair.looks[-1]
    span = interval(tallies)
    assert (last.low, last.high) == pytest.approx((span.low, span.high))
    assert pair.low >= span.low
    assert pair.high <= span.high
    assert pair.share == pytest.approx(sum(t.points for t in tallies) / 600)
    assert (pair.votes, pair.for_first + pair.for_second, pair.waiting) == (600, 600, 0)


def test_the_preferred_version_is_named_and_stopping_is_advised() -> None:
    design = make_design()
    reading = reading_of(votes_of(design, NAMES, lovers_of("B", 0.8)), design)
    assert reading.pairs[0].verdict == "second preferred"
    assert reading.pairs[0].p_value < 0.001
    assert reading.should_stop
    assert reading.words.startswith("B (m@2) is preferred to A (m@1) (")
    assert "Stop: the question is settled." in reading.words


def test_no_difference_is_said_when_all_that_is_left_lies_within_the_margin() -> None:
    design = make_design(margin=0.15)
    names = [f"listener {n}" for n in range(150)]
    reading = reading_of(votes_of(design, names, lovers_of("A", 0.5)), design)
    (pair,) = reading.pairs
    assert pair.verdict == "no difference"
    assert 0.35 <= pair.low < pair.high <= 0.65
    assert reading.should_stop


def test_as_many_votes_as_planned_end_it() -> None:
    design = make_design(max_votes=100)
    reading = reading_of(votes_of(design, NAMES[:10], lovers_of("A", 0.5)), design)
    assert reading.should_stop
    assert "100 votes count, as many as planned; the question stays open" in reading.advice


def test_a_listener_in_the_middle_is_waited_for() -> None:
    design = make_design()
    votes = votes_of(design, NAMES[:9], lovers_of("A", 0.9))
    half = votes_of(design, ["late"], lovers_of("A", 1.0))[:5]
    half = [
        replace(v, number=108 + v.number, cast_at=v.cast_at + timedelta(seconds=20 * 108))
        for v in half
    ]
    last = half[-1].cast_at
    without = read(design, votes, now=last).pairs[0]
    soon = read(design, votes + half, now=last + timedelta(minutes=5)).pairs[0]
    later = read(design, votes + half, now=last + timedelta(minutes=31)).pairs[0]
    closed = read(design, votes + half, now=None).pairs[0]
    assert (soon.waiting, later.waiting) == (5, 0)
    assert soon.e_value == pytest.approx(without.e_value)
    assert later.e_value > soon.e_value
    assert later.e_value == pytest.approx(closed.e_value)
    assert (soon.votes, soon.listeners) == (90, 9)  # the share's own
    assert soon.share == pytest.approx(soon.for_first / soon.votes)
    assert (later.votes, later.listeners) == (95, 10)


def test_a_listener_whose_votes_waited_for_a_connection_is_in_the_middle_since_they_came() -> None:
    design = make_design()
    came = {"first": 0, "second": 29, "offline": -120}  # minutes
    own = {
        name: [
            replace(vote, cast_at=START + timedelta(minutes=minutes, seconds=20 * number))
            for number, vote in enumerate(votes_of(design, [name], lovers_of("A", 1.0))[:3])
        ]
        for name, minutes in came.items()
    }
    in_order = [*own["first"], *own["second"][:2], *own["offline"], own["second"][2]]
    votes = [replace(vote, number=number) for number, vote in enumerate(in_order, start=1)]
    counted = {
        name: sum(v.counts and v.pair == ("A", "B") for v in votes if v.listener == name)
        for name in came
    }
    assert min(counted.values()) > 0
    pair = read(design, votes, now=START + timedelta(minutes=32)).pairs[0]
    assert pair.waiting == counted["second"] + counted["offline"]


def test_votes_set_apart_are_counted_apart_and_both_results_are_told() -> None:
    """A crowd of bots from one address loves B; the others prefer A."""
    design = make_design()
    votes = votes_of(design, NAMES[:30], lovers_of("A", 0.75))
    bots = votes_of(design, [f"bot {n}" for n in range(60)], lovers_of("B", 1.0), address="one")
    bots = [replace(v, number=v.number + len(votes)) for v in bots]
    bots = [replace(v, cast_at=START + timedelta(seconds=20 * v.number)) for v in bots]
    reading = reading_of(votes + bots, design)
    assert reading.pairs[0].verdict == "first preferred"
    assert reading.pairs_with_all[0].verdict == "second preferred"
    assert reading.votes_set_apart == len(bots)
    assert reading.votes_cast == len(votes) + len(bots)
    assert reading.pairs_with_all[0].votes == 900
    assert "With the votes that were set apart it would read: B (m@2) is preferred" in reading.words
    assert "many listeners from one address (60)" in reading.words


def test_with_the_versions_exchanged_the_result_is_exchanged() -> None:
    design = make_design()
    votes = votes_of(design, NAMES, lovers_of("A", 0.62))
    other = {"A": "B", "B": "A"}
    mirrored = [replace(v, first=other[v.first], second=other[v.second]) for v in votes]
    (one,), (two,) = reading_of(votes, design).pairs, reading_of(mirrored, design).pairs
    assert two.e_value == pytest.approx(one.e_value)
    assert (two.share, two.low, two.high) == pytest.approx(
        (1 - one.share, 1 - one.high, 1 - one.low)
    )


def test_repeats_measure_consistency_and_do_not_count() -> None:
    design = make_design(repeats=4)
    faithful = reading_of(votes_of(design, NAMES[:20], lovers_of("A", 1.0)), design)
    assert faithful.consistency.value == 1
    assert faithful.votes_counted == 200
    assert faithful.votes_cast == 280
    by_side = reading_of(
        votes_of(design, NAMES[:20], lambda t, _: ["first", "second"][t.index % 2]), design
    )
    assert 0 < by_side.consistency.value < 1


def test_an_advantage_of_what_comes_first_is_told() -> None:
    chance = random.Random(8)
    design = make_design()
    votes = votes_of(
        design, NAMES, lambda t, _: "first" if chance.random() < 0.7 else "second"
    )  # no version is preferred
    reading = reading_of(votes, design)
    assert reading.first_share.low < 0.7 < reading.first_share.high
    assert reading.first_share.low > 0.5
    assert reading.pairs[0].low < 0.5 < reading.pairs[0].high


def test_three_versions_share_the_chance_of_a_false_alarm_and_stand_in_an_order() -> None:
    design = make_design("ABC", trials=12)

    def choose(trial: Trial, _: str) -> str:
        return side_of(trial, "B") if "B" in trial.pair else ["first", "second"][trial.index % 2]

    reading = reading_of(votes_of(design, NAMES, choose), design)
    assert [pair.alpha for pair in reading.pairs] == pytest.approx([0.05 / 3] * 3)
    assert reading.ranking is not None
    assert reading.ranking.standings[0].label == "B"
    assert reading.should_stop
    assert "B is preferred to every other version" in reading.advice


def test_an_anchor_is_ranked_but_takes_no_part_in_the_test() -> None:
    design = make_design(anchor=Arm(label="anchor", version="people"), anchors=2)
    votes = votes_of(
        design,
        NAMES,
        lambda t, _: side_of(t, "anchor") if t.is_anchor else ["first", "second"][t.index % 2],
    )
    reading = reading_of(votes, design)
    assert reading.pairs[0].votes == 600
    assert reading.ranking is not None
    assert reading.ranking.standings[0].label == "anchor"
    assert reading.ranking.standings[0].votes == 120


def test_votes_by_item_add_up() -> None:
    design = make_design()
    reading = reading_of(votes_of(design, NAMES, lovers_of("A", 0.6)), design)
    assert sum(item.votes for item in reading.items) == 600
    assert sum(item.points for item in reading.items) == reading.pairs[0].for_first


def test_votes_by_confidence_add_up() -> None:
    design = make_design(repeats=0)
    votes = votes_of(design, NAMES[:4], lambda t, _: side_of(t, "B" if t.index < 3 else "A"))
    votes = [replace(vote, confidence=3 if vote.trial < 3 else 1) for vote in votes]
    guesses, sure = reading_of(votes, design).confidences
    assert (guesses.confidence, guesses.votes, guesses.points) == (1, 28, 28)
    assert (sure.confidence, sure.votes, sure.points) == (3, 12, 0)


def test_the_picture_is_a_png_and_without_votes_there_is_none(tmp_path: Path) -> None:
    from chromasonic.abtest.reading_picture import draw_reading

    design = make_design("ABC", trials=12)
    reading = reading_of(votes_of(design, NAMES[:20], lovers_of("A", 0.8)), design)
    path = draw_reading(reading, tmp_path / "x.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(EvaluationError, match="nothing to draw yet"):
        draw_reading(reading_of([], design), tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
