"""Run directories whose tracking was not sent yet, so that a later training sends it.

One small file for each in the user's cache; losing them loses nothing but the reminder.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from chromasonic import files
from chromasonic.data.locate import cache_folder
from chromasonic.errors import StorageError


def _mark(folder: Path) -> Path:
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:24]
    return cache_folder() / "untracked" / name


def remember(folder: Path) -> None:
    """Note that a run directory holds what was not sent yet."""
    with contextlib.suppress(StorageError):
        files.write_text(_mark(folder), str(folder.absolute()))


def forget(folder: Path) -> None:
    """All of it was sent."""
    with contextlib.suppress(OSError):
        _mark(folder).unlink(missing_ok=True)


def remembered() -> list[Path]:
    """Run directories that are there and hold something that was not sent."""
    found = []
    with contextlib.suppress(OSError):
        for mark in sorted((cache_folder() / "untracked").iterdir()):
            with contextlib.suppress(OSError, ValueError):
                folder = Path(mark.read_text(encoding="utf-8"))
                if folder.is_dir():
                    found.append(folder)
                else:
                    mark.unlink(missing_ok=True)
    return found
