"""Stores for tests: one a session is made by migration (seconds); all others are copies of it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from filelock import FileLock

from chromasonic.registry.store import open_store

SESSION = "CHROMASONIC_TEST_SESSION"
"""The variable that names a folder of this session's, which xdist's workers share."""


@cache
def _made() -> Path:
    folder = Path(os.environ[SESSION], "empty-store")
    with FileLock(f"{folder}.lock"):
        if not (folder / "registry.db").exists():
            open_store(str(folder))
    return folder / "registry.db"


def new_store(folder: Path) -> Path:
    """A folder that holds an empty store."""
    made = _made()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(made, folder / "registry.db")
    return folder


def as_nobody(work: Callable[[], str]) -> str:
    """What a function returns to a user who may write nothing: a child process without rights.

    Root may write everywhere, so the child gives its rights up; others have none to give up.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            said = work()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        sys.stderr.flush()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read().decode()
    os.waitpid(child, 0)
    return said
