"""ASAP: piano performances with beats and bar lines that were aligned with the score.

Of its 1,066 performances these are the 519 that come from MAESTRO: they alone have velocities from
a concert instrument with a known split. Source of the files' format: the corpus's own README.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.index_table import read_index
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.errors import DataError, FormatError
from chromasonic.formats.midi_performance import read_midi_performance
from chromasonic.music.bar_grid import Beats, sixteenths_of_a_beat
from chromasonic.music.piano_performance import PianoPerformance

INDEX = "metadata.csv"
MAESTRO_COLUMN = "maestro_midi_performance"
COLUMNS = (
    "composer",
    "title",
    "midi_performance",
    "performance_annotations",
    MAESTRO_COLUMN,
)
DOWNBEAT = "db"
BEATS = ("b", "bR", DOWNBEAT)
"""Labels of beats; `bR` are those of bars that are not as long as the metre says."""

METRE = re.compile(r"(\d+)/(\d+)")


def read_asap(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the corpus.

    Args:
        root: the folder with metadata.csv in it.
        on_progress: told how many of the performances are read.

    Returns:
        One `PianoPerformance` with beats for each performance that comes from MAESTRO and can be
        read. The split, MAESTRO's, is listed by ids in `splits/asap.json`. A work is what one
        composer called by one title, though it may lie in several folders (with repeats and
        without).

    Raises:
        CorpusError: metadata.csv is absent, or lacks a column.
    """
    rows = read_index(root / INDEX, COLUMNS, "not ASAP's index")
    chosen = [row for row in rows if row[MAESTRO_COLUMN].strip()]
    pieces: list[PianoPerformance] = []
    skipped: list[Skipped] = []
    missing = 0
    for number, row in enumerate(chosen):
        if on_progress is not None:
            on_progress("reading ASAP", number, len(chosen))
        midi = root / row["midi_performance"]
        annotations = root / row["performance_annotations"]
        if not (midi.is_file() and annotations.is_file()):
            missing += 1
            continue
        try:
            pieces.append(_performance(row, midi, annotations))
        except DataError as error:
            skipped.append(Skipped(row["midi_performance"], row["title"], str(error)))
    left_out = len(rows) - len(chosen)
    return PieceReading(
        pieces=tuple(pieces),
        skipped=tuple(skipped),
        works=tuple(piece.work for piece in pieces),
        missing=missing,
        remarks=(
            (
                f"{left_out} performances that are not from MAESTRO are left out: no split is "
                "known for them.",
            )
            if left_out
            else ()
        ),
    )


def _performance(row: dict[str, str], midi: Path, annotations: Path) -> PianoPerformance:
    notes = read_midi_performance(midi).notes
    if not len(notes):
        raise FormatError(f"{midi.name} holds no note.")
    return PianoPerformance(
        id="asap/" + row["midi_performance"].rpartition(".")[0],
        composer=row["composer"],
        title=row["title"],
        notes=notes,
        beats=read_annotations(annotations),
    )


def read_annotations(path: Path) -> Beats:
    """The beats of one annotation file: lines `seconds TAB seconds TAB label[,metre[,key]]`.

    A metre holds until the next; what precedes the first has that one too. 6/8 has two beats of six
    sixteenths, as it was annotated.

    Raises:
        FormatError: the file is no such table, its times do not rise, it names a beat's metre
            nowhere, or it has fewer than two beats; says in which line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is no text: {error.reason}.") from error
    seconds: list[float] = []
    downbeats: list[bool] = []
    lengths: list[int] = []
    length = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        at, label, metre = _beat(line, f"{path.name}, line {number}")
        if seconds and at <= seconds[-1]:
            raise FormatError(
                f"{path.name}, line {number}: the beat at {at:g} s does not come after the one "
                f"before it ({seconds[-1]:g} s)."
            )
        length = sixteenths_of_a_beat(*metre) if metre else length
        seconds.append(at)
        downbeats.append(label == DOWNBEAT)
        lengths.append(length)
    if len(seconds) < 2:
        raise FormatError(f"{path.name} has {len(seconds)} beat(s); at least 2 make a grid.")
    if not length:
        raise FormatError(f"{path.name} names no metre, such as 'db,4/4'.")
    first = next(length for length in lengths if length)
    return Beats(
        seconds=np.array(seconds),
        is_downbeat=np.array(downbeats),
        sixteenths=np.array([length or first for length in lengths], np.int64),
    )


def _beat(line: str, where: str) -> tuple[float, str, tuple[int, int] | None]:
    """Seconds, label, and metre where one is named."""
    columns = line.split("\t")
    try:
        at = float(columns[0])
    except ValueError:
        at = np.nan
    if len(columns) != 3 or not 0 <= at < 1e6:
        raise FormatError(
            f"{where}: '{line.strip()[:60]}' is no beat; 'seconds TAB seconds TAB label' is meant."
        )
    label, _, rest = columns[2].strip().partition(",")
    if label not in BEATS:
        raise FormatError(f"{where}: label '{label[:20]}'; allowed: {', '.join(BEATS)}.")
    text = rest.partition(",")[0].strip()
    if not text:
        return at, label, None
    match = METRE.fullmatch(text)
    if match is None:
        raise FormatError(f"{where}: metre '{text[:20]}'; such as 4/4 is meant.")
    return at, label, (int(match[1]), int(match[2]))


COMMIT = "4097b45757bed854818cf87e77b92323ebf90615"
REPOSITORY = "https://github.com/CPJKU/asap-dataset"

FACTS = CorpusFacts(
    name="asap",
    title="ASAP: Aligned Scores and Performances",
    summary="519 concert performances of 170 piano pieces, with annotated beats and velocities.",
    kind="download",
    licence="CC BY-NC-SA 4.0",
    licence_url=f"{REPOSITORY}/blob/{COMMIT}/LICENSE.md",
    citation=(
        "Foscarin, McLeod, Rigaux, Jacquemard, Sakai: ASAP: a dataset of aligned scores and "
        "performances for piano transcription, ISMIR 2020"
    ),
    url=REPOSITORY,
    weights_may_ship=False,
    # Neither checksum nor exact size of the archive is known: the commit is pinned.
    archives=(Archive(url=f"{REPOSITORY}/archive/{COMMIT}.zip", size_bytes=100_000_000),),
    reader=read_asap,
    index=INDEX,
    noun="performances",
    pieces=519,
)
