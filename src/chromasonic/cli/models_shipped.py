"""What `chromasonic models` tells of the models that come with the package."""

from __future__ import annotations

from typing import Any

import typer

from chromasonic.cli.registered import print_table
from chromasonic.files import json_text
from chromasonic.registry.shipped import DEFAULTS, ShippedModel, shipped, shipped_models
from chromasonic.registry.sizes import said


def asked_for(name: str) -> ShippedModel | None:
    """The shipped model that is meant; none where a registered one is called so."""
    model = shipped(name)
    if model is None or (name == model.name and _is_registered(name)):
        return None
    return model


def _is_registered(name: str) -> bool:
    """Whether a registered model is called so; a registry in a file is not opened for it."""
    from chromasonic.cli.registered import opened
    from chromasonic.registry.address import database_file, store_address
    from chromasonic.registry.reference import is_registered

    if database_file(store_address()) is None:
        return name in opened().names()
    return is_registered(name)


def facts_of(model: ShippedModel) -> dict[str, Any]:
    """What a list says of a shipped model, as plain values."""
    return {
        "name": model.name,
        "task": model.task,
        "kind": model.kind,
        "title": model.title,
        "summary": model.summary,
        "licence": model.licence,
        "default_of": [what for what, name in DEFAULTS.items() if name == model.name],
        "size_bytes": model.bytes,
        "folder": str(model.folder),
    }


def print_shipped() -> None:
    """The shipped models as a table."""
    rows = [
        (model.name, _kind(model), said(model.bytes), model.title) for model in shipped_models()
    ]
    whole = ("MODEL", "KIND")
    print_table(("MODEL", "KIND", "SIZE", "WHAT IT IS"), rows, right=("SIZE",), whole=whole)


def _kind(model: ShippedModel) -> str:
    return model.kind if model.task == "companion" else f"{model.task} {model.kind}"


def show_shipped(model: ShippedModel, *, recipe: bool, as_json: bool) -> None:
    """Print all that is known of a shipped model, its recipe alone, or one JSON document."""
    if recipe:
        typer.echo((model.folder / "recipe.toml").read_text(encoding="utf-8"), nl=False)
        return
    facts = facts_of(model)
    if as_json:
        document = {**facts, "files": {name: vars(file) for name, file in model.files.items()}}
        typer.echo(json_text(document))
        return
    width = max(map(len, facts))
    for key, value in facts.items():
        text = ", ".join(value) or "-" if isinstance(value, list) else str(value)
        typer.echo(f"{key:{width}}  {said(value) if key == 'size_bytes' else text}")
    typer.echo(f"\nIts card, with figures and limits: chromasonic models card {model.name}")


def verify_shipped(model: ShippedModel, *, as_json: bool) -> None:
    """Say whether the files are those that were shipped; exit code 1 where they are not."""
    problems = model.problems()
    if as_json:
        document = {"unchanged": not problems, "model": model.name, "problems": list(problems)}
        typer.echo(json_text(document))
    else:
        state = "NOT AS SHIPPED" if problems else f"ok, {len(model.files)} files"
        typer.echo(f"{model.name}  {state}")
        for problem in problems:
            typer.echo(f"  {problem}", err=True)
    if problems:
        raise typer.Exit(1)
