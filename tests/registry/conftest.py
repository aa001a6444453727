"""What the tests of the registry share."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromasonic import files
from chromasonic.registry import sending_process
from chromasonic.registry.store import Store, open_store
from chromasonic.registry.versions import Registry
from chromasonic.training.history import TrainingHistory
from stores import new_store


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """An empty registry, that of the settings too."""
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(new_store(tmp_path / "registry")))
    return Registry()


@pytest.fixture
def tracked_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store that the settings name, with tracking switched on."""
    folder = new_store(tmp_path / "registry")
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(folder))
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CHROMASONIC_TRACKING", "on")
    monkeypatch.setattr(
        sending_process, "NICENESS", 0
    )  # tests wait for it, on machines that do more
    return open_store()


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty file stands in for the picture of the curves, which takes a second to draw."""

    def write_nothing(_: TrainingHistory, what: str, save_path: Path) -> Path:
        return files.write_bytes(save_path, b"")

    monkeypatch.setattr(TrainingHistory, "plot", write_nothing)
