"""Files that came in: kept whole under a name of ours, limited in size, kind and number."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import IO, Any

from starlette.requests import Request

from chromasonic.errors import DataError, StorageError, UsageError
from chromasonic.studio.shelf import NotHereError
from chromasonic.studio.upload_kinds import (
    HEAD_BYTES,
    TAKEN,
    TAKEN_BY,
    Kind,
    kind_of_upload,
    stored_ending,
)

ID = re.compile(r"[A-Za-z0-9_-]{16}")
DAYS = 7.0
"""How long an upload is kept."""
YOUNG_SECONDS = 900.0
"""An upload is never removed to make room before it is this old."""
LONGEST_NAME = 120
BLOCK = 4096
"""What even the smallest file takes of the disk."""


class TooLargeError(UsageError):
    """A file is larger than the studio takes."""


class Uploads:
    """Keeps uploads in a folder.

    Args:
        folder: made when the first file comes.
        file_bytes: the largest file that is taken.
        all_bytes: all uploads together; the oldest go first, and when only young ones are left,
            new ones are refused.
    """

    def __init__(self, folder: Path, *, file_bytes: int, all_bytes: int = 1_000_000_000) -> None:
        self.folder = folder
        self._file_bytes, self._all_bytes = file_bytes, all_bytes

    async def keep(self, request: Request) -> dict[str, Any]:
        """Take a file from a request's body, as it comes; `?name=` says what it is called.

        Returns:
            {"upload": its id, "name", "bytes", "kind": "midi" | "abc" | "musicxml" | "mxl" |
            "kern" | "picture" | "sound" | "landmarks"}.

        Raises:
            TooLargeError: it is larger than allowed; the rest of it is not read.
            DataError: it is nothing that the studio takes.
            StorageError: the disk is full.
        """
        name = plain_name(request.query_params.get("name", ""))
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._file_bytes:
            raise self._too_large(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sweep(room_for=int(declared) if declared.isdigit() else self._file_bytes)
        upload = secrets.token_urlsafe(12)
        partial = self.folder / f".{upload}.part"
        try:
            with open(partial, "wb") as file:
                size, head = await self._receive(request, name, file)
            kind = _checked(name, head, request.query_params.get("for", ""))
            place = self.folder / upload
            place.mkdir()
            partial.rename(place / stored_name(name, kind))
        except OSError as error:
            raise StorageError(
                f"{name} cannot be kept: {error.strerror or error}. Free some space and send it "
                "again."
            ) from error
        finally:
            partial.unlink(missing_ok=True)
        return {"upload": upload, "name": name, "bytes": size, "kind": kind.name}

    async def _receive(self, request: Request, name: str, file: IO[bytes]) -> tuple[int, bytes]:
        """Write a body down; its size and its beginning."""
        size, head = 0, b""
        async for part in request.stream():
            size += len(part)
            if size > self._file_bytes:
                raise self._too_large(name)
            if len(head) < HEAD_BYTES:
                head += part[: HEAD_BYTES - len(head)]
                if len(head) == HEAD_BYTES:
                    _checked(
                        name, head, request.query_params.get("for", "")
                    )  # what is refused anyway is not read to its end
            file.write(part)
        return size, head

    def path(self, upload: str, kinds: Collection[str] = ()) -> Path:
        """Where an upload is: under its own name as far as that is plain, with a true ending.

        Args:
            upload: what `keep` gave.
            kinds: those that the caller can use; none: any.

        Raises:
            NotHereError: there is no such upload (any more).
            UsageError: it is of another kind.
        """
        found = sorted((self.folder / upload).glob("*")) if ID.fullmatch(upload) else []
        if not found:
            raise NotHereError("This file is not here (any more). Send it again.")
        if kinds:
            with open(found[0], "rb") as file:
                kind = _checked(found[0].name, file.read(HEAD_BYTES))
            if kind.name not in kinds:
                raise UsageError(
                    f"{found[0].name} is {kind.words}; wanted here: {', '.join(sorted(kinds))}."
                )
        return found[0]

    def sweep(self, *, room_for: int = 0) -> None:
        """Remove what is old, and the oldest where all together take too much.

        Raises:
            StorageError: there is no room, and what is here is too young to go.
        """
        now = time.time()
        there: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            try:
                made = path.stat().st_mtime
                size = BLOCK + sum(one.stat().st_size for one in [path, *path.glob("*")])
            except FileNotFoundError:
                continue
            limit = YOUNG_SECONDS if path.name.startswith(".") else DAYS * 86_400
            if now - made > limit:
                _remove(path)
            else:
                there.append((made, size, path))
        total = sum(size for _, size, _ in there) + room_for
        for made, size, path in sorted(there):
            if total <= self._all_bytes:
                return
            if now - made < YOUNG_SECONDS:
                break
            _remove(path)
            total -= size
        if total > self._all_bytes:
            raise StorageError(
                "The studio holds as many uploads as it takes at a time. Try again in a quarter of "
                "an hour."
            )

    def _too_large(self, name: str) -> TooLargeError:
        return TooLargeError(
            f"{name} is larger than {self._file_bytes / 1e6:g} MB, the most that the studio takes."
        )


def plain_name(name: str) -> str:
    """A sender's name for a file as short plain text without folders."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(one for one in last if one.isprintable()).strip()
    return kept[-LONGEST_NAME:] or "The file"


def stored_name(name: str, kind: Kind) -> str:
    """The name under which a file of a kind is kept: what messages about it will call it."""
    stem = PurePosixPath(name).stem
    kept = "".join(one if one.isalnum() or one in " _-().&'" else "_" for one in stem).strip(". ")
    return (kept[:40] or kind.name) + stored_ending(name, kind)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _checked(name: str, head: bytes, box: str = "") -> Kind:
    """What a file is; `box` is the kind that the page asked for, and its refusal speaks of."""
    if not head:
        raise DataError(f"{name} is empty.")
    kind = kind_of_upload(name, head)
    if kind is None:
        what, taken = (box, TAKEN_BY[box]) if box in TAKEN_BY else ("file", TAKEN)
        raise DataError(f"{name} is no {what} that the studio can use. It takes {taken}.")
    return kind
