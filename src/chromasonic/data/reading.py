"""A folder of music files to tunes, with what could not be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chromasonic.data.corpus import Skipped
from chromasonic.data.facts import Collection
from chromasonic.errors import FormatError
from chromasonic.formats.abc import read_abc
from chromasonic.music.tune import Tune

FileContents = Mapping[str, bytes]
"""File name to its bytes, of one collection."""


@dataclass(frozen=True)
class Parsed:
    """Tunes of some files, and what was skipped."""

    tunes: tuple[Tune, ...]
    skipped: tuple[Skipped, ...]


def fingerprint_of(contents: FileContents) -> str:
    """SHA-256 over names and contents of files, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(contents):
        inner = hashlib.sha256(contents[name]).hexdigest()
        digest.update(f"{name}\0{inner}\n".encode())
    return digest.hexdigest()


def read_collection(collection: Collection, contents: FileContents) -> Parsed:
    """Read every tune of a collection's files; a broken file or tune is skipped with its reason.

    Ids are `collection/file/number`, such as `nottingham/jigs/1`.
    """
    tunes: list[Tune] = []
    skipped: list[Skipped] = []
    for name in sorted(contents):
        stem = name.rpartition(".")[0]
        place = f"{collection.name}/{stem}"
        try:
            book = read_abc(_text(contents[name]), source=place)
        except FormatError as error:
            skipped.append(Skipped(f"{collection.name}/{name}", "", str(error)))
            continue
        tunes += (
            replace(tune, id=f"{place}/{tune.id.removeprefix(f'{place}:')}") for tune in book.tunes
        )
        skipped += (
            Skipped(f"{place}/{item.reference}", item.title, item.reason) for item in book.skipped
        )
    return Parsed(tuple(tunes), tuple(skipped))


def joined(parts: Iterable[Parsed]) -> Parsed:
    """Several collections as one."""
    parts = tuple(parts)
    return Parsed(
        tuple(tune for part in parts for tune in part.tunes),
        tuple(item for part in parts for item in part.skipped),
    )


def _text(data: bytes) -> str:
    """ABC text: UTF-8, as the standard asks, else Latin-1, in which old files are written."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
