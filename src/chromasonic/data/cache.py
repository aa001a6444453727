"""Parsed corpora on the disk: read if whole, built again if not, written if possible.

A file's name holds a key made of the content of the corpus's files and the versions of the parser,
the packing and the grouping; so a changed file or a better parser never meets an old result. Files
appear whole, hence two processes at once are safe: the second replaces the first one's file by an
equal one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from chromasonic import files
from chromasonic.data.locate import cache_folder
from chromasonic.data.near_duplicates import GROUPING_VERSION
from chromasonic.data.packing import PACKING_VERSION, Packed, pack, unpack
from chromasonic.errors import StorageError
from chromasonic.formats.abc import PARSER_VERSION

T = TypeVar("T")


def cache_path(name: str, fingerprint: str, version: str | None = None) -> Path:
    """Where the parsed form of a corpus with this content lies.

    Args:
        name: of the corpus.
        fingerprint: of the content of its files.
        version: of everything that made the parsed form out of them; None is that of tunes.
    """
    if version is None:
        version = f"{PARSER_VERSION}.{PACKING_VERSION}.{GROUPING_VERSION}"
    key = hashlib.sha256(f"{fingerprint} {version}".encode()).hexdigest()[:16]
    return cache_folder() / "parsed" / f"{name}-{key}.npz"


def stored(
    path: Path,
    build: Callable[[], T],
    *,
    pack: Callable[[T, IO[bytes]], object],
    unpack: Callable[[IO[bytes]], T],
) -> tuple[T, str | None]:
    """What a cache file holds, or what is built and put there.

    Args:
        path: of the cache file.
        build: makes the value; called only if the file is absent or damaged.
        pack: writes a value to a file.
        unpack: reads it; ValueError says that the file is damaged.

    Returns:
        The value, and a remark where it could not be stored.
    """
    try:
        with path.open("rb") as file:
            return unpack(file), None
    except (OSError, ValueError):
        pass  # absent, or damaged: built anew below, and replaced
    value = build()
    try:
        with files.open_whole(path) as file:
            pack(value, file)
    except StorageError as error:
        return value, f"The parsed corpus was not cached, so loading stays slow. {error}"
    return value, None


def cached(name: str, fingerprint: str, build: Callable[[], Packed]) -> tuple[Packed, str | None]:
    """The parsed tunes of a corpus, from the cache or built and put there; see `stored`.

    Args:
        name: of the corpus.
        fingerprint: of the content of its files.
        build: parses the files; called only if the cache has nothing whole.
    """
    return stored(
        cache_path(name, fingerprint),
        build,
        pack=lambda packed, file: file.write(pack(packed)),
        unpack=lambda file: unpack(file.read()),
    )
