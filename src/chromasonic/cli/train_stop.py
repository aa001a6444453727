"""`chromasonic train stop`: end a training that goes on in another window, or in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromasonic.files import json_text

Run = Annotated[Path, typer.Argument(help="The folder that is trained in.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def stop(run: Run, as_json: AsJson = False) -> None:
    """End a training from elsewhere, as Ctrl-C in its own window would.

    It ends within a batch; whole epochs are kept, and --resume goes on exactly there.

    Examples:

    \b
      chromasonic train stop runs/first
      chromasonic train melody --resume runs/first
    """
    from chromasonic.training.holding import ask_to_stop

    holder = ask_to_stop(run, by="another terminal")
    if as_json:
        typer.echo(json_text({"run": str(run), **holder}))
        return
    typer.echo(
        f"Asked the process {holder['pid']} on {holder['machine']} to end its training in {run}. "
        "It does so within a batch; --resume goes on there."
    )
