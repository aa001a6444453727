"""Listening experiments: made once, joined by listeners, closed, read at any time.

    with Experiments() as experiments:
        experiment = experiments.get("folk-or-not")
        trial = experiment.next_trial(cookie)
        experiment.cast(cookie, trial.token, Answer(choice="first", heard_ms=(8000, 8000)))
        print(experiment.reading().words)

All methods may be called by many threads and processes at once. What `cast` returned is on the
disk.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql

from chromasonic.abtest import schema, votes
from chromasonic.abtest.assignment import Trial, plan, pseudonym
from chromasonic.abtest.design import Design
from chromasonic.abtest.vote import Answer, Vote
from chromasonic.abtest.vote_store import VoteStore
from chromasonic.errors import RegistryError, UsageError

if TYPE_CHECKING:
    from chromasonic.abtest.reading import Reading


class Experiments:
    """The experiments of one database; close it, or use it in a `with` block."""

    def __init__(self, address: str | None = None, **options: Any) -> None:
        """Open the database of experiments.

        Args:
            address: a file or a PostgreSQL URL; left out: by the settings (`vote_store`).
            options: of `VoteStore`.

        Raises:
            RegistryError: it cannot be opened.
        """
        self.store = VoteStore(address, **options)

    def __enter__(self) -> Experiments:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self.store.close()

    def create(self, design: Design) -> Experiment:
        """Make an experiment; from then on its design is fixed.

        Raises:
            UsageError: there is one of that name.
            RegistryError: the database cannot be written.
        """
        text = json.dumps(design.to_dict(), ensure_ascii=False, sort_keys=True)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        table = schema.experiments
        with self.store.writing() as connection:
            if connection.execute(
                sql.select(table.c.id).where(table.c.name == design.name)
            ).first():
                raise UsageError(
                    f"There is an experiment '{design.name}' already. Choose another name: an "
                    "experiment is never removed."
                )
            connection.execute(
                table.insert().values(
                    name=design.name, design=text, design_sha256=sha256, head=sha256,
                    address_salt=secrets.token_hex(32), created_at=datetime.now(UTC).isoformat(),
                )
            )  # fmt: skip
        return self.get(design.name)

    def get(self, name: str) -> Experiment:
        """An experiment by its name.

        Raises:
            UsageError: there is none of that name; what there is is told.
            RegistryError: the database cannot be read.
        """
        table = schema.experiments
        with self.store.reading() as connection:
            chosen = sql.select(table).where(table.c.name == name)
            row = connection.execute(chosen).mappings().one_or_none()
        if row is not None:
            return _experiment(self.store, row)
        found = self.all()
        there = ", ".join(experiment.name for experiment in found)
        raise UsageError(
            f"There is no experiment '{name}' in {self.store.shown}. "
            + (f"There is: {there}." if there else "Make one: chromasonic ab create NAME A B")
        )

    def all(self) -> list[Experiment]:
        """Every experiment, the oldest first."""
        with self.store.reading() as connection:
            chosen = sql.select(schema.experiments).order_by(schema.experiments.c.id)
            rows = connection.execute(chosen).mappings().all()
        return [_experiment(self.store, row) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """An experiment as it was when it was read; votes go to the database.

    Attributes:
        store: where it is kept.
        id: in the store.
        design: as it was set up.
        design_sha256: begins the chain of votes.
        status: open or closed.
        created_at: ISO 8601, UTC.
        closed_at: the same, or "".
        closed_because: in words, or "".
        votes_cast: all votes, repeats and anchors too.
        head: the chain's last hash.
    """

    store: VoteStore
    id: int
    design: Design
    design_sha256: str
    status: str
    created_at: str
    closed_at: str
    closed_because: str
    votes_cast: int
    head: str

    @property
    def name(self) -> str:
        """Of the experiment."""
        return self.design.name

    @property
    def is_open(self) -> bool:
        """Whether it took votes when it was read."""
        return self.status == schema.OPEN

    def plan(self, listener: str) -> tuple[Trial, ...]:
        """Everything that a listener is to be asked; the same whenever and wherever it is asked.

        Args:
            listener: an id that a page keeps, such as a random cookie.

        Raises:
            UsageError: the id is empty or too long.
        """
        return plan(self.design, pseudonym(self.design.salt, listener))

    def done(self, listener: str) -> frozenset[int]:
        """Indices of the trials that a listener has voted on."""
        name = pseudonym(self.design.salt, listener)
        table = schema.votes
        with self.store.reading() as connection:
            chosen = sql.select(table.c.trial).where(
                table.c.experiment == self.id, table.c.listener == name
            )
            return frozenset(connection.execute(chosen).scalars())

    def next_trial(self, listener: str) -> Trial | None:
        """The first trial that a listener has not voted on; None when all are done."""
        done = self.done(listener)
        return next((trial for trial in self.plan(listener) if trial.index not in done), None)

    def cast(
        self, listener: str, token: str, answer: Answer, *, address: str = "",
        now: datetime | None = None,
    ) -> votes.Receipt:  # fmt: skip
        """Store a listener's vote; when this returns, it is on the disk.

        Args:
            listener: the id that the plan was asked for with.
            token: of the trial.
            answer: what the listener said; sides, not versions: a page need not know more.
            address: where the request came from; a salted hash of it is kept, until closing.
            now: when it came in; left out: now.

        Returns:
            The vote as it stands; sent twice, it is stored once.

        Raises:
            VoteRefused: no trial of this listener has that token; or (VoteConflict) something
                else was said before; or (ExperimentClosed) no votes are taken any more.
            RegistryError: the database cannot be written.
        """
        trial = next((trial for trial in self.plan(listener) if trial.token == token), None)
        if trial is None:
            raise votes.VoteRefused(
                f"'{token[:20]}' is the token of no trial of this listener in '{self.name}'. Ask "
                "for the next trial and send its token along."
            )
        return votes.cast(
            self.store, self.id, self.design, trial, answer,
            listener=pseudonym(self.design.salt, listener), address=address, now=now,
        )  # fmt: skip

    def votes(self) -> list[Vote]:
        """The log, in the order in which votes came."""
        return votes.votes_of(self.store, self.id)

    def verify(self) -> int:
        """See that every vote is as it was cast and none is missing; how many there are.

        Raises:
            RegistryError: the log was changed outside of Chromasonic.
        """
        return votes.verify(self.store, self.id, self.design_sha256)

    def damage(self) -> str:
        """What is wrong with the log, in words; "" where every vote is as it was cast."""
        try:
            self.verify()
        except RegistryError as error:
            return str(error)
        return ""

    def reading(self, *, now: datetime | None = None) -> Reading:
        """What the votes say by now; as often as one likes.

        Args:
            now: the moment; left out: now. It decides who may still be in the middle.
        """
        from chromasonic.abtest.reading import read

        moment = now or datetime.now(UTC)
        return read(self.design, self.votes(), now=moment if self.is_open else None)

    def close_for_good(self, because: str = "closed by hand") -> Experiment:
        """Take no votes any more. The secret that hashed addresses is thrown away.

        Args:
            because: kept with the experiment.

        Returns:
            The experiment as it is now; one that was closed before stays as it was.
        """
        table = schema.experiments
        with self.store.writing() as connection:
            connection.execute(
                table.update()
                .where(table.c.id == self.id, table.c.status == schema.OPEN)
                .values(
                    status=schema.CLOSED, closed_at=datetime.now(UTC).isoformat(),
                    closed_because=because, address_salt=None,
                )
            )  # fmt: skip
        self.store.forget()
        with self.store.reading() as connection:
            row = (
                connection.execute(sql.select(table).where(table.c.id == self.id)).mappings().one()
            )
        return _experiment(self.store, row)


def _experiment(store: VoteStore, row: Any) -> Experiment:
    try:
        design = Design.from_dict(json.loads(row["design"]))
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"The design of experiment '{row['name']}' in {store.shown} cannot be read ({error}); "
            "it was changed outside of Chromasonic, or made by another version."
        ) from error
    return Experiment(
        store=store, id=row["id"], design=design, design_sha256=row["design_sha256"],
        status=row["status"], created_at=row["created_at"], closed_at=row["closed_at"] or "",
        closed_because=row["closed_because"] or "", votes_cast=row["votes"], head=row["head"],
    )  # fmt: skip
