"""What the verbs of `chromasonic models` share: the registry, options, tables of any width."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from chromasonic.registry.model import TrainedModel
    from chromasonic.registry.versions import Registry

PATIENCE_SECONDS = 3.0
"""Who waits longer is told for what."""
WIDTH = 100
"""Of tables where no terminal says its own."""

VersionArgument = Annotated[
    str, typer.Argument(metavar="NAME@VERSION", help="A version by number or alias: folk@3.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Because = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept in the history.")]


def opened(reference: str = "") -> Registry:
    """The registry of the settings; what takes seconds is said on stderr.

    Args:
        reference: a version that is asked for; its form is looked at before anything is opened.

    Raises:
        UsageError: it has not the form of one.
        RegistryError: it cannot be opened.
    """
    if reference:
        from chromasonic.registry.reference import version_reference

        version_reference(reference)
    with said_when_slow("Opening the registry (a busy machine needs a while) ..."):
        from chromasonic.registry.versions import Registry

        return Registry(on_wait=lambda line: typer.echo(line, err=True))


@contextmanager
def said_when_slow(line: str) -> Iterator[None]:
    """Say on stderr what a block is at, where it takes more than a few seconds."""
    timer = threading.Timer(PATIENCE_SECONDS, typer.echo, [line], {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def is_there() -> bool:
    """Whether there is a registry at all; nothing slow is imported, and no server is asked."""
    from chromasonic.registry.address import database_file, store_address

    file = database_file(store_address())
    return file is None or file.is_file()


def place_of(path: Path) -> Path:
    """Of the name of a model that ships its folder; any other path as it is."""
    from chromasonic.registry.shipped import shipped

    model = None if path.exists() else shipped(path)
    return path if model is None else model.folder


def one_model_at(path: Path, kind: str | None) -> TrainedModel:
    """The one model at a path: of a run with several, the set of them, or the kind asked for.

    Raises:
        UsageError: there are several and no set of them; `--kind` has to say which.
        CheckpointError: there is none.
    """
    from chromasonic.errors import UsageError
    from chromasonic.tasks.finding import models_at

    found = models_at(place_of(path), kind=kind)
    if len(found) > 1 and found[0].facts.kind != "all":
        kinds = ", ".join(model.facts.kind for model in found)
        raise UsageError(f"{path} holds several models: {kinds}. Say which: --kind KIND.")
    return found[0]


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
    title: str = "",
) -> None:
    """A table without lines; its text is text, whatever brackets are in it.

    Args:
        headings: of the columns.
        rows: a cell a column.
        right: headings of columns of numbers.
        whole: headings of columns that are never broken.
        title: a line above.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading in right or heading in whole,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if title:
        typer.echo(title)
    console().print(table)


def console() -> Any:
    """Where tables go: as wide as the terminal, else as `WIDTH`, or as COLUMNS says."""
    import os

    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    width = None if is_terminal or os.environ.get("COLUMNS") else WIDTH
    return Console(width=width, highlight=False)
