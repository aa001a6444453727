"""`chromasonic track`: the store of training runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chromasonic.errors import ChromasonicError, RegistryError
from chromasonic.files import json_text

track_app = typer.Typer(
    no_args_is_help=True,
    help="""Training runs: every training is tracked unless --no-track says otherwise.

Examples:

\b
  chromasonic track list
  chromasonic track list --experiment melody --limit 5 --json
  chromasonic track sync runs/first
  chromasonic track ui
""",
)
WIDE = 100
"""Columns of a terminal from which on corpora are listed."""
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _say(text: str) -> None:
    typer.echo(text, err=True)


@track_app.command("list")
def list_runs(
    experiment: Annotated[
        str | None, typer.Option(help="Only this one: melody, companion, harmonizer, gesture.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest runs.

    Examples:

    \b
      chromasonic track list
      chromasonic track list --experiment melody --json
    """
    from chromasonic.registry.runs import tracked_runs
    from chromasonic.registry.store import open_store

    store = open_store(on_wait=_say)
    runs = tracked_runs(store, experiment=experiment, limit=limit)
    if as_json:
        typer.echo(json_text({"store": store.shown, "runs": [run.to_dict() for run in runs]}))
        return
    if not runs:
        of = "" if experiment is None else f" of the experiment '{experiment}'"
        typer.echo(f"No run{of} is tracked in {store.shown} yet; chromasonic train adds one.")
        return
    _table(runs)
    typer.echo(f"\nStore: {store.shown}")


def _table(runs: list[Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from chromasonic.cli.registered import console

    place = console()
    is_wide = place.width >= WIDE
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("RUN", overflow="fold")
    table.add_column("IN")
    if is_wide:
        table.add_column("CORPUS", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("STATUS")
    table.add_column("VAL LOSS", justify="right")
    table.add_column("STARTED (UTC)", no_wrap=True)
    table.add_column("ID", no_wrap=True)
    for run in runs:
        loss = "" if run.best_val_loss is None else f"{run.best_val_loss:.4g}"
        started = run.started[:16].replace("T", " ")
        corpus = (run.corpus,) if is_wide else ()
        table.add_row(
            Text(run.name),
            run.experiment,
            *corpus,
            run.status.lower(),
            loss,
            started,
            run.run_id[:8],
        )
    place.print(table)


@track_app.command("sync")
def sync(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RUN]...", help="Run directories, to this store."),
    ] = None,
) -> None:
    """Send to the store what could not be sent while training.

    Left out, RUN is every run that waits for this store. Sending twice changes nothing.

    Examples:

    \b
      chromasonic track sync
      chromasonic track sync runs/first runs/second
    """
    from chromasonic.registry.pending import remembered, waiting_elsewhere
    from chromasonic.registry.sending import send_all, sole_sender
    from chromasonic.registry.spool import SPOOL, Spool
    from chromasonic.registry.store import open_store

    folders = list(runs or remembered())
    for folder in runs or ():
        if not Spool(folder).is_there:
            raise RegistryError(
                f"Nothing was tracked in {folder}: it has no {SPOOL}. Give a folder that a "
                "training wrote (--output)."
            )
    elsewhere = {} if runs else waiting_elsewhere()
    for address, others in elsewhere.items():
        _say(f"{len(others)} waiting for another store, {address}: {', '.join(map(str, others))}")
    if not folders:
        typer.echo("Everything is in the store.")
        return
    store = open_store(on_wait=_say)
    failures = 0
    for folder in folders:
        try:
            with sole_sender(folder) as may_send:
                if may_send:
                    send_all(folder, store)
            typer.echo(f"{folder}: {'sent' if may_send else 'is being sent by another process'}")
        except (ChromasonicError, OSError) as error:
            failures += 1
            _say(f"{folder}: {error}")
    if failures:
        raise typer.Exit(1)


@track_app.command("ui")
def ui(
    host: Annotated[str, typer.Option(help="Who may see it: this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Of the page.")] = 5000,
) -> None:
    """Show runs and registered models as a web page; needs the extra chromasonic[mlflow].

    Examples:

    \b
      chromasonic track ui --port 5001
    """
    import os
    from importlib.util import find_spec

    from chromasonic.registry.address import artifact_folder, is_server, store_address, tracking_uri
    from chromasonic.registry.store import open_store

    address = store_address()
    if is_server(address):
        typer.echo(f"The store is a server, which has the page itself: {address}")
        return
    if find_spec("flask") is None or find_spec("mlflow") is None:
        raise RegistryError(
            "The page comes with the full MLflow, which is not installed. Install it (about 0.8 "
            "GB): pip install 'chromasonic[mlflow]'. Without it: chromasonic track list."
        )
    open_store(address, on_wait=_say)  # made or renewed before a server looks at it
    _say(f"http://{host}:{port} (end it with Ctrl-C)")
    words = [
        sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port),
        "--workers", "1", "--backend-store-uri", tracking_uri(address),
    ]  # fmt: skip
    folder = artifact_folder(address)
    if folder is not None:
        words += ["--default-artifact-root", folder.as_uri()]
    os.execv(sys.executable, words)
