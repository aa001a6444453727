"""Test figures that an evaluation left in a run: whole test parts alone, of the same weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chromasonic.tasks.evaluated import judgements_on_test

FIGURE = {"value": 20.0, "n": 12, "low": 18.0, "high": 22.0, "unit": "MIDI units", "reason": ""}


def row(test: str, *, is_baseline: bool = False) -> dict[str, Any]:
    return {
        "test": test,
        "is_baseline": is_baseline,
        "figures": {"velocity MAE": FIGURE, "timing MAE": {**FIGURE, "value": None}},
        "better": {"velocity MAE": "lower", "timing MAE": "lower"},
    }


def run_at(folder: Path, *, epoch: int = 3, task: str = "companion") -> Path:
    results = {"groove_predictor": {"best_epoch": 3}}
    (folder / "results").mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"task": task, "results": results}))
    rows = [
        row("drums, test", is_baseline=True),
        row("drums, test"),
        row("drums, test, drum: kick"),
        row("other, test (3 clips of 2 songs)"),
    ]
    verdicts = [{"test": "drums, test", "sentence": "beats trees."}]
    model = {"epoch": epoch, "rows": rows, "verdicts": verdicts}
    document = {
        "date": "2026-05-01",
        "code_version": "0.1.0",
        "models": {"groove_predictor": model},
    }
    (folder / "results" / "results.json").write_text(json.dumps(document))
    return folder


def test_whole_test_parts_are_told_with_what_was_said_of_them(tmp_path: Path) -> None:
    found = judgements_on_test(run_at(tmp_path / "run"), "groove_predictor")
    assert [(one.corpus, one.part, one.pieces) for one in found] == [
        ("drums", "test", 12),
        ("other", "test", 12),
    ]
    assert found[0].remarks == ("beats trees.",)
    assert found[0].figures == {"velocity MAE": {**FIGURE, "is_lower_better": True}}
    assert judgements_on_test(tmp_path / "run", "all") == found
    assert judgements_on_test(tmp_path / "run", "dynamics_engine") == []


def test_figures_of_other_weights_are_not_told(tmp_path: Path) -> None:
    assert judgements_on_test(run_at(tmp_path / "run", epoch=2), "groove_predictor") == []


def test_what_is_no_evaluation_is_passed_over(tmp_path: Path) -> None:
    assert judgements_on_test(tmp_path, "all") == []
    run = run_at(tmp_path / "run")
    for text in ("{", "[]", '{"models": 3}', '{"models": {"groove_predictor": {"epoch": 3}}}'):
        (run / "results" / "results.json").write_text(text)
        assert judgements_on_test(run, "all") == []
    assert judgements_on_test(run_at(tmp_path / "melody", task="melody"), "all") == []
