"""Two processes on one global batch do what one process does, and only the first writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from toy import ToyModel, ToyTask

from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import TrainingHistory
from chromasonic.training.loop import fit

HERE = Path(__file__).parent
SETTINGS = {
    "epochs": 3, "batch_size": 5, "learning_rate": 0.01, "average_decay": 0.9, "device": "cpu",
}  # fmt: skip


def two_processes(folder: Path, rounds: list[dict]) -> list[list[dict]]:
    """Run each round in two new processes; for each round what each process says."""
    done = subprocess.run(
        [sys.executable, str(HERE / "two_processes.py"), str(folder), json.dumps(rounds)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no distributed")
def test_two_processes_do_what_one_does_and_resume(tmp_path: Path) -> None:
    """21 sequences in batches of 5: the last batch has one, so one process's share is empty."""
    alone = ToyModel(dropout=0, seed=0)
    task = ToyTask(train=21, validation=7, noise=False)
    config = TrainingConfig(**SETTINGS)  # type: ignore[arg-type]
    one = fit(alone, task, config, folder=None, name="toy")

    rounds = [{**SETTINGS, "epochs": 1}, {**SETTINGS, "resume": True}]
    first, second = two_processes(tmp_path, rounds)[-1]
    for outcome in (first, second):
        assert outcome["train"] == pytest.approx(one.train_losses, abs=1e-5)
        assert outcome["val"] == pytest.approx(one.val_losses, abs=1e-5)
    assert first["weights"] == second["weights"]
    assert first["writes"] > 0 == second["writes"]
    best = load_checkpoint(tmp_path / "toy_best.pt")["model_state_dict"]
    for name, weight in alone.state_dict().items():
        torch.testing.assert_close(best[name], weight, atol=1e-5, rtol=1e-4)
    history = TrainingHistory.load(tmp_path / "toy_history.json")
    assert [epoch.targets for epoch in history.epochs] == [epoch.targets for epoch in one.epochs]
    assert history.epochs[0].train["accuracy"].count == one.epochs[0].train["accuracy"].count
