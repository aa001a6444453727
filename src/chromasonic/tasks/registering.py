"""A training becomes the next version of a name, whatever its task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chromasonic.errors import RegistryError
from chromasonic.registry.judgements import keep_judgement
from chromasonic.registry.model import TrainedModel
from chromasonic.registry.unsent import send_before_registering
from chromasonic.registry.version import Version, check_alias, check_name
from chromasonic.registry.versions import Registry
from chromasonic.tasks.evaluated import judgements_on_test
from chromasonic.tasks.finding import models_at

EACH = "each"
"""In place of a kind: every model of a run by itself, as NAME-KIND."""


@dataclass(frozen=True)
class Registered:
    """A version that a run is now.

    Attributes:
        version: it.
        is_new: whether it was made now; the same files are not registered twice.
    """

    version: Version
    is_new: bool


def check_names(name: str, aliases: Sequence[str] = ()) -> None:
    """See that a model and its aliases may be called so.

    Raises:
        UsageError: they may not.
    """
    check_name(name)
    for alias in aliases:
        check_alias(alias)


def register_run(
    registry: Registry,
    path: Path,
    name: str,
    *,
    kind: str | None = None,
    aliases: Sequence[str] = (),
    note: str = "",
    parent: str | None = None,
    again: bool = False,
    why: str = "",
    on_remark: Callable[[str], None] = lambda _: None,
) -> list[Registered]:
    """Keep what a training left as the next version of a name, with its figures on the test part.

    Args:
        registry: where to.
        path: a run directory, a models directory, or a checkpoint.
        name: of the model.
        kind: of several models this one, or `EACH`; None takes the set of them, where there is one.
        aliases: to point to what is registered.
        note: about it.
        parent: NAME@VERSION that its weights began from; None takes what the run says.
        again: a new version even where the same files have one.
        why: the aliases are set.
        on_remark: told in a line what is to be known besides.

    Raises:
        UsageError: a name or an alias that cannot be.
        CheckpointError: there is no such model.
        RegistryError: the registry cannot be written.
    """
    check_names(name, aliases)
    if told := send_before_registering(path, registry.store):
        on_remark(told)
    made = []
    for own_name, model in chosen_models(path, name, kind).items():
        known = [] if again else _sound(registry, own_name, model, on_remark)
        if known:
            for alias in aliases:
                registry.set_alias(known[-1].reference, alias, why=why)
            made.append(Registered(registry.get(known[-1].reference), is_new=False))
            continue
        version = registry.register(
            model, own_name, aliases=aliases, note=note, parent=parent, why=why
        )
        for found in judgements_on_test(path, version.facts.kind):
            keep_judgement(registry, version, found)
        made.append(Registered(version, is_new=True))
    return made


def chosen_models(path: Path, name: str, kind: str | None) -> dict[str, TrainedModel]:
    """Name to model: one under the name itself, or several as NAME-KIND.

    Raises:
        CheckpointError: there is no such model.
    """
    found = models_at(path, kind=None if kind == EACH else kind)
    singles = [model for model in found if model.facts.kind != "all"]
    if kind == EACH:
        return {f"{name}-{model.facts.kind}": model for model in singles}
    if len(found) == 1 or found[0].facts.kind == "all":
        return {name: found[0]}
    return {f"{name}-{model.facts.kind}": model for model in found}


def _sound(
    registry: Registry, name: str, model: TrainedModel, on_remark: Callable[[str], None]
) -> list[Version]:
    """The versions of a name that have a model's files; damaged ones are told, and left out."""
    sound = []
    for version in registry.same_as(model):
        if version.name != name:
            continue
        try:
            registry.folder_of(version.reference)
        except RegistryError:
            on_remark(
                f"{version.reference} was registered from the same files, but what is kept of it "
                f"was changed since: chromasonic models verify {version.reference}."
            )
            continue
        sound.append(version)
    return sound
