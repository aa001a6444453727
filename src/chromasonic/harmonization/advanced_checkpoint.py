"""Checkpoints of the advanced agent's training: JSON from which it goes on as if never stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.errors import CheckpointError
from chromasonic.files import sha256_of_bytes, write_text
from chromasonic.harmonization.advanced_context import TABLES, first_rows
from chromasonic.harmonization.advanced_settings import AdvancedSettings
from chromasonic.harmonization.double_q import DoubleTable
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.model_document import checksum, read_document
from chromasonic.harmonization.models_directory import rules_fingerprint

FORMAT = "advanced harmonization checkpoint"
VERSION = 1

FREE = ("episodes", "least_visits", "checkpoint_every")
"""Settings that may change when a training goes on: they do not touch what was learnt."""


@dataclass(slots=True, eq=False, kw_only=True)
class TrainingState:
    """Where a training stands.

    Attributes:
        table: the values.
        generator: where chance comes from.
        history: mean reward a beat of each episode so far.
    """

    table: DoubleTable
    generator: np.random.Generator
    history: list[float]

    @classmethod
    def fresh(cls, settings: AdvancedSettings) -> TrainingState:
        """At the beginning."""
        return cls(
            table=DoubleTable.of_size(int(first_rows()[-1])),
            generator=np.random.default_rng(settings.seed),
            history=[],
        )


def melodies_fingerprint(melodies: Sequence[Melody]) -> str:
    """Sixteen hexadecimal digits that change with any beat of any melody."""
    text = b""
    for melody in melodies:
        for field in fields(Beats):
            text += np.ascontiguousarray(getattr(melody.beats, field.name)).tobytes()
    return sha256_of_bytes(text)[:16]


def write_checkpoint(
    path: Path, state: TrainingState, settings: AdvancedSettings, melodies: str
) -> Path:
    """Write where a training stands; numbers are written so that they are read back exactly.

    Raises:
        StorageError: the file cannot be written.
    """
    met = np.flatnonzero(state.table.visits.any(0))
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "rules": rules_fingerprint(),
        "melodies": melodies,
        "settings": _fixed(settings),
        "tables": [list(table) for table in TABLES],
        "generator": state.generator.bit_generator.state,
        "history": state.history,
        "rows": met.tolist(),
        "values": state.table.values[:, met].tolist(),
        "visits": state.table.visits[:, met].tolist(),
    }
    content["checksum"] = checksum(content)
    return write_text(path, json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n")


def read_checkpoint(path: Path, settings: AdvancedSettings, melodies: str) -> TrainingState:
    """Where a training stood.

    Raises:
        CheckpointError: the file is absent, cut, edited or of another version; or the settings,
            rules or melodies have changed since.
    """
    again = "Begin anew: leave out --resume."
    content = read_document(path, FORMAT, VERSION, again)
    now = {
        "settings": _fixed(settings),
        "rules": rules_fingerprint(),
        "melodies": melodies,
        "tables": [list(table) for table in TABLES],
    }
    for name, value in now.items():
        if content.get(name) != value:
            raise CheckpointError(
                f"{path} was left by a training with other {name}"
                f"{_difference(content.get(name), value)}, so that going on would be another "
                f"training. {again}"
            )
    try:
        state = TrainingState.fresh(settings)
        rows = np.array(content["rows"], np.int64)
        state.table.values[:, rows] = content["values"]
        state.table.visits[:, rows] = content["visits"]
        state.generator.bit_generator.state = content["generator"]
        state.history = [float(reward) for reward in content["history"]]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise CheckpointError(f"{path} is incomplete: {error!r}. {again}") from error
    return state


def _fixed(settings: AdvancedSettings) -> dict[str, Any]:
    """The settings that must stay as they are."""
    return {name: value for name, value in asdict(settings).items() if name not in FREE}


def _difference(before: Any, now: Any) -> str:
    """The first setting that differs, in words."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return f" ({before!r}, now {now!r})" if isinstance(now, str) else ""
    for name, value in now.items():
        if before.get(name) != value:
            return f" ({name} {before.get(name)!r}, now {value!r})"
    return ""
