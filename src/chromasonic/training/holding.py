"""A run's folder for one process alone, as long as it trains in it; and how others end that."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chromasonic import files
from chromasonic.errors import UsageError
from chromasonic.training.stopping import HOLDER, WISH, Listener, StopAskedError, read

if sys.platform != "win32":
    import fcntl

HELD = ".training"
"""Is in a run's folder, and locked, while a process trains there."""
GLANCE_SECONDS = 0.5
"""Whoever looks whether a folder is held takes the lock for a moment; so long is waited for it."""


@contextmanager
def held(folder: Path, *, is_first: bool = True, go_on: str = "") -> Iterator[None]:
    """Keep others from training in a run's folder; a process that is killed lets go of it.

    Where the disk knows no locks nobody is kept away. Within the block the training can be ended
    from elsewhere: see `ask_to_stop`.

    Args:
        folder: of the run; made when it is not there.
        is_first: whether this is the first of the processes that train together; the others do
            nothing here.
        go_on: the command that takes the training up again.

    Raises:
        UsageError: another process trains there.
        StopAskedError: the training was asked to end.
    """
    if not is_first:
        yield
        return
    lock = FileLock(folder / HELD)
    is_new = not folder.exists()
    with suppress(OSError, NotImplementedError):  # what cannot be written says so later
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=GLANCE_SECONDS)
        except Timeout as error:
            raise UsageError(
                f"Another process trains in {folder} just now. Wait for its end, or end it "
                f"(chromasonic train stop {folder}); or give another folder (--output)."
            ) from error
    try:
        with _heard(folder, go_on) if lock.is_locked else _alone():
            yield
    finally:
        if lock.is_locked:
            with suppress(OSError):  # before it is let go: nobody shall hold a file that is gone
                (folder / HELD).unlink()
            lock.release()
        if is_new:
            with suppress(OSError):  # it is not empty: a run began
                if [one.name for one in folder.iterdir()] == [WISH]:
                    (folder / WISH).unlink()
                folder.rmdir()


@contextmanager
def _heard(folder: Path, go_on: str) -> Iterator[None]:
    """Hear a wish to end within the block, and say then that it was one."""
    listener = Listener(folder, go_on)
    try:
        listener.begin()
        try:
            yield
        finally:
            listener.end()
    except KeyboardInterrupt:
        if listener.asked_by:
            raise StopAskedError(listener.words) from None
        raise
    finally:
        listener.leave()


@contextmanager
def _alone() -> Iterator[None]:
    yield


def is_held(folder: Path) -> bool:
    """Whether a process on this machine trains in a run's folder now."""
    return is_locked(folder / HELD)


def is_locked(file: Path) -> bool:
    """Whether a process on this machine holds the lock (a `FileLock`) in a file.

    Several may look at once: none takes the others for who holds it.
    """
    try:
        with file.open("rb") as opened:
            if sys.platform == "win32":  # which knows no lock that several share
                with FileLock(file, timeout=0):
                    return False
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)  # let go of with the file
    except (BlockingIOError, Timeout):
        return True
    except (OSError, NotImplementedError):
        return False
    return False


def ask_to_stop(folder: Path, *, by: str) -> dict[str, Any]:
    """Ask whoever trains in a run's folder to end; it does so within a batch.

    What it made before stays, and it can be continued there. Nothing is sent to a process: the one
    that holds the folder finds the wish, and no other heeds it.

    Args:
        folder: of the run.
        by: where the wish comes from, for who sits at the other end: "the studio".

    Returns:
        Who trains: pid, machine, began.

    Raises:
        UsageError: nobody trains there, or it cannot hear.
        StorageError: the wish cannot be written.
    """
    if not is_held(folder):
        raise UsageError(f"Nothing is being trained in {folder}, so there is nothing to stop.")
    holder = read(folder / HOLDER)
    if not holder.get("hears"):
        raise UsageError(
            f"What trains in {folder} cannot be reached from here (it runs inside another "
            "program). End it where it was started."
        )
    files.write_json(folder / WISH, {"token": holder["token"], "by": by})
    return {name: holder[name] for name in ("pid", "machine", "began")}


def is_stopping(folder: Path) -> bool:
    """Whether who trains in a run's folder was asked to end."""
    token = read(folder / HOLDER).get("token")
    return token is not None and read(folder / WISH).get("token") == token


def was_stopped(folder: Path) -> bool:
    """Whether the last training in a run's folder ended because it was asked to."""
    return (folder / WISH).exists() and not (folder / HOLDER).exists()


def hears(folder: Path) -> bool:
    """Whether who trains in a run's folder can be asked to end."""
    return bool(read(folder / HOLDER).get("hears"))
