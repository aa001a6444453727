"""Searches in the store of tracked runs: one run for the search, one below it for each trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.registry.tracking import Outcome, Tracker
from chromasonic.training.observers import Observer
from chromasonic.tuning.objectives import objective_of
from chromasonic.tuning.plan import Plan
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.trial import TrialSpec

if TYPE_CHECKING:
    from chromasonic.tuning.study import Study

NAME = "search"
ENDS = {"complete": "FINISHED", "pruned": "FINISHED", "impossible": "FAILED"}


@dataclass(frozen=True, kw_only=True)
class SearchTracking:
    """What a process needs to track trials of a search; plain, so that it can travel.

    Attributes:
        task: melody, companion, harmonizer or gesture.
        folder: of the search; its spool takes the trials' figures too.
        key: of the search's own tracked run.
    """

    task: str
    folder: Path
    key: str


class TrackedSearch:
    """Tracks a search from its beginning to its end, in the process that the user started.

    Args:
        study: that is searched.
    """

    def __init__(self, study: Study) -> None:
        plan = study.plan
        self._tracker = Tracker(plan.task, study.output, resume=True)
        key = self._tracker.begin(
            NAME,
            kind=f"{NAME} {plan.kind}",
            params=_parameters(plan),
            tags={"objective": objective_of(plan.task, plan.kind).name},
        )
        self.tracking = SearchTracking(task=plan.task, folder=study.output, key=key)

    def close(
        self, best: TrialRecord | None, failure: BaseException | None = None, **options: Any
    ) -> Outcome:
        """Note the best trial; see `Tracker.close`."""
        if best is not None:
            self._tracker.figures(NAME, best.number, {"best_objective": best.loss})
            self._tracker.set_tags(NAME, {"best_trial": best.number, **_tags(best)})
        return self._tracker.close(failure, **options)


class TrackedTrials:
    """Tracks trials in the process that runs them; nothing of it can fail a trial.

    Args:
        tracking: of the search; None tracks nothing.
    """

    def __init__(self, tracking: SearchTracking | None) -> None:
        self.tracking = tracking
        self._trackers: dict[int, Tracker] = {}

    def observers(self, spec: TrialSpec) -> Sequence[Observer]:
        """What hears the training of a trial."""
        if self.tracking is None:
            return ()
        tracker = Tracker(
            self.tracking.task,
            Path(spec.output),
            resume=True,
            parent=self.tracking.key,
            tags={"trial": spec.number},
            spool=self.tracking.folder,
            prefix=f"trial {spec.number:03d} ",
        )
        self._trackers[spec.number] = tracker
        return (tracker,)

    def ended(self, record: TrialRecord) -> None:
        """Note how a trial ended."""
        tracker = self._trackers.pop(record.number, None)
        if tracker is None:
            return
        failure = {
            "impossible": RuntimeError(record.reason),
            "cut": KeyboardInterrupt(record.reason),
        }.get(record.end)
        for name in tracker.close(failure).runs:
            tracker.set_tags(name, {"end": record.end, **_tags(record)})
            if math.isfinite(record.loss):
                tracker.figures(name, max(1, len(record.curve)), {"objective": record.loss})

    def close(self, failure: BaseException) -> None:
        """The search ends while trials run."""
        for tracker in self._trackers.values():
            tracker.close(failure)
        self._trackers.clear()


def _parameters(plan: Plan) -> dict[str, str]:
    """What is searched, as parameters of the search's run."""
    return {
        "seed": str(plan.seed),
        "pruner": plan.pruner,
        **{f"search.{name}": str(one) for name, one in plan.space.items()},
    }


def _tags(record: TrialRecord) -> dict[str, str]:
    return {f"value.{name}": str(value) for name, value in record.values.items()}
