"""A store in a SQLite file: looked at before it is opened, made once, under a lock."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from chromasonic.errors import RegistryError
from chromasonic.registry import schema
from chromasonic.registry.address import REGISTRY, artifact_folder, is_folder, tracking_uri
from chromasonic.registry.store_errors import LOCK_SECONDS, clear_errors, explained

CREATE_SECONDS = 300
"""How long a process waits for another that makes the store."""
LOOK_SECONDS, STILL_SECONDS = 0.2, 30
"""A half-made database that nobody has written to for so long was left by a process cut short."""
MLFLOW_TABLES = {"experiments", "metrics", "params", "runs", "tags"}
"""Those that MLflow makes first, before it notes a schema."""


class HalfMadeError(RegistryError):
    """MLflow's first tables are there, and no schema yet."""


def prepare(address: str, file: Path, on_wait: Callable[[str], None]) -> None:
    """See that a SQLite store is there and of this schema; make it where it is absent.

    Args:
        address: of the store.
        file: its database.
        on_wait: told in a line before something that takes seconds.

    Raises:
        RegistryError: the folder cannot be made or written; the file is no database, another
            program's, of a newer MLflow, or locked.
    """
    if _awaited_revision(file, address, on_wait) == schema.newest():
        return
    from filelock import FileLock, Timeout

    lock = FileLock(file.with_name(f".{file.name}.lock"), timeout=CREATE_SECONDS)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with lock:
            _migrated(address, file, on_wait)
    except Timeout as error:
        raise RegistryError(
            f"Another process has been making the registry {address} for {CREATE_SECONDS} "
            f"seconds. If none is at work, remove {lock.lock_file} and try again."
        ) from error
    except OSError as error:
        raise explained(error, address) from error


def _awaited_revision(file: Path, address: str, on_wait: Callable[[str], None]) -> str | None:
    """The schema, when nobody makes the tables any more: a server of MLflow's own may do so.

    Raises:
        RegistryError: as `revision_of`; it is half made, and nobody goes on with it.
    """
    end, has_said = time.monotonic() + CREATE_SECONDS, False
    while True:
        try:
            return revision_of(file, address)
        except HalfMadeError:
            if time.monotonic() > end or time.time() - _written(file) > STILL_SECONDS:
                raise
            if not has_said:
                on_wait(f"Another process is making the registry in {file.parent}; waiting for it.")
                has_said = True
            time.sleep(LOOK_SECONDS)


def _written(file: Path) -> float:
    """When a database was last written to."""
    found = 0.0
    for ending in ("", "-journal", "-wal"):
        with suppress(FileNotFoundError):
            found = max(found, file.with_name(f"{file.name}{ending}").stat().st_mtime)
    return found


def _migrated(address: str, file: Path, on_wait: Callable[[str], None]) -> None:
    """Make or renew the tables, alone: the lock is held."""
    revision = revision_of(file, address)
    if revision == schema.newest():
        return
    if revision is None:
        on_wait(f"Making the registry in {file.parent} (once, some seconds).")
    else:
        schema.check_known(revision, str(file))
        if not is_folder(address):
            schema.refuse_older(revision, str(file), tracking_uri(address))
        saved = file.with_name(f"{file.name}.before-{revision}")
        on_wait(f"Renewing the registry in {file.parent}; as it was it is kept as {saved.name}.")
        with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(saved)) as copy:
            old.backup(copy)
    with clear_errors(address):
        if revision is None:
            _make(file, str(artifact_folder(address)))
        else:
            _renew(tracking_uri(address))


def _make(file: Path, artifacts: str) -> None:
    """Make a store under another name, then give it its own: nobody meets a half-made one."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for leftover in file.parent.glob(f".{file.name}.*.new*"):  # of a process that was killed
        leftover.unlink(missing_ok=True)
    unfinished = file.with_name(f".{file.name}.{uuid.uuid4().hex}.new")
    store = SqlAlchemyStore(f"sqlite:///{unfinished}", artifacts)
    store.engine.dispose()
    os.replace(unfinished, file)


def _renew(uri: str) -> None:
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

    engine = create_sqlalchemy_engine(uri)
    try:
        _upgrade_db(engine)
    finally:
        engine.dispose()


def revision_of(file: Path, address: str) -> str | None:
    """The schema of a store's database; None where there is no database yet, or an empty one.

    Raises:
        RegistryError: it is no database, another program's, or cannot be read.
    """
    try:
        if not file.exists() or file.stat().st_size == 0:
            return None
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS)) as connection:
            names = {
                name
                for (name,) in connection.execute(
                    "select name from sqlite_master where type='table'"
                )
            }
            if "alembic_version" in names:
                rows = connection.execute("select version_num from alembic_version").fetchall()
                if rows:
                    return str(rows[0][0])
            if names >= MLFLOW_TABLES:
                raise HalfMadeError(
                    f"{file} is half made: whatever was making it was cut short. If no process is "
                    "at work on it, move it away and try again; nothing can be in it yet."
                )
            if names - {"alembic_version"}:
                tables = ", ".join(sorted(names)[:4])
                raise RegistryError(
                    f"{file} is a database of another program (tables {tables}). Choose another "
                    f"folder: {REGISTRY}=FOLDER."
                )
            return None
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error) or "malformed" in str(error):
            raise RegistryError(
                f"{file} is no SQLite database, or it is damaged ({error}). Put back a copy of "
                f"it, move it away to begin anew, or choose another folder: {REGISTRY}=FOLDER."
            ) from error
        if "unable to open" in str(error) and not os.access(file, os.R_OK):
            raise RegistryError(f"The registry {file} may not be read by you.") from error
        raise explained(error, address) from error
    except OSError as error:
        raise explained(error, address) from error
