"""The advanced agent's model as JSON that a person can read.

    {
      "format": "advanced harmonization model", "version": 1,
      "about": ..., "rules": ..., "settings": {...},
      "fields": {"chord": {"text": ..., "values": [...]}, ...},
      "tables": [{"fields": ["chord", "place"], "rows": {"major V7": {"down closes": -0.31}}}, ...],
      "checksum": "..."
    }

The rows of a table are nested by its fields, in order. A context that a table lacks is worth 0
there; the value of a context is the sum over the tables.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.config import from_dict
from chromasonic.errors import CheckpointError, ConfigError
from chromasonic.files import write_text
from chromasonic.harmonization.advanced_context import FIELDS, TABLES, Tables, first_rows, size_of
from chromasonic.harmonization.advanced_settings import AdvancedSettings
from chromasonic.harmonization.model_document import checksum, read_document
from chromasonic.harmonization.models_directory import train_again

Doubles = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

FORMAT = "advanced harmonization model"
VERSION = 1
ABOUT = (
    "Values, in reward, of what is to come after a voicing. The value of a context is the sum over "
    "the tables; a context that a table lacks is worth 0 there. Rows are nested by fields in order."
)
DIGITS = 3
LARGEST = 1e4
"""Values beyond this are no values of ours."""

MOST_ROWS = 20_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AdvancedModel:
    """What a model's file holds.

    Attributes:
        values: of all rows of the tables, end to end.
        settings: of its training.
        rules: `rules_fingerprint` at the time of training.
        tables: the fields of each table.
    """

    values: Doubles
    settings: AdvancedSettings
    rules: str
    tables: Tables = TABLES


def write_model(path: Path, model: AdvancedModel, is_kept: Truths) -> Path:
    """Write a model.

    Args:
        path: where.
        model: its values are rounded to `DIGITS` digits.
        is_kept: which rows are written; those that round to 0 are not.

    Raises:
        StorageError: the file cannot be written.
    """
    starts = first_rows(model.tables)
    kept = np.flatnonzero(is_kept & (np.round(model.values, DIGITS) != 0))
    tables = []
    for table, start, end in zip(model.tables, starts[:-1], starts[1:], strict=True):
        rows = kept[(kept >= start) & (kept < end)]
        tables.append(
            {"fields": list(table), "rows": _nested(table, rows - start, model.values[rows])}
        )
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "about": ABOUT,
        "rules": model.rules,
        "settings": asdict(model.settings),
        "fields": _fields(tables),
        "tables": tables,
    }
    content["checksum"] = checksum(content)
    return write_text(path, _text(content))


def _fields(tables: list[dict[str, Any]]) -> dict[str, Any]:
    """Meaning of the fields, and their words; of chords those that the tables have."""
    met = {name for table in tables for name in table["rows"] if table["fields"][0] == "chord"}
    return {
        name: {
            "text": field.text,
            "values": [word for word in field.values if name != "chord" or word in met],
        }
        for name, field in FIELDS.items()
    }


def _nested(table: tuple[str, ...], rows: npt.NDArray[np.int64], values: Doubles) -> dict[str, Any]:
    """Rows of one table, nested by the words of its fields."""
    words = [FIELDS[name].values for name in table]
    places = np.unravel_index(rows, [len(part) for part in words])
    found: dict[str, Any] = {}
    for value, *place in zip(
        np.round(values, DIGITS).tolist(), *map(np.ndarray.tolist, places), strict=True
    ):
        inner = found
        for part, number in zip(words[:-1], place[:-1], strict=True):
            inner = inner.setdefault(part[number], {})
        inner[words[-1][place[-1]]] = value
    return found


def _text(content: dict[str, Any]) -> str:
    """JSON with a line for each entry of a table's outermost field."""
    lines = []
    for key, value in content.items():
        if key == "tables":
            tables = ",\n".join(_table_text(table) for table in value)
            lines.append(f'  "tables": [\n{tables}\n  ]')
        elif key == "fields":
            fields = ",\n".join(
                f"    {_plain(name)}: {_plain(field)}" for name, field in value.items()
            )
            lines.append(f'  "fields": {{\n{fields}\n  }}')
        else:
            lines.append(f"  {_plain(key)}: {_plain(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _table_text(table: dict[str, Any]) -> str:
    rows = ",\n".join(
        f"      {_plain(word)}: {_plain(inner)}" for word, inner in table["rows"].items()
    )
    return f'    {{"fields": {_plain(table["fields"])}, "rows": {{\n{rows}\n    }}}}'


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_model(path: Path) -> AdvancedModel:
    """Read a model.

    Raises:
        CheckpointError: the file is absent, cut, edited without deleting its checksum, of another
            version, or has words or values that cannot be.
    """
    again = train_again("advanced", Path(path).parent)
    content = read_document(path, FORMAT, VERSION, again)
    try:
        settings = from_dict(AdvancedSettings, dict(content["settings"]), where="settings")
        tables = _known_tables(content["tables"])
        values = _values(content["tables"], tables)
        rules = str(content["rules"])
        return AdvancedModel(values=values, settings=settings, rules=rules, tables=tables)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, ConfigError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else f"has what cannot be: {error}"
        raise CheckpointError(f"{path} {what}. {again}") from error


def _known_tables(tables: list[dict[str, Any]]) -> Tables:
    """The fields of each table, checked: known ones, and not so many rows that memory runs out."""
    found = tuple(tuple(table["fields"]) for table in tables)
    unknown = {name for table in found for name in table if name not in FIELDS}
    if unknown or not found or not all(found):
        raise ValueError(f"tables of {sorted(unknown) or 'nothing'}; known: {', '.join(FIELDS)}")
    rows = sum(size_of(table) for table in found)
    if rows > MOST_ROWS:
        raise ValueError(f"tables of {rows} rows; at most {MOST_ROWS}")
    return found


def _values(tables: list[dict[str, Any]], fields: Tables) -> Doubles:
    starts = first_rows(fields)
    values = np.zeros(int(starts[-1]))
    for table, start, names in zip(tables, starts[:-1].tolist(), fields, strict=True):
        numbers = [{word: n for n, word in enumerate(FIELDS[name].values)} for name in names]
        rows: list[int] = []
        found: list[float] = []
        _gather(table["rows"], names, numbers, 0, rows, found)
        values[np.array(rows, np.int64) + start] = found
    if not (np.abs(values) < LARGEST).all():
        raise ValueError(f"a value that is not finite or beyond {LARGEST:g}")
    return values


def _gather(
    inner: dict[str, Any],
    names: tuple[str, ...],
    numbers: list[dict[str, int]],
    code: int,
    rows: list[int],
    found: list[float],
) -> None:
    """Collect the rows and values below one entry of a nested table."""
    known, deeper = numbers[0], len(numbers) > 1
    for word, value in inner.items():
        if word not in known:
            raise ValueError(f"{word!r} as a value of the field '{names[0]}'")
        row = code * len(known) + known[word]
        if deeper:
            _gather(value, names[1:], numbers[1:], row, rows, found)
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{value!r} where a number belongs")
        else:
            rows.append(row)
            found.append(float(value))
