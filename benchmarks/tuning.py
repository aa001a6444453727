"""A search over a small melody model, confirmed over seeds; its storages; its pruners replayed.

    python benchmarks/tuning.py search  --output runs/tuning-benchmark     ten minutes on a core
    python benchmarks/tuning.py pruners --output runs/tuning-unpruned      the same without pruning
    python benchmarks/tuning.py storage

Each part writes its own results to benchmarks/results/tuning_PART.json. A search that was
interrupted goes on.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from chromasonic.files import write_json
from chromasonic.tasks.search_spaces import default_space
from chromasonic.tuning.confirming import confirm
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.outcome import outcome_of
from chromasonic.tuning.plan import Plan, plan_of
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.search import Limits, Told
from chromasonic.tuning.study import Study, best_of
from chromasonic.tuning.trial import TrialResult
from chromasonic.tuning.workers import run_workers

RESULTS = Path(__file__).parent / "results"
EPOCHS, TRIALS, SEEDS = 8, 15, 3

RECIPE: dict[str, Any] = {
    "data": {"dataset": "nottingham", "max_melody_length": 40},
    "lstm": {
        "model": {"hidden_size": 64},
        "training": {"epochs": EPOCHS, "patience": 0, "checkpoint_every": 0, "device": "cpu"},
        "search": {
            **default_space("melody", "lstm"),
            "model.hidden_size": {"choices": [48, 64, 96]},
        },
    },
}


def searched(output: Path, trials: int, pruner: str, workers: int) -> Study:
    """The search, or what is missing of it."""
    plan = plan_of("melody", "lstm", RECIPE, pruner=pruner)  # type: ignore[arg-type]
    study = open_study(output, plan)
    run_workers(study, Limits(trials=trials), Told(trial=say), workers=workers)
    return study


def say(record: TrialRecord) -> None:
    """A trial has ended."""
    print(
        f"trial {record.number} {record.end} {record.loss:.4f} {record.seconds:.0f} s", flush=True
    )


def search(output: Path, workers: int) -> dict[str, Any]:
    """Default against best, over seeds."""
    study = searched(output, TRIALS, "median", workers)
    outcome_of(study)
    confirmation = confirm(study, SEEDS, workers=workers)
    outcome = outcome_of(study, confirmation)
    values = outcome.to_dict()
    computed = sum(len(record.curve) for record in outcome.records)
    return {
        **{name: values[name] for name in ("counts", "best", "first", "importances")},
        "confirmation": values["confirmation"],
        "epochs_computed": computed,
        "epochs_in_all": EPOCHS * len(outcome.records),
        "trials": [record.to_dict() for record in outcome.records],
    }


def pruners(output: Path, workers: int) -> dict[str, Any]:
    """What each pruner would have saved and lost on the same trials, in many orders."""
    study = searched(output, TRIALS, "none", workers)
    done = [record for record in study.records() if record.end == "complete"]
    found = {}
    for name in ("median", "hyperband", "none"):
        shares, losses, missed = [], [], 0
        for seed in range(50):
            order = list(done)
            random.Random(seed).shuffle(order)
            computed, kept = replayed(name, order)
            shares.append(computed / sum(len(record.curve) for record in order))
            best = min(kept, key=lambda record: record.loss)
            losses.append(best.loss - min(record.loss for record in order))
            missed += losses[-1] > 0
        found[name] = {
            "epochs_share": statistics.mean(shares),
            "loss_above_best": statistics.mean(losses),
            "best_was_ended": missed / 50,
        }
    return {"trials": len(done), "orders": 50, "pruners": found}


def replayed(pruner: str, order: list[TrialRecord]) -> tuple[int, list[TrialRecord]]:
    """Epochs that a pruner lets be computed of known curves, and the trials that come to an end."""
    import optuna

    from chromasonic.tuning.pruning import pruner_of

    plan = plan_of("melody", "lstm", RECIPE, pruner=pruner)  # type: ignore[arg-type]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        pruner=pruner_of(plan), sampler=optuna.samplers.RandomSampler(seed=0)
    )
    computed, kept = 0, []
    for record in order:
        trial = study.ask()
        is_over = False
        for epoch, loss in enumerate(record.curve, 1):
            computed += 1
            trial.report(loss, epoch)
            if trial.should_prune():
                is_over = True
                break
        if is_over:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, record.loss)
            kept.append(record)
    return computed, kept


def storage(trials: int = 60, epochs: int = 10) -> dict[str, Any]:
    """Time of a study's own work (asking, reporting, telling), without any training."""
    plan = plan_of("melody", "lstm", RECIPE, pruner="median")
    seconds: dict[str, list[float]] = {"journal": [], "sqlite": []}
    for turn in range(3):
        for name in seconds if turn % 2 else list(seconds)[::-1]:
            with tempfile.TemporaryDirectory() as folder:
                seconds[name].append(bookkeeping(Path(folder), name, plan, trials, epochs))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "trials": trials,
        "epochs": epochs,
        "seconds": seconds,
        "sqlite_over_journal": medians["sqlite"] / medians["journal"],
    }


def bookkeeping(folder: Path, name: str, plan: Plan, trials: int, epochs: int) -> float:
    """Seconds of a whole study whose trainings take none."""
    address = None if name == "journal" else f"sqlite:///{folder}/study.db"
    rng = random.Random(0)
    start = time.perf_counter()
    study = open_study(folder / "search", plan, address=address)
    while spec := study.next_trial(trials):
        end = rng.random()
        for epoch in range(1, epochs + 1):
            study.report(spec, epoch, end + 1 / epoch)
        study.finish(spec, TrialResult(end="complete", loss=end))
    assert best_of(study.records()) is not None
    return time.perf_counter() - start


def main() -> None:
    """Run a part and write its results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("search", "pruners", "storage"))
    parser.add_argument("--output", type=Path, default=None)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.part == "storage":
        found = storage()
    else:
        part = {"search": search, "pruners": pruners}[given.part]
        found = part(given.output or Path(f"runs/tuning-{given.part}"), given.workers)
    print(write_json(RESULTS / f"tuning_{given.part}.json", found))


if __name__ == "__main__":
    main()
