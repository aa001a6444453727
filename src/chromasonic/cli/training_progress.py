"""How a training goes, on stderr: a bar where there is a terminal, else a line an epoch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart

UNITS = {"melody": "tokens", "gesture": "movements"}
"""Task to what one target of its loss is; "targets" for the others."""


class TrainingProgress(Observer):
    """Shows epochs and batches of one training after another.

    Args:
        progress: the bars.
        console: where lines go.
        is_resumed: whether what begins was begun before.
    """

    def __init__(self, progress: Progress, console: Console, *, is_resumed: bool = False) -> None:
        self.progress = progress
        self.console = console
        self.is_resumed = is_resumed
        self.name = ""
        self.task: Any = None
        self.start: TrainingStart | None = None

    def on_start(self, start: TrainingStart) -> None:
        """A line that says what begins, and its bar."""
        if self.task is not None:  # of a training that begins again, as after a lost worker
            self.progress.remove_task(self.task)
        self.start = start
        self.name = start.name
        if start.parameters == 0:
            self._say(f"{start.name}: counted, not trained")
            self.task = self.progress.add_task(start.name, total=None)
            return
        anew = ", begun anew: no epoch of it had ended" if self.is_resumed else ""
        goes_on = f", from epoch {start.first_epoch}" if start.first_epoch > 1 else anew
        several = f", {start.processes} processes" if start.processes > 1 else ""
        self._say(
            f"{start.name}: {start.parameters:,} parameters, {start.device}, {start.precision}"
            f"{several}{goes_on}"
        )
        self.task = self.progress.add_task(start.name, total=None)

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        """The bar moves."""
        assert self.start is not None
        self.progress.update(
            self.task,
            description=f"{self.name} epoch {epoch}/{self.start.config.epochs}",
            completed=(epoch - 1) * batches + batch,
            total=self.start.config.epochs * batches,
        )

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        """A line for the epoch."""
        assert self.start is not None
        parts = [
            f"epoch {epoch.epoch:3d}/{self.start.config.epochs}",
            f"train {_short(epoch.train_loss)}",
            f"validation {_short(epoch.val_loss)}",
        ]
        headline = self.start.metadata.get("headline")
        if "pitch_bits" in epoch.val:
            right = epoch.val["pitch_accuracy"].value
            parts.append(f"{epoch.val['pitch_bits'].value:.2f} pitch bits a note ({right:.0%})")
        elif headline in epoch.val:
            parts.append(f"{headline.replace('_', ' ')} {_short(epoch.val[headline].value)}")
        if epoch.learning_rate:
            parts.append(f"rate {epoch.learning_rate:.2g}")
        unit = UNITS.get(self.start.metadata.get("task", ""), "targets")
        parts.append(f"{epoch.tokens_per_second:,.0f} {unit}/s")
        self._say("  " + "  ".join(parts) + ("  best" if is_best else ""))

    def on_end(self, history: TrainingHistory) -> None:
        """The bar goes away."""
        self.progress.remove_task(self.task)
        self.task = None
        if history.end == "patience":
            self._say(f"{history.name}: stopped early, no improvement for a while.")

    def say_lines(self, lines: Sequence[str]) -> None:
        """Lines above the bar, such as what is learned from."""
        for line in lines:
            self._say(line)

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)


def _short(value: float) -> str:
    """Three places, or three figures of what is small."""
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.3g}"


@contextmanager
def training_progress(*, is_resumed: bool = False) -> Iterator[TrainingProgress]:
    """Bars and lines on stderr within the block."""
    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield TrainingProgress(progress, console, is_resumed=is_resumed)
