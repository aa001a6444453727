"""Which recipe a model is of, so that seeds of one recipe are told from runs of another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chromasonic.files import sha256_of_bytes

FREE = {"seed", "device", "workers", "data_dir", "output", "checkpoint_every", "precision"}
"""Settings in which runs of one recipe may differ, wherever they stand."""


def recipe_hash(values: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits that change with every setting but those of `FREE`; "" of none.

    Args:
        values: nested plain values.
    """
    if not values:
        return ""
    kept = json.dumps(_without_free(values), sort_keys=True, default=str)
    return sha256_of_bytes(kept.encode())[:16]


def _without_free(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_free(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if name not in FREE
    }
