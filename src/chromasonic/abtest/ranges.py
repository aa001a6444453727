"""Values that must lie between two others, checked when a thing is made."""

from __future__ import annotations

from chromasonic.errors import UsageError


def check_ranges(of: object, *ranges: tuple[str, float, float], why: str = "") -> None:
    """See that fields lie where they may.

    Args:
        of: has the fields.
        ranges: (name of a field, lowest, highest).
        why: what limits them, in words.

    Raises:
        UsageError: one does not.
    """
    for name, low, high in ranges:
        value = getattr(of, name)
        if not low <= value <= high:
            more = f"; {why}" if why else ""
            raise UsageError(f"{name} is {value}; allowed: {low} to {high}{more}.")
