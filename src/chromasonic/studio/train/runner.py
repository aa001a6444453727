"""The process that trains what the studio was asked for: `python -m ...runner RUN`.

It is no child of a job's: it goes on when the studio ends, and notes how far it is beside the run.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import Timeout

from chromasonic.errors import ChromasonicError, TrainingError
from chromasonic.studio.train.fields import in_form_words
from chromasonic.studio.train.notes import Notes
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart
from chromasonic.training.stopping import StopAskedError

TELL_SECONDS = 0.4
"""Between two notes within an epoch."""
NICE = 10
WAIT_SECONDS = 10
"""For the lock, which the studio takes for a moment when it looks."""


class Noted(Observer):
    """Notes how a training goes, and ends it when that was asked for.

    Args:
        notes: of the run.
    """

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.now: dict[str, Any] = {"state": "running", "pid": os.getpid(), "message": "Starting"}
        self.is_asked = False
        self._told = 0.0

    def ask(self, *_: Any) -> None:
        """End at the next occasion; a signal's handler."""
        self.is_asked = True

    def say(self, message: str, *, at_once: bool = True, **values: Any) -> None:
        """Note where it is.

        Raises:
            StopAskedError: the training shall end.
        """
        self.now.update(values, message=message)
        if at_once or time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            self.is_asked = self.is_asked or self.notes.is_stop_asked
            if not self.is_asked:
                self.notes.tell(**self.now)
        if self.is_asked:
            raise StopAskedError

    def on_start(self, start: TrainingStart) -> None:
        """See `Observer`."""
        self.say(
            "Learning",
            model=start.name,
            epochs=start.config.epochs if start.parameters else 0,
            epoch=start.first_epoch,
            batch=0,
            batches=0,
            epoch_began=time.time(),
            parameters=start.parameters,
            device=start.device,
        )

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        """See `Observer`."""
        self.say("Learning", at_once=False, epoch=epoch, batch=batch, batches=batches)

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        """See `Observer`."""
        del is_best
        last = epoch.epoch >= self.now.get("epochs", 0)
        self.notes.tell(**self.now)
        if not last:
            self.say("Learning", epoch=epoch.epoch + 1, batch=0, epoch_began=time.time())

    def on_figures(self, done: int, total: int, figures: Mapping[str, float]) -> None:
        """See `Observer`."""
        if "reward" in figures:
            rewards = self.now.setdefault("rewards", {}).setdefault(self.now.get("model", ""), [])
            rewards[:] = [one for one in rewards if one[0] < done]
            rewards.append([done, figures["reward"]])
        self.say("Playing episodes", at_once=False, epoch=done, epochs=total, batch=0, batches=0)

    def on_end(self, history: TrainingHistory) -> None:
        """See `Observer`."""
        del history
        self.notes.tell(**{**self.now, "message": "Drawing its curves"})

    def on_load(self, what: str, done: int, total: int | None) -> None:
        """Reading the corpus."""
        share = f" {done / total:.0%}" if total else ""
        self.say(f"{what[:1].upper()}{what[1:]}{share}", at_once=False)


def main(folder: Path) -> None:
    """Train in a run's folder what was asked for; nothing where another process does so already."""
    notes = Notes(folder)
    with suppress(OSError):
        os.nice(NICE)
    with suppress(Timeout), notes.lock().acquire(timeout=WAIT_SECONDS):
        _train(notes)


def _train(notes: Notes) -> None:
    noted = Noted(notes)
    signal.signal(signal.SIGTERM, noted.ask)
    signal.signal(signal.SIGINT, noted.ask)
    try:
        noted.say("Loading what it trains with", began=time.time())
        _fit(notes, noted)
        notes.tell(**{**noted.now, "state": "done", "message": ""})
    except StopAskedError:
        notes.tell(**{**noted.now, "state": "stopped", "message": ""})
    except BaseException as error:
        notes.tell(**{**noted.now, "state": "failed", "error": _words(error)})
        raise  # what happened stands in the log
    finally:
        notes.stop_file.unlink(missing_ok=True)


def _words(error: BaseException) -> str:
    """What went wrong, for the page."""
    if isinstance(error, MemoryError):
        return "It needs more memory than there is. Take smaller batches or a smaller model."
    if isinstance(error, TrainingError):
        return in_form_words(str(error))
    return str(error) if isinstance(error, ChromasonicError) else f"{type(error).__name__}: {error}"


def _fit(notes: Notes, noted: Noted) -> None:
    from chromasonic.registry.tracking import Tracker, is_tracked
    from chromasonic.tasks.table import task_named

    asked = notes.asked()
    task, recipe, resume = str(asked["task"]), asked["recipe"], bool(asked["resume"])
    source = "" if resume else str(asked.get("init_from", ""))
    sys.argv = _command(
        task, notes, resume=resume, init_from=source
    )  # a run notes what would make it again
    observers: list[Observer] = [noted]
    tracker = Tracker(task, notes.run, resume=resume) if is_tracked() else None
    if tracker is not None:
        observers.append(tracker)
    noted.say("Opening the corpus")
    failure: BaseException | None = None
    try:
        task_named(task).train(
            recipe, notes.run, resume=resume, init_from=source, observers=observers,
            on_progress=noted.on_load,
            on_data=lambda told: noted.say(f"Learning from {told}"),
        )  # fmt: skip
    except BaseException as error:
        failure = error
        raise
    finally:
        if tracker is not None:
            tracker.close(failure, seconds=1.0)


def _command(task: str, notes: Notes, *, resume: bool, init_from: str) -> list[str]:
    if resume:
        return ["chromasonic", "train", task, "--resume", str(notes.run)]
    output = str(notes.run)
    begins = ["--init-from", init_from] if init_from else []
    recipe = ["--recipe", f"{output}/recipe.toml", *begins]
    return ["chromasonic", "train", task, *recipe, "--output", output]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
