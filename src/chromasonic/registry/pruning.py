"""Versions that nobody needs any more, taken out with their files; see `needs` for the rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from chromasonic.errors import RegistryError, UsageError
from chromasonic.registry import storing
from chromasonic.registry.needs import reasons_to_stay
from chromasonic.registry.storing import Leftover
from chromasonic.registry.version import Version

if TYPE_CHECKING:
    from chromasonic.registry.versions import Registry

NEWEST = 3
"""So many versions of each name stay in any case, unless it is said otherwise."""
LEFTOVER_AGE = timedelta(days=1)
"""Files without a version that are younger may be of a process that is at work."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What a pruning took out, or would.

    Attributes:
        removed: the versions, by name and number.
        kept: NAME@NUMBER of the others to the reasons why they stay.
        leftovers: files that belonged to no version.
        is_done: whether it happened; False for a trial.
    """

    removed: tuple[Version, ...]
    kept: Mapping[str, tuple[str, ...]]
    leftovers: tuple[Leftover, ...] = field(default=())
    is_done: bool = True

    @property
    def size_bytes(self) -> int:
        """Of the versions that were removed."""
        return sum(version.size_bytes for version in self.removed)


def prune(
    registry: Registry,
    name: str | None,
    *,
    keep: int,
    dry_run: bool,
    leftover_age: timedelta = LEFTOVER_AGE,
) -> Pruned:
    """See `Registry.prune`."""
    if keep < 0:
        raise UsageError(f"keep is {keep}; allowed is 0 or more.")
    if name is not None:
        registry.versions(name)  # an unknown name is no empty one
    if dry_run:
        chosen, kept = _plan(registry, name, keep)
        return Pruned(
            removed=chosen,
            kept=kept,
            leftovers=_leftovers(registry, leftover_age),
            is_done=False,
        )
    with registry.store.writing():
        chosen, kept = _plan(registry, name, keep)
        for version in chosen:
            registry.store.client.delete_model_version(version.name, str(version.number))
    for version in chosen:  # who is killed here leaves files that the next pruning finds
        remove_files(registry, version)
    found = _leftovers(registry, leftover_age)
    for leftover in found:
        storing.sweep(registry.store, leftover)
    return Pruned(removed=chosen, kept=kept, leftovers=found)


def _plan(
    registry: Registry, name: str | None, keep: int
) -> tuple[tuple[Version, ...], dict[str, tuple[str, ...]]]:
    every = registry.versions()
    changes = {own: registry.history(own) for own in {version.name for version in every}}
    reasons = reasons_to_stay(every, changes, keep=keep)
    own = [version for version in every if name in (None, version.name)]
    return (
        tuple(version for version in own if version.reference not in reasons),
        {v.reference: reasons[v.reference] for v in own if v.reference in reasons},
    )


def _leftovers(registry: Registry, age: timedelta) -> tuple[Leftover, ...]:
    used = [
        place
        for version in registry.versions()
        for place in (version.place, *(export.place for export in version.exports))
    ]
    return tuple(one for one in storing.leftovers(registry.store, used) if one.age >= age)


def delete(registry: Registry, version: Version, *, force: bool) -> None:
    """See `Registry.delete`."""
    with registry.store.writing():
        every = registry.versions()
        changes = {own: registry.history(own) for own in {version.name for version in every}}
        why = reasons_to_stay(every, changes).get(version.reference, ())
        if why and not force:
            raise RegistryError(
                f"{version.reference} is needed: {'; '.join(why)}. Point aliases elsewhere or take "
                "them away, end what holds it, or remove it in spite of that (force)."
            )
        registry.store.client.delete_model_version(version.name, str(version.number))
    remove_files(registry, version)


def remove_files(registry: Registry, version: Version) -> None:
    """Take the files of a version and its exports out of the store."""
    for place in (version.place, *(export.place for export in version.exports)):
        storing.remove(registry.store, version.run, place)
