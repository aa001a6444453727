"""Where an alias pointed before: the moves that were kept, and how far back a rollback can go.

The moves make a stack: setting an alias puts a version on top, a rollback takes the top away. So
two rollbacks go two steps back, and never to and fro. What another program did to an alias, of
which no move was kept, counts as a rollback where it went back by one step, else as a setting.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from chromasonic.registry.version import Change


def earlier_versions(
    changes: Iterable[Change], present: int | None, there: Container[int]
) -> tuple[int, ...]:
    """The versions that rollbacks of an alias would lead to, one after the other, nearest last.

    Args:
        changes: of this alias, oldest first.
        present: the version that it points to now; None where it was taken away.
        there: the versions that there still are; what is gone cannot be gone back to.
    """
    stack: list[int] = []
    for change in changes:
        if change.before is not None:
            _observe(stack, change.before)
        if change.after is None:
            continue
        if change.kind == "rollback" and change.after in stack:
            while stack[-1] != change.after:
                stack.pop()
        else:
            _push(stack, change.after)
    if present is not None:
        _observe(stack, present)
    kept: list[int] = []
    for number in stack:
        if number == present or number in there:
            _push(kept, number)
    return tuple(kept if present is None else kept[:-1])


def _observe(stack: list[int], number: int) -> None:
    """The alias points to a version, whoever set it."""
    if len(stack) > 1 and stack[-1] != number == stack[-2]:
        stack.pop()
    _push(stack, number)


def _push(stack: list[int], number: int) -> None:
    if not stack or stack[-1] != number:
        stack.append(number)
