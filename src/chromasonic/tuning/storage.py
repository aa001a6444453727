"""Where a study is kept: a journal file in its folder, or a database that machines share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.errors import StorageError, UsageError

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

JOURNAL = "study.journal"
WAIT_SECONDS = 60
"""How long a write waits for another process that holds the database or the journal."""


def storage_at(address: str) -> BaseStorage:
    """A study's storage.

    Args:
        address: the path of a journal file (made where there is none), or a database's URL such as
            sqlite:///study.db or postgresql+psycopg://user@host/name.

    Raises:
        UsageError: the URL is of a kind that is not known, or its driver is not installed.
        StorageError: the file or the database cannot be written or reached.
    """
    with quiet():
        return _database(address) if "://" in address else _journal(Path(address))


def _journal(path: Path) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    lock = _lock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with held(lock):
            _cut_torn_line(path)
        with path.open("ab"):  # may it be written?
            pass
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
    except OSError as error:
        raise StorageError(
            f"Cannot write the study {path}: {error.strerror or error}. Choose a folder that may "
            "be written (--output)."
        ) from error
    except (ValueError, KeyError, IndexError, AssertionError) as error:
        raise damaged(str(path), error) from error
    return storage


def damaged(address: str, error: Exception) -> StorageError:
    """A study that cannot be read, with the next step."""
    why = f"{type(error).__name__}: {error}"
    return StorageError(
        f"{without_password(address)} is no study, or is damaged ({why}). Put it "
        "back from a copy, or begin a new search in another --output; the trials' folders are as "
        "they were."
    )


def _lock(path: Path) -> Any:
    """A lock that the system frees when its process dies, however it dies.

    Differs: Optuna's own locks are files, which a killed process leaves behind; they are broken
    after half a minute in which everybody waits.
    """
    from filelock import FileLock
    from optuna.storages.journal._file import BaseJournalFileLock

    class Lock(BaseJournalFileLock):
        def __init__(self) -> None:
            self.file = FileLock(f"{path}.lock", timeout=WAIT_SECONDS)

        def acquire(self) -> bool:
            self.file.acquire()
            return True

        def release(self) -> None:
            self.file.release()

    return Lock()


@contextmanager
def held(lock: Any) -> Iterator[None]:
    """A journal's lock while a block runs."""
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _cut_torn_line(path: Path) -> None:
    """Remove a last line that was not written whole: the machine died while it was written."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        size = end
        while size:
            file.seek(size - 1)
            if file.read(1) == b"\n":
                break
            size -= 1
        if size < end:
            file.truncate(size)


def _database(address: str) -> BaseStorage:
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    address = with_driver(address)
    options: dict[str, Any] = {"pool_pre_ping": True}
    if address.startswith("sqlite"):
        options = {"connect_args": {"timeout": WAIT_SECONDS}}
    shown = without_password(address)
    try:
        return RDBStorage(address, engine_kwargs=options)
    except (ImportError, ArgumentError, NoSuchModuleError) as error:
        raise UsageError(
            f"No study can be kept at {shown}: {_first_line(error)}. Give sqlite:///FILE or "
            "postgresql://USER@HOST/NAME (for which: pip install 'chromasonic[postgres]'), or "
            "leave --study out: then it is a journal file in --output."
        ) from error
    except SQLAlchemyError as error:
        raise database_error(shown, error) from error


def with_driver(address: str) -> str:
    """A PostgreSQL address with the driver that the extra installs."""
    for plain in ("postgresql://", "postgres://"):
        if address.startswith(plain):
            return "postgresql+psycopg://" + address.removeprefix(plain)
    return address


def without_password(address: str) -> str:
    """An address that may be shown."""
    head, _, rest = address.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{head}://{login.partition(':')[0]}{at}{place}"


def database_error(shown: str, error: Exception) -> StorageError:
    """A database's failure in words, with the next step."""
    text = str(error).lower()
    said = f"The study at {shown} cannot be used: {_first_line(error)}."
    for sign, step in (
        ("readonly", "It may only be read: give a file that may be written"),
        ("read-only", "It may only be read: give a file that may be written"),
        ("locked", f"Another program held it for {WAIT_SECONDS} s: close it, or use a server"),
        ("unable to open", "Give a file in a folder that is there and may be written"),
        ("not a database", "That file is something else: give another name"),
        ("connection", "Is the server up, and may this machine reach it?"),
    ):
        if sign in text:
            return StorageError(f"{said} {step}.")
    return StorageError(said)


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna without its lines on the terminal and its warnings of experimental parts."""
    import logging
    import warnings

    import optuna

    logger = logging.getLogger("optuna")
    before = logger.level
    optuna.logging.disable_default_handler()
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
            warnings.filterwarnings("ignore", module="optuna.*")
            yield
    finally:
        logger.setLevel(before)
