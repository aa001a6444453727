"""The specification's two checkpoints, made once."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/specification_checkpoints.py"


@pytest.fixture(scope="session")
def specification_script() -> ModuleType:
    """The script that makes them."""
    spec = importlib.util.spec_from_file_location("specification_checkpoints", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def specification_folder(
    specification_script: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder in which outputs/combined holds both files."""
    folder = tmp_path_factory.mktemp("specification")
    specification_script.write_both(folder / "outputs/combined")
    return folder
