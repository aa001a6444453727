"""A store in a database server: asked shortly whether it is there, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chromasonic.errors import RegistryError
from chromasonic.registry import schema
from chromasonic.registry.address import REGISTRY, artifact_folder, tracking_uri, without_secret
from chromasonic.registry.store_errors import BusyError, clear_errors

ANSWER_SECONDS = 5
LOCK = 0x43484D4E
"""Number of the lock that those hold who make the tables; any that nothing else uses."""


def prepare(address: str, on_wait: Callable[[str], None]) -> None:
    """See that a database is there and of this schema; make its tables where it is empty.

    Args:
        address: its URL.
        on_wait: told in a line before something that takes seconds.

    Raises:
        BusyError: nothing answers there.
        RegistryError: it is of another schema, or its driver is not installed.
    """
    import sqlalchemy

    uri = tracking_uri(address)
    patience = {} if uri.startswith("mssql") else {"connect_timeout": ANSWER_SECONDS}
    with clear_errors(address):
        try:
            engine = sqlalchemy.create_engine(uri, connect_args=patience)
        except (ImportError, sqlalchemy.exc.NoSuchModuleError) as error:
            raise _without_driver(address, error) from error
        try:
            with _connected(engine, address) as connection:
                revision = _revision(connection)
                if revision == schema.newest():
                    return
                if revision is not None:
                    schema.check_known(revision, address)
                    schema.refuse_older(revision, address, uri)
                if connection.dialect.name == "postgresql":  # until this connection is closed
                    connection.execute(sqlalchemy.text(f"select pg_advisory_lock({LOCK})"))
                    connection.commit()
                if _revision(connection) is None:
                    on_wait(f"Making the registry in {without_secret(address)} (once).")
                    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

                    SqlAlchemyStore(uri, str(artifact_folder(address)))
        finally:
            engine.dispose()


@contextmanager
def _connected(engine: Any, address: str) -> Iterator[Any]:
    from sqlalchemy.exc import OperationalError

    try:
        connection = engine.connect()
    except OperationalError as error:
        reason = without_secret(str(error.orig)).strip().splitlines()
        raise BusyError(
            f"The database {without_secret(address)} does not answer "
            f"({reason[0] if reason else 'no reason given'}). Start it, or unset {REGISTRY} to "
            "keep the registry in a folder of this machine."
        ) from error
    with connection:
        yield connection


def _revision(connection: Any) -> str | None:
    """The schema; None where there are no tables of MLflow's yet."""
    import sqlalchemy

    has_tables = sqlalchemy.inspect(connection).has_table("alembic_version")
    row = (
        connection.execute(sqlalchemy.text("select version_num from alembic_version")).first()
        if has_tables
        else None
    )
    connection.rollback()  # the next look shall see what others did meanwhile
    return None if row is None else str(row[0])


def _without_driver(address: str, error: Exception) -> RegistryError:
    return RegistryError(
        f"The database {without_secret(address)} needs a driver that is not installed ({error}). "
        "For PostgreSQL: pip install 'chromasonic[postgres]'."
    )
