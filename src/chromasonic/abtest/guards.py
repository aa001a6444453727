"""Votes that no listener can have cast: named rules, each with its threshold and a reason.

No rule removes anything. What a rule finds is set apart, and every result is given with and
without it. No rule sees which version was preferred, only sides, times, repeats and addresses; so
the rules cannot favour a version.

Legend: S of seconds, ms of milliseconds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from chromasonic.abtest.vote import FIRST, NEITHER, SECOND, Vote
from chromasonic.errors import UsageError

TOO_FAST = "too_fast"
TOO_SOON = "too_soon"
ONE_SIDE = "one_side"
CONTRADICTS = "contradicts"
SAME_ADDRESS = "same_address"
RULES = {
    TOO_FAST: "voted before the clips can have been heard",
    TOO_SOON: "two votes nearer together than their clips last",
    ONE_SIDE: "chose the same side whatever stood there",
    CONTRADICTS: "chose the other version when a pair came again",
    SAME_ADDRESS: "many listeners from one address",
}
"""Every rule, and what it finds."""

MOST_WAITING = 3
"""Votes of a listener that can wait for a connection: a page has fetched two pairs ahead."""


@dataclass(frozen=True, kw_only=True)
class GuardRules:
    """Thresholds.

    Attributes:
        heard_share: each clip is to be heard for this share of its length at least.
        bad_share: a listener of whose votes this share is too fast or too soon is set apart whole.
        side_chance: a listener's sides are set apart where chance gives so uneven ones less often.
        contradicted_repeats: a listener who decided so many repeats and chose the other version in
            all of them is set apart; so is one who did that twice, sure both times.
        listeners_per_address: more listeners than this from one address are set apart; a class
            with one address to the outside needs more.
    """

    heard_share: float = 0.5
    bad_share: float = 0.5
    side_chance: float = 0.001
    contradicted_repeats: int = 4
    listeners_per_address: int = 5

    def __post_init__(self) -> None:
        for name in ("heard_share", "bad_share", "side_chance"):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise UsageError(f"{name} is {value}; allowed: 0 (the rule is off) to 1.")
        for name in ("contradicted_repeats", "listeners_per_address"):
            if (count := getattr(self, name)) < 1:
                raise UsageError(f"{name} is {count}; allowed: 1 and more.")


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Why votes are set apart.

    Attributes:
        rule: a key of `RULES`.
        listener: a pseudonym.
        votes: sequence numbers of the votes that it sets apart.
        reason: in words, with the value met and the threshold.
    """

    rule: str
    listener: str
    votes: tuple[int, ...]
    reason: str


def flags(votes: Sequence[Vote], rules: GuardRules) -> list[Flag]:
    """What the rules find, listener by listener.

    Args:
        votes: of one experiment, in the order of their numbers.
        rules: thresholds.
    """
    by_listener: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        by_listener[vote.listener].append(vote)
    found = list(_from_one_address(by_listener, rules))
    for listener, own in by_listener.items():
        found += _hurried(listener, own, rules)
        found += _one_sided(listener, own, rules)
        found += _contradicting(listener, own, rules)
    return found


def set_apart(found: Iterable[Flag]) -> frozenset[int]:
    """Numbers of all votes that some rule sets apart."""
    return frozenset(number for flag in found for number in flag.votes)


def _hurried(listener: str, votes: Sequence[Vote], rules: GuardRules) -> list[Flag]:
    """Votes that came too fast; all of a listener's where most did."""
    share = rules.heard_share
    fast = {vote.number for vote in votes if min(vote.heard_share) < share}
    soon = {
        vote.number
        for vote, (before, given) in zip(votes[1:], pairwise(given_at(votes)), strict=True)
        if (given - before).total_seconds() * 1000 < share * vote.clips_ms
    }
    found = []
    for rule, numbers in ((TOO_FAST, fast), (TOO_SOON, soon)):
        if not numbers:
            continue
        is_habit = len(numbers) >= max(2, rules.bad_share * len(votes))
        concerned = tuple(v.number for v in votes) if is_habit else tuple(sorted(numbers))
        reason = (
            f"{len(numbers)} of {len(votes)} votes: {RULES[rule]} "
            f"(less than {share:.0%} of their length)"
        )
        found.append(Flag(rule=rule, listener=listener, votes=concerned, reason=reason))
    return found


def given_at(votes: Sequence[Vote]) -> list[datetime]:
    """When one listener's votes were given, as far as a page is believed that they waited.

    None is dated back behind the vote `MOST_WAITING` before it, which had come in by then: what it
    is about had not been fetched before. So who makes the waiting up gains as many votes, once.

    Args:
        votes: of one listener, in the order in which they came in.
    """
    given = []
    for index, vote in enumerate(votes):
        moment = vote.cast_at - timedelta(milliseconds=vote.waited_ms)
        if index >= MOST_WAITING:
            moment = max(moment, min(vote.cast_at, votes[index - MOST_WAITING].cast_at))
        given.append(moment)
    return given


def _one_sided(listener: str, votes: Sequence[Vote], rules: GuardRules) -> list[Flag]:
    """Sides so uneven as chance hardly gives; versions change sides, so taste is no cause."""
    sides = [vote.choice for vote in votes if vote.choice != NEITHER]
    n, most = len(sides), max(sides.count(FIRST), sides.count(SECOND), 0)
    if n == 0 or (chance := two_sided_chance(most, n)) >= rules.side_chance:
        return []
    reason = (
        f"the same side in {most} of {n} votes; chance gives that {chance:.2g} of the time "
        f"(threshold {rules.side_chance:g})"
    )
    numbers = tuple(vote.number for vote in votes)
    return [Flag(rule=ONE_SIDE, listener=listener, votes=numbers, reason=reason)]


def two_sided_chance(most: int, n: int) -> float:
    """How often a fair coin shows one side `most` times or oftener in `n`, either side.

    Args:
        most: of the side that was shown oftener.
        n: throws.
    """
    if 2 * most <= n:
        return 1.0
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(most, n + 1)) / 2**n)


def repeated(votes: Sequence[Vote]) -> list[tuple[Vote, Vote]]:
    """A listener's repeats with what they repeat, where both times one was preferred."""
    by_trial = {vote.trial: vote for vote in votes if vote.choice != NEITHER}
    return [
        (by_trial[vote.repeats], vote)
        for vote in by_trial.values()
        if vote.repeats is not None and vote.repeats in by_trial
    ]


def _contradicting(listener: str, votes: Sequence[Vote], rules: GuardRules) -> list[Flag]:
    pairs = repeated(votes)
    against = [(a, b) for a, b in pairs if a.preferred != b.preferred]
    sure = sum(a.confidence == b.confidence == 3 for a, b in against)
    if sure < 2 and not (len(against) == len(pairs) >= rules.contradicted_repeats):
        return []
    reason = (
        f"{len(against)} of {len(pairs)} repeats contradicted, {sure} of them sure both times "
        f"(threshold: all of {rules.contradicted_repeats}, or 2 sure ones)"
    )
    numbers = tuple(vote.number for vote in votes)
    return [Flag(rule=CONTRADICTS, listener=listener, votes=numbers, reason=reason)]


def _from_one_address(
    by_listener: Mapping[str, Sequence[Vote]], rules: GuardRules
) -> Iterable[Flag]:
    listeners_at: dict[str, dict[str, None]] = defaultdict(dict)
    for listener, votes in by_listener.items():
        for vote in votes:
            if vote.address:
                listeners_at[vote.address][listener] = None
    for listeners in listeners_at.values():
        if len(listeners) <= rules.listeners_per_address:
            continue
        reason = (
            f"{len(listeners)} listeners voted from one address (threshold "
            f"{rules.listeners_per_address})"
        )
        for listener in listeners:
            numbers = tuple(vote.number for vote in by_listener[listener])
            yield Flag(rule=SAME_ADDRESS, listener=listener, votes=numbers, reason=reason)
