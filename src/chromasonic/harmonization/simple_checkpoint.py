"""How far a training of the simple agent is: everything that it needs to go on exactly."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from chromasonic.errors import CheckpointError
from chromasonic.files import write_text
from chromasonic.harmonization.model_document import checksum, read_document
from chromasonic.harmonization.simple_model import rule_weights
from chromasonic.harmonization.simple_settings import SimpleSettings
from chromasonic.harmonization.simple_states import TABLES

FORMAT = "chromasonic simple contrary motion checkpoint"
VERSION = 1
AGAIN = "Begin again without --resume"
FREE = ("episodes", "save_every", "beats_ahead", "most_entries")
"""Settings that may be others when a training goes on."""


@dataclass(slots=True, eq=False, kw_only=True)
class Progress:
    """A training under way.

    Attributes:
        values: for each table of `simple_states.TABLES` key to value.
        rewards: mean reward a beat of each episode so far.
        rng: draws melodies, transpositions and exploration.
    """

    values: dict[str, dict[int, float]]
    rewards: list[float]
    rng: np.random.Generator

    @classmethod
    def begun(cls, settings: SimpleSettings) -> Progress:
        """Before the first episode."""
        rng = np.random.default_rng(settings.seed)
        return cls(values={name: {} for name in TABLES}, rewards=[], rng=rng)


def write_checkpoint(
    path: Path, progress: Progress, settings: SimpleSettings, melodies: str
) -> Path:
    """Write a checkpoint whole, as JSON; numbers keep all their digits.

    Args:
        path: of the file.
        progress: to be kept.
        settings: of the training.
        melodies: fingerprint of what is learnt from.

    Raises:
        StorageError: the file cannot be written.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "settings": asdict(settings),
        "rules": rule_weights(),
        "melodies": melodies,
        "random_state": progress.rng.bit_generator.state,
        "rewards": progress.rewards,
        "values": {
            name: {str(key): value for key, value in table.items()}
            for name, table in progress.values.items()
        },
    }
    return write_text(path, json.dumps({**content, "checksum": checksum(content)}))


def read_checkpoint(path: Path, settings: SimpleSettings, melodies: str) -> Progress:
    """Where a training stands.

    Args:
        path: of the file.
        settings: of the training that goes on; all but `FREE` must be those of the file.
        melodies: fingerprint of what is learnt from.

    Raises:
        CheckpointError: the file is damaged, or of another version or training.
    """
    content = read_document(path, FORMAT, VERSION, f"{AGAIN}.")
    saved = content["settings"]
    given = asdict(settings)
    others = [name for name in given if name not in FREE and saved.get(name) != given[name]]
    if others:
        told = ", ".join(f"{name} {saved.get(name)} (now {given[name]})" for name in others)
        raise CheckpointError(f"{path} is of a training with {told}. {AGAIN}, or restore them.")
    if content["melodies"] != melodies:
        raise CheckpointError(f"{path} is of a training on other melodies. {AGAIN}.")
    if content["rules"] != rule_weights():
        raise CheckpointError(f"{path} is of a training under other rules. {AGAIN}.")
    progress = Progress.begun(replace(settings))
    progress.rng.bit_generator.state = content["random_state"]
    progress.rewards = content["rewards"]
    progress.values = {
        name: {int(key): value for key, value in content["values"][name].items()} for name in TABLES
    }
    return progress
