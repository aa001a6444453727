"""A folder of recordings of one's own as a corpus; how it is laid out says `recording_lists`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from chromasonic.data.corpus import Corpus
from chromasonic.data.facts import CorpusFacts
from chromasonic.data.locate import Place
from chromasonic.data.piece_loading import load_pieces
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, FormatError, UsageError
from chromasonic.files import PathLike
from chromasonic.formats.movements import read_movement
from chromasonic.gesture.recording_lists import (
    INDEX,
    LAYOUTS,
    SETTINGS,
    Listed,
    list_recordings,
    rate_of_all,
)
from chromasonic.music.movement import Movement, Skeleton


def corpus_of(folder: PathLike, *, on_progress: Progress | None = None) -> Corpus[Movement]:
    """Read a folder of recordings.

    Args:
        folder: laid out as `recording_lists` says; recordings are of any format of
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


def has_own_parts(folder: PathLike) -> bool:
    """Whether a folder of recordings says which are to learn from and which to judge by."""
    return any(item.part for item in list_recordings(Path(folder).expanduser())[0])


def read_recordings(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the recordings of a folder; see `corpus_of`."""
    rate_hz = rate_of_all(root)
    listed, skipped = list_recordings(root)
    movements: list[Movement] = []
    parts: dict[str, list[str]] = {part: [] for part in ("train", "validation", "test")}
    remarks: list[str] = []
    renamed = 0
    for number, item in enumerate(listed):
        if on_progress is not None:
            on_progress("reading recordings", number, len(listed))
        try:
            movement = _read(item, rate_hz)
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


def _read(item: Listed, rate_hz: float | None) -> Movement:
    """A recording; `rate_hz` is for one that does not say how fast it is."""
    try:
        return read_movement(item.path, rate_hz=item.rate_hz)
    except FormatError:
        if rate_hz is None or item.rate_hz is not None:
            raise
        return read_movement(item.path, rate_hz=rate_hz)


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
        why = f" {len(skipped):,} files were passed over: {skipped[0].reason}" if skipped else ""
        if any("how fast" in item.reason for item in skipped):
            why += f" For all of them: write 'rate_hz = 30' (yours) into {root / SETTINGS}."
        raise CorpusError(f"{root} holds no recording that can be read.{why} Meant is {LAYOUTS}.")
    labels = {movement.label for movement in movements}
    if len(labels) == 1:
        raise CorpusError(
            f"All {len(movements)} recordings in {root} have the label '{labels.pop()}'; two or "
            f"more are needed to be told apart. Meant is {LAYOUTS}."
        )
