"""`chromasonic models promote` and `rollback`: which version is in use, changed with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.judging import DataDir, Seed, progress_line
from chromasonic.cli.models_register import refuse_number
from chromasonic.cli.registered import AsJson, Because, VersionArgument, opened
from chromasonic.errors import RegistryError, UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.abtest.gate import Gate
    from chromasonic.registry.version import Change, Version
    from chromasonic.registry.versions import Registry

STATES = {True: "ok", False: "REFUSED", None: "-"}


def promote(
    reference: VersionArgument,
    to: Annotated[
        str, typer.Option("--to", metavar="ALIAS", help="What it shall be.")
    ] = "champion",
    gate: Annotated[
        bool,
        typer.Option(
            "--gate",
            help="Only if its files are unchanged, its export is valid, and it is not "
            "significantly worse on the validation part than the version in use.",
        ),
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            help="With --gate: it must be shown to lose no more than this, in the metric's unit."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="In spite of a gate that refuses; asks for --because.")
    ] = False,
    because: Because = "",
    data_dir: DataDir = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Let an alias point to a version: whatever loads NAME@champion loads it from now on.

    Its files are checked in any case. The test part is never opened here. See docs/models.md.

    Examples:

    \b
      chromasonic models promote folk@2
      chromasonic models promote folk@2 --gate
      chromasonic models promote folk@2 --gate --margin 0.02
      chromasonic models promote folk@3 --to challenger --because "for the listening test"
    """
    if margin is not None and not gate:
        raise UsageError("--margin is of --gate; give both, or none.")
    if force and not because.strip():
        raise UsageError("--force asks for a reason: --because TEXT. It is kept in the history.")
    registry = opened(reference)
    version = registry.get(reference)
    if version.number == registry.aliases(version.name).get(to):
        _say(None, version.reference, to, None, as_json=as_json)
        return
    found = None
    if gate:
        found = _gated(registry, version.reference, to, margin, data_dir, seed, as_json=as_json)
        if not found.passed and not force:
            _refuse(found, to, as_json=as_json)
        present = registry.aliases(version.name).get(to)
        if found.against != ("" if present is None else f"{version.name}@{present}"):
            raise RegistryError(
                f"{version.name}@{to} was moved while the gate was at work: it is version "
                f"{present} now, and {version.reference} was compared with "
                f"{found.against or 'none'}. Run the same command again."
            )
    else:
        _check_files(registry, version.reference)
    why = because if found is None or found.passed else f"forced past the gate: {because}"
    change = registry.set_alias(version.reference, to, why=why)
    _warn(version)
    _say(change, version.reference, to, found, as_json=as_json)


def rollback(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the model.")],
    alias: Annotated[str, typer.Option(metavar="ALIAS", help="Which one.")] = "champion",
    because: Because = "",
    as_json: AsJson = False,
) -> None:
    """Let an alias point to what it pointed to before; once more goes further back.

    A version whose files were changed is not gone back to.

    Examples:

    \b
      chromasonic models rollback folk
      chromasonic models rollback folk --because "clicks in the plugin"
    """
    from chromasonic.registry.version import check_alias, check_name

    refuse_number(name)
    check_name(name)
    check_alias(alias)
    registry = opened()
    change = registry.rollback(name, alias, why=because)
    _say(change, f"{name}@{change.after}", alias, None, as_json=as_json)


def _warn(version: Version) -> None:
    """Say on stderr that it learned from made-up examples, where it did."""
    from chromasonic.registry.made_up import warning

    said = "".join(warning(version.facts))
    if said:
        typer.echo(f"{version.reference}: {said}", err=True)


def _check_files(registry: Registry, reference: str) -> None:
    problems = registry.verify(reference)
    if problems:
        raise RegistryError(" ".join(problems))


def _gated(
    registry: Registry,
    reference: str,
    alias: str,
    margin: float | None,
    data_dir: Any,
    seed: int,
    *,
    as_json: bool,
) -> Gate:
    from chromasonic.abtest.gate import gate

    with progress_line() as show:
        found = gate(
            registry, reference, alias=alias, margin=margin, data_dir=data_dir, seed=seed,
            on_progress=show,
        )  # fmt: skip
    if not as_json:
        _print_gate(found)
    return found


def _print_gate(found: Gate) -> None:
    import textwrap

    from chromasonic.cli.registered import console

    width = console().width
    against = f" against {found.against}" if found.against else ""
    typer.echo(f"Gate for {found.version}{against}")
    for check in found.checks:
        head = f"  {check.name:10}  {STATES[check.passed]:7}  "
        lines = textwrap.wrap(check.says, max(30, width - len(head)), break_on_hyphens=False)
        typer.echo(head + (lines[0] if lines else ""))
        for line in lines[1:]:
            typer.echo(" " * len(head) + line)


def _refuse(found: Gate, alias: str, *, as_json: bool) -> None:
    """End with code 1: what failed, and how to go on; the figures stand in the table.

    Raises:
        RegistryError: always.
    """
    if as_json:
        typer.echo(json_text({"changed": False, "gate": found.to_dict()}))
    failed = ", ".join(check.name for check in found.failed)
    stays = f" {found.against} stays {alias}." if found.against else ""
    raise RegistryError(
        f"The gate refuses {found.version} as {alias}: {failed}.{stays} Train a better one, or "
        f"take it in spite of that: chromasonic models promote {found.version} --to {alias} "
        '--gate --force --because "..."'
    )


def _say(
    change: Change | None, reference: str, alias: str, gate: Gate | None, *, as_json: bool
) -> None:
    if as_json:
        typer.echo(
            json_text(
                {
                    "changed": change is not None and change.is_new,
                    "reference": reference,
                    "alias": alias,
                    "change": None if change is None else vars(change),
                    "gate": None if gate is None else gate.to_dict(),
                }
            )
        )
        return
    if change is None:
        typer.echo(f"{reference} is {alias} already; nothing was changed.")
        return
    before = "new" if change.before is None else f"was version {change.before}"
    typer.echo(f"{change.model}@{alias} is version {change.after} now ({before}).")
    if change.kind == "set" and change.before is not None:
        more = "" if alias == "champion" else f" --alias {alias}"
        typer.echo(f"Back again: chromasonic models rollback {change.model}{more}")
