"""Which recordings a folder has, before any is read: by its folders or by its index.

    FOLDER/LABEL/RECORDING
    FOLDER/PERFORMER/LABEL/RECORDING
    FOLDER/index.csv                     file,label[,performer][,session][,part][,rate_hz]

Folders called train, validation (or val) and test above either of the first two are the division.
`FOLDER/recordings.toml` may say how fast recordings are that do not say it: rate_hz = 30.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chromasonic.data.index_table import read_index
from chromasonic.data.skipped import Skipped
from chromasonic.errors import CorpusError
from chromasonic.formats.movements import READABLE

INDEX = "index.csv"
SETTINGS = "recordings.toml"
PARTS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}
COMPANIONS = (".asf",)
"""Endings of files that belong to a recording and are none."""

FASTEST_HZ = 100_000
LAYOUTS = f"FOLDER/LABEL/RECORDING, FOLDER/PERFORMER/LABEL/RECORDING, or an {INDEX} (file,label)"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A recording before it is read.

    Attributes:
        path: of the file.
        id: its path below the folder, with "/".
        label: what was done.
        performer: who did it; "" where nobody says.
        session: in which session; "" where nobody says.
        part: "train", "validation" or "test"; "" where nobody says.
        rate_hz: frames a second; None where the recording itself says.
    """

    path: Path
    id: str
    label: str
    performer: str = ""
    session: str = ""
    part: str = ""
    rate_hz: float | None = None


def list_recordings(root: Path) -> tuple[list[Listed], list[Skipped]]:
    """Which recordings a folder has, by its index or by its folders, and what else lies there.

    Raises:
        CorpusError: files lie at several depths; the index is none, or lists what is not there.
    """
    if (root / INDEX).is_file():
        return _by_index(root), []
    listed: list[Listed] = []
    skipped: list[Skipped] = []
    for path in _files(root):
        id = path.relative_to(root).as_posix()
        *above, _ = id.split("/")
        part = PARTS.get(above[0].lower(), "") if len(above) > 1 else ""
        names = above[1:] if part else above
        if id == SETTINGS:
            continue
        if path.suffix.lower() not in READABLE:
            reason = f"no recording, by its ending; those of recordings: {', '.join(READABLE)}"
            skipped.append(Skipped(id, "", reason))
        elif not 1 <= len(names) <= 2:
            skipped.append(Skipped(id, "", f"it lies in {len(names)} folders; meant is {LAYOUTS}"))
        else:
            listed.append(
                Listed(
                    path=path,
                    id=id,
                    label=names[-1],
                    performer=names[0] if len(names) == 2 else "",
                    part=part,
                )
            )
    shallow = [item for item in listed if not item.performer]
    if shallow and len(shallow) < len(listed):
        deep = next(item for item in listed if item.performer)
        raise CorpusError(
            f"{root} holds {shallow[0].id} and {deep.id}: is '{deep.performer}' a performer, or a "
            f"label like '{shallow[0].label}'? Put all recordings at one depth: {LAYOUTS}."
        )
    return listed, skipped


def _files(root: Path) -> Iterator[Path]:
    """The files below a folder that could be recordings, in the order of their paths."""
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).parts
        is_hidden = any(name.startswith((".", "__MACOSX")) for name in inside)
        if not is_hidden and path.suffix.lower() not in COMPANIONS and path.is_file():
            yield path


def _by_index(root: Path) -> list[Listed]:
    path = root / INDEX
    rows = read_index(path, ("file", "label"), "no index of recordings", strips_blanks=True)
    listed = []
    for number, row in enumerate(rows, 2):
        part = PARTS.get(row.get("part", "").lower(), "")
        where = f"{path}, line {number}"
        if row.get("part") and not part:
            raise CorpusError(f"{where}: the part is '{row['part']}'; allowed: {', '.join(PARTS)}.")
        if not row["file"] or not row["label"]:
            raise CorpusError(f"{where}: a file and its label are needed.")
        listed.append(
            Listed(
                path=root / row["file"],
                id=row["file"],
                label=row["label"],
                performer=row.get("performer", ""),
                session=row.get("session", ""),
                part=part,
                rate_hz=_rate(row.get("rate_hz", ""), where),
            )
        )
    absent = [item.id for item in listed if not item.path.is_file()]
    if absent:
        raise CorpusError(
            f"{path} lists {len(absent)} of {len(listed)} files that are not there, such as "
            f"'{absent[0]}'. Paths in it are meant from {root}: correct or remove them."
        )
    return listed


def rate_of_all(root: Path) -> float | None:
    """What the folder's settings say of recordings that do not say how fast they are.

    Raises:
        CorpusError: the settings are no TOML, or hold something else.
    """
    path = root / SETTINGS
    if not path.is_file():
        return None
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError(f"{path} is no TOML: {error}. Meant is: rate_hz = 30.") from error
    unknown = sorted(set(values) - {"rate_hz"})
    if unknown:
        raise CorpusError(f"{path} has '{unknown[0]}', which is unknown; allowed: rate_hz.")
    return _rate(str(values.get("rate_hz", "")), str(path))


def _rate(text: str, where: str) -> float | None:
    """Frames a second out of the index; None where it leaves that open."""
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < FASTEST_HZ:
        raise CorpusError(
            f"{where}: rate_hz is '{text}'; a number above 0, below {FASTEST_HZ:,} is meant."
        )
    return rate
