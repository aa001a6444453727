"""Archives that strangers made, unpacked as if each were hostile.

Of an archive only plain files are taken, only inside the folder, and no more bytes or files than a
corpus has. An archive with anything else in it is refused as a whole.
"""

from __future__ import annotations

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

MOST_FILES = 1_000_000
CHUNK_BYTES = 1 << 16
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ZIP_ENDING = ".zip"
NO_CONTENT = ("__MACOSX", ".DS_Store")
"""What one system's archives carry beside the files that are meant."""

# What the two modules raise on damage, on a method that they do not know, on a password, on a
# place before the beginning of the file.
BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


class RefusedArchive(Exception):
    """An archive that is not unpacked; the text says why, as the end of a sentence."""


@dataclass(frozen=True)
class Member:
    """One plain file of an archive.

    Attributes:
        path: inside the archive; never absolute, never with "..".
        file: its content, to be read before the next member is asked for.
    """

    path: PurePosixPath
    file: IO[bytes]


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked; any other is a file of the corpus itself."""
    return name.lower().endswith((ZIP_ENDING, *TAR_ENDINGS))


def members(archive: Path, name: str) -> Iterator[Member]:
    """The plain files of an archive, one after the other.

    Args:
        archive: the file.
        name: what it is called, which says its form.

    Raises:
        RefusedArchive: it is damaged; it names a file outside itself; it holds a link, a device or
            too many files.
    """
    is_tar = name.lower().endswith(TAR_ENDINGS)
    try:
        yield from _tar_members(archive) if is_tar else _zip_members(archive)
    except BROKEN_ARCHIVE as error:
        form = "tar" if is_tar else "zip"
        why = str(error).partition("\n")[0].rstrip(":")  # tarfile lists all forms it tried
        raise RefusedArchive(f"what came is no whole {form} archive ({why})") from error


def unpack(archive: Path, name: str, folder: Path, *, limit_bytes: int) -> None:
    """Unpack a whole archive below a folder.

    Args:
        archive: the file.
        name: what it is called, which says its form.
        folder: where to; made if need be.
        limit_bytes: unpack no more than that, whatever the archive promises.

    Raises:
        RefusedArchive: see `members`; or it holds more than the limit, or one file twice.
        OSError: the disk is full, or the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = limit_bytes
    for member in members(archive, name):
        path = folder.joinpath(*member.path.parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb")
        except (FileExistsError, NotADirectoryError) as error:
            raise RefusedArchive(
                f"the archive holds '{member.path}' twice, or as a file and a folder"
            ) from error
        with file:
            left -= copy_up_to(member, file, left)


def copy_up_to(member: Member, file: IO[bytes], limit_bytes: int) -> int:
    """Copy a member's content, and give the number of its bytes.

    Raises:
        RefusedArchive: it has more than the limit; or it is damaged.
    """
    copied = 0
    while True:
        try:
            chunk = member.file.read(min(CHUNK_BYTES, limit_bytes - copied + 1))
        except BROKEN_ARCHIVE as error:
            raise RefusedArchive(f"'{member.path}' in the archive is damaged ({error})") from error
        if not chunk:
            return copied
        copied += len(chunk)
        if copied > limit_bytes:
            raise RefusedArchive(f"the archive unpacks to far more than a corpus ({member.path})")
        file.write(chunk)


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        _refuse_many(len(infos))
        for info in infos:
            checked_path(info.filename)  # all of them, before anything is written
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
                raise RefusedArchive(f"the archive is hostile: '{info.filename}' is no plain file")
        for info in infos:
            inside = checked_path(info.filename)
            if not info.is_dir() and _is_content(inside):
                with archive.open(info) as file:
                    yield Member(inside, file)


def _tar_members(path: Path) -> Iterator[Member]:
    """In one pass: to look at all names first would mean to unpack a large archive twice."""
    with tarfile.open(path, "r:*") as archive:
        for number, info in enumerate(archive, 1):
            _refuse_many(number)
            inside = checked_path(info.name)
            if not (info.isreg() or info.isdir()):
                raise RefusedArchive(f"the archive is hostile: '{info.name}' is no plain file")
            file = archive.extractfile(info) if info.isreg() and _is_content(inside) else None
            if file is not None:
                with file:
                    yield Member(inside, file)
            archive.members = []  # type: ignore[attr-defined]  # else it keeps 100,000 of them


def checked_path(name: str) -> PurePosixPath:
    """A member's path, if it stays inside.

    Raises:
        RefusedArchive: it is absolute, climbs out, or names a drive.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive or "\0" in name:
        raise RefusedArchive(f"the archive is hostile: it names a file outside itself, '{name}'")
    return path


def _is_content(path: PurePosixPath) -> bool:
    return bool(path.parts) and not any(
        part in NO_CONTENT or part.startswith("._") for part in path.parts
    )


def _refuse_many(count: int) -> None:
    if count > MOST_FILES:
        raise RefusedArchive(f"the archive holds more than {MOST_FILES:,} files")
