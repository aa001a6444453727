"""Who hears what: the same everywhere, balanced for each listener, repeats hidden and swapped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from listening import make_design

from chromasonic.abtest.assignment import Chance, plan, planned_votes, pseudonym
from chromasonic.abtest.design import Arm
from chromasonic.errors import UsageError

NAMES = [f"{n:016x}" for n in range(200)]
PEOPLE = Arm(label="anchor", version="tunes by people")


def test_another_process_gives_the_same_plan() -> None:
    script = (
        "import sys, json; sys.path.insert(0, sys.argv[1])\n"
        "from listening import make_design\n"
        "from chromasonic.abtest.assignment import plan, pseudonym\n"
        "name = pseudonym('pepper', 'Zoë 7')\n"
        "print(json.dumps([str(t) for t in plan(make_design('ABC', trials=12), name)]))"
    )
    env = {**os.environ, "PYTHONHASHSEED": "12345"}
    run = subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__)],
        capture_output=True, text=True, env=env, check=True,
    )  # fmt: skip
    here = plan(make_design("ABC", trials=12), pseudonym("pepper", "Zoë 7"))
    assert json.loads(run.stdout) == [str(trial) for trial in here]


def test_the_generator_is_sha256_over_key_and_counter() -> None:
    import hashlib

    block = hashlib.sha256(b"a\x1fb" + (0).to_bytes(8, "big")).digest()
    assert Chance("a", "b").below(1000) == int.from_bytes(block[:8], "big") % 1000


def test_each_value_is_equally_likely() -> None:
    chance = Chance("even")
    counts = Counter(chance.below(6) for _ in range(6000))
    expected = 1000
    chi_squared = sum((counts[k] - expected) ** 2 / expected for k in range(6))
    assert chi_squared < 20.5  # 99.9% of five degrees of freedom, from a table


@pytest.mark.parametrize(("labels", "trials"), [("AB", 10), ("AB", 4), ("ABC", 12), ("ABCD", 12)])
def test_each_listener_hears_every_pair_as_often_in_either_order(labels: str, trials: int) -> None:
    design = make_design(labels, trials=trials)
    for name in NAMES:
        orders = Counter((t.first, t.second) for t in plan(design, name) if t.counts)
        assert len(set(orders.values())) == 1
        assert len(orders) == 2 * len(design.pairs)


def test_who_leaves_early_has_heard_both_orders_nearly_as_often() -> None:
    design = make_design()
    for name in NAMES:
        firsts = [trial.first == "A" for trial in plan(design, name) if trial.counts]
        for seen in range(1, 11):
            assert abs(2 * sum(firsts[:seen]) - seen) <= 1


def test_over_listeners_every_item_and_order_come_up_alike() -> None:
    design = make_design()
    trials = [trial for name in NAMES for trial in plan(design, name) if trial.counts]
    by_item = Counter((trial.item, trial.first) for trial in trials)
    expected = len(trials) / 24
    chi_squared = sum((count - expected) ** 2 / expected for count in by_item.values())
    assert len(by_item) == 24
    assert chi_squared < 49.7  # 99.9% of 23 degrees of freedom, from a table


def test_no_listener_hears_an_item_twice_but_as_a_repeat() -> None:
    for name in NAMES:
        items = [t.item for t in plan(make_design(), name) if t.repeats is None]
        assert len(set(items)) == len(items) == 10


def test_repeats_come_at_the_end_with_sides_swapped_and_not_at_once() -> None:
    design = make_design(anchor=PEOPLE, anchors=3, repeats=3)
    for name in NAMES:
        trials = plan(design, name)
        repeats = [trial for trial in trials if trial.repeats is not None]
        assert len(repeats) == 3
        for trial in repeats:
            earlier = trials[trial.repeats]
            assert (earlier.item, earlier.first, earlier.second) == (
                trial.item, trial.second, trial.first,
            )  # fmt: skip
            assert trial.index - earlier.index >= 3
            assert earlier.counts


def test_anchors_stand_in_between_never_first_and_do_not_count() -> None:
    design = make_design(anchor=PEOPLE, anchors=2)
    against = Counter()
    for name in NAMES:
        anchors = [trial for trial in plan(design, name) if trial.is_anchor]
        assert len(anchors) == 2
        assert all(trial.index > 0 and not trial.counts for trial in anchors)
        assert sorted(t.first == "anchor" for t in anchors) == [False, True]
        against.update(label for t in anchors for label in (t.first, t.second))
    assert against["A"] == against["B"] == 200


def test_planned_votes_are_those_that_count() -> None:
    design = make_design("ABC", trials=12, anchor=PEOPLE, anchors=2)
    trials = plan(design, NAMES[0])
    assert len(trials) == 12 + 2 + 2
    assert [planned_votes(trials, pair) for pair in design.pairs] == [4, 4, 4]


def test_another_salt_gives_another_plan_and_another_pseudonym() -> None:
    one, other = make_design(salt="one"), make_design(salt="other")
    assert plan(one, NAMES[0]) != plan(other, NAMES[0])
    assert pseudonym("one", "me") != pseudonym("other", "me")
    assert "me" not in pseudonym("one", "me")


def test_tokens_of_listeners_and_trials_all_differ() -> None:
    tokens = [trial.token for name in NAMES for trial in plan(make_design(), name)]
    assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize("listener", ["", "x" * 201, "a\nb"])
def test_an_id_that_is_none_is_refused(listener: str) -> None:
    with pytest.raises(UsageError, match="allowed: 1 to 200"):
        pseudonym("salt", listener)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 13}, "trials is 13; allowed: 1 to 12; a listener hears each item once"),
        ({"repeats": 11}, "repeats is 11; allowed: 0 to 10"),
        ({"margin": 0.5}, "margin is 0.5; allowed: above 0 and below 0.5"),
        ({"name": "no name"}, "cannot name an experiment"),
        ({"labels": "A"}, "1 version"),
        ({"salt": ""}, "The salt is empty"),
    ],
)
def test_a_design_that_cannot_be_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_design(**options)  # type: ignore[arg-type]


def test_a_design_comes_back_from_its_plain_values() -> None:
    from chromasonic.abtest.design import Design

    design = make_design("ABC", anchor=PEOPLE, anchors=1)
    assert Design.from_dict(json.loads(json.dumps(design.to_dict()))) == design
