"""Which recordings are learned from, which choose, and which judge, and by what protocol.

"seen":      every performer stands in every part; the parts are drawn by class and performer.
"unseen":    all of one performer is the test part. The honest one: a user is somebody new.
"official":  the test part that the corpus comes with.

Windows that share frames stay together (`overlaps`). A place hangs on ids and on the seed alone,
never on the order in which recordings were read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from chromasonic.data.split import Split, number_of
from chromasonic.errors import CorpusError, DataError
from chromasonic.gesture.overlaps import groups_of
from chromasonic.gesture.recipe import GestureData
from chromasonic.music.movement import Movement


@dataclass(frozen=True)
class Division(Split):
    """Ids of the recordings of each part; no id is in two parts.

    Attributes:
        remarks: what the reader should know, such as a class that nobody was there to learn from.
    """

    remarks: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class _Group:
    """Recordings that are never parted."""

    key: str
    ids: tuple[str, ...]
    label: str
    performer: str


def performers_of(movements: Iterable[Movement]) -> tuple[str, ...]:
    """Names of the performers, each once, sorted; those that are unknown are left out."""
    return tuple(sorted({movement.performer for movement in movements if movement.performer}))


def divide(movements: Sequence[Movement], data: GestureData, official: Split) -> Division:
    """Divide a corpus by a protocol.

    Args:
        movements: all usable recordings, each with its label.
        data: protocol, performers, shares and seed.
        official: the corpus's own split, for the protocol "official".

    Returns:
        The parts; every recording is in exactly one, in the order of `movements`.

    Raises:
        CorpusError: there is no such performer, a part would be empty, or the corpus has no split
            of its own where one is asked for.
        DataError: a recording has no label, or two have one id.
    """
    _check(movements)
    remarks: list[str] = []
    groups = _grouped(movements, remarks)
    test = _test_ids(movements, groups, data, official)
    rest = [left for group in groups if (left := _without(group, test)).ids]
    parted = sum(len(left.ids) for left in rest) - sum(
        len(group.ids) for group in groups if not test & set(group.ids)
    )
    if parted:
        remarks.append(
            f"{parted:,} recordings outside the test part share frames with recordings in it: the "
            "test measures memory. Choose the protocol 'unseen', or 'seen', which keeps them "
            "together."
        )
    validation = _validation_ids(movements, rest, data, official)
    train = {id for group in rest for id in group.ids} - validation
    for name, part in (("training", train), ("validation", validation), ("test", test)):
        if not part:
            raise CorpusError(
                f"The {name} part is empty: {len(movements)} recordings in {len(groups)} groups "
                f"that share no frames cannot be divided by the protocol '{data.protocol}'. Give "
                "more recordings, or another protocol or share."
            )
    remarks += _unlearned(movements, train)
    parts = ([m.id for m in movements if m.id in part] for part in (train, validation, test))
    return Division(*map(tuple, parts), remarks=tuple(remarks))


def _check(movements: Sequence[Movement]) -> None:
    counts = Counter(movement.id for movement in movements)
    double = [id for id, count in counts.items() if count > 1]
    if double:
        raise DataError(
            f"{len(double)} id(s) stand for several recordings, such as '{double[0]}'; each "
            "recording needs an id of its own."
        )
    silent = [movement.id for movement in movements if not movement.label]
    if silent:
        raise DataError(
            f"{len(silent)} of {len(movements)} recordings have no label, such as '{silent[0]}'; "
            "to be divided, each must say what was done."
        )


def _grouped(movements: Sequence[Movement], remarks: list[str]) -> list[_Group]:
    """Groups in the order of their keys."""
    members: dict[str, list[Movement]] = {}
    for movement, key in zip(movements, groups_of(movements), strict=True):
        members.setdefault(key, []).append(movement)
    together = [group for group in members.values() if len(group) > 1]
    if together:
        remarks.append(
            f"{sum(map(len, together)):,} recordings share frames with another; they stay "
            f"together, in {len(together):,} groups."
        )
    return [
        _Group(
            key=key,
            ids=tuple(sorted(movement.id for movement in group)),
            label=min(group, key=lambda movement: movement.id).label,
            performer=min(group, key=lambda movement: movement.id).performer,
        )
        for key, group in sorted(members.items())
    ]


def _without(group: _Group, ids: set[str]) -> _Group:
    return replace(group, ids=tuple(id for id in group.ids if id not in ids))


def _test_ids(
    movements: Sequence[Movement], groups: Sequence[_Group], data: GestureData, official: Split
) -> set[str]:
    if data.protocol == "official":
        test = {movement.id for movement in movements} & set(official.test)
        if not test:
            raise CorpusError(
                "The corpus has no test part of its own; choose the protocol 'seen' or 'unseen'."
            )
        return test
    if data.protocol == "unseen":
        return _all_of(movements, data.performer)
    return _drawn(groups, data.test_share, f"{data.seed}:test")


def _validation_ids(
    movements: Sequence[Movement],
    rest: Sequence[_Group],
    data: GestureData,
    official: Split,
) -> set[str]:
    there = {id for group in rest for id in group.ids}
    if data.validation_performer:
        return _all_of(movements, data.validation_performer) & there
    if data.protocol == "official" and set(official.validation) & there:
        return set(official.validation) & there
    return _drawn(rest, data.validation_share, f"{data.seed}:validation")


def _all_of(movements: Sequence[Movement], performer: str) -> set[str]:
    """Ids of all recordings of a performer."""
    names = performers_of(movements)
    if performer not in names:
        known = ", ".join(names) if names else "nobody: its recordings do not say who performs"
        raise CorpusError(f"There is no performer '{performer}' in this corpus; it has {known}.")
    return {movement.id for movement in movements if movement.performer == performer}


def _drawn(groups: Sequence[_Group], share: float, salt: str) -> set[str]:
    """Draw a share of the groups of each class, evenly over its performers.

    Along each class's groups, performer by performer and in the order of a hash within each, a
    group is taken where that brings the number taken nearer to the share of those passed; what
    one class still owes, the next one pays. One group of each class stays to be learned from.
    """
    drawn: set[str] = set()
    owed = 0.0
    for label in sorted({group.label for group in groups}):
        members = [group for group in groups if group.label == label]
        members.sort(
            key=lambda group: (
                number_of(f"{salt}:{label}:{group.performer}", 0),
                number_of(f"{salt}:{group.key}", 0),
            )
        )
        taken = 0
        for group in members:
            size = len(group.ids)
            owed += share * size
            if abs(owed - size) < abs(owed) and taken + 1 < len(members):
                drawn.update(group.ids)
                owed -= size
                taken += 1
    if not drawn and len(groups) > 1:  # a corpus so small that no class owes one
        drawn.update(min(groups, key=lambda group: number_of(f"{salt}:{group.key}", 0)).ids)
    return drawn


def _unlearned(movements: Sequence[Movement], train: set[str]) -> list[str]:
    """A remark on classes without a training example."""
    learned = {movement.label for movement in movements if movement.id in train}
    missing = sorted({movement.label for movement in movements} - learned)
    if not missing:
        return []
    shown = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
    return [f"{len(missing)} class(es) have no example to learn from: {shown}."]
