"""What was made in the studio: a folder a piece, written whole, found again after any reload."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.errors import StorageError, UsageError

ID = re.compile(r"[A-Za-z0-9_-]{12}")
FILE = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\.[a-z0-9]{1,10}")
CARD = "piece.json"
CARD_KEYS = {"kind", "title", "made", "data"}
TRASH = ".trash"
TRASH_DAYS = 30.0
HALF_BUILT_SECONDS = 900.0
LONGEST_TITLE = 200
DIGITS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""What an id is written in; in this order, which is the order of names too."""
TIME_DIGITS = 7


class NotHereError(UsageError):
    """Something that was asked for by its id is not in the studio (any more)."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Something that was made: a tune, a setting for four voices, a groove.

    Args:
        id: 12 characters that can stand in an address; later pieces have later ids.
        kind: "tune", "harmony", "groove", "gesture", ...
        title: what it is called, as text (not HTML).
        made: when, UTC, ISO 8601.
        data: what it was made from and what the page needs to show it again; JSON.
        files: names of the files that are kept with it.
    """

    id: str
    kind: str
    title: str
    made: str
    data: dict[str, Any]
    files: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """What the page is told."""
        return {**self.__dict__, "files": list(self.files)}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line in the list of pieces; see `Piece`."""

    id: str
    kind: str
    title: str
    made: str


class Shelf:
    """Keeps pieces in a folder; any number of processes may use it at once.

    Args:
        folder: made when the first piece is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: dict[str, Entry] = {}

    def keep(
        self, kind: str, title: str, data: Mapping[str, Any], contents: Mapping[str, bytes | str]
    ) -> Piece:
        """Keep a piece with its files; it is there whole or not at all.

        Args:
            kind: see `Piece`.
            title: see `Piece`; white space is evened out and what is too long cut.
            data: see `Piece`.
            contents: name of a file (lower case, one ending) -> what is in it.

        Raises:
            StorageError: the disk is full or may not be written; nothing is left half-written.
        """
        for name in contents:
            _check(FILE, name, "file")
        card = {
            "kind": kind,
            "title": " ".join(title.split())[:LONGEST_TITLE],
            "made": datetime.now(UTC).isoformat(),
            "data": dict(data),
        }
        piece_id = new_id()
        building = self.folder / f".{piece_id}"
        try:
            building.mkdir(parents=True)
            for name, content in contents.items():
                _write(building / name, content.encode() if isinstance(content, str) else content)
            _write(building / CARD, files.json_text(card).encode())
            _settle(building)
            building.rename(self.folder / piece_id)
        except OSError as error:
            shutil.rmtree(building, ignore_errors=True)
            raise _cannot_keep(error) from error
        return self.get(piece_id)

    def add(self, piece_id: str, name: str, content: bytes) -> Path:
        """Put one more file beside a piece (a sound that was rendered later)."""
        _check(FILE, name, "file")
        self._card(piece_id)
        return files.write_bytes(self._place(piece_id) / name, content)

    def get(self, piece_id: str) -> Piece:
        """The piece with an id.

        Raises:
            NotHereError: there is none.
        """
        card, place = self._card(piece_id), self._place(piece_id)
        names = sorted(
            one.name for one in place.iterdir() if FILE.fullmatch(one.name) and one.name != CARD
        )
        return Piece(id=piece_id, files=tuple(names), **card)

    def path(self, piece_id: str, name: str) -> Path:
        """Where a piece's file is.

        Raises:
            NotHereError: there is no such piece or file.
        """
        _check(FILE, name, "file")
        path = self._place(piece_id) / name
        if not path.is_file():
            raise NotHereError(f"The piece {piece_id} has no file {name}.")
        return path

    def all(self, kind: str | None = None, *, most: int = 100) -> list[Piece]:
        """Pieces with all that is known of them, the newest first."""
        entries = self.listed(kinds=(kind,) if kind else (), most=most)
        return [self.get(entry.id) for entry in entries]

    def listed(
        self, *, kinds: Collection[str] = (), before: str | None = None, most: int = 100
    ) -> list[Entry]:
        """A page of the list of pieces, the newest first.

        Args:
            kinds: only these; none: all.
            before: id of a piece: only those that are older (as their ids tell).
            most: length of the page; no more cards are read than it needs.
        """
        found: list[Entry] = []
        for piece_id in self._ids():
            if before is not None and piece_id >= before:
                continue
            entry = self._entry(piece_id)
            if entry is not None and (not kinds or entry.kind in kinds):
                found.append(entry)
                if len(found) >= most:
                    break
        return found

    def remove(self, piece_id: str, *, for_good: bool = False) -> None:
        """Take a piece away; `restore` brings it back for some days, unless it is for good."""
        place, trash = self._place(piece_id), self.folder / TRASH
        if for_good:
            shutil.rmtree(place, ignore_errors=True)
            self._entries.pop(piece_id, None)
            return
        self._entries.pop(piece_id, None)
        if not place.is_dir():
            return
        trash.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # somebody else took it away at the same moment
            place.rename(trash / piece_id)
            os.utime(trash / piece_id)

    def restore(self, piece_id: str) -> Piece:
        """Bring a piece back that was taken away.

        Raises:
            NotHereError: it was not, or too long ago.
        """
        place = self._place(piece_id)
        try:
            (self.folder / TRASH / piece_id).rename(place)
        except OSError:
            if not place.is_dir():
                raise NotHereError("This was taken away for good.") from None
        return self.get(piece_id)

    def sweep(self) -> None:
        """Remove what a process that was killed has left half-built, and what is long gone."""
        now = time.time()
        for folder, seconds in ((self.folder, HALF_BUILT_SECONDS), (self.folder / TRASH, None)):
            for path in list(folder.iterdir()) if folder.is_dir() else []:
                is_half_built = path.name.startswith(".") and path.name != TRASH
                if seconds is not None and not is_half_built:
                    continue
                try:
                    age = now - path.stat().st_mtime
                except FileNotFoundError:
                    continue
                if age > (TRASH_DAYS * 86_400 if seconds is None else seconds):
                    shutil.rmtree(path, ignore_errors=True)

    def _ids(self) -> Iterator[str]:
        """Ids of all pieces, the newest first; no card is read."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return iter(())
        return iter(sorted(filter(ID.fullmatch, names), reverse=True))

    def _entry(self, piece_id: str) -> Entry | None:
        """A piece's line in the list: a card never changes, so it is read once."""
        if piece_id not in self._entries:
            try:
                card = self._card(piece_id)
            except UsageError:  # taken away meanwhile, or not one of ours
                return None
            self._entries[piece_id] = Entry(
                id=piece_id, kind=card["kind"], title=card["title"], made=card["made"]
            )
        return self._entries[piece_id]

    def _card(self, piece_id: str) -> dict[str, Any]:
        try:
            card = json.loads((self._place(piece_id) / CARD).read_text(encoding="utf-8"))
            if not isinstance(card, dict) or set(card) != CARD_KEYS:
                raise ValueError("it does not say what it is")
            return card
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotHereError(f"There is no piece {piece_id} here (any more).") from error
        except ValueError as error:
            raise UsageError(f"The piece {piece_id} is damaged: {error}.") from error

    def _place(self, piece_id: str) -> Path:
        _check(ID, piece_id, "piece")
        return self.folder / piece_id


def new_id() -> str:
    """An id that no piece has: the time in milliseconds, then chance."""
    left, digits = time.time_ns() // 1_000_000, ""
    for _ in range(TIME_DIGITS):
        left, digit = divmod(left, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits + "".join(secrets.choice(DIGITS) for _ in range(12 - TIME_DIGITS))


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def _settle(folder: Path) -> None:
    """Wait until a folder's files are on the disk: all were given to it before it is asked."""
    for path in folder.iterdir():
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def _cannot_keep(error: OSError) -> StorageError:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    step = (
        "Free some space, then make it again"
        if is_full
        else "Start the studio with --folder and a folder that may be written"
    )
    return StorageError(f"This cannot be kept: {error.strerror or error}. {step}.")


def _check(pattern: re.Pattern[str], text: str, what: str) -> None:
    if not pattern.fullmatch(text):
        raise UsageError(f"{text[:60]!r} is no {what} of the studio.")
