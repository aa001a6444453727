"""The table by which a corpus lists its pieces: CSV with a heading."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from chromasonic.errors import CorpusError


def read_index(
    path: Path, columns: Sequence[str], what: str, *, strips_blanks: bool = False
) -> list[dict[str, str]]:
    """The rows of a table, by the names of its heading.

    Args:
        path: of the table.
        columns: names that it must have.
        what: what the table is not if it lacks them, such as "not Groove MIDI's index".
        strips_blanks: whether blanks around names and values are taken away.

    Raises:
        CorpusError: it cannot be read, lists nothing, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
    except OSError as error:
        raise CorpusError(f"Cannot read {path}: {error.strerror}. Unpack it again.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path} is damaged: {error}. Unpack it again.") from error
    if strips_blanks:
        rows = [
            {key.strip(): value.strip() for key, value in row.items() if key is not None}
            for row in rows
        ]
    lacking = [name for name in columns if rows and name not in rows[0]]
    if lacking or not rows:
        wrong = f"lacks the column(s) {', '.join(lacking)}" if lacking else "lists nothing"
        raise CorpusError(f"{path} {wrong}: it is {what}. Unpack it again.")
    return rows
