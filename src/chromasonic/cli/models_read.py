"""`chromasonic models diff`, `card` and `verify`: what versions are, told and checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.registered import (
    AsJson,
    VersionArgument,
    one_model_at,
    opened,
    print_table,
)
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.registry.diff import Diff, Row, Side
    from chromasonic.registry.versions import Registry

LONGEST = 60
"""Characters of a value in a table; --json has all."""


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="NAME@VERSION, or a run directory.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    kind: Annotated[
        str | None, typer.Option(help="Of a run directory with several models: this one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is not the same of two models: recipe, corpora, figures, architecture, files, code.

    Whether a difference of figures is more than chance is said by 'chromasonic ab compare'.

    Examples:

    \b
      chromasonic models diff folk@1 folk@champion
      chromasonic models diff folk@champion runs/new --json
    """
    from chromasonic.registry.diff import diff as compared

    found = compared(_side(a, kind), _side(b, kind))
    if as_json:
        typer.echo(json_text(found.to_dict()))
    else:
        _print_diff(found)


def _side(text: str, kind: str | None) -> Side:
    from chromasonic.files import sha256_of_file
    from chromasonic.registry.diff import Side
    from chromasonic.registry.manifest import FileFacts
    from chromasonic.registry.reference import reference_in

    reference = reference_in(text)
    if reference is not None:
        registry = opened()
        version = registry.get(reference)
        files = {name: file for name, file in version.files.items() if name not in _TOLD}
        folder = registry.folder_of(version.reference)
        layers = _architecture({name: folder / name for name in files})
        return Side(name=version.reference, facts=version.facts, files=files, architecture=layers)
    model = one_model_at(Path(text), kind)
    files = {
        name: FileFacts(sha256=sha256_of_file(path), size_bytes=path.stat().st_size)
        for name, path in model.files.items()
    }
    return Side(name=text, facts=model.facts, files=files, architecture=_architecture(model.files))


_TOLD = ("facts.json", "run.json", "recipe.toml", "split.json")
"""What a version's folder has besides the run's files; facts and recipe are compared as such."""


def _architecture(files: Any) -> dict[str, Any]:
    """What the checkpoints say of their layers, in words."""
    from chromasonic.errors import ChromasonicError
    from chromasonic.inspection.inspecting import inspect_paths

    paths = [path for name, path in sorted(files.items()) if _is_best(name)]
    found: dict[str, Any] = {}
    for path in paths:
        before = "" if len(paths) == 1 else f"{path.stem}: "
        try:
            known = inspect_paths([path]).checkpoints[0]
        except ChromasonicError:  # diff tells what can be told
            continue
        for section in () if known.architecture is None else known.architecture.sections:
            for fact in (fact for fact in section.facts if fact.name not in _NOISE):
                found[f"{before}{section.title}: {fact.name}"] = fact.value
    return found


_NOISE = ("Buffers", "Lone tensors")
"""Facts of an inspection that say little beside the number of parameters."""


def _is_best(name: str) -> bool:
    return name.endswith((".pt", ".pth")) and "best" in Path(name).stem


def _print_diff(found: Diff) -> None:
    same = [heading for heading, rows in found.sections().items() if not rows]
    for heading, rows in found.sections().items():
        if rows:
            has_word = any(row.says for row in rows)
            headings = (heading.upper(), found.a, found.b, *(("DIFFERENCE",) if has_word else ()))
            print_table(headings, [_cells(row, has_word) for row in rows])
            typer.echo("")
    for remark in found.remarks:
        typer.echo(remark)
    if found.remarks:
        return
    if found.is_same_content and len(same) >= 5:
        typer.echo(f"{found.a} and {found.b} have the same files: they are the same model.")
    elif same:
        typer.echo(f"The same in both: {', '.join(word.lower() for word in same)}.")


def _cells(row: Row, has_word: bool) -> tuple[str, ...]:
    cells = (row.key, _short(row.a), _short(row.b))
    return (*cells, row.says) if has_word else cells


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = str(value) or '""'
    if re.fullmatch(r"[0-9a-f]{40}", text):
        return text[:12]
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def card(
    reference: VersionArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file, such as README.md; the version is not pruned then."
        ),
    ] = None,
    judge: Annotated[
        bool,
        typer.Option(
            "--judge", help="First measure it on its validation part, for figures with intervals."
        ),
    ] = False,
    release: Annotated[
        bool,
        typer.Option("--release", help="Forget the cards that were written: it may be pruned."),
    ] = False,
) -> None:
    """Write a version's model card in the format of the Hugging Face hub.

    Its head says licence, corpora and results; the strictest licence of its corpora decides what
    is said of the weights. Nothing of this machine is told.

    Examples:

    \b
      chromasonic models card folk@champion
      chromasonic models card folk@champion --judge -o README.md
    """
    from chromasonic.cli.models_register import judge_version
    from chromasonic.cli.models_shipped import asked_for
    from chromasonic.files import write_text
    from chromasonic.registry.cards import card_text
    from chromasonic.registry.judgements import judgements_of

    shipped = asked_for(reference)
    if shipped is not None and not (judge or release):
        text = shipped.card.read_text(encoding="utf-8")
        typer.echo(text, nl=False) if output is None else write_text(output, text)
        return
    registry = opened(reference)
    version = registry.get(reference)
    if release:
        _release(registry, version.reference)
        return
    if judge:
        judge_version(registry, version)
    text = card_text(version, judged=judgements_of(registry, version))
    if output is None:
        typer.echo(text, nl=False)
        return
    write_text(output, text)
    registry.hold(version.reference, f"the card {output.name}")
    typer.echo(f"Written: {output}")


def _release(registry: Registry, reference: str) -> None:
    held = [by for by in registry.get(reference).held_by if by.startswith("the card ")]
    for by in held:
        registry.release(reference, by)
    typer.echo(
        f"{reference} is no longer kept for {', '.join(held)}."
        if held
        else f"No card was written of {reference}; nothing was changed."
    )


def readme(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="With trainings, models directories, checkpoints."),
    ],
) -> None:
    """Write the README.md of a folder of models: what lies in it, and what each model is.

    It covers every kind of model, those of the folder itself and those of the folders in it.

    Examples:

    \b
      chromasonic models readme models
    """
    from chromasonic.tasks.models_readme import write_models_readme

    typer.echo(f"Written: {write_models_readme(folder)}")


def verify(
    reference: Annotated[
        str | None, typer.Argument(metavar="[NAME@VERSION]", help="One version; or --all.")
    ] = None,
    all_versions: Annotated[bool, typer.Option("--all", help="Every version there is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check that files are what was registered, byte for byte: versions and their exports.

    Exit code 0 only if all are.

    Examples:

    \b
      chromasonic models verify folk@champion
      chromasonic models verify groove
      chromasonic models verify --all
    """
    if (reference is None) != all_versions:
        raise UsageError("Give NAME@VERSION, or --all: one of the two.")
    from chromasonic.cli.models_shipped import asked_for, verify_shipped

    if reference is not None and (shipped := asked_for(reference)) is not None:
        verify_shipped(shipped, as_json=as_json)
        return
    registry = opened(reference or "")
    versions = registry.versions() if reference is None else [registry.get(reference)]
    found = {version.reference: registry.verify(version.reference) for version in versions}
    if as_json:
        document = [{"reference": name, "problems": list(found[name])} for name in found]
        typer.echo(json_text({"unchanged": not any(found.values()), "versions": document}))
    else:
        for version in versions:
            problems = found[version.reference]
            count = len(version.files) + sum(len(export.files) for export in version.exports)
            said = "NOT AS REGISTERED" if problems else f"ok, {count} files"
            typer.echo(f"{version.reference}  {said}")
            for problem in problems:
                typer.echo(f"  {problem}", err=True)
        if not versions:
            typer.echo("Nothing is registered yet.")
    if any(found.values()):
        raise typer.Exit(1)
