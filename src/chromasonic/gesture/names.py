"""Names that somebody wrote and that are not there: which were meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

MOST_TOLD = 8
"""Names that a message lists before it counts the rest."""


def listed(names: Sequence[str]) -> str:
    """Names with commas; of many the first and how many more."""
    head = ", ".join(names[:MOST_TOLD])
    more = len(names) - MOST_TOLD
    return f"{head} and {more} more" if more > 0 else head or "(none)"


def nearest(name: str, known: Sequence[str], count: int = 3) -> list[str]:
    """Those of some names that are most like a name, capitals aside; the nearest first."""
    lower = {other.lower(): other for other in known}
    found = difflib.get_close_matches(name.lower(), lower, n=count, cutoff=0.5)
    return [lower[other] for other in found]


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence that helps who wrote a name that is not there."""
    near = nearest(name, known)
    if near:
        return f"Did you mean {' or '.join(repr(one) for one in near)}?"
    return f"There are: {listed(known)}."
