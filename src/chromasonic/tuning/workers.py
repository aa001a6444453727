"""Several processes at one study: each asks for a trial, runs it, and asks again."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from chromasonic import errors
from chromasonic.errors import TrainingError, UsageError
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.search import Limits, Told, check_hope, run_here, run_one
from chromasonic.tuning.study import Study
from chromasonic.tuning.tracked import SearchTracking, TrackedTrials

POLL_SECONDS = 0.2
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
    processes: dict[Any, Any] = {}  # each to what is heard from it
    lost = 0
    try:
        while True:
            while len(processes) < workers and _has_work(study, work):
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=_worker, args=(work, there))
                process.start()
                there.close()  # so that its end is heard
                processes[process] = here
            if not processes:
                break
            _hear(list(processes.values()), told)
            for process in [one for one in processes if not one.is_alive()]:
                _hear([processes.pop(process)], told)
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


def _hear(ends: list[Any], told: Told) -> None:
    """Pass on what workers sent; raise what one of them failed of."""
    ready: list[Any] = wait(ends, timeout=POLL_SECONDS)
    for end in ready:
        try:
            while end.poll():
                kind, content = end.recv()
                if kind == "trial":
                    told.trial(content)
                else:
                    name, text = content
                    raise getattr(errors, name, TrainingError)(text)
        except (EOFError, OSError):  # it has ended, perhaps in the middle of a word
            time.sleep(POLL_SECONDS)


def _worker(work: _Work, first: Any) -> None:
    """Runs trials in a process of its own until there is none."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    tracked = TrackedTrials(work.tracking)
    try:
        study = open_study(work.output, address=work.address, keep=work.keep)
        told = Told(observers=tracked.observers)
        while spec := study.next_trial(work.trials, deadline=work.deadline, threads=work.threads):
            record = run_one(study, spec, told)
            tracked.ended(record)
            first.send(("trial", record))
            check_hope(study)
            if record.end == "cut":
                break
    except errors.ChromasonicError as error:
        tracked.close(error)
        known = next(one.__name__ for one in type(error).__mro__ if hasattr(errors, one.__name__))
        first.send(("failed", (known, str(error))))
    first.close()


def _end_with_the_first() -> None:
    """End this process when the one that began it is killed; whoever resumes takes its trial up."""
    first = parent_process()
    if first is not None:
        first.join()
        os._exit(1)
