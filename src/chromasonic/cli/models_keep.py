"""`chromasonic models export` and `prune`: versions for plugins, and versions that may go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromasonic.cli.registered import AsJson, VersionArgument, opened, print_table
from chromasonic.errors import UsageError
from chromasonic.files import json_text


def export(
    reference: VersionArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for the files.")],
    format: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="rtneural, onnx or modelt; left out: the kind's first."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a version for plugins, proven; the export is registered with the version.

    Its metadata names the corpora; 'models show' and 'models verify' know the files from then on.

    Examples:

    \b
      chromasonic models export groove@champion -o plugin/models
      chromasonic models export folk@2 --format onnx -o plugin/models
    """
    from chromasonic.cli.export import print_exported
    from chromasonic.tasks.exporting import export_model, formats_of

    registry = opened(reference)
    version = registry.get(reference)
    task, kind = version.facts.task, version.facts.kind
    format = format or next(iter(formats_of(task, kind)), "onnx")
    folder = registry.folder_of(version.reference)
    exported = export_model(folder, task=task, kind=kind, format=format, output=output)
    parity = {
        "largest_difference": max(one.largest_difference for one in exported),
        "steps": min(one.steps for one in exported),
    }
    registry.attach_export(
        version.reference, [one.path for one in exported], format=format, parity=parity
    )
    print_exported(exported, as_json=as_json)


def prune(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of this model alone.")
    ] = None,
    keep: Annotated[int, typer.Option(help="So many newest versions of each name stay.")] = 3,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go, and why the others stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove versions that nothing needs, with their files; what was removed is gone.

    A version stays where an alias points to it or a rollback leads to it, where a card was written
    of it, where an experiment holds it, where it is among the newest, or where a version that
    stays began from it.

    Examples:

    \b
      chromasonic models prune --dry-run
      chromasonic models prune folk --keep 5 --yes
    """
    registry = opened()
    planned = registry.prune(name, keep=keep, dry_run=True)
    if not as_json:
        _print_plan(planned)
    if dry_run or not (planned.removed or planned.leftovers):
        if as_json:
            typer.echo(json_text(_document(planned)))
        return
    if not yes:
        if as_json:
            raise UsageError("--json asks nothing: give --yes as well, or --dry-run.")
        typer.confirm(f"Remove {_counted(len(planned.removed))} for good?", abort=True)
    done = registry.prune(name, keep=keep)
    if as_json:
        typer.echo(json_text(_document(done)))
        return
    from chromasonic.registry.sizes import said

    typer.echo(f"Removed {_counted(len(done.removed))}, {said(done.size_bytes)}.")


def _counted(number: int) -> str:
    return "1 version" if number == 1 else f"{number} versions"


def _print_plan(planned: object) -> None:
    from chromasonic.registry.pruning import Pruned
    from chromasonic.registry.sizes import said

    assert isinstance(planned, Pruned)
    rows = [
        (
            version.reference,
            "goes",
            version.created[:10],
            said(version.size_bytes),
            "nothing needs it",
        )
        for version in planned.removed
    ]
    rows += [(name, "stays", "", "", "; ".join(why)) for name, why in planned.kept.items()]
    if rows:
        print_table(("MODEL", "", "DATE", "SIZE", "WHY"), rows, right=("SIZE",),
                    whole=("MODEL", "DATE"))  # fmt: skip
    if planned.leftovers:
        typer.echo(f"{len(planned.leftovers)} folders of processes that were cut short go as well.")
    if not planned.removed and not planned.leftovers:
        typer.echo("Nothing to remove.")


def _document(pruned: object) -> dict[str, object]:
    from chromasonic.registry.pruning import Pruned

    assert isinstance(pruned, Pruned)
    return {
        "is_done": pruned.is_done,
        "removed": [version.reference for version in pruned.removed],
        "kept": {name: list(why) for name, why in pruned.kept.items()},
        "leftovers": len(pruned.leftovers),
        "size_bytes": pruned.size_bytes,
    }
