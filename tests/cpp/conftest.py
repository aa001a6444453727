"""What the tests of the C++ side share: built programs, and exported models for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from building import build, locked
from sample_models import write_models


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of all executables: tests as `NAME_test`, tools as `chromasonic-NAME`."""
    return build()


@pytest.fixture(scope="session")
def exported_models(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder with the five files that the exporter wrote; test processes share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "exported-models"
    with locked(shared / "exported-models.lock"):
        if not (folder / "whole").exists():
            write_models(folder)
            (folder / "whole").touch()
    return folder
