"""The record of a download: what each archive was, and which of them nobody could check.

Some makers publish no checksum. One is never invented: the SHA-256 of the first download is written
down beside the files, said to the user, and a later download has to match it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from chromasonic import files
from chromasonic.data.facts import Archive, CorpusFacts

RECORD = ".chromasonic-download.json"


@dataclass(frozen=True)
class Fetched:
    """One archive as it came.

    Attributes:
        url: its address.
        size_bytes: how much came.
        sha256: of what came.
        checked_by: what it was compared with: "sha256" or "md5" of its maker, "first download"
            (an earlier one of this machine), or "" where there was nothing.
    """

    url: str
    size_bytes: int
    sha256: str
    checked_by: str


def write_record(folder: Path, fetched: list[Fetched]) -> None:
    """Write down beside the files what was fetched."""
    files.write_json(folder / RECORD, {"archives": [vars(one) for one in fetched]})


def read_record(folder: Path) -> list[Fetched]:
    """What was written down in a folder; nothing where nothing readable is there."""
    try:
        value = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return [
            Fetched(str(a["url"]), int(a["size_bytes"]), str(a["sha256"]), str(a["checked_by"]))
            for a in value["archives"]
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def known_hash(archive: Archive, record: list[Fetched]) -> tuple[str | None, str]:
    """The checksum that a download has to match (as pooch writes it), and whose it is."""
    if archive.sha256:
        return f"sha256:{archive.sha256}", "sha256"
    if archive.md5:
        return f"md5:{archive.md5}", "md5"
    for one in record:
        if one.url == archive.url:
            return f"sha256:{one.sha256}", "first download"
    return None, ""


def unverified_remarks(facts: CorpusFacts, root: Path) -> list[str]:
    """What to say of a fetched corpus whose maker publishes no checksum.

    Args:
        facts: of the corpus.
        root: its folder; the record lies in it or, where an archive has a top folder, above it.
    """
    record = read_record(root) or read_record(root.parent)
    lines = []
    for archive in facts.archives:
        for one in record:
            if one.url == archive.url and one.checked_by in ("", "first download"):
                lines.append(
                    f"Nobody publishes a checksum of {archive.file_name}: that of the first "
                    f"download was written down (SHA-256 {one.sha256}, {one.size_bytes:,} bytes)."
                )
    return lines
