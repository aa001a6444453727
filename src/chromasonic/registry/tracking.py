"""Tracking of trainings: an observer that writes down, and a process beside it that sends.

In the training's process a line is written an epoch and nothing a batch. MLflow is imported and
written to by another process of lowest priority (`registry.recorder`). Whatever fails there, the
training does not; what could not be sent stays in the run directory and is sent later.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chromasonic.config import read_toml
from chromasonic.errors import ChromasonicError
from chromasonic.registry import tracked_facts
from chromasonic.registry.sending_process import Outcome, SendingProcess
from chromasonic.registry.spool import Spool, this_process
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart

__all__ = ["Outcome", "Tracker", "is_tracked", "tracker_for"]

TRACKING, EXPERIMENT = "CHROMASONIC_TRACKING", "MLFLOW_EXPERIMENT_NAME"
WAIT_SECONDS = 8.0
"""How long the end of a training waits for its last figures to be sent, at most."""
HARMLESS = (
    ChromasonicError, OSError, ArithmeticError, AttributeError, LookupError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
"""Whatever may go wrong in telling of a training, which goes on."""
OWN_FILES = (".png", ".svg", "history.csv", "history.json")
RUN_FILES = ("recipe.toml", "run.json", "split.json", "README.md")


def is_tracked(wanted: bool | None = None) -> bool:
    """Whether trainings are tracked: by the flag, else by CHROMASONIC_TRACKING (off, 0, no, false).

    Args:
        wanted: of the command line; None says nothing.
    """
    if wanted is not None:
        return wanted
    said = os.environ.get(TRACKING, "").strip().lower()
    return said not in ("off", "0", "no", "false")


class Tracker(Observer):
    """Tracks the trainings of a run directory: one tracked run for each model.

    No method raises, and none waits except `close`. Nothing is written before the first training
    begins.

    Args:
        task: names the experiment, where MLFLOW_EXPERIMENT_NAME does not.
        output: the run directory.
        resume: whether trainings go on with the tracked runs that they had.
        parent: key of a tracked run that these belong to, such as a search.
        tags: further tags of each run.
        spool: folder of another spool to write to (that of a search), whose process sends it.
        prefix: before the names of runs, so that those of one spool differ.
    """

    def __init__(
        self,
        task: str,
        output: Path,
        *,
        resume: bool = False,
        parent: str = "",
        tags: Mapping[str, Any] | None = None,
        spool: Path | None = None,
        prefix: str = "",
    ) -> None:
        self.task, self.output, self.resume = task, Path(output), resume
        self.parent, self.tags, self.prefix = parent, dict(tags or {}), prefix
        self.folder = Path(spool or output)
        self._sends = spool is None
        self._keys: dict[str, str] = {}
        self._open: list[str] = []
        self._named_files: list[Path] = []
        self._now = ""
        self._started = False
        self._process: SendingProcess | None = None
        self._lost = ""

    # What the training says.

    def on_start(self, start: TrainingStart) -> None:
        """A model's training begins, or goes on."""
        with self._harmless():
            recipe = _read(lambda: read_toml(self.output / "recipe.toml"))
            facts = _read(lambda: _json(self.output / "run.json"))
            corpora = tracked_facts.corpora_of(start.metadata, facts)
            kind = tracked_facts.kind_of(start)
            self._named_files = [self.output / one for one in start.metadata.get("files", ())]
            self.begin(
                start.name,
                kind=kind,
                params=tracked_facts.parameters_of(recipe, kind),
                tags=tracked_facts.tags_of(
                    start, task=self.task, output=self.output, corpora=corpora
                ),
                inputs=tracked_facts.inputs_of(corpora),
            )

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:  # noqa: ARG002
        """Every figure of an epoch."""
        with self._harmless():
            self.figures(self._now, epoch.epoch, tracked_facts.epoch_figures(epoch))

    def on_figures(self, done: int, total: int, figures: Mapping[str, float]) -> None:  # noqa: ARG002
        """Figures of a training that has no epochs."""
        with self._harmless():
            self.figures(self._now, done, tracked_facts.metrics_of(figures))

    def on_end(self, history: TrainingHistory) -> None:
        """A model's training has ended; an epoch saved just before a kill is made good."""
        with self._harmless():
            spool, key = Spool(self.folder), self._keys[self._now]
            if spool.key_of(f"{self.prefix}{self._now}") == key:
                self._lost = ""  # what could not be written is written now
            there = spool.steps_of(key)
            for epoch in history.epochs:
                if epoch.epoch not in there:
                    self.figures(self._now, epoch.epoch, tracked_facts.epoch_figures(epoch))
            if (best := history.best) is not None:
                figures = tracked_facts.epoch_figures(best)
                # A group of its own in MLflow's page, where each would be a chart of one point.
                best_figures = {f"best/{k}": v for k, v in figures.items() if k.startswith("val_")}
                self.figures(self._now, best.epoch, {**best_figures, "best/epoch": best.epoch})
            self.end(self._now)

    # What everything else says: a search, an agent.

    def begin(
        self,
        name: str,
        *,
        kind: str = "",
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        inputs: list[dict[str, str]] | None = None,
    ) -> str:
        """Begin a tracked run, or go on with the one of that name.

        Returns:
            Its key, by which others belong to it.
        """
        name = f"{self.prefix}{name}"
        spool = Spool(self.folder)
        own = name.removeprefix(self.prefix)
        # Begun twice here, it goes on: a worker of it was lost, and another took its place.
        before = self._keys.get(own)
        if before is None and self.resume:
            with self._harmless():
                before = spool.key_of(name)
        key = before or uuid.uuid4().hex
        self._keys[own] = key
        self._now = own
        if own not in self._open:
            self._open.append(own)
        shown = {k: str(v) for k, v in {"kind": kind, **(tags or {}), **self.tags}.items() if v}
        event = {
            "key": key,
            "event": "resume" if before else "begin",
            "name": name,
            "experiment": os.environ.get(EXPERIMENT, "").strip() or self.task,
            "run_name": f"{self._called} {kind or name}".strip(),
            "params": {k: str(v) for k, v in (params or {}).items()},
            "tags": shown,
            "parent": self.parent,
            "process": this_process(),
        }
        events: list[dict[str, Any]] = [event]
        if inputs and not before:
            events.append({"key": key, "event": "inputs", "datasets": inputs})
        with self._harmless():
            spool.append(*events)
            self._start_sending()
        return key

    def figures(self, name: str, step: int, values: Mapping[str, float]) -> None:
        """Figures of a run that began, at a step."""
        event = {"key": self._keys.get(name), "event": "metrics", "step": step, "values": values}
        self._write(event)

    def set_tags(self, name: str, tags: Mapping[str, Any]) -> None:
        """Further tags of a run that began."""
        text = {key: str(value) for key, value in tags.items()}
        self._write({"key": self._keys.get(name), "event": "tags", "tags": text})

    def end(self, name: str, status: str = "FINISHED") -> None:
        """End a run: FINISHED, FAILED or KILLED; its pictures and tables go to the store."""
        if name not in self._open:
            return
        self._open.remove(name)
        key = self._keys[name]
        with self._harmless():
            paths = [*own_files(self.output, name), *self._named_files]
            found = {self._relative(path): "" for path in paths if path.is_file()}
            Spool(self.folder).append(
                {"key": key, "event": "files", "files": found},
                {"key": key, "event": "end", "status": status},
            )

    def close(
        self,
        failure: BaseException | None = None,
        *,
        on_wait: Callable[[str], None] = lambda _: None,
        seconds: float = WAIT_SECONDS,
    ) -> Outcome:
        """Nothing more follows; wait shortly for the last figures to be sent.

        Args:
            failure: what ended the training, if something did: its runs FAILED, or were KILLED by
                an interruption.
            on_wait: told in a line what takes a while.
            seconds: to wait at most.
        """
        if not self._started:
            return Outcome(state="nothing")
        is_killed = isinstance(failure, (KeyboardInterrupt, SystemExit, GeneratorExit))
        for name in list(self._open):
            if failure is not None and not is_killed:
                self.set_tags(name, {"failure": f"{type(failure).__name__}: {failure}"[:500]})
            self.end(name, "FINISHED" if failure is None else "KILLED" if is_killed else "FAILED")
        around = [self.output / name for name in RUN_FILES if (self.output / name).is_file()]
        events: list[dict[str, Any]] = [
            {
                "key": key,
                "event": "files",
                "files": {self._relative(path): "run" for path in around},
            }
            for key in self._keys.values()
        ]
        if self._sends:
            events.append({"key": "", "event": "close", "process": this_process()})
        self._write(*events)
        if self._lost:
            return Outcome(state="lost", runs=tuple(self._keys), trouble=self._lost)
        names = tuple(self._keys)
        if self._process is None:
            return Outcome(state="waiting", runs=names)
        return self._process.wait(seconds, on_wait, names)

    @property
    def _called(self) -> str:
        """The run directory's name; of a search's trial that of the search before it."""
        own, search = self.output.name, self.folder.resolve()
        is_own = self._sends or search == self.output.resolve()
        return own if is_own else f"{search.name}/{own}"

    def _relative(self, path: Path) -> str:
        return os.path.relpath(path, self.folder)

    def _write(self, *events: Mapping[str, Any]) -> None:
        with self._harmless():
            Spool(self.folder).append(*events)

    def _start_sending(self) -> None:
        if not self._started:
            self._started = True
            self._process = SendingProcess(self.folder) if self._sends else None

    @contextlib.contextmanager
    def _harmless(self) -> Any:
        """Nothing that fails within reaches the training; it is said at the end."""
        try:
            yield
        except HARMLESS as error:
            self._started = True
            self._lost = self._lost or f"{type(error).__name__}: {error}"


def own_files(output: Path, name: str) -> list[Path]:
    """The pictures and tables of a model in a run directory: no weights."""
    return [
        path
        for path in sorted(output.rglob(f"{name}_*"))
        if path.name.endswith(OWN_FILES) and path.is_file() and "archive" not in path.parts
    ]


def _read(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return read()
    except (ChromasonicError, OSError, ValueError):
        return {}


def _json(path: Path) -> dict[str, Any]:
    import json

    value = json.loads(path.read_text(encoding="utf-8"))
    return value if isinstance(value, dict) else {}


def tracker_for(task: str, output: Path, **options: Any) -> Tracker:
    """The tracker of the trainings of a task into a run directory; see `Tracker`."""
    return Tracker(task, output, **options)
