"""Several processes at one study: one that is killed, and the first one killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from searches import TINY

from chromasonic.training.history import TrainingHistory
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.plan import plan_of
from chromasonic.tuning.search import Limits, Told
from chromasonic.tuning.workers import run_workers

LONG: dict[str, Any] = {
    **TINY,
    "lstm": {**TINY["lstm"], "training": {"epochs": 12, "batch_size": 2, "device": "cpu"}},
}
SCRIPT = """
import sys
from pathlib import Path
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.search import Limits, Told
from chromasonic.tuning.workers import run_workers
if __name__ == "__main__":
    run_workers(open_study(Path(sys.argv[1])), Limits(trials=3), Told(), workers=2)
"""


def owner_of(trial: Any) -> int:
    return int(trial.user_attrs["owner"]["process"])


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_killed_workers_and_a_killed_first_process_cost_no_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainingHistory, "plot", lambda *_: None)
    study = open_study(tmp_path / "s", plan_of("melody", "lstm", LONG, pruner="none"))
    script = tmp_path / "search.py"
    script.write_text(SCRIPT)
    first = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "s")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    latest = study.folder(0) / "lstm_checkpoints/melody_lstm_latest.pt"
    end = time.monotonic() + 240
    while not latest.exists() and first.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    while not (running := [t for t in study._last().values() if t.state.name == "RUNNING"]):
        assert time.monotonic() < end
    os.kill(owner_of(running[0]), signal.SIGKILL)
    while len({owner_of(t) for t in study._study.trials if "owner" in t.user_attrs}) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    owners = {owner_of(t) for t in study._study.trials if "owner" in t.user_attrs}
    while any(alive(owner) for owner in owners):
        assert time.monotonic() < end, "workers end with the process that began them"
        time.sleep(0.05)
    run_workers(study, Limits(trials=3), Told(), workers=1)
    records = study.records()
    assert [(record.number, record.end) for record in records] == [
        (0, "complete"), (1, "complete"), (2, "complete"),
    ]  # fmt: skip
    assert all(len(record.curve) == 12 for record in records)
