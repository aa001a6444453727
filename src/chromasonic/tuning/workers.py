"""Several processes at one study: each asks for a trial, runs it, and asks again."""

from __future__ import annotations

import os
import queue
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from chromasonic import errors
from chromasonic.errors import TrainingError, UsageError
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.search import Limits, Told, check_hope, run_here, run_one
from chromasonic.tuning.study import Study
from chromasonic.tuning.tracked import SearchTracking, TrackedTrials

MOST_LOST = 10
"""Worker processes that may die before the search gives up."""


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What a worker process is given."""

    output: Path
    address: str | None
    keep: bool
    trials: int | None
    deadline: float | None
    threads: int
    tracking: SearchTracking | None


def threads_each(workers: int) -> int:
    """Threads that each of some workers computes with: all cores together, one at least."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    share = max(1, (cores or 1) // workers)
    return min(share, int(given)) if given.isdigit() and int(given) > 0 else share


def run_workers(study: Study, limits: Limits, told: Told, *, workers: int = 1) -> None:
    """Run trials until the limits, several side by side.

    A worker that dies costs the epoch that its trial was in: another takes the trial up.

    Args:
        study: that they work on.
        limits: when it ends.
        told: whom to tell what happens, in this process.
        workers: how many processes; 1 runs the trials in this one.

    Raises:
        UsageError: fewer than one worker.
        TrainingError: worker processes die again and again, or no trial can be trained.
        ChromasonicError: a trial failed in a way in which others would fail too.
    """
    if workers < 1:
        raise UsageError(f"--workers is {workers}; allowed: 1 or more.")
    if workers == 1:
        run_here(study, limits, told)
        return
    work = _Work(
        output=study.output,
        address=study.address if "://" in study.address else None,
        keep=study.keep,
        trials=limits.trials,
        deadline=None if limits.seconds is None else time.time() + limits.seconds,
        threads=threads_each(workers),
        tracking=told.tracking,
    )
    context = get_context("spawn")
    events: Any = context.Queue()
    processes: list[Any] = []
    lost = 0
    try:
        while True:
            while len(processes) < workers and _has_work(study, work):
                process = context.Process(target=_worker, args=(work, events), daemon=False)
                process.start()
                processes.append(process)
            if not processes:
                break
            _hear(events, told, wait=0.2)
            for process in [one for one in processes if not one.is_alive()]:
                processes.remove(process)
                if process.exitcode != 0:
                    lost += 1
                    told.say(
                        f"A worker process ended (exit code {process.exitcode}); its trial is "
                        "taken up again."
                    )
            if lost >= MOST_LOST:
                raise TrainingError(
                    f"{lost} worker processes died. Is there memory for {workers} side by side? "
                    "Go on with fewer --workers."
                )
        _hear(events, told, wait=0.0)
        check_hope(study)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _has_work(study: Study, work: _Work) -> bool:
    """Whether a further worker would find a trial."""
    if work.deadline is not None and time.time() >= work.deadline:
        return False
    return study.has_next(work.trials)


def _hear(events: Any, told: Told, *, wait: float) -> None:
    """Pass on what workers sent; raise what one of them failed of."""
    while True:
        try:
            kind, content = events.get(timeout=wait) if wait else events.get(timeout=0.05)
        except queue.Empty:
            return
        if kind == "trial":
            told.trial(content)
        elif kind == "failed":
            name, text = content
            raise getattr(errors, name, TrainingError)(text)


def _worker(work: _Work, events: Any) -> None:
    """Runs trials in a process of its own until there is none."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    tracked = TrackedTrials(work.tracking)
    try:
        study = open_study(work.output, address=work.address, keep=work.keep)
        told = Told(observers=tracked.observers)
        while spec := study.next_trial(work.trials, deadline=work.deadline, threads=work.threads):
            record = run_one(study, spec, told)
            tracked.ended(record)
            events.put(("trial", record))
            check_hope(study)
            if record.end == "cut":
                break
    except errors.ChromasonicError as error:
        tracked.close(error)
        known = next(one.__name__ for one in type(error).__mro__ if hasattr(errors, one.__name__))
        events.put(("failed", (known, str(error))))
    events.close()
    events.join_thread()
