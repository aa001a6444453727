"""McGill Billboard: the chords of 890 songs of the American charts, with metre and tonic."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chromasonic.data.facts import CorpusFacts
from chromasonic.data.index_table import read_index
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.errors import CorpusError, FormatError
from chromasonic.formats.salami_chords import LabelledSong, read_salami_chords
from chromasonic.music.progression import ChordProgression, progression

INDEX = "billboard-2.0-index.csv"
FILE = "salami_chords.txt"
FOLDERS = ("billboard-2.0-salami_chords", "McGill-Billboard", ".")
"""Where the songs' folders may lie below the root; other folders of the root are tried after."""


def read_billboard(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the corpus.

    The index lists 1,300 places of the charts; those whose song was not annotated have no title.
    Songs that held several places have several entries: they are one work.

    Args:
        root: the folder with billboard-2.0-index.csv in it.
        on_progress: told how many of the songs are read.

    Returns:
        One `ChordProgression` for each song that can be read, titled "TITLE by ARTIST". It
        has no official split; a work is a title by an artist.

    Raises:
        CorpusError: the index is absent or damaged.
    """
    rows = [row for row in _rows(root / INDEX) if row["title"]]
    songs: list[ChordProgression] = []
    works: list[str] = []
    skipped: list[Skipped] = []
    folder = _folder_of_songs(root)
    missing = 0
    for number, row in enumerate(rows):
        if on_progress is not None:
            on_progress("reading McGill Billboard", number, len(rows))
        name = row["id"].zfill(4)
        path = folder / name / FILE
        if not path.is_file():
            missing += 1
            continue
        try:
            song = read_salami_chords(path)
        except FormatError as error:
            skipped.append(Skipped(f"{name}/{FILE}", row["title"], str(error)))
            continue
        title = f"{row['title']} by {row['artist']}"
        songs.append(_progression(song, f"mcgill-billboard/{name}", title))
        works.append(title.casefold())
    return PieceReading(
        pieces=tuple(songs), skipped=tuple(skipped), works=tuple(works), missing=missing
    )


def _rows(path: Path) -> list[dict[str, str]]:
    what = "not McGill Billboard's index"
    rows = read_index(path, ("id", "title", "artist"), what)
    if not any(row["title"] for row in rows):
        raise CorpusError(f"{path} lists no song: it is {what}. Unpack it again.")
    return rows


def _folder_of_songs(root: Path) -> Path:
    """The folder with one folder a song; the first that could be it where no song is there."""
    others = sorted(path.name for path in root.iterdir() if path.is_dir())
    for name in (*FOLDERS, *others):
        if next((root / name).glob(f"[0-9]*/{FILE}"), None) is not None:
            return root / name
    return root / FOLDERS[0]


def _progression(song: LabelledSong, id: str, title: str) -> ChordProgression:
    tonics = [bar.tonic for bar in song.bars for _ in bar.chords]
    return progression(
        [chord for bar in song.bars for chord in bar.chords],
        id=id,
        title=title,
        beat=[beat for bar in song.bars for beat in range(len(bar.chords))],
        bar_beats=[len(bar.chords) for bar in song.bars for _ in bar.chords],
        tonic=tonics,
        scale=np.eye(12)[tonics],
    )


FACTS = CorpusFacts(
    name="mcgill-billboard",
    title="McGill Billboard 2.0",
    summary="The chords of 890 songs of the American charts, 1958 to 1991, with metre and tonic.",
    kind="download",
    licence="CC0",
    licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
    citation=(
        "Burgoyne, Wild, Fujinaga: An Expert Ground-Truth Set for Audio Chord Recognition and "
        "Music Analysis, ISMIR 2011"
    ),
    url="https://ddmal.music.mcgill.ca/research/The_McGill_Billboard_Project_(Chord_Analysis_Dataset)/",
    weights_may_ship=True,
    reader=read_billboard,
    index=INDEX,
    noun="songs",
    pieces=890,
)
