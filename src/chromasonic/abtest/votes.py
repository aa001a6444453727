"""Casting votes: each once, in a chain of hashes that shows whether one was changed or removed.

A vote's hash is over the hash before it and all that the vote says; the first stands on the hash of
the experiment's design. The experiment keeps the number of votes and the last hash. Whoever takes
the triggers out of the database and removes or changes a vote breaks the chain there; who would
rewrite all of it cannot know the last hash that an export from before has.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sql

from chromasonic.abtest import schema
from chromasonic.abtest.assignment import Trial
from chromasonic.abtest.design import Design
from chromasonic.abtest.vote import Answer, Vote
from chromasonic.abtest.vote_store import VoteStore
from chromasonic.errors import RegistryError, UsageError

_COLUMNS = tuple(column.name for column in schema.votes.columns)
_CHAINED = tuple(name for name in _COLUMNS if name not in ("experiment", "chain", "waited_ms"))


class VoteRefused(UsageError):
    """A vote cannot be taken; nothing was stored."""


class VoteConflict(VoteRefused):
    """The listener has voted on this trial before, and said something else."""


class ExperimentClosed(VoteRefused):
    """The experiment takes no votes any more."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What came of a vote.

    Attributes:
        vote: as it stands in the log.
        is_new: False where the same vote had come before.
    """

    vote: Vote
    is_new: bool


def address_hash(salt: str | None, address: str) -> str:
    """A salted hash of where a vote came from; IPv6 by its /64, which is one household.

    Args:
        salt: the experiment's secret for addresses; None after it closed.
        address: an IP address, or any text that names a source; "" where it is unknown.
    """
    if not salt or not address:
        return ""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        text = address
    else:
        wide = ip.version == 6 and ip.ipv4_mapped is None
        plain = ip if ip.version == 4 or wide else ip.ipv4_mapped
        text = str(ipaddress.ip_network(f"{plain}/{64 if wide else 32}", strict=False))
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def cast(
    store: VoteStore,
    experiment_id: int,
    design: Design,
    trial: Trial,
    answer: Answer,
    *,
    listener: str,
    address: str = "",
    now: datetime | None = None,
) -> Receipt:
    """Store a vote; the same vote sent again is stored once.

    Args:
        store: where experiments are kept.
        experiment_id: of the experiment in the store.
        design: of the experiment.
        trial: of the listener's plan.
        answer: what the listener said.
        listener: a pseudonym.
        address: where it came from; kept as a salted hash alone.
        now: when it came in; left out: now.

    Raises:
        VoteConflict: the listener said something else before; what stands is told.
        ExperimentClosed: the experiment takes no votes any more.
        RegistryError: the database cannot be written.
    """
    with store.writing() as connection:
        row = _experiment_row(connection, experiment_id, lock=store.is_postgres)
        before = _vote_of(connection, experiment_id, listener, trial.index)
        if before is not None:
            return _again(before, answer)
        if row["status"] != schema.OPEN:
            raise ExperimentClosed(
                f"Experiment '{design.name}' was closed on {row['closed_at'][:10]}: "
                f"{row['closed_because']}. It takes no votes; the vote was not stored."
            )
        clips = design.item(trial.item).clips
        came_in = (now or datetime.now(UTC)).astimezone(UTC)
        open_for = came_in - datetime.fromisoformat(row["created_at"])
        vote = {
            "number": row["votes"] + 1,
            "listener": listener,
            "trial": trial.index,
            "item": trial.item,
            "first": trial.first,
            "second": trial.second,
            "choice": answer.choice,
            "confidence": answer.confidence,
            "heard_first_ms": answer.heard_ms[0],
            "heard_second_ms": answer.heard_ms[1],
            "length_first_ms": clips[trial.first].duration_ms,
            "length_second_ms": clips[trial.second].duration_ms,
            "repeats": trial.repeats,
            "is_anchor": trial.is_anchor,
            "address": address_hash(row["address_salt"], address),
            "cast_at": came_in.isoformat(),
            "waited_ms": min(answer.waited_ms, max(0, open_for // timedelta(milliseconds=1))),
        }
        vote["chain"] = linked(row["head"], vote)
        connection.execute(schema.votes.insert().values(experiment=experiment_id, **vote))
        connection.execute(
            schema.experiments.update()
            .where(schema.experiments.c.id == experiment_id)
            .values(votes=vote["number"], head=vote["chain"])
        )
    return Receipt(vote=vote_in(vote), is_new=True)


def linked(head: str, vote: Mapping[str, Any]) -> str:
    """The hash of a vote that stands after `head`.

    Args:
        head: the hash before it.
        vote: its columns; `experiment` and `chain` are not looked at.
    """
    said = [vote[name] for name in _CHAINED]
    if vote["waited_ms"]:  # so that votes that did not wait have the hashes they always had
        said.append(vote["waited_ms"])
    said = [int(value) if isinstance(value, bool) else value for value in said]
    text = json.dumps([head, *said], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def votes_of(store: VoteStore, experiment_id: int) -> list[Vote]:
    """All votes of an experiment, in the order in which they came."""
    with store.reading() as connection:
        return [vote_in(row) for row in _rows(connection, experiment_id)]


def verify(store: VoteStore, experiment_id: int, design_sha256: str) -> int:
    """See that every vote is as it was cast and none is missing.

    Returns:
        How many votes there are.

    Raises:
        RegistryError: a vote was changed, removed or put in; the first place is named.
    """
    with store.reading() as connection:
        row = _experiment_row(connection, experiment_id)
        if hashlib.sha256(row["design"].encode()).hexdigest() != design_sha256:
            raise RegistryError(
                f"The design of experiment '{row['name']}' is not the one that it was made with. "
                "Trust an earlier export."
            )
        head, expected = design_sha256, 1
        for vote in _rows(connection, experiment_id):
            if vote["number"] != expected or linked(head, vote) != vote["chain"]:
                raise RegistryError(
                    f"The log of experiment '{row['name']}' breaks at vote {expected}: it was "
                    "changed or removed outside of Chromasonic. Trust an earlier export."
                )
            head, expected = vote["chain"], expected + 1
    if (expected - 1, head) != (row["votes"], row["head"]):
        raise RegistryError(
            f"The log of experiment '{row['name']}' ends at vote {expected - 1} of "
            f"{row['votes']}: the last ones were removed outside of Chromasonic. Trust an earlier "
            "export."
        )
    return expected - 1


def vote_in(row: Mapping[str, Any]) -> Vote:
    """A vote of the log from its columns."""
    return Vote(
        **{name: row[name] for name in ("number", "listener", "trial", "item", "first", "second")},
        **{name: row[name] for name in ("choice", "confidence", "repeats", "address", "chain")},
        waited_ms=row["waited_ms"],
        heard_ms=(row["heard_first_ms"], row["heard_second_ms"]),
        length_ms=(row["length_first_ms"], row["length_second_ms"]),
        is_anchor=bool(row["is_anchor"]),
        cast_at=datetime.fromisoformat(row["cast_at"]),
    )


def _rows(connection: sql.Connection, experiment_id: int) -> Iterable[Mapping[str, Any]]:
    table = schema.votes
    chosen = sql.select(table).where(table.c.experiment == experiment_id).order_by(table.c.number)
    return [dict(row) for row in connection.execute(chosen).mappings()]


def _experiment_row(
    connection: sql.Connection, experiment_id: int, *, lock: bool = False
) -> Mapping[str, Any]:
    chosen = sql.select(schema.experiments).where(schema.experiments.c.id == experiment_id)
    row = connection.execute(chosen.with_for_update() if lock else chosen).mappings().one()
    return dict(row)


def _vote_of(
    connection: sql.Connection, experiment_id: int, listener: str, trial: int
) -> Vote | None:
    table = schema.votes
    chosen = sql.select(table).where(
        table.c.experiment == experiment_id, table.c.listener == listener, table.c.trial == trial
    )
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else vote_in(dict(row))


def _again(before: Vote, answer: Answer) -> Receipt:
    """A vote that came before: the same one, or a refusal that tells what stands."""
    if answer.is_same_as(before):
        return Receipt(vote=before, is_new=False)
    raise VoteConflict(
        f"Trial {before.trial + 1} was answered before: '{before.choice}', confidence "
        f"{before.confidence}; '{answer.choice}', confidence {answer.confidence}, was not stored. "
        "A vote stands as it was cast first; ask for the next trial."
    )
