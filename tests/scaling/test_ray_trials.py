"""Trials on Ray are those of the local engine, also when a worker is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from chromasonic.errors import ChromasonicError, ConfigError
from chromasonic.scaling.desk import WorkerProcess
from chromasonic.scaling.engine import Engine
from chromasonic.scaling.trials import run_on_ray
from chromasonic.tasks.table import task_named
from chromasonic.training.observers import Observer
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.plan import Plan, plan_of
from chromasonic.tuning.search import Limits, Told, run_here
from chromasonic.tuning.study import Study
from chromasonic.tuning.trial import TrialSpec

pytestmark = pytest.mark.usefixtures("cluster")


def plan(dataset: str = "synthetic-structured") -> Plan:
    """Rates of a tiny LSTM; some so low that the pruner ends them."""
    values = task_named("melody").default_recipe(["lstm"])
    values["data"] |= {"dataset": dataset, "num_sequences": 20}
    values["lstm"]["model"] |= {"hidden_size": 8, "num_layers": 1}
    values["lstm"]["training"] |= {"epochs": 3, "batch_size": 8}
    values["lstm"]["search"] = {
        "training.learning_rate": {"low": 1e-5, "high": 1e-2, "log": True},
    }
    return plan_of("melody", "lstm", values, seed=3)


def trials(study: Study) -> list[tuple[Any, ...]]:
    """What a study knows of its trials, but for the seconds."""
    return [
        (record.number, record.end, record.loss, record.curve, dict(record.values))
        for record in study.records()
    ]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """Seven trials of the local engine."""
    study = open_study(tmp_path_factory.mktemp("local") / "search", plan())
    run_here(study, Limits(trials=7), Told())
    return trials(study)


def test_one_worker_tries_what_the_local_engine_tries_and_finds_the_same_to_the_last_bit(
    local: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    study = open_study(tmp_path / "search", plan())
    run_on_ray(study, Limits(trials=7), Told(), engine=Engine(name="ray"))
    assert trials(study) == local
    assert "pruned" in {end for _, end, *_ in local}
    assert not list((tmp_path / "search").glob(".seen-by-workers-*"))


def test_the_trial_of_a_killed_worker_is_taken_up_again_where_it_stood(
    local: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    workers: dict[int, list[int]] = {}
    said: list[str] = []
    first_epochs: list[int] = []

    class Killer(Observer):
        def on_start(self, start: Any) -> None:
            first_epochs.append(start.first_epoch)

        def on_epoch(self, epoch: Any, is_best: bool) -> None:
            if epoch.epoch == 2 and len(workers[1]) == 1:
                os.kill(workers[1][0], signal.SIGKILL)

    def noted(spec: TrialSpec, worker: WorkerProcess) -> None:
        workers.setdefault(spec.number, []).append(worker.pid)

    study = open_study(tmp_path / "search", plan())
    told = Told(say=said.append, observers=lambda spec: (Killer(),) if spec.number == 1 else ())
    engine = Engine(name="ray", workers=2)
    run_on_ray(study, Limits(trials=3), told, engine=engine, on_worker=noted)

    assert len(workers[1]) == 2
    assert workers[1][0] != workers[1][1]
    assert first_epochs == [1, 3]
    assert said == ["The worker of trial 1 was lost; it is taken up again."]
    assert trials(study) == local[:3]  # the first ten are drawn without regard to one another


def test_what_no_other_trial_could_do_better_ends_the_search_and_is_said_as_it_is(
    tmp_path: Path,
) -> None:
    """A corpus without tunes: the message is that of the local engine, the study stays."""
    messages = []
    for name, engine in (("here", None), ("there", Engine(name="ray"))):
        study = open_study(tmp_path / name, plan("lakh-full"))
        with pytest.raises(ChromasonicError) as failed:
            if engine is None:
                run_here(study, Limits(trials=2), Told())
            else:
                run_on_ray(study, Limits(trials=2), Told(), engine=engine)
        messages.append((type(failed.value).__name__, str(failed.value)))
        assert [record.end for record in study.records()] == ["running"]
    assert messages[0] == messages[1]
    assert not issubclass(type(failed.value), ConfigError)
