"""Searches in the store of runs: one run for the search, one below it for each trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from searches import study_in

from chromasonic.registry.spool import Spool
from chromasonic.registry.tracking import Tracker
from chromasonic.training.history import TrainingHistory
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.search import Limits, Told, run_here
from chromasonic.tuning.tracked import TrackedSearch, TrackedTrials


def test_trials_stand_below_their_search_with_settings_curve_and_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainingHistory, "plot", lambda *_: None)
    # What is written is read here; no process sends it.
    monkeypatch.setattr(Tracker, "_start_sending", lambda self: setattr(self, "_started", True))
    study = study_in(tmp_path / "s")
    search = TrackedSearch(study)
    trials = TrackedTrials(search.tracking)
    ended: list[TrialRecord] = []

    def end(record: TrialRecord) -> None:
        trials.ended(record)
        ended.append(record)

    run_here(study, Limits(trials=2), Told(observers=trials.observers, trial=end))
    search.close(study.best, seconds=0.0)

    events = [event for _, event in Spool(tmp_path / "s").events()]
    begun = [event for event in events if event["event"] == "begin"]
    assert [event["name"] for event in begun] == [
        "search", "trial 000 melody_lstm", "trial 001 melody_lstm",
    ]  # fmt: skip
    assert [event["run_name"] for event in begun[1:]] == ["s/000 lstm", "s/001 lstm"]
    key = begun[0]["key"]
    assert [event["parent"] for event in begun] == ["", key, key]
    assert begun[0]["params"]["search.training.learning_rate"] == "0.001 to 0.01 by factors"
    for number, record in enumerate(ended):
        own = [event for event in events if event["key"] == begun[number + 1]["key"]]
        losses = [
            event["values"]["val_loss"]
            for event in own
            if event["event"] == "metrics" and "val_loss" in event["values"]
        ]
        assert losses == list(record.curve)
        tags = {k: v for e in own if e["event"] == "tags" for k, v in e["tags"].items()}
        rate = record.values["training.learning_rate"]
        assert (tags["end"], tags["value.training.learning_rate"]) == ("complete", str(rate))
        assert [event["status"] for event in own if event["event"] == "end"] == ["FINISHED"]
    best = study.best
    assert best is not None
    assert {"best_objective": best.loss} in [event.get("values") for event in events]


def test_without_tracking_nothing_is_written(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    spec = study.next_trial(1)
    assert spec is not None
    assert TrackedTrials(None).observers(spec) == ()
    assert not Spool(tmp_path / "s").is_there
