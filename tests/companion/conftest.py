"""One tiny training for all tests of this folder that only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from trained import train_tiny


@pytest.fixture(scope="session")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with all five models; not to be written to."""
    folder = tmp_path_factory.mktemp("trained") / "models"
    train_tiny(folder)
    return folder


@pytest.fixture
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without corpora; gives the folder in which they would be."""
    data = tmp_path / "corpora"
    data.mkdir()
    monkeypatch.setenv("CHROMASONIC_DATA", str(data))
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    return data
