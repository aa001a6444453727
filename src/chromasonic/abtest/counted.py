"""Counts in sentences; light, as the command line imports it before it knows what is asked."""

from __future__ import annotations


def counted(count: int, what: str) -> str:
    """A count with its noun, such as "1 vote" and "2 votes"."""
    return f"{count:,} {what}{'s' * (count != 1)}"
