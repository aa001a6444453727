"""What is known of a corpus before it is read: licence, source, checksums, expected counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chromasonic.data.piece_reading import Maker, Reader
from chromasonic.music.tune import Tune

DATA_VARIABLE = "CHROMASONIC_DATA"
"""Environment variable: the folder with one sub-folder a corpus."""

SUFFIX = ".abc"
"""Ending of the files of a collection of tunes."""

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


@dataclass(frozen=True)
class Archive:
    """A file on the network that holds a part of a corpus of pieces.

    Attributes:
        url: its address. What ends in .zip, .tar, .tar.gz or .tgz is unpacked; any other file (an
            index) is put beside what was unpacked, under its own name.
        size_bytes: about how much it is; ten times as much is refused.
        sha256: of the file, where it is known.
        md5: of the file, where its maker publishes that alone. Where neither is known, the first
            download's SHA-256 is written down beside the files.
        folder: the folder below the corpus's root into which it is unpacked; "" is the root.
    """

    url: str
    size_bytes: int
    sha256: str | None = None
    md5: str | None = None
    folder: str = ""

    @property
    def file_name(self) -> str:
        """The last name of its address."""
        return self.url.partition("?")[0].rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class CorpusFacts:
    """One entry of the catalogue `CORPORA`: of tunes (`collections`), or of pieces (`reader`).

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
        make_pieces: for a generated corpus of other pieces: (count, seed) to what is made.
        count: how many tunes `make`, or pieces `make_pieces`, is asked for by default.
        reader: for a corpus of pieces: its folder to what is there.
        reader_version: goes up whenever the reader gives something else for the same files; what
            an older one read is then not taken from the cache. (A change of the reader's own page
            is noticed by itself; this is for what it calls.)
        tables: files of `chromasonic.data` that the reader uses, by name; when their content
            changes, what was read with the old one is not taken from the cache.
        is_cached: whether what was read is cached; not for pieces that read their files late.
        index: the file or folder, relative to the corpus's root, by which the root is recognized:
            "info.csv". A tuple names several, of which one is enough.
        archives: what a download fetches; none where a user must fetch it by hand.
        noun: what its pieces are called, as a plural: "recordings", "songs".
        pieces: for a corpus of pieces how many are expected.
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
    make_pieces: Maker | None = None
    count: int = 0
    reader: Reader | None = None
    reader_version: int = 1
    tables: tuple[str, ...] = ()
    is_cached: bool = True
    index: str | tuple[str, ...] = ""
    archives: tuple[Archive, ...] = ()
    noun: str = "tunes"
    pieces: int = 0

    @property
    def tunes(self) -> int:
        """How many tunes (or other pieces) are expected."""
        return sum(collection.tunes for collection in self.collections) or self.count or self.pieces

    @property
    def is_of_pieces(self) -> bool:
        """Whether it is read by a reader, or made by a maker, of its own, and holds no tunes."""
        return self.reader is not None or self.make_pieces is not None

    @property
    def indices(self) -> tuple[str, ...]:
        """`index` as a tuple."""
        return (self.index,) if isinstance(self.index, str) else self.index

    @property
    def download_bytes(self) -> int:
        """About how much is downloaded."""
        return self.size_bytes or sum(archive.size_bytes for archive in self.archives)


def ways_to_get(facts: CorpusFacts) -> str:
    """What a user can do who lacks a corpus: its address, size and licence, and what to take."""
    size = f"about {max(1, round(facts.download_bytes / 1e6)):,} MB; " * bool(facts.download_bytes)
    fetched = not facts.is_of_pieces or bool(facts.archives)
    return (
        f"It comes from {facts.url} ({size}licence: {facts.licence}). "
        + f"With network: 'chromasonic data fetch {facts.name}'. " * fetched
        + f"By hand: unpack it into FOLDER/{facts.name} and set {DATA_VARIABLE}=FOLDER or give "
        "--data-dir FOLDER."
        + " Without network: --dataset folk, folk-pd (both come with music21), synthetic or "
        "synthetic-structured." * (not facts.is_of_pieces)
    )
