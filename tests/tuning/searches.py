"""Small searches for tests: a plan whose trials take no time, and one that trains for a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chromasonic.tuning.opening import open_study
from chromasonic.tuning.plan import Plan, plan_of
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.study import Study
from chromasonic.tuning.trial import TrialResult, TrialSpec

RATES = {"low": 1e-3, "high": 1e-2, "log": True}
SIZES = {"choices": [8, 16]}

TINY: dict[str, Any] = {
    "data": {"dataset": "synthetic", "num_sequences": 24},
    "lstm": {
        "model": {"hidden_size": 8, "num_layers": 1},
        "training": {"epochs": 3, "batch_size": 8, "device": "cpu", "warmup_steps": 2},
        "search": {"training.learning_rate": RATES, "model.hidden_size": SIZES},
    },
}


def plan(**options: Any) -> Plan:
    """A plan over a tiny melody model."""
    return plan_of("melody", "lstm", TINY, **options)


def study_in(folder: Path, **options: Any) -> Study:
    """A study of it."""
    return open_study(folder, plan(), **options)


def pretend(study: Study, spec: TrialSpec, loss: float | None = None) -> TrialRecord:
    """A trial that trains nothing; its loss is a smooth function of its learning rate."""
    rate = spec.values["training.learning_rate"]
    end = loss if loss is not None else 1.0 + abs(rate - 0.006) * 100
    for epoch in (1, 2, 3):
        if epoch > len(spec.curve) and study.report(spec, epoch, end + 1 / epoch):
            return study.finish(
                spec, TrialResult(end="pruned", loss=end + 1 / epoch, data={"made": "aa"})
            )
    return study.finish(spec, TrialResult(end="complete", loss=end, data={"made": "aa"}))


def pretend_all(study: Study, most: int) -> list[TrialRecord]:
    """Trials until there are so many."""
    done = []
    while spec := study.next_trial(most):
        done.append(pretend(study, spec))
    return done
