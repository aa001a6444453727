"""A run's folder is trained in by one process at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chromasonic.errors import UsageError
from chromasonic.training.holding import held, is_held

HOLDS = (
    "import sys, time, pathlib\n"
    "from chromasonic.training.holding import held\n"
    "with held(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(300)\n"
)


def test_a_second_process_is_refused_and_one_that_is_killed_lets_go(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        with pytest.raises(UsageError, match="Another process trains in"), held(tmp_path):
            pytest.fail("two processes trained at once")
        assert is_held(tmp_path)  # who was refused takes nothing away
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait(300)
    assert not is_held(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    with held(folder):
        (folder / "run.json").touch()
    assert [path.name for path in folder.iterdir()] == ["run.json"]
    with pytest.raises(ValueError, match="before it began"), held(tmp_path / "none"):
        raise ValueError("before it began")
    assert not (tmp_path / "none").exists()


def test_processes_that_train_together_hold_it_once(tmp_path: Path) -> None:
    with held(tmp_path), held(tmp_path, is_first=False):
        assert is_held(tmp_path)
