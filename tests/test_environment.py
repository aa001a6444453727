"""`make` and its environment script, with a Python that only pretends to install."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
TOOLS = ("sh", "make", "mkdir", "rm", "uname", "cp", "chmod", "touch")

# Answers what the script asks of a Python; `-m venv` copies itself; `-m pip install` writes down
# its arguments and ends as PIP_EXIT says.
PRETENDING_PYTHON = """#!/bin/sh
case "$*" in
  *ensurepip*) exit ${NO_VENV:-0} ;;
  *'3, 11'*) exit ${WRONG_VERSION:-0} ;;
  *'%d.%d'*) echo 3.11 ;;
  --version) echo 'Python 3.11.2' ;;
  '-m venv '*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  '-m pip show '*) exit 1 ;;
  '-m pip install '*) echo "$*" >> pip.log; exit ${PIP_EXIT:-0} ;;
esac
"""


class Clone:
    """A fresh copy of what `make environment` needs, on a machine with chosen commands."""

    def __init__(self, folder: Path, *, with_python: bool = True) -> None:
        self.folder = folder / "clone"
        self.commands = folder / "bin"
        self.commands.mkdir()
        for tool in TOOLS:
            (self.commands / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool}"))
        if with_python:
            (self.commands / "python3.11").write_text(PRETENDING_PYTHON)
            (self.commands / "python3.11").chmod(0o755)
        (self.folder / "scripts").mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(REPOSITORY / name, self.folder)
        shutil.copy(REPOSITORY / "scripts/make_environment.sh", self.folder / "scripts")

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.commands), "HOME": str(self.folder), **variables}
        return subprocess.run(
            ["make", "environment", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )

    def pip_runs(self) -> list[str]:
        log = self.folder / "pip.log"
        return log.read_text().splitlines() if log.exists() else []


def test_a_second_make_installs_nothing_until_the_pins_change(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    assert clone.make().returncode == 0
    assert clone.make().returncode == 0
    assert len(clone.pip_runs()) == 1
    later = (clone.folder / ".venv/installed").stat().st_mtime + 5
    os.utime(clone.folder / "constraints.txt", (later, later))
    assert clone.make().returncode == 0
    assert len(clone.pip_runs()) == 2


def test_the_installation_is_pinned_and_takes_the_index_only_where_given(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    clone.make()
    assert "--constraint constraints.txt --editable .[dev]" in clone.pip_runs()[0]
    assert "index" not in clone.pip_runs()[0]
    (clone.folder / ".venv/installed").unlink()
    clone.make("TORCH_INDEX=file:///wheels/cpu")
    assert "--extra-index-url file:///wheels/cpu --constraint" in clone.pip_runs()[1]


def test_an_installation_that_broke_off_is_made_afresh(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    broken = clone.make(PIP_EXIT="1")
    assert broken.returncode != 0
    assert "did not finish" in broken.stderr
    left_over = clone.folder / ".venv/left-over"
    left_over.touch()
    again = clone.make()
    assert again.returncode == 0
    assert "afresh" in again.stderr
    assert not left_over.exists()
    assert (clone.folder / ".venv/installed").exists()


def test_without_a_suitable_python_the_message_says_what_is_needed(tmp_path: Path) -> None:
    run = Clone(tmp_path, with_python=False).make()
    assert run.returncode != 0
    assert "no Python 3.11, 3.12 or 3.13 was found" in run.stderr
    assert "PYTHON=" in run.stderr


def test_a_python_of_another_version_is_not_taken(tmp_path: Path) -> None:
    run = Clone(tmp_path).make(WRONG_VERSION="1")
    assert run.returncode != 0
    assert "no Python 3.11, 3.12 or 3.13 was found" in run.stderr


def test_a_python_without_venv_names_the_package_to_install(tmp_path: Path) -> None:
    run = Clone(tmp_path).make(NO_VENV="1")
    assert run.returncode != 0
    assert "apt-get install python3.11-venv" in run.stderr


def test_a_python_named_by_hand_that_is_absent_is_said(tmp_path: Path) -> None:
    run = Clone(tmp_path).make("PYTHON=python3.99")
    assert run.returncode != 0
    assert "PYTHON=python3.99 is no command here" in run.stderr
