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

from chromasonic import files
from chromasonic.data.locate import cache_folder
from chromasonic.data.near_duplicates import GROUPING_VERSION
from chromasonic.data.packing import PACKING_VERSION, Packed, pack, unpack
from chromasonic.errors import StorageError
from chromasonic.formats.abc import PARSER_VERSION


def cache_path(name: str, fingerprint: str) -> Path:
    """Where the parsed form of a corpus with this content lies.

    Args:
        name: of the corpus.
        fingerprint: of the content of its files.
    """
    versions = f"{PARSER_VERSION}.{PACKING_VERSION}.{GROUPING_VERSION}"
    key = hashlib.sha256(f"{fingerprint} {versions}".encode()).hexdigest()[:16]
    return cache_folder() / "parsed" / f"{name}-{key}.npz"


def cached(name: str, fingerprint: str, build: Callable[[], Packed]) -> tuple[Packed, str | None]:
    """The parsed form of a corpus, from the cache or built and put there.

    Args:
        name: of the corpus.
        fingerprint: of the content of its files.
        build: parses the files; called only if the cache has nothing whole.

    Returns:
        The parsed corpus, and a remark where it could not be stored.
    """
    path = cache_path(name, fingerprint)
    try:
        return unpack(path.read_bytes()), None
    except (OSError, ValueError):
        pass  # absent, or damaged: built anew below, and replaced
    packed = build()
    try:
        files.write_bytes(path, pack(packed))
    except StorageError as error:
        return packed, f"The parsed corpus was not cached, so loading stays slow. {error}"
    return packed, None
