"""Run directories whose tracking was not sent yet, so that a later training of the
same store sends it.

One small file for each in the user's cache; losing them loses nothing but the reminder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from chromasonic import files
from chromasonic.data.locate import cache_folder
from chromasonic.errors import RegistryError, StorageError
from chromasonic.registry.address import REGISTRY, store_address, without_secret


def _mark(folder: Path) -> Path:
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:24]
    return cache_folder() / "untracked" / name


def remember(folder: Path) -> None:
    """Note that a run directory holds what was not sent yet to the store of the settings."""
    note = {"folder": str(folder.absolute()), "address": _address()}
    with contextlib.suppress(StorageError):
        files.write_json(_mark(folder), note)


def forget(folder: Path) -> None:
    """All of it was sent."""
    with contextlib.suppress(OSError):
        _mark(folder).unlink(missing_ok=True)


def remembered() -> list[Path]:
    """Run directories that are there and hold something for the store of the settings."""
    here = _address()
    return [folder for folder, address in _all() if address == here]


def waiting_elsewhere() -> dict[str, list[Path]]:
    """Run directories that hold something for other stores, by their addresses."""
    here = _address()
    found: dict[str, list[Path]] = {}
    for folder, address in _all():
        if address != here:
            found.setdefault(address, []).append(folder)
    return found


def _address() -> str:
    try:
        return without_secret(store_address())
    except RegistryError:  # the setting is no place; its text tells it from others
        return without_secret(os.environ.get(REGISTRY, ""))


def _all() -> list[tuple[Path, str]]:
    found = []
    with contextlib.suppress(OSError):
        for mark in sorted((cache_folder() / "untracked").iterdir()):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                note = json.loads(mark.read_text(encoding="utf-8"))
                folder = Path(note["folder"])
                if folder.is_dir():
                    found.append((folder, str(note["address"])))
                else:
                    mark.unlink(missing_ok=True)
    return found
