"""What an uploaded file is, told from how it begins and never from its name alone."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

HEAD_BYTES = 4096
"""How much of a file's beginning is looked at."""


class Kind(NamedTuple):
    """A kind of file: its name, what people call it, and the endings it may keep (first: usual)."""

    name: str
    words: str
    endings: tuple[str, ...]


MIDI = Kind("midi", "MIDI", (".mid", ".midi"))
ABC = Kind("abc", "ABC", (".abc",))
MUSICXML = Kind("musicxml", "MusicXML", (".musicxml", ".xml"))
MXL = Kind("mxl", "compressed MusicXML", (".mxl",))
KERN = Kind("kern", "kern", (".krn", ".kern"))
PICTURE = {
    name: Kind("picture", words, endings)
    for name, words, endings in (
        ("png", "PNG", (".png",)),
        ("jpeg", "JPEG", (".jpg", ".jpeg")),
        ("webp", "WebP", (".webp",)),
        ("gif", "GIF", (".gif",)),
    )
}
SOUND = {
    name: Kind("sound", words, endings)
    for name, words, endings in (
        ("wav", "WAV", (".wav",)),
        ("mp3", "MP3", (".mp3",)),
        ("flac", "FLAC", (".flac",)),
        ("ogg", "Ogg", (".ogg", ".oga")),
    )
}
NPZ = Kind("landmarks", "landmarks (NPZ)", (".npz",))
JSON = Kind("landmarks", "landmarks (JSON)", (".json",))
LINES = Kind("landmarks", "landmarks (JSON Lines)", (".jsonl", ".ndjson"))
BVH = Kind("landmarks", "motion (BVH)", (".bvh",))
TABLE = Kind("landmarks", "landmarks (CSV)", (".csv", ".tsv"))
SIGN = Kind("landmarks", "hand signs", (".sign",))

TAKEN = (
    "MIDI, ABC, MusicXML, kern; PNG, JPEG, WebP, GIF; WAV, MP3, FLAC, Ogg; "
    "landmarks as NPZ, JSON, CSV or BVH"
)
"""What the studio takes, for messages."""

TAKEN_BY = {"picture": "PNG, JPEG, WebP, GIF"}
"""What a box takes that is for one kind alone."""

_STARTS = (
    (b"MThd", MIDI),
    (b"\x89PNG\r\n\x1a\n", PICTURE["png"]),
    (b"\xff\xd8\xff", PICTURE["jpeg"]),
    (b"GIF87a", PICTURE["gif"]),
    (b"GIF89a", PICTURE["gif"]),
    (b"fLaC", SOUND["flac"]),
    (b"OggS", SOUND["ogg"]),
    (b"ID3", SOUND["mp3"]),
)
_RIFF = {b"WAVE": SOUND["wav"], b"WEBP": PICTURE["webp"], b"RMID": MIDI}
_MP3_FRAME = re.compile(rb"\xff[\xfa\xfb\xf2\xf3]")
_MUSICXML = re.compile(r"<(?:[\w-]+:)?score-(?:partwise|timewise)\b|MusicXML")
_ABC = re.compile(r"^(?:X:\s*\d|K:\s*\S)", re.MULTILINE)


def kind_of_upload(name: str, head: bytes) -> Kind | None:
    """What a file is.

    Args:
        name: the name it was sent under; decides only between kinds of plain text and of zip
            archives that begin alike.
        head: its first `HEAD_BYTES`.

    Returns:
        the kind; None: nothing that the studio takes.
    """
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if _MP3_FRAME.match(head):
        return SOUND["mp3"]
    if head.startswith(b"PK\x03\x04"):
        return _archive(_ending(name), head)
    text = _text(head)
    return None if text is None else _plain(_ending(name), text)


def _archive(ending: str, head: bytes) -> Kind | None:
    """A zip archive by the name of its first member: nothing is unpacked here."""
    length = int.from_bytes(head[26:28], "little")
    first = head[30 : 30 + length].lower()
    if first.endswith(b".npy"):
        return NPZ
    if first.startswith((b"meta-inf/", b"mimetype")) or first.endswith((b".xml", b".musicxml")):
        return MXL
    return MXL if ending in MXL.endings else None


def _plain(ending: str, text: str) -> Kind | None:
    """A kind of text."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        is_score = _MUSICXML.search(text) or ending in MUSICXML.endings
        return MUSICXML if is_score and not start.lower().startswith("<!doctype html") else None
    if start.startswith(("{", "[")):
        return LINES if ending in LINES.endings else JSON
    if start.startswith("HIERARCHY"):
        return BVH
    if re.search(r"^\*\*kern", text, re.MULTILINE):
        return KERN
    if ending in ABC.endings or _ABC.search(text):
        return ABC
    return next((kind for kind in (TABLE, SIGN) if ending in kind.endings), None)


def _text(head: bytes) -> str | None:
    """Bytes as text when they are text: no control characters but the usual ones."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="ignore")
    if not head or any(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head):
        return None
    return head.decode("utf-8", errors="replace")


def _ending(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def stored_ending(name: str, kind: Kind) -> str:
    """The ending under which a file of a kind is kept: its own where that fits."""
    ending = _ending(name)
    return ending if ending in kind.endings else kind.endings[0]
