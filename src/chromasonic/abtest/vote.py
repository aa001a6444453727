"""A vote as the log has it: what was heard in which order, what was chosen, how sure, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chromasonic.errors import UsageError

FIRST, SECOND, NEITHER = "first", "second", "neither"
CHOICES = (FIRST, SECOND, NEITHER)
CONFIDENCES = (1, 2, 3)
LONGEST_HEARD_MS = 24 * 3600 * 1000
LONGEST_WAITED_MS = 60 * 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One line of the log.

    Attributes:
        number: in the experiment, from 1, without gaps.
        listener: a pseudonym.
        trial: index of the trial in the listener's plan.
        item: what was heard.
        first: label of the version that was heard first.
        second: label of the other.
        choice: first, second or neither.
        confidence: 1 (a guess), 2, 3 (sure).
        heard_ms: for how long the first and the second were heard, as the page says.
        length_ms: how long the two clips are.
        repeats: index of the trial that this one repeats; None.
        is_anchor: whether one side is the anchor.
        address: a salted hash of where it came from; "" where that is unknown.
        cast_at: when it came in by the server's clock, UTC.
        chain: hash over this vote and all before it.
        waited_ms: how long it had waited for a connection by then, as the page says; see
            `guards.given_at` for how far that is believed.
    """

    number: int
    listener: str
    trial: int
    item: str
    first: str
    second: str
    choice: str
    confidence: int
    heard_ms: tuple[int, int]
    length_ms: tuple[int, int]
    repeats: int | None
    is_anchor: bool
    address: str
    cast_at: datetime
    chain: str
    waited_ms: int = 0

    @property
    def preferred(self) -> str | None:
        """Label of the version that was preferred; None where neither was."""
        return {FIRST: self.first, SECOND: self.second}.get(self.choice)

    @property
    def counts(self) -> bool:
        """Whether it counts in the test: neither a repeat nor a pair with the anchor."""
        return self.repeats is None and not self.is_anchor

    @property
    def pair(self) -> tuple[str, str]:
        """The two versions, in the order of their labels."""
        return (min(self.first, self.second), max(self.first, self.second))

    @property
    def heard_share(self) -> tuple[float, float]:
        """What share of each clip was heard."""
        (heard_a, heard_b), (length_a, length_b) = self.heard_ms, self.length_ms
        return heard_a / length_a, heard_b / length_b

    @property
    def clips_ms(self) -> int:
        """How long both clips last together."""
        return sum(self.length_ms)

    def points_for(self, label: str) -> float:
        """1 where the version was preferred, 1/2 where neither was, else 0."""
        preferred = self.preferred
        return 0.5 if preferred is None else float(preferred == label)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a table or JSON: no address, not even its hash."""
        return {
            "number": self.number,
            "listener": self.listener,
            "trial": self.trial,
            "item": self.item,
            "first": self.first,
            "second": self.second,
            "choice": self.choice,
            "preferred": self.preferred or "",
            "confidence": self.confidence,
            "heard_first_ms": self.heard_ms[0],
            "heard_second_ms": self.heard_ms[1],
            "clip_first_ms": self.length_ms[0],
            "clip_second_ms": self.length_ms[1],
            "repeats": self.repeats,
            "is_anchor": self.is_anchor,
            "cast_at": self.cast_at.isoformat(timespec="milliseconds"),
            "waited_ms": self.waited_ms,
            "chain": self.chain,
        }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a listener's page sends.

    Attributes:
        choice: first, second or neither.
        confidence: 1 (a guess), 2, 3 (sure).
        heard_ms: for how long the first and the second were played.
        waited_ms: how long it waited for a connection.
    """

    choice: str
    confidence: int = 2
    heard_ms: tuple[int, int] = (0, 0)
    waited_ms: int = 0

    def __post_init__(self) -> None:
        if self.choice not in CHOICES:
            raise UsageError(
                f"The choice is '{self.choice}'; allowed: {', '.join(CHOICES)}, by what was heard."
            )
        if self.confidence not in CONFIDENCES or isinstance(self.confidence, bool):
            raise UsageError(f"The confidence is {self.confidence!r}; allowed: 1, 2 or 3.")
        if len(self.heard_ms) != 2 or not all(
            isinstance(ms, int) and 0 <= ms <= LONGEST_HEARD_MS for ms in self.heard_ms
        ):
            raise UsageError(
                f"heard_ms is {self.heard_ms!r}; allowed: two whole numbers of milliseconds, "
                f"0 to {LONGEST_HEARD_MS}."
            )
        if not isinstance(self.waited_ms, int) or not 0 <= self.waited_ms <= LONGEST_WAITED_MS:
            raise UsageError(
                f"waited_ms is {self.waited_ms!r}; allowed: a whole number of milliseconds, 0 to "
                f"{LONGEST_WAITED_MS}."
            )

    def is_same_as(self, vote: Vote) -> bool:
        """Whether a vote says the same; how long was heard may differ when it is sent again."""
        return (self.choice, self.confidence) == (vote.choice, vote.confidence)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Answer:
        """From a request's plain values."""
        heard = values.get("heard_ms", (0, 0))
        return cls(**{**values, "heard_ms": tuple(heard)})
