"""An archive's music files, copied once into one uncompressed file that can be read anywhere in.

.work/source.pack    the bytes of the files, one after the other
.work/source.json    the archive's size and time, and (name, offset, size) of each file
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from chromasonic import files
from chromasonic.data.progress import Progress
from chromasonic.data.unpacking import Member, RefusedArchive, copy_up_to, members
from chromasonic.errors import CorpusError
from chromasonic.scaling.preparing.one_file import READERS

PACK, INDEX = "source.pack", "source.json"
MOST_BYTES_A_FILE = 64_000_000
GROWTH, AT_LEAST_BYTES = 100, 1_000_000_000
"""An archive that unpacks to more than so many times its size is a trap; music becomes five times
as large. The first gigabyte is never doubted."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file in the pack."""

    name: str
    path: str
    offset: int
    size: int


def unpacked(archive: Path, folder: Path, on_progress: Progress | None) -> tuple[PackedFile, ...]:
    """The files of an archive; it is unpacked only if the folder does not hold its pack yet.

    Raises:
        CorpusError: the archive is damaged, or hostile: a path that leads outside, a link, a
            device, far more content than an archive of that size can mean.
        StorageError: the disk is full, or the folder cannot be written.
    """
    state = archive.stat()
    stamp = {"bytes": state.st_size, "modified": state.st_mtime_ns}
    index = _read_index(folder, stamp)
    if index is None:
        limit = max(AT_LEAST_BYTES, GROWTH * state.st_size)
        try:
            with files.open_whole(folder / PACK) as pack:
                index = list(_copied(archive, pack, limit, on_progress))
        except RefusedArchive as error:
            raise CorpusError(
                f"{archive} is not prepared: {error}. Nothing of it was kept. Fetch it again from "
                "where it should come from."
            ) from error
        files.write_text(folder / INDEX, json.dumps({"archive": stamp, "files": index}))
    path = str(folder / PACK)
    return tuple(PackedFile(name, path, offset, size) for name, offset, size in index)


def any_text(name: str) -> str:
    """A file's name as text that can be written anywhere: bytes that are no UTF-8 as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _read_index(folder: Path, stamp: dict[str, int]) -> list[Any] | None:
    """What a former run unpacked from the same archive, if it is whole."""
    try:
        found = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        entries: list[Any] = found["files"]
        whole = sum(size for _, _, size in entries) == (folder / PACK).stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return entries if whole and found["archive"] == stamp else None


def _copied(
    archive: Path, pack: IO[bytes], limit: int, on_progress: Progress | None
) -> Iterator[tuple[str, int, int]]:
    offset = 0
    seen: set[str] = set()
    for number, member in enumerate(members(archive, archive.name)):
        name = any_text(str(member.path))
        if on_progress is not None and number % 200 == 0:
            on_progress(f"unpacking {archive.name}", number, None)
        if name in seen:
            raise RefusedArchive(f"the archive holds '{name}' twice")
        seen.add(name)
        size = 0
        if PurePosixPath(name).suffix.lower() in READERS:
            size = _copy(member, pack, min(MOST_BYTES_A_FILE, limit - offset))
        yield name, offset, size
        offset += size


def _copy(member: Member, pack: IO[bytes], limit: int) -> int:
    content = io.BytesIO()
    size = copy_up_to(member, content, limit)
    pack.write(content.getvalue())
    return size
