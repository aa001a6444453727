"""Groove MIDI: 13.6 hours of drummers on an electronic kit, with every hit's strength and time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.index_table import read_index
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import FormatError
from chromasonic.formats.midi_performance import read_midi_performance
from chromasonic.music.drums import DrumTake

INDEX = "info.csv"
COLUMNS = (
    "drummer", "session", "id", "style", "bpm", "beat_type", "time_signature", "midi_filename",
    "split",
)  # fmt: skip
PARTS = ("train", "validation", "test")


def read_groove_midi(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the corpus.

    Args:
        root: the folder with info.csv in it.
        on_progress: told how many of the takes are read.

    Returns:
        One `DrumTake` for each take that can be read, with the corpus's own split and
        `DrumTake.work` as works.

    Raises:
        CorpusError: info.csv is absent, or lacks a column.
    """
    rows = read_index(root / INDEX, COLUMNS, "not Groove MIDI's index")
    takes: list[DrumTake] = []
    skipped: list[Skipped] = []
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    missing = 0
    for number, row in enumerate(rows):
        if on_progress is not None:
            on_progress("reading Groove MIDI", number, len(rows))
        path = root / row["midi_filename"]
        if not path.is_file():
            missing += 1
            continue
        try:
            take = _take(row, path)
            part = parts[_one_of(row["split"], PARTS, "split")]
        except (FormatError, ValueError) as error:
            skipped.append(Skipped(row["midi_filename"], row["style"], str(error)))
            continue
        takes.append(take)
        part.append(take.id)
    return PieceReading(
        pieces=tuple(takes),
        skipped=tuple(skipped),
        split=Split(*(tuple(parts[part]) for part in PARTS)),
        works=tuple(take.work for take in takes),
        missing=missing,
    )


def _take(row: dict[str, str], path: Path) -> DrumTake:
    """One take; ValueError says which of its facts is no fact."""
    performance = read_midi_performance(path)
    notes = performance.notes
    if not len(notes):
        raise FormatError("the file holds no hit")
    numerator, _, denominator = row["time_signature"].partition("-")
    tempo = float(row["bpm"])
    if not 0 < tempo < 1000:
        raise ValueError(f"bpm is {row['bpm']}; a tempo from 1 to 999 is meant")
    return DrumTake(
        id=row["id"],
        drummer=row["drummer"],
        session=row["session"],
        style=row["style"],
        tempo_bpm=tempo,
        beat_type=_one_of(row["beat_type"], ("beat", "fill"), "beat_type"),
        numerator=_positive(numerator, row["time_signature"]),
        denominator=_positive(denominator, row["time_signature"]),
        onset_quarters=notes.onset_quarters,
        pitch=notes.pitch.astype(np.int64),
        velocity=notes.velocity.astype(np.int64),
    )


def _one_of(value: str, allowed: tuple[str, ...], column: str) -> str:
    if value not in allowed:
        raise ValueError(f"{column} is '{value}'; allowed: {', '.join(allowed)}")
    return value


def _positive(text: str, whole: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"time_signature is '{whole}'; such as 4-4 is meant")
    return int(text)


FACTS = CorpusFacts(
    name="groove-midi",
    title="Groove MIDI Dataset v1.0.0",
    summary="1,150 beats and fills by ten drummers, with every hit's strength and exact time.",
    kind="download",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    citation=(
        "Gillick, Roberts, Engel, Eck, Bamman: Learning to Groove with Inverse Sequence "
        "Transformations, ICML 2019"
    ),
    url="https://magenta.tensorflow.org/datasets/groove",
    weights_may_ship=True,
    archives=(
        Archive(
            url=(
                "https://storage.googleapis.com/magentadata/datasets/groove/"
                "groove-v1.0.0-midionly.zip"
            ),
            size_bytes=3_260_318,
            sha256="651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
        ),
    ),
    reader=read_groove_midi,
    index=INDEX,
    noun="takes",
    pieces=1150,
)
