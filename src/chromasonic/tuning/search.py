"""The search: ask for a trial, run it, tell what came of it, until trials or time are used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chromasonic.errors import TrainingError, UsageError
from chromasonic.training.observers import Observer
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.study import Study
from chromasonic.tuning.tracked import SearchTracking
from chromasonic.tuning.trial import TrialSpec, run_trial

HOPELESS = 5
"""So many first trials that cannot be trained end the search."""

OnBegin = Callable[[TrialSpec], None]
OnTrial = Callable[[TrialRecord], None]
ObserversOf = Callable[[TrialSpec], Sequence[Observer]]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a search ends.

    Attributes:
        trials: that the study shall have in all; None has no limit.
        seconds: from now; None has no limit. A trial in progress is cut then, after the batch that
            it is at, and goes on from its last epoch when the search is resumed.
    """

    trials: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.trials is None and self.seconds is None:
            raise UsageError("A search needs an end: give --trials, --time, or both.")
        if self.trials is not None and self.trials < 1:
            raise UsageError(f"--trials is {self.trials}; allowed: 1 or more.")
        if self.seconds is not None and self.seconds <= 0:
            raise UsageError(f"--time is {self.seconds:g} s; allowed: above 0 (30m, 2h, 90s).")


@dataclass(frozen=True, kw_only=True)
class Told:
    """Whom an engine tells what happens.

    Attributes:
        begin: a trial begins.
        trial: a trial has ended.
        say: something else, in a line.
        observers: of the training of a trial, made where it runs.
        tracking: by which other processes track their trials as this one does.
    """

    begin: OnBegin = lambda _: None
    trial: OnTrial = lambda _: None
    say: Callable[[str], None] = lambda _: None
    observers: ObserversOf = lambda _: ()
    tracking: SearchTracking | None = None


class Engine(Protocol):
    """Runs the trials of a study: here, in several processes, or on a cluster."""

    def __call__(self, study: Study, limits: Limits, told: Told) -> None:
        """Run trials until the limits; see `run_here`."""
        ...


def run_here(study: Study, limits: Limits, told: Told, *, threads: int = 0) -> None:
    """Run trials one after the other in this process.

    Raises:
        TrainingError: no trial can be trained.
        ChromasonicError: a trial failed in a way in which others would fail too.
    """
    deadline = None if limits.seconds is None else time.time() + limits.seconds
    while spec := study.next_trial(limits.trials, deadline=deadline, threads=threads):
        told.begin(spec)
        record = run_one(study, spec, told)
        told.trial(record)
        check_hope(study)
        if record.end == "cut":
            break


def run_one(study: Study, spec: TrialSpec, told: Told) -> TrialRecord:
    """Run a trial that this process asked for, and note how it ended."""
    try:
        result = run_trial(
            spec,
            report=lambda step, loss: study.report(spec, step, loss),
            observers=told.observers(spec),
        )
    except BaseException:
        study.release(spec)
        raise
    return study.finish(spec, result)


def check_hope(study: Study) -> None:
    """End a search in which nothing can be trained.

    Raises:
        TrainingError: the first trials were all impossible.
    """
    over = [record for record in study.records() if record.is_over]
    if len(over) >= HOPELESS and all(record.end == "impossible" for record in over):
        raise TrainingError(
            f"None of the first {len(over)} trials could be trained. The last one: "
            f"{over[-1].reason} Look at the recipe and the ranges of its search."
        )
