"""A folder of recordings of one's own as a corpus.

Laid out in one of three ways:

    FOLDER/LABEL/RECORDING
    FOLDER/PERFORMER/LABEL/RECORDING
    FOLDER/index.csv                     file,label[,performer][,session][,part][,rate_hz]

Folders called train, validation (or val) and test above either of the first two are the division.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chromasonic.data.corpus import Corpus
from chromasonic.data.facts import CorpusFacts
from chromasonic.data.index_table import read_index
from chromasonic.data.locate import Place
from chromasonic.data.piece_loading import load_pieces
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, FormatError, UsageError
from chromasonic.files import PathLike
from chromasonic.formats.movements import READABLE, read_movement
from chromasonic.music.movement import Movement, Skeleton

INDEX = "index.csv"
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


def corpus_of(folder: PathLike, *, on_progress: Progress | None = None) -> Corpus[Movement]:
    """Read a folder of recordings.

    Args:
        folder: laid out as this page says; recordings are of any format of
            `chromasonic.formats.movements`, and all of one skeleton.
        on_progress: told how many are read.

    Returns:
        The recordings with their labels; files that are none are in `manifest.skipped`. The split
        is the folder's own where it has one, else by performer where three or more are named, else
        by recording.

    Raises:
        CorpusError: there is no such folder, or no recording in it that can be read; files lie at
            several depths; the index lists files that are not there; two recordings have other
            skeletons; all have one label.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise CorpusError(f"There is no folder {folder}. Give one with recordings: {LAYOUTS}.")
    facts = CorpusFacts(
        name=root.resolve().name,
        title=f"Recordings in {root.resolve().name}",
        summary="Recordings of your own.",
        kind="download",
        licence="your own",
        licence_url="",
        citation="",
        url="",
        weights_may_ship=False,
        reader=read_recordings,
        is_cached=False,
        index=INDEX,
        noun="movements",
    )
    return load_pieces(facts, Place((root,), "folder"), on_progress=on_progress)


def read_recordings(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the recordings of a folder; see `corpus_of`."""
    listed, skipped = list_recordings(root)
    movements: list[Movement] = []
    parts: dict[str, list[str]] = {part: [] for part in ("train", "validation", "test")}
    remarks: list[str] = []
    renamed = 0
    for number, item in enumerate(listed):
        if on_progress is not None:
            on_progress("reading recordings", number, len(listed))
        try:
            movement = read_movement(item.path, rate_hz=item.rate_hz)
            if np.isnan(movement.frames).all():
                raise FormatError("no landmark was seen in any frame")
        except (FormatError, UsageError) as error:  # an index may list a file of any ending
            skipped.append(Skipped(item.id, "", str(error)))
            continue
        renamed += bool(movement.label) and movement.label != item.label
        movements.append(_named(movement, item, movements, listed))
        if item.part:
            parts[item.part].append(item.id)
    _check(root, movements, skipped)
    if renamed:
        remarks.append(f"{renamed:,} recordings name another label than their folder, which holds.")
    performers = {movement.performer for movement in movements}
    return PieceReading(
        pieces=tuple(movements),
        skipped=tuple(skipped),
        split=Split(**{part: tuple(ids) for part, ids in parts.items()})
        if any(parts.values())
        else None,
        works=tuple(movement.performer for movement in movements) if len(performers) > 2 else (),
        remarks=tuple(remarks),
    )


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


def _named(
    movement: Movement, item: Listed, earlier: list[Movement], listed: list[Listed]
) -> Movement:
    """A movement under the folder's names, on the one skeleton of all.

    Raises:
        CorpusError: it is of another skeleton than the first.
    """
    first = earlier[0] if earlier else movement
    ours, its = first.skeleton, movement.skeleton
    if (ours.nodes, ours.channels) != (its.nodes, its.channels):
        path = next(one.path for one in listed if one.id == first.id)
        raise CorpusError(
            f"Recordings of two skeletons lie together: {path} is of '{ours.name}' "
            f"({_size(ours)}), {item.path} of '{its.name}' ({_size(its)}). One network reads one "
            "skeleton: put each kind into a folder of its own."
        )
    return replace(
        movement,
        id=item.id,
        skeleton=ours,
        label=item.label,
        performer=item.performer or movement.performer,
        session=item.session or movement.session,
    )


def _size(skeleton: Skeleton) -> str:
    nodes, channels = len(skeleton.nodes), len(skeleton.channels)
    return f"{nodes} nodes of {channels} channels"


def _check(root: Path, movements: list[Movement], skipped: list[Skipped]) -> None:
    """That there is something to tell apart.

    Raises:
        CorpusError: no recording can be read, or all have one label.
    """
    if not movements:
        reasons = list(dict.fromkeys(item.reason for item in skipped))[:3]
        why = f" {len(skipped):,} files were passed over: {'; '.join(reasons)}." if reasons else ""
        raise CorpusError(f"{root} holds no recording that can be read.{why} Meant is {LAYOUTS}.")
    labels = {movement.label for movement in movements}
    if len(labels) == 1:
        raise CorpusError(
            f"All {len(movements)} recordings in {root} have the label '{labels.pop()}'; two or "
            f"more are needed to be told apart. Meant is {LAYOUTS}."
        )
