"""`chromasonic models register`: a training becomes the next version of a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.registered import AsJson, Because, opened, place_of
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.registry.version import Version
    from chromasonic.registry.versions import Registry

EACH = "each"


def register(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="A run directory, a models directory of harmonizers, or a checkpoint.",
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Of the model; new, or one that is there.")
    ],
    alias: Annotated[
        list[str] | None,
        typer.Option(metavar="ALIAS", help="To point to the new version; again for more."),
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="About this version.")] = "",
    kind: Annotated[
        str | None,
        typer.Option(
            help="Of a run with several models: this one alone (lstm, groove_predictor, hybrid, "
            f"...), or '{EACH}': one by one, as NAME-KIND. Left out: the set of them, where the "
            "run has one (companions, harmonizers), else one by one.",
        ),
    ] = None,
    parent: Annotated[
        str | None,
        typer.Option(
            metavar="NAME@VERSION",
            help="What its weights began from; left out: what the run says (--init-from).",
        ),
    ] = None,
    judge: Annotated[
        bool,
        typer.Option(
            "--judge", help="Measure it on its validation part, with intervals, for its card."
        ),
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="A new version even where the same files have one already."),
    ] = False,
    because: Because = "",
    as_json: AsJson = False,
) -> None:
    """Keep a training as the next version of a name: its files, with what is known of them.

    Files are copied; the run may go afterwards. The same files are not registered twice.

    Examples:

    \b
      chromasonic models register runs/first --name folk
      chromasonic models register runs/first --name folk --alias champion --note "the first"
      chromasonic models register runs/companion --name groove --kind groove_predictor
      chromasonic models register runs/companion --name band --kind each
    """
    from chromasonic.tasks.registering import check_names, chosen_models, register_run

    path = place_of(path)
    check_names(name, alias or ())
    path = place_of(path)
    chosen_models(path, name, kind)  # refuses what is no model before a registry is opened
    registry = opened()
    registered = register_run(
        registry, path, name, kind=kind, aliases=alias or (), note=note, parent=parent,
        again=again, why=because, on_remark=lambda told: typer.echo(told, err=True),
    )  # fmt: skip
    made = [(one.version, one.is_new) for one in registered]
    if judge:
        for version, _ in made:
            judge_version(registry, version)
    _print(made, as_json=as_json)


def judge_version(registry: Registry, version: Version) -> None:
    """Measure a version on the validation part of its own corpus, and keep the figures with it.

    Raises:
        ChromasonicError: it cannot be judged, as when its corpus is not there.
    """
    from chromasonic.cli.judging import progress_line
    from chromasonic.registry.judgements import keep_judgement
    from chromasonic.tasks.judging import judge
    from chromasonic.tasks.measuring import judgement_of

    with progress_line() as show:
        found = judge(registry.folder_of(version.reference), on_progress=show)
    for one in found:
        keep_judgement(registry, version, judgement_of(one))


def _print(made: list[tuple[Version, bool]], *, as_json: bool) -> None:
    from chromasonic.cli.models_tables import print_versions, summary

    if as_json:
        document: list[dict[str, Any]] = [
            {**summary(version), "is_new": is_new} for version, is_new in made
        ]
        typer.echo(json_text({"registered": document}))
        return
    for version, is_new in made:
        if is_new:
            typer.echo(f"Registered {version.reference}: {version.facts.title}")
        else:
            typer.echo(
                f"These files are {version.reference} already; nothing was added. --again makes a "
                "new version of them."
            )
    typer.echo("")
    print_versions([version for version, _ in made], newest=None)
    first = made[0][0]
    typer.echo("")
    typer.echo(f"All that is known of it: chromasonic models show {first.reference}")
    if not first.aliases:
        typer.echo(f"Put it in use:           chromasonic models promote {first.reference} --gate")


def refuse_number(name: str) -> None:
    """A name alone is wanted, where a version was given.

    Raises:
        UsageError: there is an @ in it.
    """
    if "@" in name:
        alone = name.partition("@")[0]
        raise UsageError(f"'{name}' is a version; give the name alone: {alone}.")
