"""`chromasonic models`: which trained models there are, told from their metadata alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.harmonization.models_directory import ModelMetadata

DEFAULT_FOLDER = Path("models")

models_app = typer.Typer(
    help="""List trained models, without loading one.

Examples:

\b
  chromasonic models
  chromasonic models --models runs/harmonizer
  chromasonic models show advanced
""",
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="FOLDER",
        help="A models directory; left out: ./models where it is, and what ships.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, folder: Folder = None, as_json: AsJson = False) -> None:
    """List what there is: agent, version, date, episodes, rewards, size."""
    context.obj = folder
    if context.invoked_subcommand is None:
        _list(folder, as_json)


@models_app.command("list")
def list_models(context: typer.Context, folder: Folder = None, as_json: AsJson = False) -> None:
    """List what there is: agent, version, date, episodes, rewards, size.

    Examples:

    \b
      chromasonic models list
      chromasonic models list --models models --json
    """
    _list(folder or context.obj, as_json)


def _list(folder: Path | None, as_json: bool) -> None:
    found = _found(folder)
    if as_json:
        typer.echo(json_text({"models": [_facts(place, known) for place, known in found]}))
        return
    if not found:
        typer.echo(
            f"No trained model in {folder or DEFAULT_FOLDER}. {_how_to_train('simple', folder)}"
        )
        return
    _print_table(found)


@models_app.command("show")
def show(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(help="simple, advanced or hybrid.")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Say all that the metadata of a model says.

    Examples:

    \b
      chromasonic models show advanced
      chromasonic models show simple --models models --json
    """
    from chromasonic.errors import UsageError
    from chromasonic.harmonization.models_directory import FILES

    folder = folder or context.obj
    if agent not in FILES:
        raise UsageError(f"'{agent}' is no trained agent; known: {', '.join(FILES)}.")
    found = [(place, known) for place, known in _found(folder) if known.agent == agent]
    if not found:
        raise UsageError(
            f"No {agent} model in {folder or DEFAULT_FOLDER}. {_how_to_train(agent, folder)}"
        )
    place, known = found[0]
    facts = _facts(place, known)
    if as_json:
        typer.echo(json_text(facts))
        return
    width = max(map(len, facts))
    for key, value in facts.items():
        typer.echo(f"{key:{width}}  {_said(value)}")


def _how_to_train(agent: str, folder: Path | None) -> str:
    return (
        f"Train one: chromasonic train harmonizer --agent {agent} "
        f"--output {folder or DEFAULT_FOLDER}"
    )


def _found(folder: Path | None) -> list[tuple[Path, ModelMetadata]]:
    """Folder and metadata of each model: of the folder given, else of ./models and what ships."""
    from chromasonic.errors import DataError, UsageError
    from chromasonic.harmonization.agents import SHIPPED
    from chromasonic.harmonization.models_directory import agents_in, read_metadata

    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder} is no folder. Give a models directory, or leave --models out.")
    places = [folder] if folder is not None else [DEFAULT_FOLDER, SHIPPED]
    found = []
    for place in places:
        for agent in agents_in(place):
            try:
                found.append((place, read_metadata(place, agent)))
            except DataError as error:  # the others can still be told
                typer.echo(f"Passed over: {error}", err=True)
    return found


def _facts(place: Path, known: ModelMetadata) -> dict[str, Any]:
    """The metadata, with the model's file and size in front."""
    from dataclasses import asdict

    from chromasonic.harmonization.agents import SHIPPED
    from chromasonic.harmonization.models_directory import FILES

    path = place / FILES[known.agent].model
    return {
        "where": "shipped" if place == SHIPPED else str(place),
        "file": path.name,
        "size_bytes": path.stat().st_size if path.is_file() else None,
        **asdict(known),
    }


def _said(value: Any) -> str:
    """A value of the metadata on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list):
        return "; ".join(_said(item) for item in value) or "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _print_table(found: list[tuple[Path, ModelMetadata]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from chromasonic.harmonization.models_readme import said

    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("AGENT", "WHERE", "VERSION", "DATE", "EPISODES", "AVERAGE", "BEST", "SIZE"):
        is_number = heading in ("EPISODES", "AVERAGE", "BEST", "SIZE")
        table.add_column(heading, justify="right" if is_number else "left")
    for place, known in found:
        facts = _facts(place, known)
        size = facts["size_bytes"]
        table.add_row(
            known.agent,
            facts["where"],
            known.version,
            known.date[:10],
            f"{known.episodes:,}",
            f"{known.average_reward:.2f}",
            f"{known.best_reward:.2f}",
            "absent" if size is None else said(size),
        )
    console.print(table)
