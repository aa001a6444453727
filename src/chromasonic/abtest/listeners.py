"""Each listener by itself: how far they came, how steady they are, which side they lean to.

For looking at people, not for removing them: what sets votes apart are the rules of `guards`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chromasonic.abtest import guards
from chromasonic.abtest.assignment import plan
from chromasonic.abtest.design import Design
from chromasonic.abtest.vote import FIRST, NEITHER, Vote


@dataclass(frozen=True, kw_only=True)
class ListenerVotes:
    """One listener's votes in figures.

    Attributes:
        listener: a pseudonym.
        votes: cast.
        planned: what they are asked in all.
        repeats: pairs that came again and were decided both times.
        same: of those, how often the same version was preferred.
        first: votes for what was heard first.
        decided: votes for either side.
        confidence: mean, 1 (a guess) to 3 (sure).
        set_apart: rules that set some of the votes apart; none where all count.
    """

    listener: str
    votes: int
    planned: int
    repeats: int
    same: int
    first: int
    decided: int
    confidence: float
    set_apart: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def by_listener(design: Design, votes: Sequence[Vote]) -> tuple[ListenerVotes, ...]:
    """Every listener in figures, in the order in which they came.

    Args:
        design: of the experiment.
        votes: all of it, in order.
    """
    own: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        own[vote.listener].append(vote)
    rules: dict[str, list[str]] = defaultdict(list)
    for flag in guards.flags(votes, design.guards):
        rules[flag.listener].append(flag.rule)
    return tuple(
        _listener(design, listener, cast, tuple(dict.fromkeys(rules[listener])))
        for listener, cast in own.items()
    )


def _listener(
    design: Design, listener: str, votes: Sequence[Vote], rules: tuple[str, ...]
) -> ListenerVotes:
    repeated = guards.repeated(votes)
    return ListenerVotes(
        listener=listener,
        votes=len(votes),
        planned=len(plan(design, listener)),
        repeats=len(repeated),
        same=sum(before.preferred == again.preferred for before, again in repeated),
        first=sum(vote.choice == FIRST for vote in votes),
        decided=sum(vote.choice != NEITHER for vote in votes),
        confidence=sum(vote.confidence for vote in votes) / len(votes),
        set_apart=rules,
    )
