"""An empty registry for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from stores import new_store

from chromasonic.registry.versions import Registry


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """An empty registry, that of the settings too."""
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(new_store(tmp_path / "registry")))
    return Registry()
