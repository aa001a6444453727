"""Violin bow strokes: a forearm's motion sensor while five violinists play eight strokes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from chromasonic.data.archived_files import Contents, read_files
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.errors import CorpusError
from chromasonic.music.movement import Movement, Skeleton

COMMIT = "4a61a3d85429a978cb520a9efacee537747f813d"
REPOSITORY = "https://github.com/Dazzid/Applying_Deep_Learning_Techniques_to_Estimate_Patterns_of_Musical_Gesture"
FOLDER = "All"
CHANNELS = tuple(
    f"{3 * group + axis + 1:02d}_{sensor}_{'xyz'[axis]}.csv"
    for group, sensor in enumerate(("acc", "gyro", "euler"))
    for axis in range(3)
)
LABELS, NAMES, PLAYERS = (
    "10_gesture_label.csv", "11_gestures_names.csv", "13_subjects_id.csv",
)  # fmt: skip
FILES = re.compile("|".join(map(re.escape, (*CHANNELS, LABELS, NAMES, PLAYERS))))
WINDOWS = 1_175
MOST_WINDOWS = 100_000
RATE_HZ = 50.0
"""Of the armband's motion sensor, by its maker; the files do not say."""

FOREARM = Skeleton(
    name="forearm-sensor",
    nodes=("acceleration", "turning", "orientation"),
    edges=((0, 1), (1, 2), (2, 0)),
    channels=("x", "y", "z"),
    axes=(0, 1, 2),
)
"""Three readings of one armband as nodes, each with three channels: acceleration and rate of turn,
both scaled by the makers to -1..1, and orientation as Euler angles in radians.

Nodes and not channels of one node: so they are a graph, and an armband that sits otherwise turns
them together (exactly so acceleration and turning; Euler angles only about, for small turns).
"""


def read_violin_strokes(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the windows.

    Args:
        root: the folder with `All/` in it (or its files), or with an archive that holds that.
        on_progress: told of each file.

    Returns:
        One `Movement` for each window of 150 frames: label the stroke, performer the player,
        session the take. The windows of a take overlap by half, so that only a split by players
        keeps the same frames out of two parts: works are players.

    Raises:
        CorpusError: a table is absent, damaged or of another size.
    """
    tables = {PurePosixPath(path).name: data for path, data in _tables(root).items()}
    columns = []
    for number, name in enumerate(CHANNELS):
        if on_progress is not None:
            on_progress("reading bow strokes", number, len(CHANNELS))
        columns.append(_numbers(tables, name, root))
    labels, players = (
        _numbers(tables, name, root).reshape(-1).astype(int) for name in (LABELS, PLAYERS)
    )
    names = _text(tables, NAMES, root).split()
    sizes = {column.shape for column in columns}
    if len(sizes) != 1 or not len(labels) == len(players) == len(columns[0]):
        raise CorpusError(
            f"{root} is not whole: its tables have {', '.join(str(s[0]) for s in sorted(sizes))} "
            f"windows, {len(labels)} labels and {len(players)} players. Unpack it again."
        )
    if labels.min() < 1 or labels.max() > len(names):
        raise CorpusError(
            f"{root / LABELS} has labels from {labels.min()} to {labels.max()}; "
            f"{NAMES} names 1 to {len(names)}. Unpack it again."
        )
    frames = np.stack(columns, axis=2).reshape(len(labels), -1, 3, 3).astype(np.float32)
    movements = _movements(frames, labels, players, names)
    return PieceReading(
        pieces=tuple(movements),
        works=tuple(movement.performer for movement in movements),
        missing=max(0, WINDOWS - len(movements)),
        remarks=(_overlap(movements),),
    )


def _movements(
    frames: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int_],
    players: npt.NDArray[np.int_],
    names: list[str],
) -> list[Movement]:
    """A movement a window; windows are numbered within their take, in the order of the files."""
    counts: dict[str, int] = {}
    movements = []
    for window, label, player in zip(frames, labels, players, strict=True):
        stroke = names[label - 1].lower()
        take = f"player{player}/{stroke}"
        counts[take] = counts.get(take, 0) + 1
        movements.append(
            Movement(
                id=f"{take}/{counts[take]:02d}",
                skeleton=FOREARM,
                frames=window,
                rate_hz=RATE_HZ,
                label=stroke,
                performer=f"player{player}",
                session=take,
            )
        )
    return movements


def _overlap(movements: list[Movement]) -> str:
    """How many windows begin with the second half of the one before, measured."""
    half = len(movements[0].frames) // 2
    pairs = [(one, two) for one, two in pairwise(movements) if one.session == two.session]
    shared = sum(np.array_equal(one.frames[half:], two.frames[:half]) for one, two in pairs)
    return (
        f"{shared:,} of {len(pairs):,} windows begin with the second half of the one before: a "
        "random split leaks. Leave a player out."
    )


def _tables(root: Path) -> Contents:
    return read_files(root, FILES)


def _text(tables: dict[str, bytes], name: str, root: Path) -> str:
    if name not in tables:
        raise CorpusError(f"{root} has no {name}. Unpack it again.")
    return tables[name].decode("utf-8", errors="replace")


def _numbers(tables: dict[str, bytes], name: str, root: Path) -> npt.NDArray[np.float64]:
    """A table of numbers, (windows, frames).

    Raises:
        CorpusError: it is absent, has lines of several lengths, or something that is no number.
    """
    lines = [line for line in _text(tables, name, root).splitlines() if line.strip()]
    try:
        values = np.array([line.split(",") for line in lines], dtype=np.float64)
    except ValueError as error:
        raise CorpusError(f"{root / name} is damaged: {error}. Unpack it again.") from error
    if values.ndim != 2 or not np.isfinite(values).all() or len(values) > MOST_WINDOWS:
        raise CorpusError(f"{root / name} is no table of finite numbers. Unpack it again.")
    return values


FACTS = CorpusFacts(
    name="violin-bow-strokes",
    title="Violin bow strokes (Myo armband)",
    summary="Eight bow strokes by five violinists: windows of a forearm's motion sensor.",
    kind="download",
    licence="CC BY-NC-SA 4.0 (as the authors put the same samples elsewhere)",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    citation=(
        "Dalmazzo, Waddell, Ramirez: Applying Deep Learning Techniques to Estimate Patterns of "
        "Musical Gesture, Frontiers in Psychology 11, 2021, "
        "https://doi.org/10.3389/fpsyg.2020.575971"
    ),
    url=REPOSITORY,
    weights_may_ship=False,
    archives=(Archive(url=f"{REPOSITORY}/archive/{COMMIT}.zip", size_bytes=60_000_000),),
    reader=read_violin_strokes,
    index=(f"{FOLDER}/{LABELS}", f"data/Gestures/{FOLDER}/{LABELS}", LABELS, "gestures-all.tar.xz"),
    noun="movements",
    pieces=WINDOWS,
)
