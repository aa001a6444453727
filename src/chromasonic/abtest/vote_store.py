"""The database of experiments: SQLite by default, PostgreSQL by URL; opened with care.

CHROMASONIC_EXPERIMENTS   a file, a folder, sqlite:////FILE or postgresql://USER@HOST/NAME
unset                     experiments.db in the registry's folder, else in the user's own

Writers wait for each other. SQLite runs with a write-ahead log and is flushed at every commit, so
that what a listener was told is stored stays so when the server is killed or the power fails.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sql
from sqlalchemy import exc

from chromasonic.abtest import schema
from chromasonic.errors import RegistryError
from chromasonic.registry.address import database_file, store_address, without_secret

SETTING, DATABASE = "CHROMASONIC_EXPERIMENTS", "experiments.db"
LOCK_SECONDS = 30.0
_SCHEMA_LOCK = 7_301_994  # any number of our own, for PostgreSQL's advisory lock


def experiments_address() -> str:
    """Where experiments are kept, by the settings: a file's path, or a PostgreSQL URL.

    Raises:
        RegistryError: the setting is of a kind that cannot be used.
    """
    value = os.environ.get(SETTING, "").strip()
    if value:
        return _checked(value)
    registry = database_file(store_address())
    if registry is not None:
        return str(registry.parent / DATABASE)
    import platformdirs

    return str(Path(platformdirs.user_data_dir("chromasonic")) / "registry" / DATABASE)


def _checked(value: str) -> str:
    scheme, colon, rest = value.partition("://")
    if not colon:
        path = Path(value).expanduser().absolute()
        return str(path / DATABASE if path.is_dir() else path)
    if scheme == "sqlite" and rest.startswith("/"):
        return str(Path(rest[1:]).absolute())
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    raise RegistryError(
        f"{SETTING} is '{without_secret(value)}', which is no place for experiments. Give a file, "
        "sqlite:////ABSOLUTE/FILE.db or postgresql://USER@HOST/NAME."
    )


def _sqlite_url(path: Path) -> sql.URL:
    """The file; one that may not be written is opened for reading alone.

    A write-ahead log wants files of its own beside the database. Where they cannot be made and are
    not there, nobody is writing, and SQLite may take the file as it stands.
    """
    if not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return sql.URL.create("sqlite", database=str(path))
    query = {"uri": "true", "mode": "ro"}
    if not path.with_name(f"{path.name}-shm").exists():
        query["immutable"] = "1"
    return sql.URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)


class VoteStore:
    """An open database of experiments; may be used by many threads, and opened by many processes.

    Open one in each process: a connection does not survive a fork.
    """

    def __init__(self, address: str | None = None, *, lock_seconds: float = LOCK_SECONDS) -> None:
        """Open the database and make its tables where there are none.

        Args:
            address: as CHROMASONIC_EXPERIMENTS; left out: by the settings.
            lock_seconds: how long to wait for another writer.

        Raises:
            RegistryError: it cannot be opened, is another program's, or of a newer Chromasonic.
        """
        self.address = experiments_address() if address is None else _checked(str(address))
        self.is_postgres = "://" in self.address
        self._lock_seconds = lock_seconds
        self._turn = threading.Lock()  # threads of one process queue here, not in SQLite's polling
        with self._clear_errors():
            self._engine = self._postgres() if self.is_postgres else self._sqlite()
            self._make_tables()

    @property
    def shown(self) -> str:
        """The address as it may be shown: without a password."""
        return without_secret(self.address.replace("+psycopg", ""))

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def forget(self) -> None:
        """Let go of what was overwritten: SQLite's log beside the file is taken in and emptied."""
        if not self.is_postgres:
            self._outside_of_transactions("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def reading(self) -> Iterator[sql.Connection]:
        """A transaction that sees one moment and changes nothing."""
        with self._clear_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sql.Connection]:
        """A transaction that is stored, flushed, when the block ends without error."""
        with self._clear_errors():
            if self.is_postgres:
                with self._engine.begin() as connection:
                    yield connection
                return
            if not self._turn.acquire(timeout=self._lock_seconds):
                raise RegistryError(self._busy())
            try:
                with self._engine.connect() as plain:
                    connection = plain.execution_options(writes=True)
                    with connection.begin():
                        yield connection
            finally:
                self._turn.release()

    def _sqlite(self) -> sql.Engine:
        path = Path(self.address)
        if path.is_dir():
            raise RegistryError(f"{path} is a folder; name a file in {SETTING}.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RegistryError(
                f"{path.parent} cannot be made: {error.strerror}. Name another file in {SETTING}."
            ) from error
        engine = sql.create_engine(
            _sqlite_url(path),
            connect_args={"timeout": self._lock_seconds, "check_same_thread": False},
            pool_size=4, max_overflow=28, pool_timeout=self._lock_seconds,
        )  # fmt: skip

        @sql.event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # transactions begin where SQLAlchemy says
            for pragma in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")

        @sql.event.listens_for(engine, "begin")
        def _begin(connection: sql.Connection) -> None:
            writes = connection.get_execution_options().get("writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def _postgres(self) -> sql.Engine:
        from importlib.util import find_spec

        if find_spec("psycopg") is None:
            raise RegistryError(
                f"{self.shown} wants a PostgreSQL driver; install it: "
                "pip install 'chromasonic[postgres]'"
            )
        return sql.create_engine(
            self.address, pool_pre_ping=True, pool_size=4, max_overflow=28,
            pool_timeout=self._lock_seconds,
            connect_args={
                "client_encoding": "utf8",
                "connect_timeout": max(2, int(self._lock_seconds)),
                "options": f"-c lock_timeout={int(1000 * self._lock_seconds)}",
            },
        )  # fmt: skip

    def _make_tables(self) -> None:
        with self.reading() as connection:
            version = self._version(connection)
        if version in (None, 1):
            if not self.is_postgres:
                self._outside_of_transactions("PRAGMA journal_mode = WAL")
            with self.writing() as connection:
                if self.is_postgres:
                    connection.execute(sql.text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))
                version = self._version(connection)  # another process may have been first
                if version is None:
                    schema.metadata.create_all(connection)
                    triggers = (
                        schema.POSTGRES_TRIGGERS if self.is_postgres else schema.SQLITE_TRIGGERS
                    )
                    for statement in triggers:
                        connection.exec_driver_sql(statement)
                    version = schema.SCHEMA_VERSION
                    connection.execute(schema.schema.insert().values(version=version))
                elif version == 1:
                    for statement in schema.FROM_VERSION_1:
                        connection.exec_driver_sql(statement)
                    version = schema.SCHEMA_VERSION
        if version != schema.SCHEMA_VERSION:
            raise RegistryError(
                f"{self.shown} has tables of version {version}; this Chromasonic knows "
                f"{schema.SCHEMA_VERSION}. Use the Chromasonic that made it, or another database."
            )

    def _version(self, connection: sql.Connection) -> int | None:
        if not sql.inspect(connection).has_table("ab_schema"):
            return None
        return connection.execute(sql.select(schema.schema.c.version)).scalar()

    def _outside_of_transactions(self, pragma: str) -> None:
        with self._clear_errors():
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute(pragma).fetchall()
            finally:
                raw.close()

    def _busy(self) -> str:
        return (
            f"{self.shown} is locked by another program, for more than {self._lock_seconds:g} s. "
            "Nothing was stored; close that program (an open database browser?) and try again."
        )

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Failures of the database as messages with a next step."""
        try:
            yield
        except (exc.SQLAlchemyError, OSError) as error:
            raise RegistryError(self._explained(error)) from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("sqlite3", "psycopg"):
                raise
            raise RegistryError(self._explained(error)) from error

    def _explained(self, error: Exception) -> str:
        text = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        for sign, advice in (
            ("locked", ""),
            ("lock timeout", ""),
            ("readonly", "may not be written. Give yourself the right, or name another in "),
            ("read-only", "may not be written. Give yourself the right, or name another in "),
            ("unable to open", "cannot be opened. Give yourself the right, or name another in "),
            ("not a database", "is no SQLite database. Name another file in "),
            ("malformed", "is damaged. Restore it from a copy, or name another file in "),
            ("disk is full", "has no room left on its disk. Free some space, or name another in "),
        ):
            if sign in text:
                return self._busy() if not advice else f"{self.shown} {advice}{SETTING}. ({text})"
        if self.is_postgres and isinstance(error, exc.OperationalError):
            return (
                f"{self.shown} cannot be reached or does not let you in ({text}). See that the "
                f"server runs and the address in {SETTING} is right; nothing was stored."
            )
        return f"{self.shown} refused: {text}."
