"""Facts and files of a corpus of twelve tunes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from chromasonic.data.facts import Collection, CorpusFacts


def tiny_facts(contents: Mapping[str, bytes], *, url: str = "", tunes: int = 12) -> CorpusFacts:
    """Facts of a corpus `tiny` whose files are pinned to these contents."""
    collection = Collection(
        name="tiny",
        title="Tiny tunes",
        folder="ABC",
        licence="CC0-1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        citation="written for these tests",
        weights_may_ship=True,
        tunes=tunes,
        sha256={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
    )
    return CorpusFacts(
        name="tiny",
        title="Tiny tunes",
        summary="Twelve tunes.",
        kind="download",
        licence=collection.licence,
        licence_url=collection.licence_url,
        citation=collection.citation,
        url=url,
        weights_may_ship=True,
        size_bytes=10_000,
        collections=(collection,),
    )


def write_files(folder: Path, contents: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder
