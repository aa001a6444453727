"""Agents of a models directory, and those that ship, told from their metadata alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.harmonization.models_directory import ModelMetadata

DEFAULT_FOLDER = Path("models")


def is_agent(name: str) -> bool:
    """Whether an agent is called so."""
    from chromasonic.harmonization.models_directory import FILES

    return name in FILES


def refuse(name: str, folder: Path | None) -> NoReturn:
    """Say that no model is called so.

    Raises:
        UsageError: always.
    """
    from chromasonic.errors import UsageError
    from chromasonic.harmonization.models_directory import FILES

    raise UsageError(
        f"'{name}' is no trained agent; known: {', '.join(FILES)}. "
        + ("" if folder is not None else "Nothing is registered under that name either.")
    )


def none_in(folder: Path) -> str:
    """What to do where a models directory is empty."""
    return f"No trained model in {folder}. {_how_to_train('simple', folder)}"


def show(agent: str, folder: Path | None, as_json: bool) -> None:
    """Print all that the metadata of an agent says.

    Raises:
        UsageError: it is not there.
    """
    from chromasonic.errors import UsageError

    found = [(place, known) for place, known in found_in(folder) if known.agent == agent]
    if not found:
        raise UsageError(
            f"No {agent} model in {folder or DEFAULT_FOLDER}. {_how_to_train(agent, folder)}"
        )
    place, known = found[0]
    facts = facts_of(place, known)
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


def found_in(folder: Path | None) -> list[tuple[Path, ModelMetadata]]:
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


def facts_of(place: Path, known: ModelMetadata) -> dict[str, Any]:
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


def print_table(found: list[tuple[Path, ModelMetadata]]) -> None:
    """The agents as a table: version, date, episodes, rewards, size."""
    from rich.console import Console
    from rich.table import Table

    from chromasonic.harmonization.models_readme import said

    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("AGENT", "WHERE", "VERSION", "DATE", "EPISODES", "AVERAGE", "BEST", "SIZE"):
        is_number = heading in ("EPISODES", "AVERAGE", "BEST", "SIZE")
        table.add_column(heading, justify="right" if is_number else "left")
    for place, known in found:
        facts = facts_of(place, known)
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
