"""Facts, reader and files of a corpus of pieces: ten clips of which an index tells."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError

INDEX = "clips.csv"
NUMBERS = 10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Clip:
    """A clip: its numbers, one a line of its file."""

    id: str
    singer: str
    values: npt.NDArray[np.float64]


READS: list[Path] = []
"""The folders that the reader was asked to read."""


def read_clips(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Reads `clips.csv` (name, singer, part) and the files that it names."""
    READS.append(root)
    with (root / INDEX).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and "name" not in rows[0]:
        raise CorpusError(f"{root / INDEX} lacks the column name: it is no index of clips.")
    clips, skipped, missing = [], [], 0
    for number, row in enumerate(rows):
        if on_progress is not None:
            on_progress("reading clips", number, len(rows))
        path = root / "clips" / f"{row['name']}.txt"
        if not path.is_file():
            missing += 1
            continue
        try:
            values = np.array([float(line) for line in path.read_text().split()])
        except ValueError:
            skipped.append(Skipped(path.name, row["singer"], "not a number"))
            continue
        clips.append(Clip(id=row["name"], singer=row["singer"], values=values))
    by_name = {row["name"]: row.get("part") for row in rows}
    parts = [
        tuple(clip.id for clip in clips if by_name[clip.id] == part)
        for part in ("train", "validation", "test")
    ]
    return PieceReading(
        pieces=tuple(clips),
        skipped=tuple(skipped),
        split=Split(*parts) if any(by_name.values()) else None,
        works=tuple(clip.singer for clip in clips),
        missing=missing,
    )


def clip_facts(*archives: Archive) -> CorpusFacts:
    """Facts of the corpus `clips`."""
    return CorpusFacts(
        name="clips",
        title="Tiny clips",
        summary="Ten clips.",
        kind="download",
        licence="CC0-1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        citation="written for these tests",
        url="https://example.org/clips",
        weights_may_ship=True,
        archives=archives,
        reader=read_clips,
        index=INDEX,
        noun="clips",
        pieces=NUMBERS,
    )


def clip_files(*, with_parts: bool = False) -> dict[str, bytes]:
    """Path to content of a whole corpus: ten clips by five singers."""
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(["name", "singer", "part"] if with_parts else ["name", "singer"])
    contents: dict[str, bytes] = {}
    for number in range(NUMBERS):
        part = "test" if number == 9 else "validation" if number == 8 else "train"
        row = [f"c{number}", f"singer{number // 2}"]
        table.writerow([*row, part] if with_parts else row)
        contents[f"clips/c{number}.txt"] = b"%d\n0.5\n" % number
    return {INDEX: lines.getvalue().encode(), **contents}


def write_tree(folder: Path, contents: dict[str, bytes]) -> Path:
    """Writes files below a folder."""
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
