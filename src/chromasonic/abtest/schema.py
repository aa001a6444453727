"""The tables of listening experiments, and the triggers that keep votes as they were cast.

One schema for SQLite and PostgreSQL. Names begin with `ab_`, so that other tables may live in the
same database. Votes can be added and nothing else; a closed experiment takes no vote and never
opens again; a design never changes. The database itself sees to that, whoever writes to it. Who
takes the triggers away is found by the chain of hashes (`votes`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION = 2
OPEN, CLOSED = "open", "closed"

metadata = MetaData()

schema = Table("ab_schema", metadata, Column("version", Integer, primary_key=True))
"""One row: the version of these tables."""

experiments = Table(
    "ab_experiments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("design", Text, nullable=False),
    Column("design_sha256", String(64), nullable=False),
    Column("address_salt", String(64)),  # thrown away when the experiment closes
    Column("status", String(8), nullable=False, server_default=OPEN),
    Column("created_at", String(32), nullable=False),
    Column("closed_at", String(32)),
    Column("closed_because", Text),
    Column("votes", Integer, nullable=False, server_default="0"),
    Column("head", String(64), nullable=False),  # the chain's last hash
)
"""An experiment: its design as JSON, and how far its chain of votes has come."""

votes = Table(
    "ab_votes",
    metadata,
    Column("experiment", Integer, ForeignKey("ab_experiments.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("listener", String(16), nullable=False),
    Column("trial", Integer, nullable=False),
    Column("item", Text, nullable=False),
    Column("first", String(16), nullable=False),
    Column("second", String(16), nullable=False),
    Column("choice", String(8), nullable=False),
    Column("confidence", Integer, nullable=False),
    Column("heard_first_ms", Integer, nullable=False),
    Column("heard_second_ms", Integer, nullable=False),
    Column("length_first_ms", Integer, nullable=False),
    Column("length_second_ms", Integer, nullable=False),
    Column("repeats", Integer),
    Column("is_anchor", Boolean, nullable=False),
    Column("address", String(16), nullable=False),
    Column("cast_at", String(32), nullable=False),
    Column("chain", String(64), nullable=False),
    Column("waited_ms", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("experiment", "listener", "trial", name="ab_votes_once"),
)
"""The log of votes."""

FROM_VERSION_1 = (
    "ALTER TABLE ab_votes ADD COLUMN waited_ms BIGINT NOT NULL DEFAULT 0",
    "UPDATE ab_schema SET version = 2",
)
"""What makes tables of version 1 these; nothing in a log changes."""

APPEND_ONLY = "votes are append-only: none is changed or removed"
FROZEN = "a closed experiment is frozen, and the design of an open one is fixed"
NOT_OPEN = "the experiment takes no votes"
ONCE = "it is there already"

_CHANGES = (
    "OLD.status <> 'open' OR NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.design <> OLD.design "
    "OR NEW.design_sha256 <> OLD.design_sha256 OR NEW.created_at <> OLD.created_at "
    "OR NEW.votes < OLD.votes"
)
_HAS_VOTE = (
    "SELECT 1 FROM ab_votes WHERE experiment = NEW.experiment AND (number = NEW.number "
    "OR (listener = NEW.listener AND trial = NEW.trial))"
)
_IS_OPEN = "SELECT 1 FROM ab_experiments WHERE id = NEW.experiment AND status = 'open'"


def _sqlite(name: str, when: str, condition: str, message: str) -> str:
    guard = f"WHEN {condition} " if condition else ""
    return f"CREATE TRIGGER {name} BEFORE {when} {guard}BEGIN SELECT RAISE(ABORT, '{message}'); END"


# REPLACE would remove a row without asking the trigger of DELETE: so an INSERT is asked too.
SQLITE_TRIGGERS = (
    _sqlite("ab_votes_stay", "UPDATE ON ab_votes", "", APPEND_ONLY),
    _sqlite("ab_votes_remain", "DELETE ON ab_votes", "", APPEND_ONLY),
    _sqlite("ab_votes_new", "INSERT ON ab_votes", f"EXISTS ({_HAS_VOTE})", ONCE),
    _sqlite("ab_votes_open", "INSERT ON ab_votes", f"NOT EXISTS ({_IS_OPEN})", NOT_OPEN),
    _sqlite("ab_experiments_fixed", "UPDATE ON ab_experiments", _CHANGES, FROZEN),
    _sqlite("ab_experiments_remain", "DELETE ON ab_experiments", "", FROZEN),
    _sqlite(
        "ab_experiments_new",
        "INSERT ON ab_experiments",
        "EXISTS (SELECT 1 FROM ab_experiments WHERE id = NEW.id OR name = NEW.name)",
        ONCE,
    ),
)
"""What SQLite is told when the tables are made."""

POSTGRES_TRIGGERS = (
    f"""CREATE OR REPLACE FUNCTION ab_guard_votes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP <> 'INSERT' THEN RAISE EXCEPTION '{APPEND_ONLY}'; END IF;
      IF NOT EXISTS ({_IS_OPEN}) THEN RAISE EXCEPTION '{NOT_OPEN}'; END IF;
      RETURN NEW;
    END $$""",
    f"""CREATE OR REPLACE FUNCTION ab_guard_experiments() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP <> 'UPDATE' THEN RAISE EXCEPTION '{FROZEN}'; END IF;
      IF {_CHANGES} THEN RAISE EXCEPTION '{FROZEN}'; END IF;
      RETURN NEW;
    END $$""",
    "CREATE TRIGGER ab_votes_stay BEFORE INSERT OR UPDATE OR DELETE ON ab_votes "
    "FOR EACH ROW EXECUTE FUNCTION ab_guard_votes()",
    "CREATE TRIGGER ab_votes_whole BEFORE TRUNCATE ON ab_votes "
    "FOR EACH STATEMENT EXECUTE FUNCTION ab_guard_votes()",
    "CREATE TRIGGER ab_experiments_fixed BEFORE UPDATE OR DELETE ON ab_experiments "
    "FOR EACH ROW EXECUTE FUNCTION ab_guard_experiments()",
    "CREATE TRIGGER ab_experiments_whole BEFORE TRUNCATE ON ab_experiments "
    "FOR EACH STATEMENT EXECUTE FUNCTION ab_guard_experiments()",
)
"""What PostgreSQL is told when the tables are made."""
