"""Why a version stays: each reason by hand, and the rule over random registries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from version_stage import made_version

from chromasonic.registry.needs import reasons_to_stay
from chromasonic.registry.version import Change, Version


def test_each_reason_is_told() -> None:
    versions = [
        made_version("folk", 1),
        made_version("folk", 2),
        made_version("folk", 3, aliases=("champion",), parent="base@1"),
        made_version("folk", 4),
        made_version("folk", 5, held="experiment taste"),
        made_version("folk", 6),
        made_version("base", 1, parent="base@0"),
        made_version("base", 2),
    ]
    changes = {
        "folk": [
            Change(model="folk", alias="champion", before=None, after=2),
            Change(model="folk", alias="champion", before=2, after=3),
        ]
    }

    assert reasons_to_stay(versions, changes, keep=1) == {
        "folk@2": ("a rollback of champion leads to it",),
        "folk@3": ("champion points to it",),
        "folk@5": ("experiment taste needs it",),
        "folk@6": ("it is one of the newest 1",),
        "base@1": ("folk@3 began from it",),
        "base@2": ("it is one of the newest 1",),
    }


def test_what_a_rollback_led_away_from_is_not_needed() -> None:
    versions = [made_version("folk", 1, aliases=("champion",)), made_version("folk", 2)]
    changes = {
        "folk": [
            Change(model="folk", alias="champion", before=None, after=1),
            Change(model="folk", alias="champion", before=1, after=2),
            Change(model="folk", alias="champion", before=2, after=1, kind="rollback"),
        ]
    }

    assert set(reasons_to_stay(versions, changes)) == {"folk@1"}


def test_parents_that_go_round_in_a_ring_come_to_an_end() -> None:
    versions = [made_version("a", 1, parent="a@2"), made_version("a", 2, parent="a@1", held="x")]

    assert set(reasons_to_stay(versions, {})) == {"a@1", "a@2"}


@st.composite
def registries(draw: st.DrawFn) -> tuple[list[Version], dict[str, list[Change]]]:
    """Versions of two names with parents, holders, and aliases that were moved about."""
    versions: list[Version] = []
    changes: dict[str, list[Change]] = {"a": [], "b": []}
    known: list[str] = []
    for name in ("a", "b"):
        numbers = sorted(draw(st.sets(st.integers(1, 8), max_size=6)))
        present: dict[str, int | None] = {"champion": None, "challenger": None}
        for _ in range(draw(st.integers(0, 6)) if numbers else 0):
            alias = draw(st.sampled_from(sorted(present)))
            after = draw(st.sampled_from(numbers))
            if after != present[alias]:
                changes[name].append(
                    Change(model=name, alias=alias, before=present[alias], after=after)
                )
                present[alias] = after
        for number in numbers:
            parent = draw(st.sampled_from(["", "gone@1", *known]))
            aliases = tuple(alias for alias, to in present.items() if to == number)
            held = draw(st.sampled_from(["", "", "", "experiment x"]))
            version = made_version(name, number, aliases=aliases, parent=parent, held=held)
            versions.append(version)
            known.append(version.reference)
    return versions, changes


@given(registries(), st.integers(0, 3))
def test_nothing_that_is_needed_is_left_out_and_nothing_stays_without_a_reason(
    registry: tuple[list[Version], dict[str, list[Change]]], keep: int
) -> None:
    versions, changes = registry
    stays = reasons_to_stay(versions, changes, keep=keep)

    wanted = {v.reference for v in versions if v.aliases or v.held_by}
    for name in ("a", "b"):
        own = sorted((v for v in versions if v.name == name), key=lambda v: v.number)
        wanted |= {v.reference for v in own[len(own) - keep :]} if keep else set()
        for change in changes[name]:  # set only, so every state before the present one
            wanted |= {f"{name}@{number}" for number in (change.before, change.after) if number}
    while True:
        parents = {v.parent for v in versions if v.reference in wanted and v.parent}
        new = parents & {v.reference for v in versions} - wanted
        if not new:
            break
        wanted |= new
    assert set(stays) == wanted
    assert all(reasons for reasons in stays.values())


@given(registries(), st.integers(0, 3))
def test_pruning_again_removes_nothing_more(
    registry: tuple[list[Version], dict[str, list[Change]]], keep: int
) -> None:
    versions, changes = registry
    first = reasons_to_stay(versions, changes, keep=keep)
    left = [version for version in versions if version.reference in first]

    assert set(reasons_to_stay(left, changes, keep=keep)) == set(first)
