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
import os, signal, sys
from pathlib import Path
from chromasonic.training.history import TrainingHistory
from chromasonic.training.saving import Saver
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.search import Limits, Told
from chromasonic.tuning.workers import run_workers

STUDY, SAVE, MARK = Path(sys.argv[1]), Saver.save_epoch, Path(sys.argv[1]).with_name("killed")

def save_epoch(self, state, **how):  # the workers read this page, too
    SAVE(self, state, **how)
    trial = str(self.files.folder)
    if state.epoch == 2:
        try:
            with MARK.open("x") as file:
                file.write(trial)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
    if state.epoch == 4 and MARK.read_text() == trial:  # it was taken up again
        os.kill(os.getppid(), signal.SIGKILL)

Saver.save_epoch = save_epoch
TrainingHistory.plot = lambda *_: None
if __name__ == "__main__":
    run_workers(open_study(STUDY), Limits(trials=3), Told(), workers=2)
"""
"""A worker kills itself after an epoch; who takes up its trial kills the first process."""


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
    first = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "s")],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert first.returncode == -signal.SIGKILL
    owners = {owner_of(t) for t in study._study.trials if "owner" in t.user_attrs}
    assert len(owners) >= 2
    while any(alive(owner) for owner in owners):  # workers end with the process that began them
        time.sleep(0.05)
    run_workers(study, Limits(trials=3), Told(), workers=1)
    records = study.records()
    assert [(record.number, record.end) for record in records] == [
        (0, "complete"), (1, "complete"), (2, "complete"),
    ]  # fmt: skip
    assert all(len(record.curve) == 12 for record in records)
