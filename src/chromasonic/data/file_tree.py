"""The folder of a corpus of pieces: found by its index, and known again by its fingerprint."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chromasonic import files
from chromasonic.data.catalogue import CORPORA
from chromasonic.data.facts import CorpusFacts
from chromasonic.errors import CorpusError

CONTENT_LIMIT_BYTES = 500_000_000
"""Of a larger tree only names, sizes and the index's content make the fingerprint."""

DOCUMENTS = ("readme", "license", "licence")
"""What a file's name begins with, or that it ends in .md, where it says nothing in music."""


def find_root(facts: CorpusFacts, base: Path) -> Path | None:
    """The folder at or below `base` that holds a corpus's index, or None.

    An archive's top folder may have been kept, renamed or left out, so the index is looked for in
    `base`/name, in `base`, and one folder below each; folders that bear another corpus's name are
    passed over, as indices of several corpora may be called alike.

    Raises:
        CorpusError: a folder on the way cannot be read.
    """
    others = set(CORPORA) - {facts.name}
    try:
        for start in (base / facts.name, base):
            for folder in (start, *_folders(start)):
                if folder.name in others and folder != start:
                    continue
                if any((folder / index).exists() for index in facts.indices):
                    return folder
    except OSError as error:
        raise cannot_read(facts, error) from error
    return None


def cannot_read(facts: CorpusFacts, error: OSError) -> CorpusError:
    """The error for a file or folder that the system does not let us read."""
    return CorpusError(
        f"The corpus '{facts.name}' cannot be read: {error.filename}: "
        f"{error.strerror or error}. Give yourself the right to read it, or name another folder "
        "with --data-dir."
    )


def _folders(start: Path) -> list[Path]:
    if not start.is_dir():
        return []
    return sorted(path for path in start.iterdir() if path.is_dir())


@dataclass(frozen=True)
class FileTree:
    """The files of a corpus below its root, documents left out.

    Attributes:
        count: how many there are.
        size_bytes: of all together.
        fingerprint: SHA-256 over names and contents; of a large tree over names, sizes and the
            content of the index.
        is_by_content: which of the two.
    """

    count: int
    size_bytes: int
    fingerprint: str
    is_by_content: bool

    @classmethod
    def of(cls, facts: CorpusFacts, root: Path) -> FileTree:
        """Look at a corpus's folder.

        Raises:
            CorpusError: a file or folder in it cannot be read.
        """
        try:
            sizes = dict(sorted(_sizes(root)))
            total = sum(sizes.values())
            by_content = total <= CONTENT_LIMIT_BYTES
            digest = hashlib.sha256()
            for name, size in sizes.items():
                in_full = by_content or name in facts.indices
                mark = files.sha256_of_file(root / name) if in_full else str(size)
                digest.update(f"{name}\0{mark}\n".encode())
        except OSError as error:
            raise cannot_read(facts, error) from error
        return cls(len(sizes), total, digest.hexdigest(), by_content)

    def remarks(self) -> tuple[str, ...]:
        """How the fingerprint was taken, where that is not the usual way."""
        if self.is_by_content:
            return ()
        return (
            f"The files are large ({self.size_bytes / 1e9:.1f} GB): the fingerprint is of their "
            "names and sizes and of the index's content.",
        )


def _sizes(root: Path) -> Iterator[tuple[str, int]]:
    """Name relative to the root (with /) and size of every file that says something in music."""
    waiting = [("", str(root))]
    while waiting:
        prefix, folder = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "__MACOSX")):
                    continue
                if entry.is_dir():
                    if not (entry.is_symlink() and _leads_back(entry.path)):
                        waiting.append((f"{prefix}{entry.name}/", entry.path))
                elif entry.is_file() and not _is_document(entry.name):
                    yield f"{prefix}{entry.name}", entry.stat().st_size


def _leads_back(link: str) -> bool:
    """Whether a link to a folder leads to one that it lies in: following it would never end."""
    target = os.path.realpath(link)
    return os.path.commonpath([target, os.path.realpath(os.path.dirname(link))]) == target


def _is_document(name: str) -> bool:
    low = name.lower()
    return low.endswith(".md") or low.startswith(DOCUMENTS)
