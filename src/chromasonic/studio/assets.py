"""The scripts, styles and pictures that pages load, out of memory."""

from __future__ import annotations

import mimetypes
import os
import time
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chromasonic.files import sha256_of_bytes

SERVED = (".css", ".js", ".json", ".svg", ".png", ".webp", ".jpg", ".mp3", ".mid", ".abc", ".txt")
"""Endings of what pages load; the templates that pages are made from are not among them."""
LOOK_SECONDS = 1.0
KINDS = {".js": "text/javascript", ".mid": "audio/midi", ".abc": "text/vnd.abc"}
TEXT = ("text/", "application/json", "image/svg")


@dataclass(frozen=True)
class Asset:
    """A file as it was read.

    Args:
        stamp: time of its last change and size, by which a change is seen.
        content: all of it.
        kind: its MIME type.
        tag: changes with the content.
    """

    stamp: tuple[int, int]
    content: bytes
    kind: str
    tag: str


class Assets:
    """Serves the files of a folder that are of a kind that pages load.

    Only names that were found in the folder are ever opened: no path that is asked for is.

    Args:
        folder: with its sub-folders.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Path] = {}
        self._looked = 0.0
        self._read: dict[str, Asset] = {}

    async def answer(self, request: Request) -> Response:
        """Answer `GET .../{path}`: the file, or that the browser's copy is as good."""
        asset = self.asset(request.path_params["path"])
        if asset is None:
            raise HTTPException(404)
        headers = {"ETag": asset.tag}
        known = request.headers.get("if-none-match", "").replace("W/", "")
        if asset.tag in (one.strip() for one in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(asset.content, media_type=asset.kind, headers=headers)

    def asset(self, path: str) -> Asset | None:
        """A file by its path within the folder; None where there is none."""
        place = self._place(path)
        if place is None:
            return None
        try:
            stat = os.stat(place)
        except FileNotFoundError:
            return None
        known, stamp = self._read.get(path), (stat.st_mtime_ns, stat.st_size)
        if known is None or known.stamp != stamp:
            content = place.read_bytes()
            tag = f'"{sha256_of_bytes(content)[:24]}"'
            known = self._read[path] = Asset(stamp, content, _kind(place), tag)
        return known

    def _place(self, path: str) -> Path | None:
        """Where a file is; the folder is looked through again when one is asked for in vain."""
        if path not in self._known and time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            found = (one for one in self._folder.rglob("*") if one.suffix in SERVED)
            self._known = {one.relative_to(self._folder).as_posix(): one for one in found}
        return self._known.get(path)


def _kind(path: Path) -> str:
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return f"{kind}; charset=utf-8" if kind.startswith(TEXT) else kind
