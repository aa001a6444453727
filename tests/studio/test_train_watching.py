"""The Train page beside trainings that go on while something else is looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from tests.studio.running import RunningStudio

from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.holding import held

LOOK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"
"""As when the tab is looked at again: the page asks at once."""


def learned(run: Path, epochs: int) -> None:
    """Write a run's curves."""
    made = [
        Epoch(
            epoch=number, learning_rate=0.1, train_loss=3.0, val_loss=3.0, seconds=1.0, updates=5,
            val={},
        )
        for number in range(1, epochs + 1)
    ]  # fmt: skip
    folder = run / "lstm_checkpoints"
    folder.mkdir(exist_ok=True)
    TrainingHistory(name="melody_lstm", epochs=made).save(folder / "melody_lstm_history.json")


def begun(folder: Path, name: str, **facts: Any) -> Path:
    """Make a run as a terminal does."""
    run = folder / name
    run.mkdir()
    told = {
        "task": "melody", "models": ["lstm"], "results": {},
        "corpus": {"manifest": {"name": "nottingham"}}, "date": "2026-01-02T03:04:05+00:00",
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps({**told, **facts}))
    learned(run, 1)
    return run


def test_what_a_training_learned_while_another_was_looked_at_is_there_when_one_comes_back(
    visitor: Any, studio: RunningStudio
) -> None:
    runs = studio.folder / "runs"
    left = begun(runs, "left-alone")
    begun(runs, "looked-at", results={"lstm": {}})
    shown = visitor.locator("#loss [role=slider]")
    with held(left):
        visitor.goto(f"{studio.address}/train")
        visitor.get_by_role("button", name="left-alone").click()
        expect(visitor.locator("#detail-title")).to_have_text("left-alone")
        expect(visitor.locator("#detail-state")).to_have_text("learning")
        visitor.get_by_role("button", name="looked-at").click()
        expect(visitor.locator("#detail-title")).to_have_text("looked-at")
        learned(left, 3)
    told = json.loads((left / "run.json").read_text())
    (left / "run.json").write_text(json.dumps({**told, "results": {"lstm": {}}}))
    visitor.evaluate(LOOK_NOW)
    visitor.get_by_role("button", name="left-alone").click()
    expect(visitor.locator("#detail-title")).to_have_text("left-alone")
    expect(shown).to_have_attribute("aria-valuemax", "3")
