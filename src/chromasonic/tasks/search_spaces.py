"""What a search may change by default: ranges beside the default recipes, written into them.

The recipe's own values lie inside: a search begins with them, so that it never ends below them.
Lengths (epochs, episodes) are no part of it: trials of one length can be compared as they go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chromasonic.config import to_toml
from chromasonic.errors import UsageError

Space = dict[str, dict[str, Any]]

_DECAY: Space = {"training.weight_decay": {"low": 1e-4, "high": 0.3, "log": True}}

MELODY: dict[str, Space] = {
    "lstm": {
        "training.learning_rate": {"low": 1e-3, "high": 2e-2, "log": True},
        "training.batch_size": {"choices": [4, 8, 16]},
        **_DECAY,
        "training.average_decay": {"choices": [0.0, 0.99, 0.999]},
        "model.hidden_size": {"choices": [128, 192, 256]},
        "model.num_layers": {"low": 1, "high": 3},
        "model.dropout": {"low": 0.1, "high": 0.6},
        "model.recurrent_dropout": {"low": 0.0, "high": 0.6},
    },
    "transformer": {
        "training.learning_rate": {"low": 5e-4, "high": 1e-2, "log": True},
        "training.batch_size": {"choices": [4, 8, 16]},
        **_DECAY,
        "training.average_decay": {"choices": [0.0, 0.99, 0.999]},
        "model.hidden_size": {"choices": [96, 128, 192]},
        "model.num_layers": {"low": 2, "high": 5},
        "model.num_heads": {"choices": [2, 4, 8]},
        "model.dropout": {"low": 0.0, "high": 0.5},
    },
    "markov": {
        "model.pitch_order": {"low": 1, "high": 6},
        "model.rhythm_order": {"low": 2, "high": 12},
        "model.smoothing": {"choices": ["kneser-ney", "witten-bell"]},
    },
}


def _companion(*batch_sizes: int) -> Space:
    return {
        "training.learning_rate": {"low": 2e-4, "high": 2e-2, "log": True},
        "training.batch_size": {"choices": list(batch_sizes)},
        **_DECAY,
        "dropout": {"low": 0.0, "high": 0.6},
    }


COMPANION: dict[str, Space] = {
    "emotion_recognizer": _companion(8, 16, 32, 64),
    "melody_transformer": _companion(8, 16, 32, 64),
    "harmony_predictor": _companion(32, 64, 128, 256),
    "dynamics_engine": _companion(128, 256, 512, 1024),
    "groove_predictor": _companion(16, 32, 64, 128),
}

HARMONIZER: dict[str, Space] = {
    "simple": {
        "first_rate": {"low": 0.1, "high": 1.0},
        "exploration": {"low": 0.05, "high": 0.8},
        "discount": {"low": 0.3, "high": 1.0},
        "usual_reward": {"low": 0.0, "high": 1.5},
        "transposition": {"low": 0, "high": 6},
    },
    "advanced": {
        "discount": {"low": 0.3, "high": 1.0},
        "trace": {"low": 0.0, "high": 1.0},
        "caution": {"low": 1.0, "high": 100.0, "log": True},
        "memory": {"low": 20, "high": 500, "log": True},
        "temperature": {"low": 0.1, "high": 2.0, "log": True},
        "exploration": {"low": 0.002, "high": 0.2, "log": True},
        "is_double": {"choices": [True, False]},
    },
    "hybrid": {
        "learning_rate": {"low": 1e-3, "high": 2e-2, "log": True},
        "weight_decay": {"low": 0.01, "high": 1.0, "log": True},
        "beats_dropout": {"low": 0.2, "high": 0.7},
        "beats_batch_size": {"choices": [4, 8, 16]},
        "encoder": {"choices": [32, 64, 96]},
        "hidden": {"choices": [48, 80, 128]},
    },
}

_GESTURE: Space = {
    "training.learning_rate": {"low": 3e-4, "high": 1e-2, "log": True},
    "training.batch_size": {"choices": [16, 32, 64]},
    "training.weight_decay": {"low": 1e-5, "high": 0.1, "log": True},
    "training.label_smoothing": {"low": 0.0, "high": 0.2},
    "network.dropout": {"low": 0.1, "high": 0.6},
    "augmentation.time_warp": {"low": 0.0, "high": 0.4},
    "augmentation.scale": {"low": 0.0, "high": 0.3},
}

GESTURE: dict[str, Space] = {"gesture": _GESTURE}

SPACES: dict[str, dict[str, Space]] = {
    "melody": MELODY,
    "companion": COMPANION,
    "harmonizer": HARMONIZER,
    "gesture": GESTURE,
}
"""Task and kind to the default search table; gesture networks have one for all sizes."""


def default_space(task: str, kind: str) -> Space:
    """The default search table of a kind of model.

    Raises:
        UsageError: no such task or kind.
    """
    spaces = SPACES.get(task, {})
    found = spaces.get("gesture" if task == "gesture" else kind)
    if found is None:
        raise UsageError(
            f"There is no default search for '{kind}' of {task}; known: {', '.join(spaces)}."
        )
    return {name: dict(one) for name, one in found.items()}


def way_to(task: str, kind: str) -> tuple[str, ...]:
    """The tables on the way to a kind's settings in a recipe; a gesture recipe is of one."""
    return () if task == "gesture" else (kind,)


def space_toml(task: str, kind: str, table: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """A search table as a recipe has it: a line for each setting.

    Args:
        task: melody, companion, harmonizer or gesture.
        kind: of model.
        table: in place of the default.
    """
    head = ".".join((*way_to(task, kind), "search"))
    lines = [f"[{head}]"]
    for name, one in (default_space(task, kind) if table is None else table).items():
        inside = ", ".join(to_toml(dict(one)).strip().splitlines())
        lines.append(f'"{name}" = {{ {inside} }}')
    return "\n".join(lines) + "\n"
