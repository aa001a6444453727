"""`chromasonic models register`: a training becomes the next version of a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.registered import AsJson, Because, opened
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.registry.model import TrainedModel
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
    from chromasonic.registry.judgements import keep_judgement
    from chromasonic.registry.unsent import send_before_registering
    from chromasonic.registry.version import check_alias, check_name
    from chromasonic.tasks.evaluated import judgements_on_test

    check_name(name)
    for word in alias or ():
        check_alias(word)
    _chosen(path, name, kind)  # refuses what is no model before a registry is opened
    registry = opened()
    if told := send_before_registering(path, registry.store):
        typer.echo(told, err=True)
    chosen = _chosen(path, name, kind)
    made: list[tuple[Version, bool]] = []
    for own_name, model in chosen.items():
        known = [] if again else _sound(registry, own_name, model)
        if known:
            version = known[-1]
            for word in alias or ():
                registry.set_alias(version.reference, word, why=because)
            made.append((registry.get(version.reference), False))
            continue
        version = registry.register(
            model, own_name, aliases=alias or (), note=note, parent=parent, why=because
        )
        for found in judgements_on_test(path, version.facts.kind):
            keep_judgement(registry, version, found)
        made.append((version, True))
    if judge:
        for version, _ in made:
            judge_version(registry, version)
    _print(made, as_json=as_json)


def _sound(registry: Registry, name: str, model: TrainedModel) -> list[Version]:
    """The versions of a name that have a model's files; damaged ones are told, and left out."""
    from chromasonic.errors import RegistryError

    sound = []
    for version in registry.same_as(model):
        if version.name != name:
            continue
        try:
            registry.folder_of(version.reference)
        except RegistryError:
            typer.echo(
                f"{version.reference} was registered from the same files, but what is kept of it "
                f"was changed since: chromasonic models verify {version.reference}.",
                err=True,
            )
            continue
        sound.append(version)
    return sound


def _chosen(path: Path, name: str, kind: str | None) -> dict[str, TrainedModel]:
    """Name to model: one under the name itself, or several as NAME-KIND."""
    from chromasonic.tasks.finding import models_at

    found = models_at(path, kind=None if kind == EACH else kind)
    singles = [model for model in found if model.facts.kind != "all"]
    if kind == EACH:
        return {f"{name}-{model.facts.kind}": model for model in singles}
    if len(found) == 1 or found[0].facts.kind == "all":
        return {name: found[0]}
    return {f"{name}-{model.facts.kind}": model for model in found}


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
