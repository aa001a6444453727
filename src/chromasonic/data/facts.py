"""What is known of a corpus before it is read: licence, source, checksums, expected counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chromasonic.music.tune import Tune

Kind = Literal["download", "bundled", "generated"]
"""Where a corpus comes from: an archive on the network, an installed package, or a seed."""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A folder of music files under one licence; a corpus has one or more.

    Attributes:
        name: first part of the ids of its tunes (`nottingham` in `nottingham/jigs/1`).
        title: as its makers call it.
        folder: the folder in which its files lie, by its last name.
        licence: a short name, or a short sentence where there is no name.
        licence_url: where the licence can be read.
        citation: whom to name.
        weights_may_ship: whether a model trained on it may be given away with any purpose.
        tunes: how many tunes its files hold.
        sha256: file name to SHA-256, for collections whose files are pinned one by one.
        files: how many files there are, where they are not pinned one by one.
        fingerprint: `fingerprint_of` all files, where they are not pinned one by one.
    """

    name: str
    title: str
    folder: str
    licence: str
    licence_url: str
    citation: str
    weights_may_ship: bool
    tunes: int
    sha256: Mapping[str, str] = field(default_factory=dict)
    files: int = 0
    fingerprint: str = ""

    @property
    def file_count(self) -> int:
        """How many files a complete copy has."""
        return len(self.sha256) or self.files


@dataclass(frozen=True, kw_only=True)
class CorpusFacts:
    """One entry of the catalogue `CORPORA`.

    Attributes:
        name: what the user types.
        title: what the user reads.
        summary: one line: what it holds and what it is good for.
        kind: where it comes from.
        licence: a short name, or a short sentence.
        licence_url: where the licence can be read.
        citation: whom to name.
        url: its canonical address.
        weights_may_ship: whether a model trained on it may be given away with any purpose.
        collections: the folders of files that make it up; none where it is generated.
        size_bytes: about how much is downloaded.
        archive_sha256: of the archive at `url`, where one is known.
        package: the installed package that carries it, and `package_folder` inside that.
        make: for a generated corpus: (count, seed) to tunes.
        count: how many tunes `make` is asked for by default.
    """

    name: str
    title: str
    summary: str
    kind: Kind
    licence: str
    licence_url: str
    citation: str
    url: str
    weights_may_ship: bool
    collections: tuple[Collection, ...] = ()
    size_bytes: int = 0
    archive_sha256: str | None = None
    package: str = ""
    package_folder: str = ""
    make: Callable[[int, int], tuple[Tune, ...]] | None = None
    count: int = 0

    @property
    def tunes(self) -> int:
        """How many tunes are expected."""
        return sum(collection.tunes for collection in self.collections) or self.count
