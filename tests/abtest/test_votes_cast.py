"""Votes: each once, append-only, in a chain; on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sql
from listening import CLIP_MS, make_design

from chromasonic.abtest.experiments import Experiment, Experiments
from chromasonic.abtest.vote import Answer
from chromasonic.abtest.votes import (
    ExperimentClosed,
    VoteConflict,
    VoteRefused,
    address_hash,
)
from chromasonic.errors import RegistryError, UsageError

FIRST = Answer(choice="first", confidence=3, heard_ms=(CLIP_MS, CLIP_MS))


@pytest.fixture
def experiments(address: str) -> Iterator[Experiments]:
    with Experiments(address) as opened:
        yield opened


@pytest.fixture
def experiment(experiments: Experiments) -> Experiment:
    return experiments.create(make_design())


def vote_on_everything(experiment: Experiment, listener: str) -> None:
    while (trial := experiment.next_trial(listener)) is not None:
        experiment.cast(listener, trial.token, FIRST)


def test_a_vote_says_all_that_was_asked(experiment: Experiment) -> None:
    trial = experiment.plan("me")[0]
    receipt = experiment.cast("me", trial.token, FIRST, address="192.0.2.7")
    (vote,) = experiment.votes()
    assert receipt.is_new
    assert receipt.vote == vote
    assert (vote.number, vote.trial, vote.item) == (1, 0, trial.item)
    assert (vote.first, vote.second, vote.choice) == (trial.first, trial.second, "first")
    assert vote.preferred == trial.first
    assert (vote.confidence, vote.heard_ms, vote.length_ms) == (3, (8000, 8000), (8000, 8000))
    assert vote.listener != "me"
    assert "192" not in vote.address
    assert len(vote.address) == 16


def test_the_same_vote_sent_again_is_stored_once(experiment: Experiment) -> None:
    token = experiment.plan("me")[0].token
    first = experiment.cast("me", token, FIRST)
    again = experiment.cast("me", token, replace(FIRST, heard_ms=(9000, 9000)))
    assert (first.is_new, again.is_new) == (True, False)
    assert again.vote == first.vote
    assert len(experiment.votes()) == 1


def test_the_servers_clock_says_when_a_vote_came_in_and_what_a_page_says_is_a_note(
    experiment: Experiment,
) -> None:
    created = datetime.fromisoformat(experiment.created_at)
    came_in = created + timedelta(minutes=5)
    plan = experiment.plan("me")
    minute, week = 60_000, 7 * 86_400_000
    for trial, waited in zip(plan, (0, minute, week), strict=False):
        answer = replace(FIRST, waited_ms=waited)
        experiment.cast("me", trial.token, answer, now=came_in)
    votes = experiment.votes()
    assert [vote.cast_at for vote in votes] == [came_in] * 3
    # None has waited longer than the experiment has been there.
    assert [vote.waited_ms for vote in votes] == [0, minute, 5 * minute]
    assert experiment.verify() == 3


def test_another_vote_on_the_same_pair_is_refused_and_told_what_stands(
    experiment: Experiment,
) -> None:
    token = experiment.plan("me")[0].token
    experiment.cast("me", token, FIRST)
    with pytest.raises(VoteConflict, match=r"'first', confidence 3; 'second', confidence 3, was"):
        experiment.cast("me", token, replace(FIRST, choice="second"))
    assert [vote.choice for vote in experiment.votes()] == ["first"]


def test_a_token_of_somebody_else_is_refused(experiment: Experiment) -> None:
    with pytest.raises(VoteRefused, match="the token of no trial of this listener"):
        experiment.cast("me", experiment.plan("you")[0].token, FIRST)
    assert experiment.votes() == []


def test_a_listener_goes_on_where_the_votes_ended(
    experiments: Experiments, experiment: Experiment, address: str
) -> None:
    plan = experiment.plan("me")
    for trial in plan[:4]:
        experiment.cast("me", trial.token, FIRST)
    experiments.close()
    with Experiments(address) as again:
        found = again.get("taste")
        assert found.next_trial("me") == plan[4]
        vote_on_everything(found, "me")
        assert found.next_trial("me") is None
        assert found.verify() == len(plan) == 12


def test_a_closed_experiment_takes_no_vote_but_knows_those_it_has(experiment: Experiment) -> None:
    plan = experiment.plan("me")
    experiment.cast("me", plan[0].token, FIRST)
    closed = experiment.close_for_good("settled")
    assert not closed.is_open
    with pytest.raises(ExperimentClosed, match="settled. It takes no votes"):
        experiment.cast("me", plan[1].token, FIRST)
    assert not experiment.cast("me", plan[0].token, FIRST).is_new
    assert experiment.close_for_good("again").closed_because == "settled"
    assert closed.verify() == 1


def test_an_experiments_name_is_taken_once(experiments: Experiments) -> None:
    experiments.create(make_design())
    with pytest.raises(UsageError, match="There is an experiment 'taste' already"):
        experiments.create(make_design(salt="another"))
    with pytest.raises(UsageError, match="no experiment 'test' in .* There is: taste"):
        experiments.get("test")


def test_what_was_set_up_comes_back(experiments: Experiments) -> None:
    design = make_design("ABC", margin=0.07, question="Which one sings?")
    experiments.create(design)
    assert experiments.get("taste").design == design


FORBIDDEN = {
    "change a vote": "UPDATE ab_votes SET choice = 'second'",
    "remove a vote": "DELETE FROM ab_votes",
    "open again": "UPDATE ab_experiments SET status = 'open', closed_at = NULL",
    "change a design": "UPDATE ab_experiments SET design = '{}'",
    "remove an experiment": "DELETE FROM ab_experiments",
    "put a vote in": (
        "INSERT INTO ab_votes SELECT experiment, 99, 'x', trial, item, first, second, choice, "
        "confidence, heard_first_ms, heard_second_ms, length_first_ms, length_second_ms, repeats, "
        "is_anchor, address, cast_at, chain, waited_ms FROM ab_votes"
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_database_itself_refuses_to(
    what: str, experiments: Experiments, experiment: Experiment
) -> None:
    experiment.cast("me", experiment.plan("me")[0].token, FIRST)
    experiment.close_for_good()
    before = experiment.votes()
    with pytest.raises(RegistryError, match="append-only|frozen|takes no votes"):  # noqa: SIM117
        with experiments.store.writing() as connection:
            connection.execute(sql.text(FORBIDDEN[what]))
    assert experiment.votes() == before
    assert experiments.get("taste").votes_cast == 1


def test_sqlite_does_not_replace_a_vote_either(tmp_path: Path) -> None:
    with Experiments(str(tmp_path / "x.db")) as experiments:
        experiment = experiments.create(make_design())
        experiment.cast("me", experiment.plan("me")[0].token, FIRST)
    connection = sqlite3.connect(tmp_path / "x.db")
    (row,) = connection.execute("SELECT * FROM ab_votes").fetchall()
    marks = ",".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError, match="there already"):
        connection.execute(f"INSERT OR REPLACE INTO ab_votes VALUES ({marks})", row)
    with pytest.raises(sqlite3.IntegrityError, match="there already"):
        connection.execute(
            "INSERT OR REPLACE INTO ab_experiments SELECT * FROM ab_experiments WHERE id = 1"
        )


def test_postgresql_does_not_truncate_either(postgres_database: str) -> None:
    with Experiments(postgres_database) as experiments:
        experiments.create(make_design())
        for table in ("ab_votes", "ab_votes, ab_experiments"):
            with pytest.raises(RegistryError, match="append-only|frozen"):  # noqa: SIM117
                with experiments.store.writing() as connection:
                    connection.execute(sql.text(f"TRUNCATE {table}"))


TAMPERING = {
    "a changed choice": ("UPDATE ab_votes SET choice = 'second' WHERE number = 3", "at vote 3"),
    "a changed time": ("UPDATE ab_votes SET cast_at = '2020' WHERE number = 2", "at vote 2"),
    "a changed note": ("UPDATE ab_votes SET waited_ms = 60000 WHERE number = 2", "at vote 2"),
    "a vote taken out": ("DELETE FROM ab_votes WHERE number = 4", "at vote 4"),
    "the last taken off": ("DELETE FROM ab_votes WHERE number = 12", "ends at vote 11 of 12"),
    "all taken off": ("DELETE FROM ab_votes", "ends at vote 0 of 12"),
    "another design": ("UPDATE ab_experiments SET design = '{}'", "design of experiment"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_who_takes_the_triggers_away_is_found_by(what: str, tmp_path: Path) -> None:
    statement, message = TAMPERING[what]
    with Experiments(str(tmp_path / "x.db")) as experiments:
        experiment = experiments.create(make_design())
        vote_on_everything(experiment, "me")
        assert experiment.verify() == 12
        connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.close()
        with pytest.raises(RegistryError, match=message):
            experiment.verify()


def test_closing_throws_the_secret_of_addresses_away(tmp_path: Path) -> None:
    with Experiments(str(tmp_path / "x.db")) as experiments:
        experiment = experiments.create(make_design())
        query = "SELECT address_salt FROM ab_experiments"
        (secret,) = sqlite3.connect(tmp_path / "x.db").execute(query).fetchone()
        trial = experiment.plan("me")[0]
        vote = experiment.cast("me", trial.token, FIRST, address="192.0.2.7").vote
        assert vote.address == address_hash(secret, "192.0.2.7")
        assert any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())
        experiment.close_for_good()
        assert sqlite3.connect(tmp_path / "x.db").execute(query).fetchone() == (None,)
        assert not any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_household_has_one_address() -> None:
    assert address_hash("s", "2001:db8:1:2::1") == address_hash("s", "2001:db8:1:2:ffff::9")
    assert address_hash("s", "2001:db8:1:2::1") != address_hash("s", "2001:db8:1:3::1")
    assert address_hash("s", "::ffff:192.0.2.7") == address_hash("s", " 192.0.2.7 ")
    assert address_hash("s", "192.0.2.7") != address_hash("s", "192.0.2.8")
    assert address_hash("s", "192.0.2.7") != address_hash("t", "192.0.2.7")
    assert address_hash("s", "") == address_hash(None, "192.0.2.7") == ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"choice": "A"}, "The choice is 'A'; allowed: first, second, neither"),
        ({"choice": "first", "confidence": 4}, "The confidence is 4; allowed: 1, 2 or 3"),
        ({"choice": "first", "heard_ms": (-1, 5)}, "heard_ms is"),
        ({"choice": "first", "heard_ms": (5,)}, "heard_ms is"),
        ({"choice": "first", "waited_ms": -1}, "waited_ms is -1; allowed"),
        ({"choice": "first", "waited_ms": 10**10}, "waited_ms is"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Answer.from_dict(values)
