"""One trial of a search: a recipe trained in a folder of its own; plain values in and out.

`run_trial` is all that an engine runs, here or on another machine: what goes in and comes out can
be pickled, and it knows nothing of the study that asked for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from chromasonic.errors import ConfigError, TrainingError
from chromasonic.tasks.table import task_named
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart

End = Literal["complete", "pruned", "impossible", "cut"]
"""How a trial ended: by itself; behind the others; its settings cannot be trained; out of time."""

Report = Callable[[int, float], bool]
"""Told (step, loss) after each epoch; True ends the trial: it is behind the others."""


@dataclass(frozen=True, kw_only=True)
class TrialSpec:
    """What is to be tried.

    Attributes:
        number: of the trial in its study, from 0; 0 is the recipe as it was.
        task: melody, companion, harmonizer or gesture.
        kind: of model.
        recipe: resolved, with this trial's values in it.
        values: what is this trial's own: the way to a setting, to its value.
        output: its folder; what lies there of an earlier process is gone on with.
        curve: the loss after each epoch that an earlier process reported of it.
        data: the data's fingerprints that the study is of; empty: not known yet.
        deadline: seconds since 1970 when time is up; None is never.
        threads: that torch may use; 0 leaves them.
    """

    number: int
    task: str
    kind: str
    recipe: Mapping[str, Any]
    values: Mapping[str, Any]
    output: str
    curve: tuple[float, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    deadline: float | None = None
    threads: int = 0


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What came of it.

    Attributes:
        end: how it ended.
        loss: what the search lowers, at its best epoch; NaN where there is none.
        curve: the loss after each epoch, those before a cut too.
        validation: metric to value, at the best epoch.
        data: the data's fingerprints, by corpus.
        parameters: numbers that were trained.
        seconds: this process spent on it.
        reason: in words, where it did not end by itself.
    """

    end: End
    loss: float = math.nan
    curve: tuple[float, ...] = ()
    validation: Mapping[str, float] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    parameters: int = 0
    seconds: float = 0.0
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


class _Over(Exception):
    """A trial is over before its training is."""

    def __init__(self, end: End, reason: str) -> None:
        super().__init__(reason)
        self.end, self.reason = end, reason


class _Watch(Observer):
    """Hears the training of one trial: keeps its curve, and ends it when it must."""

    def __init__(self, spec: TrialSpec, report: Report | None) -> None:
        self.spec, self.report = spec, report
        self.losses = dict(enumerate(spec.curve, 1))
        self.parameters = 0
        self.data: dict[str, str] = {}
        self.best: dict[str, float] = {}

    @property
    def curve(self) -> tuple[float, ...]:
        """The loss after each epoch."""
        return tuple(loss for _, loss in sorted(self.losses.items()))

    def on_start(self, start: TrainingStart) -> None:
        self.parameters = start.parameters
        self.data = fingerprints(start.metadata)
        check_data(self.spec, self.data)

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:  # noqa: ARG002
        self.check_time()

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        if is_best:
            self.best = {name: measured.value for name, measured in epoch.val.items()}
        self.note(epoch.epoch, epoch.val_loss, f"epoch {epoch.epoch}")

    def on_end(self, history: TrainingHistory) -> None:
        """An epoch that was saved, but not heard before its process was killed, is made good."""
        for epoch in history.epochs:
            self.losses[epoch.epoch] = epoch.val_loss

    def on_figures(self, done: int, total: int, figures: Mapping[str, float]) -> None:
        """A harmonizer tells its reward of late, or its network's loss on beats."""
        self.check_time()
        if self.spec.kind == "hybrid":
            if "beats_val_loss" in figures:
                self.note(done, figures["beats_val_loss"], f"epoch {done}")
            return
        step = done * REWARD_STEPS // max(total, 1)
        if "reward" in figures and step and step not in self.losses:
            self.note(step, -figures["reward"], f"{done:,} episodes")

    def note(self, step: int, loss: float, said: str) -> None:
        """A further point of the curve; the end, where the study says so."""
        self.losses[step] = loss
        if self.report is not None and self.report(step, loss):
            raise _Over("pruned", f"behind the others after {said}")

    def check_time(self) -> None:
        """The end, where time is up."""
        if self.spec.deadline is not None and time.time() > self.spec.deadline:
            raise _Over("cut", "time was up")


REWARD_STEPS = 20
"""How often a harmonizer's trial tells its reward."""


def run_trial(
    spec: TrialSpec, *, report: Report | None = None, observers: Sequence[Observer] = ()
) -> TrialResult:
    """Train what a trial says, or go on with what lies in its folder.

    Args:
        spec: the trial.
        report: told of each epoch; says whether to end it. None lets it run.
        observers: hear how the training goes, before the trial may end it.

    Raises:
        StudyChanged: the data are not those of the study.
        ChromasonicError: as the task's training, where no other settings would help.
    """
    start = time.monotonic()
    watch = _Watch(spec, report)
    end: End = "complete"
    reason, loss, validation = "", math.nan, dict[str, float]()
    try:
        loss, validation = _trained(spec, watch, observers)
    except _Over as over:
        end, reason, validation = over.end, over.reason, watch.best
    except StudyChanged:
        raise
    except ConfigError as error:
        end, reason = "impossible", str(error)
    except TrainingError as error:  # a loss that is not finite
        end, reason, validation = "impossible", str(error), watch.best
    except RuntimeError as error:
        if "out of memory" not in str(error).lower():
            raise
        end, reason = "impossible", f"out of memory: {str(error).splitlines()[0]}"
    if end == "pruned" and watch.curve:
        loss = min(watch.curve)
    return TrialResult(
        end=end,
        loss=loss,
        curve=watch.curve,
        validation=validation,
        data=watch.data,
        parameters=watch.parameters,
        seconds=time.monotonic() - start,
        reason=reason,
    )


def _trained(
    spec: TrialSpec, watch: _Watch, observers: Sequence[Observer]
) -> tuple[float, dict[str, float]]:
    """The loss and the validation metrics of a finished training."""
    import torch

    if spec.threads:
        torch.set_num_threads(spec.threads)
    task = task_named(spec.task)
    recipe = task.resolved(spec.recipe, where=f"trial {spec.number}")
    output = Path(spec.output)
    trained = task.train(
        recipe, output, resume=True, overwrite=True, observers=(*observers, watch),
    )  # fmt: skip
    if spec.task == "harmonizer":
        from chromasonic.tuning.harmonizer_objective import objective_of_agent

        return objective_of_agent(spec.kind, recipe, trained, output.parent)
    (kind,) = trained.best_loss  # a gesture network of sizes of its own has another name
    return float(trained.best_loss[kind]), dict(trained.validation[kind])


def fingerprints(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The fingerprints of the corpora that a training's metadata name."""
    if "rules" in metadata:  # what a harmonizer's reward is made of
        return {"rules of harmony": str(metadata["rules"])}
    corpus = metadata.get("corpus") or {}
    if "fingerprint" in corpus:
        return {str(corpus["name"]): str(corpus["fingerprint"])}
    data = metadata.get("data") or {}
    corpora = data.get("corpora") or [data]
    return {
        str(one["name"]): str(one["fingerprint"])
        for one in corpora
        if isinstance(one, Mapping) and "fingerprint" in one and "name" in one
    }


class StudyChanged(ConfigError):
    """A study cannot go on: it is of something else."""


def check_data(spec: TrialSpec, data: Mapping[str, str]) -> None:
    """Refuse to measure on other data than the study's other trials.

    Raises:
        StudyChanged: the fingerprints differ.
    """
    if spec.data and data and dict(spec.data) != dict(data):
        changed = [
            f"{name} {spec.data.get(name, 'absent')[:12]} -> {data.get(name, 'absent')[:12]}"
            for name in sorted({*spec.data, *data})
            if spec.data.get(name) != data.get(name)
        ]
        raise StudyChanged(
            f"The data have changed since the search began ({'; '.join(changed)}): its trials "
            "cannot be compared with new ones. Restore them, or begin a new search in another "
            "--output."
        )


def at(spec: TrialSpec, **changes: Any) -> TrialSpec:
    """The same trial with some attributes changed, such as its folder on another machine."""
    return replace(spec, **changes)
