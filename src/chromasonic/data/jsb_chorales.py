"""JSB chorales: 382 chorales by Bach in four voices on sixteenths, with the published split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError
from chromasonic.music.chorale import SILENT, VOICES, Chorale

FILE = "Jsb16thSeparated.json"
COMMIT = "9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d"
PARTS = {"train": ("train", 229), "validation": ("valid", 76), "test": ("test", 77)}
"""Our name of a part to the file's, and how many chorales are published in it."""


def read_jsb_chorales(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the corpus.

    Args:
        root: the folder with Jsb16thSeparated.json in it.
        on_progress: told how many of the parts are read.

    Returns:
        One `Chorale` for each that can be read, with the published split (229, 76, 77). The files
        name no chorale, so each is a work of its own.

    Raises:
        CorpusError: the file is absent, no JSON, or not an object of three lists.
    """
    content = _content(root / FILE)
    chorales: list[Chorale] = []
    skipped: list[Skipped] = []
    parts: dict[str, tuple[str, ...]] = {}
    missing = 0
    for done, (part, (name, published)) in enumerate(PARTS.items()):
        if on_progress is not None:
            on_progress("reading the JSB chorales", done, len(PARTS))
        ids = []
        for number, rows in enumerate(content[name], 1):
            id = f"jsb-chorales/{name}/{number}"
            try:
                chorales.append(Chorale(id=id, title="", pitches=_pitches(rows)))
            except ValueError as error:
                skipped.append(Skipped(f"{FILE}: {name}[{number - 1}]", "", str(error)))
                continue
            ids.append(id)
        parts[part] = tuple(ids)
        missing += max(0, published - len(content[name]))
    return PieceReading(
        pieces=tuple(chorales), skipped=tuple(skipped), split=Split(**parts), missing=missing
    )


def _content(path: Path) -> dict[str, list[Any]]:
    names = [name for name, _ in PARTS.values()]
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorpusError(f"Cannot read {path}: {error.strerror}. Download it again.") from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path} is no JSON ({error}). Download it again.") from error
    if not isinstance(content, dict) or any(
        not isinstance(content.get(name), list) for name in names
    ):
        raise CorpusError(
            f"{path} is not the JSB chorales: a JSON object with the lists {', '.join(names)} is "
            "wanted. Download it again."
        )
    return content


def _pitches(rows: Any) -> np.ndarray:
    """(T, 4) pitches of one chorale; ValueError says what is wrong with it."""
    if not isinstance(rows, list) or not rows:
        raise ValueError("the chorale is no list of steps, or empty")
    for step, row in enumerate(rows):
        is_right = isinstance(row, list) and len(row) == len(VOICES)
        if not is_right or any(type(pitch) not in (int, float) for pitch in row):
            raise ValueError(f"step {step} is {str(row)[:40]}; four pitches are wanted")
        for pitch in row:
            if pitch != SILENT and not (0 <= pitch <= 127 and pitch == int(pitch)):
                raise ValueError(f"step {step} has the pitch {pitch}; 0 to 127 or {SILENT}")
    return np.array(rows, np.int64)


FACTS = CorpusFacts(
    name="jsb-chorales",
    title="JSB chorales, voices apart",
    summary="382 four-part chorales by J. S. Bach on a grid of sixteenths; split 229, 76, 77.",
    kind="download",
    licence="none stated (the music is in the public domain)",
    licence_url="https://github.com/czhuang/JSB-Chorales-dataset",
    citation=(
        "Boulanger-Lewandowski, Bengio, Vincent: Modeling Temporal Dependencies in "
        "High-Dimensional Sequences, ICML 2012; edition with voices apart by Huang and Cooijmans, "
        "Counterpoint by Convolution, ISMIR 2017"
    ),
    url="https://github.com/czhuang/JSB-Chorales-dataset",
    weights_may_ship=False,
    archives=(
        Archive(
            url=(f"https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/{COMMIT}/{FILE}"),
            size_bytes=1_666_444,
            sha256="79294cc374f9252e95ef4b703161524c1c53dc1f712c236f00f1c1f5d54af5a7",
        ),
    ),
    reader=read_jsb_chorales,
    index=FILE,
    noun="chorales",
    pieces=382,
)
