"""What goes wrong with a store, in words with a next step; and MLflow kept quiet meanwhile."""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from chromasonic.errors import RegistryError
from chromasonic.registry.address import REGISTRY, is_server, without_secret

LOCK_SECONDS = 20
"""How long a write waits for another process (MLflow's own figure for SQLite)."""
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
"""A server that is down is said in seconds; by default MLflow asks for minutes."""
QUIET = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""MLflow would print addresses of runs and bars of progress among what a command prints."""


class AbsentError(RegistryError):
    """What was asked of the store is not in it."""


class PresentError(RegistryError):
    """What was to be made in the store is there already."""


class BusyError(RegistryError):
    """Another process holds the store; trying again may help."""


@contextmanager
def clear_errors(address: str) -> Iterator[None]:
    """Within the block MLflow says nothing on the terminal and fails with a `RegistryError`."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    wanted = PATIENCE | QUIET
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: value for name, value in wanted.items() if before[name] is None})
    try:
        with _quiet():
            yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise explained(error, address) from error
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def explained(error: Exception, address: str) -> RegistryError:
    """A failure of the store in words that say what to do."""
    code = str(getattr(error, "error_code", ""))
    text = without_secret(str(error)).strip()
    where = without_secret(address)
    if "DOES_NOT_EXIST" in code or code == "NOT_FOUND" or "Current state is deleted" in text:
        return AbsentError(text)
    if "ALREADY_EXISTS" in code:
        return PresentError(text)
    if "database is locked" in text:
        return BusyError(
            f"The registry {where} is locked: another process has been writing to it for more "
            f"than {LOCK_SECONDS} seconds. Try again when it has ended, or keep the registry on a "
            f"server ({REGISTRY}=http://SERVER:PORT)."
        )
    if "readonly database" in text or _errno(error) in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RegistryError(
            f"The registry {where} may be read but not written. Give yourself the right to write "
            f"there, or choose another folder: {REGISTRY}=FOLDER."
        )
    if "database or disk is full" in text or _errno(error) in (errno.ENOSPC, errno.EDQUOT):
        return RegistryError(
            f"No space is left for the registry {where}. Free some space, or choose another "
            f"folder: {REGISTRY}=FOLDER."
        )
    if _errno(error) in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
        return RegistryError(
            f"The registry {where} cannot be a folder there: a file has that name. Choose another "
            f"folder: {REGISTRY}=FOLDER."
        )
    if is_server(address) and ("Max retries" in text or "Connection" in text or "timed" in text):
        return BusyError(
            f"The tracking server {where} does not answer. Start it, or unset {REGISTRY} to keep "
            "the registry in a folder of this machine."
        )
    first = text.splitlines()[0] if text else type(error).__name__
    return RegistryError(f"The registry {where} cannot be used: {first}")


def _errno(error: BaseException | None) -> int | None:
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return error.errno
        error = error.__cause__ or error.__context__
    return None
