"""`chromasonic models`: versions of trained models by name, told without loading one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli import models_agents as agents
from chromasonic.cli import models_keep, models_promote, models_read, models_register
from chromasonic.cli import models_shipped as ships
from chromasonic.cli.registered import AsJson, is_there, opened
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.registry.version import Version

NEWEST = 5
"""So many of a name's newest versions are listed, besides those that an alias points to."""

models_app = typer.Typer(
    help="""Versions of trained models, by name; and the models and agents that ship.

Whatever loads a model takes NAME@VERSION or NAME@ALIAS (folk@3, folk@champion), or the NAME of one
that ships; NAME@shipped is that one in any case.

Examples:

\b
  chromasonic models register runs/first --name folk --alias champion
  chromasonic models
  chromasonic models show folk@champion
  chromasonic models promote folk@2 --gate
  chromasonic models rollback folk
  chromasonic models --models runs/harmonizer
  chromasonic models show advanced
""",
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="FOLDER",
        help="A models directory of harmonizers alone; left out: what is registered, ./models "
        "where it is, and what ships.",
    ),
]


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, folder: Folder = None, as_json: AsJson = False) -> None:
    """List what there is: registered versions, then agents of ./models, then what ships."""
    context.obj = folder
    if context.invoked_subcommand is None:
        _list(None, folder, as_json)


@models_app.command("list")
def list_models(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="All versions of this model alone.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List what there is: registered versions, then agents of ./models, then what ships.

    Examples:

    \b
      chromasonic models list
      chromasonic models list --json
      chromasonic models list --models models
    """
    _list(name, folder or context.obj, as_json)


def _list(name: str | None, folder: Path | None, as_json: bool) -> None:
    from chromasonic.cli.models_tables import print_versions, summary

    versions: list[Version] = []
    if folder is None and (name is not None or is_there()):
        versions = opened().versions(name)
    found = agents.found_in(folder) if name is None else []
    shipped = ships.shipped_models() if folder is None and name is None else ()
    if as_json:
        document: dict[str, Any] = {"versions": [summary(version) for version in versions]}
        document["shipped"] = [ships.facts_of(model) for model in shipped]
        document["models"] = [agents.facts_of(place, known) for place, known in found]
        typer.echo(json_text(document))
        return
    if versions:
        print_versions(versions, newest=None if name is not None else NEWEST)
    if shipped:
        typer.echo("\nCome with the package" if versions else "Come with the package")
        ships.print_shipped()
    if found:
        if versions or shipped:
            typer.echo("\nNot registered: agents that harmonize")
        agents.print_table(found)
    if folder is not None and not found:
        typer.echo(agents.none_in(folder))
    elif not versions:
        typer.echo(
            "\nNothing is registered yet. Register a training: chromasonic models register RUN "
            "--name NAME.",
            err=True,
        )


@models_app.command("show")
def show(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="NAME@VERSION, NAME, one that ships, or an agent: simple, advanced, hybrid.",
        ),
    ],
    recipe: Annotated[
        bool, typer.Option("--recipe", help="Print its recipe alone, as TOML that train takes.")
    ] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Say all that is known of a version, a name, or an agent of a models directory.

    Examples:

    \b
      chromasonic models show folk@champion
      chromasonic models show folk
      chromasonic models show folk@2 --recipe > recipe.toml
      chromasonic models show advanced --models models
    """
    from chromasonic.cli import models_show

    folder = folder or context.obj
    if folder is None and (shipped := ships.asked_for(model)) is not None:
        ships.show_shipped(shipped, recipe=recipe, as_json=as_json)
    elif "@" in model:
        models_show.show_version(model, recipe=recipe, as_json=as_json)
    elif agents.is_agent(model) and (folder is not None or not _is_registered(model)):
        agents.show(model, folder, as_json)
    elif folder is not None or not is_there():
        agents.refuse(model, folder)
    else:
        models_show.show_name(model, as_json=as_json)


def _is_registered(name: str) -> bool:
    return is_there() and name in opened().names()


models_app.command("register")(models_register.register)
models_app.command("promote")(models_promote.promote)
models_app.command("rollback")(models_promote.rollback)
models_app.command("diff")(models_read.diff)
models_app.command("card")(models_read.card)
models_app.command("verify")(models_read.verify)
models_app.command("export")(models_keep.export)
models_app.command("prune")(models_keep.prune)
models_app.command("readme")(models_read.readme)
