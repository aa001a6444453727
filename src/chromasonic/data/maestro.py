"""MAESTRO v3: 200 hours of piano competition performances, with velocities, without beats."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from chromasonic.data.corpus import PARTS
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, DataError, FormatError
from chromasonic.formats.midi_performance import read_midi_performance
from chromasonic.music.piano_performance import PianoPerformance

TOP = "maestro-v3.0.0"
"""The folder in which the published archive puts everything."""

INDICES = (f"{TOP}.csv", f"{TOP}.json")
COLUMNS = ("canonical_composer", "canonical_title", "split", "midi_filename")
CUT_FOLDER = "maestro"


def read_maestro(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the corpus in its published layout.

    Args:
        root: the folder with maestro-v3.0.0.csv (or .json) in it; the folders of the years are
            beside it or in a folder maestro-v3.0.0.
        on_progress: told how many of the performances are read.

    Returns:
        One `PianoPerformance` without beats for each performance that can be read, with the
        official split. A work is what one composer called by one title.

    Raises:
        CorpusError: there is no index, or it lacks a column.
    """
    rows = _index(root)
    found = [(row, path) for row in rows if (path := _file_of(row, root)) is not None]
    return _read(found, len(rows) - len(found), on_progress)


def read_cut_pieces(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read single pieces that were cut out of MAESTRO's recordings.

    The evaluation of GiantMIDI-Piano published some as `maestro/RECORDING_cut_no_N.mid`. A piece
    is taken where its file's name is that of a recording in the index, or begins with it and an
    underscore; it inherits composer, title and part. Others are skipped. They are no part of
    MAESTRO as published: nothing reads them unless it is asked to.

    Args:
        root: as for `read_maestro`; the pieces are in its folder `maestro`.
        on_progress: told how many are read.

    Raises:
        CorpusError: there is no index, or it lacks a column.
    """
    rows = {Path(row["midi_filename"]).stem: row for row in _index(root)}
    found, skipped = [], []
    for path in sorted((root / CUT_FOLDER).glob("*.mid")):
        whole = [name for name in rows if path.stem == name or path.stem.startswith(f"{name}_")]
        if whole:
            found.append((rows[max(whole, key=len)], path))
        else:
            skipped.append(Skipped(path.name, "", "its name is none of a recording in the index"))
    return _read(found, 0, on_progress, tuple(skipped))


def _read(
    found: list[tuple[dict[str, str], Path]],
    missing: int,
    on_progress: Progress | None,
    skipped_before: tuple[Skipped, ...] = (),
) -> PieceReading:
    pieces: list[PianoPerformance] = []
    skipped = list(skipped_before)
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for number, (row, path) in enumerate(found):
        if on_progress is not None:
            on_progress("reading MAESTRO", number, len(found))
        try:
            if row["split"] not in parts:
                raise FormatError(f"split is '{row['split']}'; allowed: {', '.join(PARTS)}.")
            notes = read_midi_performance(path).notes
            if not len(notes):
                raise FormatError(f"{path.name} holds no note.")
        except DataError as error:
            skipped.append(Skipped(path.name, row["canonical_title"], str(error)))
            continue
        piece = PianoPerformance(
            id=f"maestro/{Path(row['midi_filename']).parent.as_posix()}/{path.stem}",
            composer=row["canonical_composer"],
            title=row["canonical_title"],
            notes=notes,
        )
        pieces.append(piece)
        parts[row["split"]].append(piece.id)
    return PieceReading(
        pieces=tuple(pieces),
        skipped=tuple(skipped),
        split=Split(*(tuple(parts[part]) for part in PARTS)),
        works=tuple(piece.work for piece in pieces),
        missing=missing,
    )


def _file_of(row: dict[str, str], root: Path) -> Path | None:
    """Where the file of a row is, if it is there."""
    for path in (root / row["midi_filename"], root / TOP / row["midi_filename"]):
        if path.is_file():
            return path
    return None


def _index(root: Path) -> list[dict[str, str]]:
    """The rows of the index, from the table or else from the JSON file that says the same."""
    path = next((root / name for name in INDICES if (root / name).is_file()), None)
    if path is None:
        raise CorpusError(
            f"There is neither {' nor '.join(INDICES)} in {root}: it is no folder of MAESTRO v3. "
            "Unpack it again."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = (
            list(csv.DictReader(text.splitlines(), restval=""))
            if path.suffix == ".csv"
            else _json_rows(json.loads(text))
        )
    except OSError as error:
        raise CorpusError(f"Cannot read {path}: {error.strerror}. Unpack it again.") from error
    except (ValueError, csv.Error) as error:
        raise CorpusError(f"{path} is damaged: {error}. Unpack it again.") from error
    lacking = [name for name in COLUMNS if rows and name not in rows[0]]
    if lacking or not rows:
        what = f"lacks the column(s) {', '.join(lacking)}" if lacking else "lists nothing"
        raise CorpusError(f"{path} {what}: it is not MAESTRO's index. Unpack it again.")
    return rows


def _json_rows(columns: Any) -> list[dict[str, str]]:
    """Rows of `{"column": {"0": value, ...}, ...}`."""
    if not isinstance(columns, dict) or not all(isinstance(c, dict) for c in columns.values()):
        raise ValueError("an object of columns is meant")
    numbers = list(columns.get(COLUMNS[-1], {}))
    return [
        {name: str(column.get(number, "")) for name, column in columns.items()}
        for number in numbers
    ]


FACTS = CorpusFacts(
    name="maestro",
    title="MAESTRO v3.0.0 (MIDI)",
    summary="1,276 piano performances from a competition, with every key's strength and time.",
    kind="download",
    licence="CC BY-NC-SA 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    citation=(
        "Hawthorne, Stasyuk, Roberts, Simon, Huang, Dieleman, Elsen, Engel, Eck: Enabling "
        "Factorized Piano Music Modeling and Generation with the MAESTRO Dataset, ICLR 2019"
    ),
    url="https://magenta.tensorflow.org/datasets/maestro",
    weights_may_ship=False,
    archives=(
        Archive(
            url=(
                "https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/"
                "maestro-v3.0.0-midi.zip"
            ),
            size_bytes=58_416_533,
            sha256="70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c",
        ),
    ),
    reader=read_maestro,
    index=INDICES,
    noun="performances",
    pieces=1276,
)
