"""A reading of votes in sentences that can be quoted."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from chromasonic.abtest.counted import counted
from chromasonic.abtest.design import Design
from chromasonic.abtest.guards import RULES
from chromasonic.abtest.pair_reading import (
    FIRST_BETTER,
    NO_DIFFERENCE,
    SECOND_BETTER,
    PairReading,
)
from chromasonic.abtest.sequential import LEFT_AFTER_MINUTES

if TYPE_CHECKING:
    from chromasonic.abtest.reading import Reading


def in_words(reading: Reading) -> str:
    """The result in a few sentences, one a line."""
    design = reading.design
    lines = [verdict_in_words(pair, design) for pair in reading.pairs]
    for pair, all_of_it in zip(reading.pairs, reading.pairs_with_all, strict=True):
        if pair.verdict != all_of_it.verdict:
            lines.append(
                f"With the votes that were set apart it would read: "
                f"{verdict_in_words(all_of_it, design)}"
            )
    waiting = sum(pair.waiting for pair in reading.pairs)
    if waiting and not all(math.isnan(pair.share) for pair in reading.pairs):
        lines.append(
            f"{counted(waiting, 'vote')} of listeners in the middle, who count when they have "
            "finished."
        )
    if reading.votes_set_apart:
        rules = Counter(flag.rule for flag in reading.flags)
        why = "; ".join(f"{RULES[rule]} ({n})" for rule, n in rules.most_common())
        votes = counted(reading.votes_set_apart, "vote")
        lines.append(f"Set apart, not in this result: {votes}: {why}.")
    return "\n".join([*lines, reading.advice])


def verdict_in_words(pair: PairReading, design: Design) -> str:
    """One pair's result in a sentence, with its interval."""
    first, second = named(design, pair.first), named(design, pair.second)
    if not pair.votes + pair.waiting:
        return f"{first} and {second}: no votes yet that count."
    if math.isnan(pair.share):
        return (
            f"{first} and {second}: nothing to say yet ({counted(pair.waiting, 'vote')}; no "
            "listener has finished). A listener's votes enter the test when all are cast, or after "
            f"{LEFT_AFTER_MINUTES:g} minutes without one."
        )
    level = f"{100 * (1 - pair.alpha):.3g}%"
    share, low, high = pair.share, pair.low, pair.high
    votes = f"{counted(pair.votes, 'vote')} of {counted(pair.listeners, 'listener')}"
    if pair.verdict == SECOND_BETTER:
        first, second, share, low, high = second, first, 1 - share, 1 - high, 1 - low
    span = f"{share:.0%} of {votes}, {level} interval {low:.1%} to {high:.1%}"
    if pair.verdict in (FIRST_BETTER, SECOND_BETTER):
        is_small = max(abs(pair.low - 0.5), abs(pair.high - 0.5)) <= design.margin
        small = f", though by less than {design.margin:.0%} from one half" if is_small else ""
        return f"{first} is preferred to {second}{small} ({span}, p {p_text(pair.p_value)})."
    if pair.verdict == NO_DIFFERENCE:
        return (
            f"{first} and {second}: no difference of {design.margin:.0%} or more from one half "
            f"({span} for {pair.first})."
        )
    return f"{first} and {second}: not decided yet ({span} for {pair.first})."


def named(design: Design, label: str) -> str:
    """A version as people read it, such as "A (folk@3)"."""
    return f"{label} ({design.arm(label).version})"


def p_text(p_value: float) -> str:
    """A p-value for people."""
    return "below 0.001" if p_value < 0.001 else f"{p_value:.3f}"
