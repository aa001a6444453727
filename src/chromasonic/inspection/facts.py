"""What an inspection says: facts with how sure they are, and findings with what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Certainty = Literal["stored", "certain", "likely", "unknown"]
"""stored: the file says so. certain: nothing else has these shapes. likely: the usual meaning of
these names and shapes. unknown: the file cannot tell."""

Level = Literal["contradiction", "warning", "note"]
LEVELS: tuple[Level, ...] = ("contradiction", "warning", "note")
"""In order of weight."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that is known of a checkpoint.

    Attributes:
        name: such as "Hidden dimension".
        value: a plain value; None where it cannot be known.
        certainty: how sure it is.
        source: the key or keys that it was read from, or why it cannot be known.
    """

    name: str
    value: Any
    certainty: Certainty
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Facts that belong together, such as those of one module.

    Attributes:
        title: such as "Spatial module".
        facts: in the order in which they are told.
    """

    title: str
    facts: tuple[Fact, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"title": self.title, "facts": [fact.to_dict() for fact in self.facts]}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong, missing, or worth a look.

    Attributes:
        level: how much it weighs.
        rule: its short name, which scripts may look for.
        files: whom it is about.
        message: one sentence or two, with the values.
        advice: what to do.
    """

    level: Level
    rule: str
    files: tuple[str, ...]
    message: str
    advice: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def by_weight(findings: list[Finding]) -> tuple[Finding, ...]:
    """Contradictions first, then warnings, then notes; each finding once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda found: LEVELS.index(found.level)))
