"""Tables of landmarks as arrays: the rows below the names of the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from chromasonic.errors import FormatError
from chromasonic.formats.csv_columns import SECONDS_OF, LongColumns, WideColumns
from chromasonic.formats.motion_text import LARGEST, MOST_BYTES, MOST_FRAMES, MOST_NODES, shown
from chromasonic.formats.recorded_landmarks import Floats

ROWS_AT_ONCE = 4096
UNSEEN = frozenset(("", "nan", "NaN", "NAN", "null", "None", "NA", "n/a"))


class Table:
    """The rows of a file.

    Attributes:
        names: of the columns.
        source: the file's name, for the messages.
        first: the first row below the names, once it was read.
    """

    def __init__(self, text: str, *, delimiter: str, source: str) -> None:
        """Read the names.

        Args:
            text: the file's.
            delimiter: what parts the columns.
            source: the file's name.
        """
        self.source, self._has_comma = source, delimiter != ","
        self.first: list[str] = []
        self._rows = csv.reader(text.splitlines(), delimiter=delimiter)
        self.names = [name.strip() for name in next(self._lines(), [])]

    def _lines(self) -> Iterator[list[str]]:
        try:
            yield from (row for row in self._rows if any(row))
        except csv.Error as error:
            raise FormatError(
                f"{self.source} cannot be read as a table: {error}. Write it again."
            ) from error

    def rows(self) -> Iterator[list[str]]:
        """The rows below the names.

        Raises:
            FormatError: a row is shorter than the names, or there is none.
        """
        number, count = 0, len(self.names)
        for number, row in enumerate(self._lines(), start=1):
            if len(row) < count:
                raise FormatError(
                    f"{self.source}, row {number} has {len(row)} cells; the header has {count}. "
                    "The table is cut short or damaged: write it again."
                )
            self.first = self.first or row
            yield row
        if not number:
            raise FormatError(
                f"{self.source} has a header and no row below it; one frame or more is needed."
            )

    def numbers(self, cells: Sequence[str], *, first_row: int, width: int) -> Floats:
        """Cells as numbers (rows, width), NaN where there is none.

        A comma is a point where it parts no columns.

        Args:
            cells: row by row.
            first_row: number of the first of these rows, for the message.
            width: cells of a row.

        Raises:
            FormatError: one is no number, or too large.
        """
        words = ["nan" if cell.strip() in UNSEEN else cell for cell in cells]
        if self._has_comma:
            words = [word.replace(",", ".") for word in words]
        try:
            values = np.array(words, dtype=np.float64)
            is_wrong = bool((np.abs(values) > LARGEST).any()) or "_" in "".join(words)
        except (ValueError, OverflowError):
            is_wrong = True
        if is_wrong:
            place = next(n for n, word in enumerate(words) if not _is_number(word))
            raise FormatError(
                f"{self.source}, row {first_row + place // width}: {shown(words[place])} is no "
                f"number up to {LARGEST:,.0f}; a landmark that was not seen is an empty cell."
            )
        return values.reshape(-1, width)


def _is_number(word: str) -> bool:
    try:
        return not abs(float(word)) > LARGEST and "_" not in word
    except ValueError:
        return False


def wide_arrays(table: Table, columns: WideColumns) -> tuple[Floats, Floats | None]:
    """A table with a row a frame.

    Returns:
        (T, M, C) numbers, NaN where unseen; (T,) seconds, or None where no column tells.

    Raises:
        FormatError: a row or a cell is damaged, or the frames' numbers do not rise.
    """
    picked = [*columns.places, *(p for p in (columns.time, columns.frame) if p is not None)]
    blocks: list[Floats] = []
    cells: list[str] = []
    count = 0
    for count, row in enumerate(table.rows(), start=1):
        if count > MOST_FRAMES:
            raise FormatError(f"{table.source} has more than {MOST_FRAMES:,} frames. Cut it.")
        cells += [row[place] for place in picked]
        if count % ROWS_AT_ONCE == 0:
            blocks.append(_block(table, cells, count, len(picked)))
            cells = []
    if cells:
        blocks.append(_block(table, cells, count, len(picked)))
    values = np.concatenate(blocks)
    place = len(columns.places)
    points = values[:, :place].reshape(len(values), columns.node_count, len(columns.channels))
    times = None
    if columns.time is not None:
        times = values[:, place] * SECONDS_OF[columns.time_unit]
    if columns.frame is not None:
        points = _with_dropped(points, values[:, -1], has_times=times is not None, table=table)
    return points, times


def _block(table: Table, cells: list[str], count: int, width: int) -> Floats:
    return table.numbers(cells, first_row=count - len(cells) // width + 1, width=width)


def _with_dropped(points: Floats, numbers: Floats, *, has_times: bool, table: Table) -> Floats:
    """Frames whose numbers were left out, as frames in which nothing is seen.

    Where there are times, these say better when a frame was.
    """
    steps = np.diff(numbers)
    if not ((steps > 0).all() and (numbers % 1 == 0).all()):
        wrong = int(np.argmax(~np.append(numbers[0] % 1 == 0, (steps > 0)))) + 1
        raise FormatError(
            f"{table.source}, row {wrong}: the frames' numbers do not rise by whole ones. Put the "
            "rows in order, each frame once."
        )
    if has_times or (steps == 1).all():
        return points
    count = int(numbers[-1] - numbers[0]) + 1
    if count > MOST_FRAMES or count * points[0].nbytes > MOST_BYTES:
        raise FormatError(
            f"{table.source}: its frames are numbered over {count:,}; up to {MOST_FRAMES:,} are "
            "read."
        )
    whole = np.full((count, *points.shape[1:]), np.nan)
    whole[(numbers - numbers[0]).astype(np.int64)] = points
    return whole


def long_arrays(table: Table, columns: LongColumns) -> tuple[Floats, Floats | None, list[str]]:
    """A table with a row a landmark.

    Returns:
        (T, M, C) numbers, NaN where unseen; (T,) seconds, or None where no column tells; the
        landmarks' names, behind that of their part where there are parts (face_0).

    Raises:
        FormatError: a row or a cell is damaged, or a landmark is there twice in a frame.
    """
    frames: dict[str, int] = {}
    nodes: dict[str, int] = {}
    cells: list[str] = []
    places: list[tuple[int, int]] = []
    picked = [*columns.places, *(() if columns.time is None else (columns.time,))]
    for row in table.rows():
        node = row[columns.node].strip()
        if columns.group is not None:
            node = f"{row[columns.group].strip()}_{node}"
        frame = frames.setdefault(row[columns.frame], len(frames))
        places.append((frame, nodes.setdefault(node, len(nodes))))
        cells += [row[place] for place in picked]
        if len(frames) > MOST_FRAMES or len(nodes) > MOST_NODES:
            break
    size_bytes = len(frames) * len(nodes) * len(columns.channels) * 8
    if len(frames) > MOST_FRAMES or len(nodes) > MOST_NODES or size_bytes > MOST_BYTES:
        raise FormatError(
            f"{table.source} has {len(frames):,} frames of {len(nodes):,} landmarks or more; up to "
            f"{MOST_FRAMES:,} and {MOST_NODES:,} are read, and not both at once."
        )
    _check_once(places, frames, nodes, table)
    values = table.numbers(cells, first_row=1, width=len(picked))
    frame_numbers, node_numbers = np.array(places).T
    points = np.full((len(frames), len(nodes), len(columns.channels)), np.nan)
    points[frame_numbers, node_numbers] = values[:, : len(columns.places)]
    times = None
    if columns.time is not None:
        times = np.full(len(frames), np.nan)
        times[frame_numbers] = values[:, -1] * SECONDS_OF[columns.time_unit]
    elif columns.is_frame_time:
        texts = list(frames)
        times = table.numbers(texts, first_row=1, width=1)[:, 0] * SECONDS_OF[columns.time_unit]
    return points, times, list(nodes)


def _check_once(
    places: Iterable[tuple[int, int]], frames: dict[str, int], nodes: dict[str, int], table: Table
) -> None:
    seen: set[tuple[int, int]] = set()
    for place in places:
        if place in seen:
            frame, node = list(frames)[place[0]], list(nodes)[place[1]]
            raise FormatError(
                f"{table.source} has the landmark {shown(node)} twice in the frame {shown(frame)}; "
                "once is allowed. Each frame has its own number or time."
            )
        seen.add(place)
