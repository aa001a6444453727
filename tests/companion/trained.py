"""A tiny training of all five models on made-up examples, for tests that need one."""

from __future__ import annotations

from pathlib import Path

from chromasonic.companion.runs import CompanionRun
from chromasonic.companion.training import train_all_models

TINY = {"epochs": 2, "synthetic": True, "synthetic_examples": 16, "device": "cpu", "batch_size": 8}
NAMES = (
    "emotion_recognizer", "melody_transformer", "harmony_predictor", "dynamics_engine",
    "groove_predictor",
)  # fmt: skip


def train_tiny(output: Path, **settings: object) -> CompanionRun:
    """All five, or `models`, for two epochs."""
    return train_all_models(output, **{**TINY, **settings})  # type: ignore[arg-type]
