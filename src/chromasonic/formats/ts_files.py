"""Time series with classes (`.ts`), as the UEA and UCR archives keep them.

A head of `@name value` lines, then `@data` and a series a line: its dimensions one after the other
with ":" between them, each its values with "," between them, and the class at the end. `?` and
`NaN` are values that were not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError

TRUE = "true"
MOST_SERIES = 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeSeries:
    """The content of a `.ts` file.

    Attributes:
        name: the problem's.
        classes: as the head lists them; empty where the file has none.
        series: for each an array (frames, dimensions) float64, NaN where nothing was measured.
        labels: for each its class; "" where the file has none.
    """

    name: str
    classes: tuple[str, ...]
    series: tuple[npt.NDArray[np.float64], ...]
    labels: tuple[str, ...]


def parse_ts(data: bytes, *, source: str) -> TimeSeries:
    """Read the content of a `.ts` file.

    Args:
        data: the file; Latin-1 passes in its comments.
        source: what it is called in messages.

    Raises:
        FormatError: it has no data, time stamps, a line that is no series, a class that its head
            does not list, or another number of dimensions or frames than its head says.
    """
    text = data.decode("utf-8", errors="replace")
    head, marker, body = _parts(text)
    if not marker:
        raise FormatError(f"{source} has no line '@data': it is no .ts file, or not whole.")
    if head.get("timestamps", "false").lower() == TRUE:
        raise FormatError(f"{source} has time stamps; only evenly spaced series are read.")
    is_labelled, *classes = head.get("classlabel", "false").split() or ["false"]
    has_classes = is_labelled.lower() == TRUE
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith("#")]
    if not lines or len(lines) > MOST_SERIES:
        raise FormatError(f"{source} has {len(lines):,} series; 1 to {MOST_SERIES:,} are read.")
    series, labels = [], []
    for number, line in enumerate(lines, 1):
        where = f"{source}, series {number}"
        dimensions = line.split(":")
        labels.append(dimensions.pop().strip() if has_classes else "")
        if classes and labels[-1] not in classes:
            raise FormatError(
                f"{where} has the class '{labels[-1][:40]}', which the head does not list; "
                f"allowed: {', '.join(classes[:30])}."
            )
        series.append(_series(dimensions, where))
        _check_size(series[-1], head, where)
    return TimeSeries(
        name=head.get("problemname", ""),
        classes=tuple(classes) if has_classes else (),
        series=tuple(series),
        labels=tuple(labels),
    )


def _parts(text: str) -> tuple[dict[str, str], str, str]:
    """The head by names in small letters, the line that ends it ("" if none does), the rest."""
    head: dict[str, str] = {}
    place = 0
    for line in text.splitlines(keepends=True):
        place += len(line)
        stripped = line.strip()
        if stripped.lower() == "@data":
            return head, stripped, text[place:]
        if stripped.startswith("@"):
            name, _, value = stripped[1:].partition(" ")
            head[name.lower()] = value.strip()
    return head, "", ""


def _series(dimensions: list[str], where: str) -> npt.NDArray[np.float64]:
    """(frames, dimensions) out of the texts of its dimensions."""
    columns = []
    for text in dimensions:
        values = text.replace("?", "nan").split(",")
        try:
            columns.append(np.array(values, dtype=np.float64))
        except ValueError as error:
            raise FormatError(f"{where} has a value that is no number: {error}.") from error
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        raise FormatError(
            f"{where} has dimensions of {', '.join(map(str, sorted(lengths))) or 'no'} frames; "
            "all of one series must be as long."
        )
    return np.stack(columns, axis=1)


def _check_size(values: npt.NDArray[np.float64], head: dict[str, str], where: str) -> None:
    """That a series is as its head says, where that says something."""
    wanted_frames = head.get("serieslength", "")
    is_equal = head.get("equallength", "").lower() == TRUE
    for what, met, wanted in (
        ("dimensions", values.shape[1], head.get("dimensions", "")),
        ("frames", values.shape[0], wanted_frames if is_equal else ""),
    ):
        if wanted.isdigit() and int(wanted) != met:
            raise FormatError(f"{where} has {met} {what}; the head says {wanted}.")
