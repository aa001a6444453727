"""What a wheel carries: the models that ship, the studio's pages, tables; so that an installation
works at once, without this repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "chromasonic"

BUILD = """
import sys
from setuptools import build_meta
print(build_meta.build_wheel(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel that was built from a copy of the sources, by name in the package."""
    place = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, place / name)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(REPOSITORY / "src", place / "src", ignore=ignored)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(place)],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    return {name.removeprefix("chromasonic/") for name in names if name.startswith("chromasonic/")}


def files_below(folder: str) -> set[str]:
    """The files of a folder of the package, by name in the package."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in (PACKAGE / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize(
    "folder", ["shipped", "harmonization/shipped", "studio/web", "data", "registry"]
)
def test_a_wheel_carries_every_file_of_a_folder(carried: set[str], folder: str) -> None:
    wanted = files_below(folder)
    assert len(wanted) > 3
    assert wanted - carried == set()


def test_a_wheel_carries_every_module(carried: set[str]) -> None:
    modules = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}
    assert modules - carried == set()
