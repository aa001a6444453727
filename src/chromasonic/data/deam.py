"""DEAM: recordings that listeners placed on the plane of emotion, as a whole and twice a second."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from chromasonic.data.emotion_clips import read_rows
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError
from chromasonic.music.emotion import EmotionSong, Floats

ANNOTATIONS = "annotations"
AVERAGED = "annotations averaged per song"
STATIC_FOLDERS = (f"{AVERAGED}/song_level", "song_level", "")
DYNAMIC_FOLDERS = (
    f"{AVERAGED}/dynamic (per second annotations)",
    "dynamic (per second annotations)",
    "",
)
STATIC_FILES = (
    "static_annotations_averaged_songs_1_2000.csv",
    "static_annotations_averaged_songs_2000_2058.csv",
)
STATIC_COLUMNS = ("song_id", "valence_mean", "valence_std", "arousal_mean", "arousal_std")
AUDIO_FOLDERS = ("MEMD_audio", "audio/MEMD_audio", "DEAM_audio/MEMD_audio", "audio")
SPLIT_FOLDER = "split_music2emotion"
SPLIT_FILES = {"train": "train.txt", "validation": "validation.txt", "test": "test.txt"}
TIME = re.compile(r"sample_(\d+)ms")

LOWEST, HIGHEST = 1.0, 9.0
"""The scale on which listeners placed whole songs."""


def read_deam(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the labels, and where each recording is.

    Args:
        root: the folder with `annotations` in it.
        on_progress: told how many of the songs are read.

    Returns:
        One `EmotionSong` for each labelled song. Labels without any recording are no error: songs
        then have no `audio`, and a remark says so; a folder of recordings that lacks some counts
        them as missing.

    Raises:
        CorpusError: no static labels are there, or a table is damaged.
    """
    tables = [
        rows
        for name in STATIC_FILES
        if (rows := _first_table(root, STATIC_FOLDERS, name, STATIC_COLUMNS)) is not None
    ]
    if not tables:
        raise CorpusError(
            f"{root} has no static labels: looked for {STATIC_FILES[0]} in {ANNOTATIONS}/ and in "
            f"{ANNOTATIONS}/{STATIC_FOLDERS[0]}/. Unpack DEAM_Annotations.zip there."
        )
    dynamic = [_dynamic(root, f"{name}.csv") for name in ("valence", "arousal")]
    audio = next((name for name in AUDIO_FOLDERS if (root / name).is_dir()), None)
    songs: list[EmotionSong] = []
    skipped: list[Skipped] = []
    rows = [row for table in tables for row in table]
    missing = 0
    for number, row in enumerate(rows):
        if on_progress is not None:
            on_progress("reading DEAM", number, len(rows))
        recording = f"{audio}/{row['song_id']}.mp3" if audio else ""
        if audio and not (root / recording).is_file():
            recording = next(
                (
                    f"{audio}/{row['song_id']}{ending}"
                    for ending in (".wav", ".flac", ".ogg")
                    if (root / f"{audio}/{row['song_id']}{ending}").is_file()
                ),
                "",
            )
            missing += not recording
        try:
            songs.append(_song(row, dynamic, recording))
        except ValueError as error:
            skipped.append(Skipped(f"song {row['song_id']}", "", str(error)))
    return PieceReading(
        pieces=tuple(songs),
        skipped=tuple(skipped),
        split=_split(root, {song.id for song in songs}),
        missing=missing,
        remarks=_remarks(songs, audio),
    )


def _remarks(songs: list[EmotionSong], audio: str | None) -> tuple[str, ...]:
    remarks = []
    if audio is None:
        remarks.append(
            f"Labels of {len(songs):,} songs, but no recordings: {AUDIO_FOLDERS[0]}/ is not there "
            "(DEAM_audio.zip)."
        )
    static_only = sum(not len(song.times_seconds) for song in songs)
    if static_only:
        remarks.append(f"{static_only:,} songs have a label for the whole only.")
    return tuple(remarks)


def _first_table(
    root: Path, folders: tuple[str, ...], name: str, columns: tuple[str, ...]
) -> list[dict[str, str]] | None:
    for folder in folders:
        path = root / ANNOTATIONS / folder / name
        if path.is_file():
            return read_rows(path, columns, "DEAM")
    return None


def _dynamic(root: Path, name: str) -> dict[str, tuple[Floats, Floats]]:
    """Song to (times in seconds, values); empty where the table is not there."""
    rows = _first_table(root, DYNAMIC_FOLDERS, name, ("song_id",))
    result = {}
    for row in rows or []:
        pairs = []
        for column, text in row.items():
            match = TIME.fullmatch(column)
            if match and text and math.isfinite(value := float(text)):
                pairs.append((int(match[1]) / 1000, min(max(value, -1.0), 1.0)))
        pairs.sort()
        times, values = np.array(pairs, float).reshape(-1, 2).T.copy()
        result[row["song_id"]] = (times, values)
    return result


def _song(
    row: dict[str, str], dynamic: list[dict[str, tuple[Floats, Floats]]], recording: str
) -> EmotionSong:
    """One song; ValueError says which of its labels is no label."""
    id = row["song_id"]
    numbers = {}
    for column in STATIC_COLUMNS[1:]:
        value = float(row[column])
        allowed = (LOWEST, HIGHEST) if column.endswith("mean") else (0.0, HIGHEST - LOWEST)
        if not allowed[0] <= value <= allowed[1]:
            raise ValueError(f"{column} is {value}; allowed: {allowed[0]:g} to {allowed[1]:g}")
        numbers[column] = value
    half = (HIGHEST - LOWEST) / 2
    nothing = (np.empty(0), np.empty(0))
    (times, valences), (other_times, arousals) = (table.get(id, nothing) for table in dynamic)
    common, first, second = np.intersect1d(times, other_times, return_indices=True)
    return EmotionSong(
        id=id,
        audio=recording,
        valence=(numbers["valence_mean"] - LOWEST) / half - 1,
        arousal=(numbers["arousal_mean"] - LOWEST) / half - 1,
        valence_spread=numbers["valence_std"] / half,
        arousal_spread=numbers["arousal_std"] / half,
        times_seconds=common,
        valences=valences[first],
        arousals=arousals[second],
    )


def _split(root: Path, ids: set[str]) -> Split | None:
    paths = {part: root / SPLIT_FOLDER / name for part, name in SPLIT_FILES.items()}
    if not all(path.is_file() for path in paths.values()):
        return None
    parts = [path.read_text(encoding="utf-8").split() for path in paths.values()]
    return Split(*(tuple(id for id in part if id in ids) for part in parts))


FACTS = CorpusFacts(
    name="deam",
    title="DEAM (recordings with valence and arousal over time)",
    summary="1,802 songs and excerpts under free licences, placed on the plane by listeners.",
    kind="download",
    licence="CC BY-NC (the labels; the recordings have licences of their own)",
    licence_url="https://cvml.unige.ch/databases/DEAM/",
    citation=(
        "Anna Aljanaki, Yi-Hsuan Yang, Mohammad Soleymani, Developing a benchmark for emotional "
        "analysis of music, PLOS ONE 12(3), 2017, https://doi.org/10.1371/journal.pone.0173392"
    ),
    url="https://cvml.unige.ch/databases/DEAM/",
    weights_may_ship=False,
    index=ANNOTATIONS,
    archives=(
        Archive(
            url="https://cvml.unige.ch/databases/DEAM/DEAM_Annotations.zip", size_bytes=9_000_000
        ),
        Archive(
            url="https://cvml.unige.ch/databases/DEAM/DEAM_audio.zip", size_bytes=1_300_000_000
        ),
    ),
    reader=read_deam,
    noun="songs",
    pieces=1802,
)
"""DEAM. Its makers publish no checksums; lists that divide it may lie in `split_music2emotion`
(train.txt, validation.txt, test.txt, one song's number a line), else it is divided by song."""
