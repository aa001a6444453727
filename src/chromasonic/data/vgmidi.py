"""VGMIDI: piano arrangements of video game music, with signs of valence and arousal."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from pathlib import Path, PurePosixPath

from chromasonic.data.emotion_clips import read_clip, read_rows
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.errors import CorpusError, FormatError
from chromasonic.music.emotion import EmotionClip

INDEX = "vgmidi_labelled.csv"
COLUMNS = ("series", "game", "piece", "midi", "valence", "arousal")
PIECES = "labelled/midi"
PHRASES = "labelled/phrases.zip"
SIGNS = {"1": 1, "-1": -1}

LARGEST_BYTES = 20_000_000
"""A packed file that says to be larger is no piece of music."""


def read_vgmidi(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the labelled part of the corpus.

    The table labels phrases. Where those are not there (neither unpacked nor as
    `labelled/phrases.zip`) the whole piece stands in, unless several phrases of it are labelled:
    then it cannot be told which label is whose, and they are left out.

    Args:
        root: the folder with vgmidi_labelled.csv in it.
        on_progress: told how many of the rows are read.

    Returns:
        One `EmotionClip` a row; a work is a piece. No division is published.

    Raises:
        CorpusError: the table is absent or damaged.
    """
    rows = read_rows(root / INDEX, COLUMNS, "VGMIDI")
    phrases_of: dict[str, int] = defaultdict(int)
    for row in rows:
        phrases_of[_piece_file(row)] += 1
    source = _Source(root)
    clips: list[EmotionClip] = []
    skipped: list[Skipped] = []
    missing = whole = 0
    for number, row in enumerate(rows):
        if on_progress is not None:
            on_progress("reading VGMIDI", number, len(rows))
        try:
            data = source.phrase(row["midi"])
            if data is None:
                data = source.piece(_piece_file(row))
                if data is not None and phrases_of[_piece_file(row)] > 1:
                    raise FormatError(
                        "several phrases of the piece are labelled, and the phrases are not there "
                        "(labelled/phrases.zip): which label is whose cannot be told"
                    )
                whole += data is not None
            if data is None:
                missing += 1
                continue
            clips.append(_clip(row, data))
        except FormatError as error:
            skipped.append(Skipped(row["midi"], row["piece"], str(error)))
    remark = (
        f"{whole} labels of phrases are taken for their whole pieces, as {PHRASES} is not there."
    )
    return PieceReading(
        pieces=tuple(clips),
        skipped=tuple(skipped),
        works=tuple(clip.song for clip in clips),
        missing=missing,
        remarks=(remark,) if whole else (),
    )


def _piece_file(row: dict[str, str]) -> str:
    """Name of the file of the whole piece: the phrase's without its number."""
    name = PurePosixPath(row["midi"]).stem
    return f"{name.rpartition('_')[0]}.mid"


def _clip(row: dict[str, str], data: bytes) -> EmotionClip:
    name = PurePosixPath(row["midi"]).name
    for column in ("valence", "arousal"):
        if row[column] not in SIGNS:
            raise FormatError(f"{column} of {name} is '{row[column]}'; allowed: 1 and -1.")
    return read_clip(
        data,
        name,
        id=PurePosixPath(name).stem,
        title=f"{row['piece']} ({row['game']})",
        song=_piece_file(row),
        valence=SIGNS[row["valence"]],
        arousal=SIGNS[row["arousal"]],
    )


class _Source:
    """Where the bytes of phrases and pieces are."""

    def __init__(self, root: Path) -> None:
        self.root = root
        packed = root / PHRASES
        self.archive: zipfile.ZipFile | None = None
        if packed.is_file():
            try:
                self.archive = zipfile.ZipFile(packed)
            except (OSError, zipfile.BadZipFile) as error:
                raise CorpusError(f"{packed} is damaged: {error}. Fetch it again.") from error
        names = self.archive.namelist() if self.archive else []
        self.packed = {PurePosixPath(name).name: name for name in names}

    def phrase(self, listed: str) -> bytes | None:
        """The bytes of a phrase, by the path in the table; None where it is not there."""
        path = self.root / PurePosixPath(listed).parent / PurePosixPath(listed).name
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise FormatError(f"'{listed}' leads out of the corpus's folder.")
        if path.is_file():
            return path.read_bytes()
        inside = self.packed.get(PurePosixPath(listed).name)
        if self.archive is None or inside is None:
            return None
        if self.archive.getinfo(inside).file_size > LARGEST_BYTES:
            raise FormatError(f"{inside} says to hold more than {LARGEST_BYTES:,} bytes.")
        try:
            return self.archive.read(inside)
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:
            raise FormatError(f"{inside} cannot be unpacked: {error}.") from error

    def piece(self, name: str) -> bytes | None:
        """The bytes of a whole piece; None where it is not there."""
        path = self.root / PIECES / name
        return path.read_bytes() if path.is_file() else None


COMMIT = "1e62f0af8c866ded8e665cefad06dc02c35cb739"

FACTS = CorpusFacts(
    name="vgmidi",
    title="VGMIDI (piano arrangements of game music with signs of valence and arousal)",
    summary="204 labelled phrases of 200 piano pieces, 30 listeners each.",
    kind="download",
    licence="none stated; the music belongs to its publishers",
    licence_url="https://github.com/lucasnfe/vgmidi",
    citation=(
        "Lucas N. Ferreira, Jim Whitehead, Learning to Generate Music with Sentiment, ISMIR 2019, "
        "https://github.com/lucasnfe/vgmidi"
    ),
    url=f"https://github.com/lucasnfe/vgmidi/archive/{COMMIT}.zip",
    weights_may_ship=False,
    index=INDEX,
    archives=(
        Archive(
            url=f"https://github.com/lucasnfe/vgmidi/archive/{COMMIT}.zip", size_bytes=40_000_000
        ),
    ),
    reader=read_vgmidi,
    noun="clips",
    pieces=204,
)
"""VGMIDI. No licence is stated, so what is trained on it is not given away."""
