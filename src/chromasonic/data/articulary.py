"""Articulary words: 25 spoken words, seen by sensors on the tongue and on both lips."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import numpy as np

from chromasonic.data.archived_files import read_files
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, FormatError
from chromasonic.formats.ts_files import TimeSeries, parse_ts
from chromasonic.music.movement import Movement, Skeleton

TRAIN, TEST = (f"ArticularyWordRecognition_{part}.ts" for part in ("TRAIN", "TEST"))
FILES = re.compile("|".join(map(re.escape, (TRAIN, TEST))))
COUNTS = {TRAIN: 275, TEST: 300}
CLASSES = 25
RATE_HZ = 200.0
"""Of the articulograph, as the files' own head says."""

MOUTH = Skeleton(
    name="mouth-3",
    nodes=("tongue tip", "upper lip", "lower lip"),
    edges=((1, 2), (2, 0)),
    channels=("x", "y", "z"),
    axes=(0, 1, 2),
)
"""Three sensors, each at a point relative to the head; each series was scaled by its makers to mean
0 and deviation 1, so that a unit is no length."""


def read_articulary(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read both files.

    Args:
        root: the folder with them, or with the archive that holds them.
        on_progress: told of each file.

    Returns:
        One `Movement` for each word spoken, with the published split into train and test; it has
        no validation part. Who spoke is not told.

    Raises:
        CorpusError: a file is absent or damaged.
    """
    contents = read_files(root, FILES)
    by_name = {PurePosixPath(path).name: data for path, data in contents.items()}
    parts: list[list[Movement]] = []
    skipped: list[Skipped] = []
    for number, name in enumerate(COUNTS):
        if on_progress is not None:
            on_progress("reading spoken words", number, len(COUNTS))
        if name not in by_name:
            raise CorpusError(f"{root} has no {name}. Unpack it again.")
        try:
            table = parse_ts(by_name[name], source=str(root / name))
        except FormatError as error:
            raise CorpusError(f"{error} Unpack it again.") from error
        parts.append(_movements(table, name, skipped))
    train, test = parts
    return PieceReading(
        pieces=(*train, *test),
        skipped=tuple(skipped),
        split=Split(tuple(m.id for m in train), (), tuple(m.id for m in test)),
        missing=max(0, sum(COUNTS.values()) - len(train) - len(test) - len(skipped)),
    )


def _movements(table: TimeSeries, name: str, skipped: list[Skipped]) -> list[Movement]:
    """The movements of one file; a series of another shape or class goes to `skipped`."""
    part = "train" if name == TRAIN else "test"
    nodes, channels = len(MOUTH.nodes), len(MOUTH.channels)
    movements = []
    for number, (values, label) in enumerate(zip(table.series, table.labels, strict=True), 1):
        id = f"{part}/{number:03d}"
        if values.shape[1] != nodes * channels:
            reason = f"it has {values.shape[1]} dimensions; {nodes * channels} are meant"
            skipped.append(Skipped(id, "", reason))
            continue
        try:
            word = _word(label)
        except ValueError:
            skipped.append(Skipped(id, "", f"its class is '{label[:40]}'; 1 to 25 are meant"))
            continue
        frames = values.reshape(len(values), nodes, channels).astype(np.float32)
        movements.append(
            Movement(id=id, skeleton=MOUTH, frames=frames, rate_hz=RATE_HZ, label=word)
        )
    return movements


def _word(label: str) -> str:
    """ "word 07" out of "7.0": the files number the words and do not say which they are."""
    number = float(label)
    if not (number.is_integer() and 1 <= number <= CLASSES):
        raise ValueError(label)
    return f"word {int(number):02d}"


FACTS = CorpusFacts(
    name="articulary-words",
    title="Articulary Word Recognition (UEA archive)",
    summary="25 spoken words, from sensors on the tongue and the lips; a published split.",
    kind="download",
    licence="none stated (distributed for research)",
    licence_url="https://www.timeseriesclassification.com/",
    citation=(
        "Wang, Balasubramanian, Mojica de la Vega, Green, Samal, Prabhakaran: Word recognition "
        "from continuous articulatory movement time-series data using symbolic representations, "
        "ACL/ISCA workshop on speech and language processing for assistive technologies, 2013"
    ),
    url=(
        "https://www.timeseriesclassification.com/description.php?Dataset=ArticularyWordRecognition"
    ),
    weights_may_ship=False,
    archives=(
        Archive(
            url="https://timeseriesclassification.com/aeon-toolkit/ArticularyWordRecognition.zip",
            size_bytes=7_000_000,
        ),
    ),
    reader=read_articulary,
    index=(TRAIN, "ArticularyWordRecognition.zip"),
    noun="movements",
    pieces=575,
)
"""Its maker publishes no checksum."""
