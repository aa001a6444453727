"""Who hears what, and which of a pair first: by chance, yet the same on every server, ever again.

A listener's plan follows from the experiment's salt and a pseudonym by SHA-256 alone. Nothing is
kept and nothing depends on a library's generator, so a restarted server, or another one, or another
version of Python gives the same plan.

In each block of `2 * pairs` trials every pair of versions stands twice, once in each order. So each
listener hears each version first half of the time, and one who leaves early has heard nearly so.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from chromasonic.abtest.design import Design
from chromasonic.errors import UsageError

Value = TypeVar("Value")
LONGEST_ID = 200
_GAP = 3  # a repeat stands at least so many trials after what it repeats, where there is room


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A pair that a listener is asked about.

    Attributes:
        index: its place in the listener's sequence, from 0.
        item: what is heard in both versions.
        first: label of the version that is heard first (or stands left).
        second: label of the other.
        token: names this trial of this listener; a vote brings it along.
        repeats: index of the trial that this one repeats, its order swapped; None where it is new.
        is_anchor: whether one side is the anchor; it then takes no part in the test.
    """

    index: int
    item: str
    first: str
    second: str
    token: str
    repeats: int | None = None
    is_anchor: bool = False

    @property
    def counts(self) -> bool:
        """Whether the vote counts in the test: neither a repeat nor a pair with the anchor."""
        return self.repeats is None and not self.is_anchor

    @property
    def pair(self) -> tuple[str, str]:
        """The two versions, in the order of their labels."""
        return (min(self.first, self.second), max(self.first, self.second))


def pseudonym(salt: str, listener: str) -> str:
    """How a listener is known: 16 hexadecimal digits that do not tell the id he came with.

    Args:
        salt: the experiment's; the same person in two experiments has two pseudonyms.
        listener: an id that a page keeps, such as a random cookie.

    Raises:
        UsageError: the id is empty or longer than 200 characters.
    """
    if not listener or len(listener) > LONGEST_ID or not listener.isprintable():
        raise UsageError(
            f"A listener's id of {len(listener)} characters was given; allowed: 1 to {LONGEST_ID} "
            "printable characters, such as a random cookie."
        )
    return hmac.new(salt.encode(), listener.encode(), hashlib.sha256).hexdigest()[:16]


class Chance:
    """Numbers by chance that are the same everywhere: SHA-256 over a key and a counter."""

    def __init__(self, *key: str) -> None:
        self._key = "\x1f".join(key).encode()
        self._counter = 0

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1, each equally likely."""
        limit = (1 << 64) - (1 << 64) % n
        while True:
            block = self._key + self._counter.to_bytes(8, "big")
            self._counter += 1
            value = int.from_bytes(hashlib.sha256(block).digest()[:8], "big")
            if value < limit:
                return value % n

    def shuffled(self, values: Sequence[Value]) -> list[Value]:
        """The values in an order by chance (Fisher and Yates)."""
        order = list(values)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


class _Asked(NamedTuple):
    item: str
    first: str
    second: str
    repeats: int | None = None
    is_anchor: bool = False


def plan(design: Design, name: str) -> tuple[Trial, ...]:
    """Everything that a listener is to be asked, in order.

    Args:
        design: of the experiment.
        name: the listener's pseudonym.
    """
    chance = Chance(design.salt, name)
    items = chance.shuffled([item.name for item in design.items])[: design.trials]
    pairs = _ordered_pairs(design, chance)
    asked = [_Asked(item, *pair) for item, pair in zip(items, pairs, strict=True)]
    asked += _repeats(asked, design, chance)
    for anchor in _anchors(design, chance):
        asked = _inserted(asked, 1 + chance.below(len(asked)), anchor)
    return tuple(
        Trial(index=index, token=_token(design.salt, name, index), **one._asdict())
        for index, one in enumerate(asked)
    )


def planned_votes(trials: Sequence[Trial], pair: tuple[str, str]) -> int:
    """How many of a plan's trials count in the test between two versions."""
    return sum(trial.counts and trial.pair == pair for trial in trials)


def _token(salt: str, name: str, index: int) -> str:
    text = f"trial\x1f{name}\x1f{index}"
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def _ordered_pairs(design: Design, chance: Chance) -> list[tuple[str, str]]:
    """Pairs of versions with their order, block by block."""
    pairs = design.pairs
    both_ways = [*pairs, *((second, first) for first, second in pairs)]
    found: list[tuple[str, str]] = []
    while len(found) < design.trials:
        found += chance.shuffled(both_ways)
    return found[: design.trials]


def _repeats(asked: Sequence[_Asked], design: Design, chance: Chance) -> list[_Asked]:
    """The hidden repeats that close a sequence: earlier trials, sides swapped."""
    early = max(design.repeats, len(asked) - _GAP)
    chosen = sorted(chance.shuffled(range(early))[: design.repeats])
    return [_Asked(asked[i].item, asked[i].second, asked[i].first, repeats=i) for i in chosen]


def _anchors(design: Design, chance: Chance) -> list[_Asked]:
    """Trials against the anchor: versions in turn, the anchor first every other time."""
    if design.anchor is None:
        return []
    items = chance.shuffled([item.name for item in design.items])
    labels, swap = chance.shuffled(design.labels), chance.below(2)
    found = []
    for number in range(design.anchors):
        sides = (labels[number % len(labels)], design.anchor.label)
        first, second = sides if (number + swap) % 2 else sides[::-1]
        found.append(_Asked(items[number % len(items)], first, second, is_anchor=True))
    return found


def _inserted(asked: Sequence[_Asked], place: int, new: _Asked) -> list[_Asked]:
    """A sequence with one more trial at a place; repeats still point at what they repeat."""
    moved = [
        one if one.repeats is None else one._replace(repeats=one.repeats + (one.repeats >= place))
        for one in asked
    ]
    return [*moved[:place], new, *moved[place:]]
