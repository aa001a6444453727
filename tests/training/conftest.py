"""Trainings in these tests take milliseconds; drawing their curves would take a second each."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromasonic import files
from chromasonic.training.history import TrainingHistory


@pytest.fixture(autouse=True)
def no_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty file stands in for the picture, except in tests that ask for `real_pictures`."""

    def write_nothing(_: TrainingHistory, what: str, save_path: Path) -> Path:
        return files.write_bytes(save_path, b"")

    if "real_pictures" not in request.fixturenames:
        monkeypatch.setattr(TrainingHistory, "plot", write_nothing)
