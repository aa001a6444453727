"""What `evaluate` and `compare` share: their options, the progress line, cells of tables."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

Dataset = Annotated[
    str | None,
    typer.Option(help="The corpus to judge on; left out: the run's own, with its split."),
]
PartOption = Annotated[str, typer.Option("--part", help="train, validation or test.")]
DataDir = Annotated[Path | None, typer.Option(help="A folder with the corpus in it.")]
SplitFile = Annotated[
    Path | None, typer.Option(help="A split (JSON) instead of the run's or the corpus's own.")
]
Tunes = Annotated[int, typer.Option(help="How many tunes each model writes to be judged by.")]
Bars = Annotated[int, typer.Option(help="Length of these tunes in bars.")]
Temperature = Annotated[float, typer.Option(help="Of their sampling; 1 is as learned.")]
Seed = Annotated[int, typer.Option(help="Of generation and of every bootstrap.")]
Dynamic = Annotated[
    bool, typer.Option("--dynamic", help="Add a row in which the model adapts to each tune.")
]
Expanded = Annotated[
    bool, typer.Option("--expanded/--no-expanded", help="Add a row with repeats played out.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@contextmanager
def progress_line() -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar on stderr that is gone at the end; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    is_silent = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=is_silent) as progress:
        task = progress.add_task("Loading", total=None)

        def show(what: str, done: int, total: int | None) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield show


def number(value: float, digits: int = 3) -> str:
    """A number for people."""
    if math.isnan(value):
        return "undefined"
    return f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.0f}"


def interval(figure: dict[str, Any], digits: int = 3) -> str:
    """A 95% interval for people; empty where there is none."""
    low, high = figure.get("low", math.nan), figure.get("high", math.nan)
    return "" if math.isnan(low) else f"{number(low, digits)} to {number(high, digits)}"
