"""What a teacher says of each rule: how grave it is, why it is there, and what helps.

The reward weighs all rules alike, by how seldom Bach breaks them. Whoever reads a score wants to
know which of them are mistakes: a first inversion costs something, and nobody would mark it red.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from chromasonic.harmonization.rule_advice import FOUR, TWO
from chromasonic.harmonization.rules import RULES, Rule
from chromasonic.harmonization.two_voices_rules import TWO_VOICE_RULES


class Gravity(Enum):
    """How much a breach matters to whoever marks a setting."""

    FAULT = "fault"
    """Textbooks forbid it: parallels, a seventh that does not fall."""
    WEAKNESS = "weakness"
    """Allowed where there is a reason: a leap, a weak progression."""
    TASTE = "taste"
    """No mistake, only rarer in Bach than its alternatives: an inversion, a skip."""
    MERIT = "merit"
    """Adds to the reward."""
    ORNAMENT = "ornament"
    """No rule: a suspension, a passing tone or the like, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A rule as it is taught.

    Attributes:
        name: of the rule.
        text: what is wrong, as in the margin.
        gravity: see `Gravity`.
        why: the reason for the rule, one sentence.
        mend: what usually helps, one sentence.
        source: textbook and section, in full.
        weight: what a breach costs.
    """

    name: str
    text: str
    gravity: Gravity
    why: str
    mend: str
    source: str
    weight: float


SOURCES = {
    "AS": "Aldwell and Schachter, Harmony and Voice Leading",
    "KP": "Kostka and Payne, Tonal Harmony",
    "H": "Huron, Tone and Voice (2001)",
    "F": "Fux, Gradus ad Parnassum (1725)",
}
"""Abbreviations of `rules` to what they stand for."""


def advice_on(rule: Rule, *, voices: int = 4) -> Advice:
    """What is taught of a rule.

    Args:
        rule: of four voices or of two.
        voices: 4 or 2; some rules of both games share a name.
    """
    gravity, why, mend = (FOUR if voices == 4 else TWO)[rule.name]
    return Advice(
        name=rule.name,
        text=rule.text,
        gravity=Gravity(gravity),
        why=why,
        mend=mend,
        source=written_out(rule.source),
        weight=rule.weight,
    )


def written_out(source: str) -> str:
    """A rule's source with the names of its books: "AS unit 5; KP ch. 6"."""
    parts = []
    for part in source.split(";"):
        short, _, place = part.strip().partition(" ")
        short, comma = short.rstrip(","), ", " if place or short.endswith(",") else ""
        parts.append(SOURCES.get(short, short) + (comma + place if place else ""))
    return "; ".join(parts)


def guide(voices: int = 4) -> dict[str, Advice]:
    """All rules of four voices, or of two, by name."""
    rules = RULES if voices == 4 else TWO_VOICE_RULES
    return {name: advice_on(rule, voices=voices) for name, rule in rules.items()}
