"""Why a version has to stay: the rule of pruning, as one function of plain values.

A version is needed where
1. an alias points to it;
2. a rollback of an alias could lead to it;
3. something holds it, such as an experiment or a comparison;
4. it is among the newest of its name that are to be kept;
5. a version that is needed began from it (its parent), and so on upwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chromasonic.registry.alias_history import earlier_versions
from chromasonic.registry.version import Change, Version


def reasons_to_stay(
    versions: Iterable[Version],
    changes: Mapping[str, Sequence[Change]],
    *,
    keep: int = 0,
) -> dict[str, tuple[str, ...]]:
    """Each version that is needed, as NAME@NUMBER, and why.

    Args:
        versions: all that there are, of all names: a parent may be of another name.
        changes: name of a model to every move of its aliases, oldest first.
        keep: so many of the newest of each name stay in any case.
    """
    there = {version.reference: version for version in versions}
    why: dict[str, list[str]] = {}

    def need(reference: str, reason: str) -> None:
        if reference in there and reason not in why.setdefault(reference, []):
            why[reference].append(reason)

    by_name: dict[str, list[Version]] = {}
    for version in there.values():
        by_name.setdefault(version.name, []).append(version)
        for alias in version.aliases:
            need(version.reference, f"{alias} points to it")
        for holder in version.held_by:
            need(version.reference, f"{holder} needs it")
    for name, own in by_name.items():
        for alias, earlier in _rollback_targets(own, changes.get(name, ())).items():
            for number in earlier:
                need(f"{name}@{number}", f"a rollback of {alias} leads to it")
        for version in sorted(own, key=lambda version: -version.number)[: max(0, keep)]:
            need(version.reference, f"it is one of the newest {keep}")
    for reference in list(why):
        _need_parents(there[reference], there, need)
    return {reference: tuple(reasons) for reference, reasons in why.items()}


def _rollback_targets(
    versions: Sequence[Version], changes: Sequence[Change]
) -> dict[str, tuple[int, ...]]:
    numbers = {version.number for version in versions}
    present = {alias: version.number for version in versions for alias in version.aliases}
    aliases = {*present, *(change.alias for change in changes)}
    return {
        alias: earlier_versions(
            [change for change in changes if change.alias == alias], present.get(alias), numbers
        )
        for alias in sorted(aliases)
    }


def _need_parents(version: Version, there: Mapping[str, Version], need: object) -> None:
    """Its parent, the parent's parent, and so on."""
    assert callable(need)
    seen = {version.reference}
    while version.parent in there and version.parent not in seen:
        need(version.parent, f"{version.reference} began from it")
        version = there[version.parent]
        seen.add(version.reference)
