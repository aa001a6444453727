"""A file's ending decides what reads or writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromasonic.errors import UsageError
from chromasonic.files import PathLike


def known_ending(path: PathLike, table: Mapping[str, Any], *, noun: str, done: str) -> str:
    """The ending of a path, in small letters, where a table has it.

    Args:
        path: of the file.
        table: its keys are the endings that are allowed.
        noun: what is read or written ("tune").
        done: "read" or "written".

    Raises:
        UsageError: the table has no such ending.
    """
    ending = Path(path).suffix.lower()
    if ending not in table:
        raise UsageError(
            f"A {noun} cannot be {done} as '{Path(path).name}': the ending is "
            f"{repr(ending) if ending else 'missing'}. Allowed: {' '.join(table)}."
        )
    return ending
