"""A folder of music files to tunes, with what could not be read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chromasonic import files
from chromasonic.data.facts import Collection
from chromasonic.data.skipped import Skipped
from chromasonic.errors import CorpusError, FormatError
from chromasonic.formats.abc import read_abc
from chromasonic.music.tune import Tune


@dataclass(frozen=True)
class Parsed:
    """Tunes of some files, and what was skipped."""

    tunes: tuple[Tune, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Contents:
    """The files of a collection, in memory.

    Attributes:
        collection: its facts.
        data: file name to bytes.
        sha256: file name to SHA-256.
    """

    collection: Collection
    data: Mapping[str, bytes]
    sha256: Mapping[str, str]

    @classmethod
    def read(cls, collection: Collection, paths: Sequence[Path]) -> Contents:
        """Read files and their checksums.

        Raises:
            CorpusError: a file cannot be opened.
        """
        try:
            data = {path.name: path.read_bytes() for path in paths}
        except OSError as error:
            raise CorpusError(
                f"Cannot read {error.filename}: {error.strerror}. Check its permissions."
            ) from error
        sha256 = {name: files.sha256_of_bytes(content) for name, content in data.items()}
        return cls(collection, data, sha256)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the names and contents of the files, whatever their order."""
        lines = "".join(f"{name}\0{self.sha256[name]}\n" for name in sorted(self.sha256))
        return hashlib.sha256(lines.encode()).hexdigest()

    def remarks(self) -> list[str]:
        """How the files differ from those that the facts were taken from."""
        facts = self.collection
        different = sorted(n for n, digest in facts.sha256.items() if self.sha256[n] != digest)
        if different:
            return [
                f"{len(different)} of {facts.file_count} files of {facts.title} differ from the "
                f"pinned ones: {', '.join(different[:5])}{' ...' if len(different) > 5 else ''}. "
                "Figures on them are not comparable with the published ones."
            ]
        if facts.fingerprint and facts.fingerprint != self.fingerprint:
            return [
                f"The files of {facts.title} differ from those that the facts were taken from: "
                "another version of the package that carries them, most likely."
            ]
        return []


def read_tunes(contents: Contents) -> Parsed:
    """Read every tune of a collection's files; a broken file or tune is skipped with its reason.

    Ids are `collection/file/number`, such as `nottingham/jigs/1`.
    """
    tunes: list[Tune] = []
    skipped: list[Skipped] = []
    collection = contents.collection
    for name in sorted(contents.data):
        stem = name.rpartition(".")[0]
        place = f"{collection.name}/{stem}"
        try:
            book = read_abc(_text(contents.data[name]), source=place)
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


def _text(data: bytes) -> str:
    """ABC text: UTF-8, as the standard asks, else Latin-1, in which old files are written."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
