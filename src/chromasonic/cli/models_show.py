"""What `models show` tells of a version, and of a name with all its versions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from chromasonic.cli.registered import console, opened, print_table
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.registry.judgements import Judgement
    from chromasonic.registry.version import Version


def show_version(reference: str, *, recipe: bool, as_json: bool) -> None:
    """Print all that is known of a version: facts, lineage, figures, files, its aliases' moves.

    Raises:
        RegistryError: there is no such version.
        UsageError: it has no recipe, and its recipe was asked for.
    """
    from chromasonic.registry.judgements import judgements_of

    registry = opened(reference)
    version = registry.get(reference)
    if recipe:
        typer.echo(_recipe_text(version, as_json=as_json), nl=False)
        return
    children = registry.children(version.reference)
    judged = judgements_of(registry, version)
    if as_json:
        document = version.to_dict()
        document["children"] = [child.reference for child in children]
        document["judged"] = [vars(judgement) for judgement in judged]
        typer.echo(json_text(document))
        return
    _print_warning(version)
    _print_facts(version)
    _print_lineage(version, children)
    _print_figures(version, judged)
    _print_files(version)
    _print_history(version)


def show_name(name: str, *, as_json: bool) -> None:
    """Print the versions of a name, and every move of its aliases.

    Raises:
        RegistryError: no model is registered under that name.
    """
    from chromasonic.cli.models_tables import print_versions, summary
    from chromasonic.registry.family_tree import change_line

    registry = opened()
    versions, changes = registry.versions(name), registry.history(name)
    if as_json:
        document: dict[str, Any] = {"versions": [summary(version) for version in versions]}
        document["history"] = [vars(change) for change in changes]
        typer.echo(json_text(document))
        return
    print_versions(versions, newest=None)
    if changes:
        typer.echo("\nAliases, oldest move first")
        for change in changes:
            typer.echo(f"  {change_line(change)}")


def _recipe_text(version: Version, *, as_json: bool) -> str:
    from chromasonic.config import to_toml

    recipe = dict(version.facts.recipe)
    if not recipe:
        raise UsageError(
            f"No recipe was recorded with {version.reference}: it was registered from a lone "
            "checkpoint. Register the run directory of its training instead."
        )
    return json_text(recipe) + "\n" if as_json else to_toml(recipe)


def _print_warning(version: Version) -> None:
    """In bold that it learned from made-up examples, where it did."""
    from rich.text import Text

    from chromasonic.registry.made_up import warning

    first, rest = warning(version.facts)
    if first:
        console().print(Text.assemble((first, "bold"), rest))
        typer.echo("")


def _print_facts(version: Version) -> None:
    from chromasonic.registry.card_sections import command_line
    from chromasonic.registry.licences import weights_terms
    from chromasonic.registry.sizes import said

    facts = version.facts
    known = {
        "model": version.reference
        + (f"  ({', '.join(version.aliases)})" if version.aliases else ""),
        "title": facts.title,
        "kind": f"{facts.task} {facts.kind}",
        "parameters": facts.parameters_said,
        "registered": version.created.replace("T", " ")[:16],
        "note": version.note,
        "corpora": ", ".join(c.title or c.name for c in facts.corpora) or "not recorded",
        "weights": weights_terms(facts.corpora).sentence,
        "command": command_line(facts.command) if facts.command else "",
        "code": _code(facts.code),
        "size": f"{said(version.size_bytes)} in {len(version.files)} files",
        "held by": ", ".join(version.held_by),
    }
    width = console().width
    for key, value in known.items():
        if value:
            lines = textwrap.wrap(value, max(30, width - 12), break_on_hyphens=False)
            typer.echo(f"{key:10}  {lines[0]}")
            for line in lines[1:]:
                typer.echo(f"{'':12}{line}")


def _code(code: Any) -> str:
    parts = [str(code.get("version") or ""), str(code.get("commit") or "")[:12]]
    parts += [f"Python {code['python']}" if code.get("python") else ""]
    return ", ".join(part for part in parts if part)


def _print_lineage(version: Version, children: Sequence[Version]) -> None:
    from chromasonic.registry.family_tree import family_tree, lines_of

    typer.echo("\nLineage")
    for line in lines_of(family_tree(version, children)):
        typer.echo(f"  {line}")


def _print_figures(version: Version, judged: Sequence[Judgement]) -> None:
    from chromasonic.registry.metrics import figures_of, said

    rows = [
        (f"{said(name)}{figure.arrow}", str(figure), figure.unit)
        for name, figure in figures_of(version.facts.validation, version.facts.headline).items()
    ]
    if rows:
        on = f": {version.facts.validated_on}" if version.facts.validated_on else ""
        title = f"\nValidation, as its training measured it{on}"
        print_table(("METRIC", "FIGURE", "UNIT"), rows, right=("FIGURE",), title=title)
    for judgement in judged:
        title = (
            f"\nJudged {judgement.when[:10]} on {judgement.corpus}, {judgement.part}: "
            f"{judgement.kind}, {judgement.pieces:,} {judgement.unit}s, 95% intervals"
        )
        rows = [
            (f"{said(name)}{figure.arrow}", str(figure), figure.unit)
            for name, figure in figures_of(judgement.figures).items()
        ]
        print_table(("METRIC", "FIGURE", "UNIT"), rows, right=("FIGURE",), title=title)


def _print_files(version: Version) -> None:
    rows = [
        (name, f"{file.size_bytes:,}", file.sha256[:16])
        for name, file in sorted(version.files.items())
    ]
    print_table(("FILE", "BYTES", "SHA-256"), rows, right=("BYTES",), whole=("SHA-256",),
                title="\nFiles")  # fmt: skip


def _print_history(version: Version) -> None:
    from chromasonic.registry.family_tree import change_line

    if version.history:
        typer.echo("\nAliases, oldest move first")
        for change in version.history:
            typer.echo(f"  {change_line(change)}")
