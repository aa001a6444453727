"""The simple agent's model: tables of afterstate values, as a JSON file that can be read.

{"format": ..., "version": 1, "features": {name: meaning}, "rules": {name: weight},
 "settings": {...}, "tables": {name: {"key": [features], "values": {"0 5 16 -2 0": 0.123}}},
 "checksum": see `model_document`}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import CheckpointError, ConfigError
from chromasonic.files import write_text
from chromasonic.harmonization.model_document import checksum, read_document
from chromasonic.harmonization.models_directory import train_again
from chromasonic.harmonization.simple_settings import SimpleSettings
from chromasonic.harmonization.simple_states import FEATURES, TABLES, packed_one, unpacked
from chromasonic.harmonization.two_voices_rules import TWO_VOICE_RULES

FORMAT = "chromasonic simple contrary motion"
VERSION = 1
DIGITS = 3
"""Decimals of a value in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleModel:
    """Values of afterstates.

    Attributes:
        settings: that it was trained with.
        values: for each table of `TABLES` key to value (`simple_states.packed`).
    """

    settings: SimpleSettings
    values: dict[str, dict[int, float]]

    def of_keys(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """(N,) value of each afterstate: its entries' sum, 0 for what was never met.

        Args:
            keys: (N, tables) as of `keys_of_melody`.
        """
        total = np.zeros(len(keys))
        for column, table in enumerate(TABLES):
            known = self.values[table]
            total += [known.get(key, 0.0) for key in keys[:, column].tolist()]
        return total

    @property
    def entries(self) -> int:
        """How many there are in all tables."""
        return sum(len(table) for table in self.values.values())


def pruned(values: Mapping[str, Mapping[int, float]], most: int) -> dict[str, dict[int, float]]:
    """The entries of the largest size, `most` at most over all tables; of equals the first stay."""
    rows = [(-abs(value), name, key) for name in values for key, value in values[name].items()]
    kept: dict[str, dict[int, float]] = {name: {} for name in values}
    for _, name, key in sorted(rows)[:most]:
        kept[name][key] = values[name][key]
    return kept


def write_model(path: Path, model: SimpleModel) -> Path:
    """Write a model whole; values are rounded to `DIGITS` decimals.

    Raises:
        StorageError: the file cannot be written.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "features": FEATURES,
        "rules": rule_weights(),
        "settings": asdict(model.settings),
        "tables": {
            name: {"key": list(names), "values": _written(model.values[name], len(names))}
            for name, names in TABLES.items()
        },
    }
    return write_text(path, _text({**content, "checksum": checksum(content)}) + "\n")


def rule_weights() -> dict[str, float]:
    """The rules that a model is trained under, as they are now."""
    return {name: rule.weight for name, rule in TWO_VOICE_RULES.items()}


def _written(values: Mapping[int, float], count: int) -> dict[str, float]:
    rounded = {key: round(value, DIGITS) for key, value in sorted(values.items())}
    return {
        " ".join(map(str, unpacked(key, count))): value for key, value in rounded.items() if value
    }


def _text(content: dict[str, Any]) -> str:
    """JSON with one entry a line, not indented: half the size of the usual layout."""
    return json.dumps(content, indent=0, ensure_ascii=False)


def read_model(path: Path) -> SimpleModel:
    """Read a model.

    Raises:
        CheckpointError: the file is absent, cut, edited, of another version, or was trained under
            other rules than those in force.
    """
    again = train_again("simple", Path(path).parent)
    content = read_document(path, FORMAT, VERSION, again)
    if content.get("rules") != rule_weights():
        raise CheckpointError(
            f"{path} was trained under other rules of two voices than those in force. {again}"
        )
    try:
        known = SimpleSettings(**content["settings"])
        tables = content["tables"]
        values = {name: _read(tables[name], len(names)) for name, names in TABLES.items()}
    except (ConfigError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise CheckpointError(
            f"{path} has no tables that can be used ({error}). {again}"
        ) from error
    return SimpleModel(settings=known, values=values)


def _read(table: dict[str, Any], count: int) -> dict[int, float]:
    values = {}
    for key, value in table["values"].items():
        features = [int(part) for part in key.split()]
        if len(features) != count or not math.isfinite(value):
            raise ValueError(f"the entry '{key}' is not {count} numbers and a value")
        values[packed_one(features)] = float(value)
    return values
