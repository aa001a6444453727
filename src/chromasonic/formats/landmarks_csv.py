"""Landmarks as tables (`.csv`): a row a frame, or a row a landmark.

Wide: `time, wrist_x, wrist_y, wrist_z, ...`, or numbered columns (`x0, y0, z0, ...`), a row a
frame. Long: `frame, node, x, y, z`. The first row names the columns; they are parted by commas,
semicolons or tabs, whichever the first row has most of. An empty cell or NaN is unseen.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from chromasonic import files
from chromasonic.files import PathLike
from chromasonic.formats.csv_columns import (
    LongColumns,
    columns_of,
    known_names,
    numbered_order,
)
from chromasonic.formats.csv_tables import ROWS_AT_ONCE, Table, long_arrays, wide_arrays
from chromasonic.formats.motion_text import read_bytes, text_of
from chromasonic.formats.recorded_landmarks import Recorded, movement_of
from chromasonic.music.movement import Movement, Skeleton

KIND = "CSV table of landmarks"
DELIMITERS = ",;\t"


def read_csv(
    path: PathLike, *, skeleton: Skeleton | None = None, rate_hz: float | None = None
) -> Movement:
    """Read a table of landmarks.

    Args:
        path: the file.
        skeleton: what it should be; None takes what the columns say.
        rate_hz: frames a second; None takes the column of times.

    Raises:
        FormatError: no header, no frame, a cell that is no number, another skeleton, or no rate to
            be found.
    """
    path = Path(path)
    text = text_of(read_bytes(path, kind=KIND), name=path.name, kind=KIND)
    header = text.split("\n", 1)[0]
    table = Table(text, delimiter=max(DELIMITERS, key=header.count), source=path.name)
    columns = columns_of(table.names, skeleton, source=path.name)
    nodes: tuple[str, ...] | None
    if isinstance(columns, LongColumns):
        points, times, names = long_arrays(table, columns)
        order, is_numbered = numbered_order(names, skeleton, source=path.name)
        points = points[:, [names.index(name) for name in order]]
        nodes = None if is_numbered else known_names(order)
    else:
        points, times = wide_arrays(table, columns)
        nodes = columns.nodes
    texts = {key: table.first[place].strip()[:200] for key, place in columns.texts.items()}
    recorded = Recorded(
        name=path.name,
        id=path.stem,
        points=points,
        nodes=nodes,
        channels=columns.channels,
        times=times,
        label=texts.get("label", ""),
        performer=texts.get("performer", ""),
        session=texts.get("session", ""),
    )
    return movement_of(recorded, skeleton=skeleton, rate_hz=rate_hz)


def write_csv(movement: Movement, path: PathLike) -> Path:
    """Write a movement as a wide table: frame, time in seconds, then NODE_CHANNEL.

    Edges, label and performer have no place in it: reading wants the skeleton again, or recognizes
    it by its landmarks' names.

    Raises:
        StorageError: it cannot be written.
    """
    skeleton = movement.skeleton
    mark = "." if any("_" in channel for channel in skeleton.channels) else "_"
    header = [f"{node}{mark}{channel}" for node in skeleton.nodes for channel in skeleton.channels]
    with files.open_whole(path, "w") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["frame", "time", *header])
        for start in range(0, len(movement), ROWS_AT_ONCE):
            block = movement.frames[start : start + ROWS_AT_ONCE]
            cells = block.astype("U32")  # the shortest text that is the same number
            cells[~np.isfinite(block)] = ""
            for number, row in enumerate(cells.reshape(len(block), -1).tolist(), start=start):
                writer.writerow([number, round(number / movement.rate_hz, 6), *row])
    return Path(path)
