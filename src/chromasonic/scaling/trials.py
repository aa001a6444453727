"""Trials of a search as Ray tasks; the study, and with it every decision, stays in the driver.

The driver asks Optuna for a trial, sends it to a worker, passes the loss of each epoch on to the
pruner and the verdict back, and tells Optuna how it ended. A worker that is lost costs the epoch
that its trial was in: the trial is given back to the study, which hands it out again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic.errors import ChromasonicError, TrainingError
from chromasonic.scaling.cluster import Cluster, connected
from chromasonic.scaling.desk import Event, WorkerProcess, opened_desk
from chromasonic.scaling.engine import Engine
from chromasonic.scaling.place import Place, place_here
from chromasonic.scaling.worker import Relay
from chromasonic.training.observers import Observer
from chromasonic.tuning.search import Limits, Told, check_hope
from chromasonic.tuning.study import Study
from chromasonic.tuning.trial import TrialResult, TrialSpec, at, run_trial

POLL_SECONDS = 0.1


def run_on_ray(
    study: Study,
    limits: Limits,
    told: Told,
    *,
    engine: Engine,
    on_worker: Callable[[TrialSpec, WorkerProcess], None] = lambda *_: None,
) -> None:
    """Run trials on a cluster until the limits, as many side by side as there are workers.

    With one worker, trials and values are those of the local engine: the same seed asks, and each
    trial is trained with as many threads.

    Args:
        study: that they are of; its folder has to be seen by all machines of the cluster.
        limits: when it ends.
        told: whom to tell what happens, in this process.
        engine: how many workers, where.
        on_worker: told which process a trial runs in.

    Raises:
        UsageError: no Ray, no cluster, too few CPUs, or a worker cannot see the study's folder.
        TrainingError: no trial can be trained.
        ChromasonicError: a trial failed in a way in which others would fail too.
    """
    with (
        connected(engine.address, cpus=engine.workers) as cluster,
        place_here(study.output, workers=engine.workers, cluster=cluster) as place,
    ):
        deadline = None if limits.seconds is None else time.time() + limits.seconds
        crew = _Crew(
            study=study, told=told, place=place, cluster=cluster, workers=engine.workers,
            on_worker=on_worker,
        )  # fmt: skip
        with crew, _cluster_may_be_lost(study.output):
            while crew.fill(limits.trials, deadline):
                crew.hear()
                crew.collect()
        check_hope(study)


@contextlib.contextmanager
def _cluster_may_be_lost(output: Path) -> Iterator[None]:
    """What Ray says of its own end, in our words.

    Raises:
        TrainingError: the cluster is gone.
    """
    import ray

    try:
        yield
    except ray.exceptions.RayError as error:
        raise TrainingError(
            f"The cluster was lost ({str(error).splitlines()[0]}). The search in {output} goes on "
            "where it stood with --resume."
        ) from error


@dataclass
class _Crew:
    """The trials that are on the cluster now."""

    study: Study
    told: Told
    place: Place
    cluster: Cluster
    workers: int
    on_worker: Callable[[TrialSpec, WorkerProcess], None]
    observers: dict[int, Sequence[Observer]] = field(default_factory=dict)
    running: dict[Any, TrialSpec] = field(default_factory=dict)
    desk: Any = None
    is_out_of_time: bool = False

    def __enter__(self) -> _Crew:
        self.desk = opened_desk()
        return self

    def __exit__(self, *_: object) -> None:
        """What still runs is ended, and given back to the study."""
        import ray

        for reference, spec in self.running.items():
            with contextlib.suppress(ray.exceptions.RayError):
                ray.cancel(reference, force=True)
            self.study.release(spec)
        self.running.clear()
        with contextlib.suppress(ray.exceptions.RayError):
            ray.kill(self.desk)

    def fill(self, most: int | None, deadline: float | None) -> bool:
        """Send trials to idle workers; whether any is at work."""
        while len(self.running) < self.workers and not self.is_out_of_time:
            spec = self.study.next_trial(most, deadline=deadline, threads=self.place.threads)
            if spec is None:
                break
            self.told.begin(spec)
            self.running[self._sent(spec)] = spec
        return bool(self.running)

    def hear(self) -> None:
        """Pass losses on to the pruner, and its verdicts back."""
        import ray

        events: list[Event] = ray.get(self.desk.take.remote(POLL_SECONDS))
        specs = {spec.number: spec for spec in self.running.values()}
        for event in events:
            spec = specs.get(event.values[0])
            is_behind = False
            if event.kind == "report" and spec is not None:
                is_behind = self.study.report(spec, *event.values[1:])
            elif event.kind == "worker" and spec is not None:
                self.on_worker(spec, WorkerProcess(rank=spec.number, **event.values[1]))
            elif spec is not None:
                for observer in self.observers[spec.number]:
                    getattr(observer, f"on_{event.kind}")(*event.values[1:])
            if event.number:
                self.desk.answer.remote(event.number, not is_behind)

    def collect(self) -> None:
        """Note how trials ended.

        Raises:
            ChromasonicError: one failed in a way in which others would fail too.
        """
        import ray

        if not self.running:
            return
        done, _ = ray.wait(list(self.running), num_returns=len(self.running), timeout=0)
        for reference in done:
            spec = self.running.pop(reference)
            try:
                result = ray.get(reference)
            except ray.exceptions.RayTaskError as error:
                self.study.release(spec)
                raise error.cause or error from None
            except ray.exceptions.RayError:
                self.study.release(spec)
                self.told.say(f"The worker of trial {spec.number} was lost; it is taken up again.")
                continue
            except BaseException:
                self.study.release(spec)
                raise
            if isinstance(result, ChromasonicError):
                self.study.release(spec)
                raise result
            record = self.study.finish(spec, result)
            self.is_out_of_time |= record.end == "cut"
            self.told.trial(record)
            check_hope(self.study)

    def _sent(self, spec: TrialSpec) -> Any:
        """A trial on its way to a worker; Ray itself does not repeat it, for the study does."""
        import ray

        gpus = _gpus_each(spec.recipe, self.workers, self.cluster)
        task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(_run)
        self.observers[spec.number] = observers = self.told.observers(spec)
        return task.remote(spec, self.place, self.desk, bool(observers))


def _run(
    spec: TrialSpec, place: Place, desk: Any, is_heard: bool
) -> TrialResult | ChromasonicError:
    """One trial, in a worker."""
    import ray

    def report(step: int, loss: float) -> bool:
        return not ray.get(desk.ask.remote("report", spec.number, step, loss))

    process = {"pid": os.getpid(), "machine": socket.gethostname()}
    desk.tell.remote("worker", spec.number, process)
    try:
        place.settle()
        here = at(spec, output=str(place.path(Path(spec.output))))
        observers = (Relay(desk, spec.number),) if is_heard else ()
        return run_trial(here, report=report, observers=observers)
    except ChromasonicError as error:
        return error


def _gpus_each(recipe: Mapping[str, Any], workers: int, cluster: Cluster) -> float:
    """The share of a GPU that a trial gets: these models are small, and several fit on one."""
    devices = {
        str(table["training"].get("device", "auto"))
        for table in recipe.values()
        if isinstance(table, Mapping) and isinstance(table.get("training"), Mapping)
    }
    training = recipe.get("training")
    if isinstance(training, Mapping):
        devices.add(str(training.get("device", "auto")))
    wants = any(device == "auto" or device.startswith("cuda") for device in devices)
    share = min(1.0, cluster.gpus / workers) if wants else 0.0
    return int(share * 10_000) / 10_000
