"""EMOPIA: clips of pop piano music, transcribed to MIDI, each placed in one of four quadrants."""

from __future__ import annotations

import re
from pathlib import Path

from chromasonic.data.emotion_clips import read_clip, read_rows
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, FormatError
from chromasonic.music.emotion import QUADRANTS, EmotionClip

FOLDER = "midis"
SPLIT_FOLDERS = ("split", "dataset/split")
SPLIT_FILES = {"train": "train.csv", "validation": "val.csv", "test": "test.csv"}
NAME = re.compile(r"Q([1-4])_(.{11})_(\d+)")
"""Quadrant, the video's id (11 signs, underscores too), number of the clip in its song."""

NO_DIVISION = (
    "The published division (split/train.csv, val.csv, test.csv) is not there: clips are divided "
    "by song, and figures on the test part are not those of the literature."
)


def read_emopia(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the corpus.

    Args:
        root: the folder with `midis` in it; the published division is looked for in `split`.
        on_progress: told how many of the clips are read.

    Returns:
        One `EmotionClip` a file, with the published division of clips where its tables are there.
        A work is a song.

    Raises:
        CorpusError: there is no `midis` folder, or a table of the division is damaged.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        raise CorpusError(f"{root} has no folder '{FOLDER}': it is not EMOPIA. Unpack it again.")
    paths = sorted(folder.glob("*.mid"), key=lambda path: path.name)
    clips: list[EmotionClip] = []
    skipped: list[Skipped] = []
    for number, path in enumerate(paths):
        if on_progress is not None:
            on_progress("reading EMOPIA", number, len(paths))
        try:
            clips.append(_clip(path))
        except FormatError as error:
            skipped.append(Skipped(path.name, path.stem, str(error)))
    there = {path.stem for path in paths}
    parts, missing = _parts(root), 0
    for names in parts.values():
        missing += sum(name not in there for name in names)
    return PieceReading(
        pieces=tuple(clips),
        skipped=tuple(skipped),
        split=_split(parts, clips),
        works=tuple(clip.song for clip in clips),
        missing=missing,
        remarks=() if parts else (NO_DIVISION,),
    )


def _clip(path: Path) -> EmotionClip:
    match = NAME.fullmatch(path.stem)
    if match is None:
        raise FormatError(f"{path.name} does not name a quadrant, such as Q1_0vLPYiPN7qY_0.mid.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path.name}: {error.strerror}.") from error
    quadrant, song, _ = match.groups()
    valence, arousal = QUADRANTS[int(quadrant)]
    return read_clip(
        data, path.name, id=path.stem, title=path.stem, song=song, valence=valence, arousal=arousal
    )


def _parts(root: Path) -> dict[str, list[str]]:
    """Names of clips by part; empty where no division is there."""
    for folder in SPLIT_FOLDERS:
        paths = {part: root / folder / name for part, name in SPLIT_FILES.items()}
        if any(path.is_file() for path in paths.values()):
            return {
                part: [row["fname"] for row in read_rows(path, ("fname",), "EMOPIA's division")]
                for part, path in paths.items()
            }
    return {}


def _split(parts: dict[str, list[str]], clips: list[EmotionClip]) -> Split | None:
    if not parts:
        return None
    read = {clip.id for clip in clips}
    return Split(*(tuple(name for name in parts[part] if name in read) for part in SPLIT_FILES))


FACTS = CorpusFacts(
    name="emopia",
    title="EMOPIA (piano clips in four quadrants of emotion)",
    summary="1,078 clips of pop piano in MIDI, with velocities and pedal, each in one quadrant.",
    kind="download",
    licence="CC BY-NC-SA 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    citation=(
        "Hsiao-Tzu Hung, Joann Ching, Seungheon Doh, Nabin Kim, Juhan Nam, Yi-Hsuan Yang, EMOPIA: "
        "A Multi-Modal Pop Piano Dataset for Emotion Recognition and Emotion-based Music "
        "Generation, ISMIR 2021, https://arxiv.org/abs/2108.01374"
    ),
    url="https://zenodo.org/record/5090631",
    weights_may_ship=False,
    index=FOLDER,
    archives=(
        Archive(
            url="https://zenodo.org/record/5257995/files/EMOPIA_2.2.zip",
            size_bytes=6_000_000,
            md5="bad5171786a4898f37fc2678e99afd94",
        ),
    ),
    reader=read_emopia,
    noun="clips",
    pieces=1078,
)
"""EMOPIA. Its licence forbids commercial use, which a model trained on it may be put to.

The published division of clips comes from the authors' repository of classifiers
(https://github.com/SeungHeonDoh/EMOPIA_cls); where the archive lacks it, put it into `split`.
"""
