"""What is taught of each ornamenting tone; no rule is broken by it."""

from __future__ import annotations

from chromasonic.harmonization.embellishing import Embellishment, Kind
from chromasonic.harmonization.rule_guide import Advice, Gravity, written_out

_TAUGHT: dict[Kind, tuple[str, str, str]] = {
    Kind.SUSPENSION: (
        "It is prepared as a tone of the chord before, rubs on the beat, and falls by step.",
        "Leave it; let no other voice have the tone of resolution, but the bass in a 9-8.",
        "AS unit 22; KP ch. 12",
    ),
    Kind.RETARDATION: (
        "It is prepared like a suspension and rises by step, as leading tones do.",
        "Leave it.",
        "AS unit 22; KP ch. 12",
    ),
    Kind.PASSING: (
        "It fills the way from one tone to another by step.",
        "Leave it; look that it makes no parallels.",
        "AS unit 20; KP ch. 11",
    ),
    Kind.NEIGHBOUR: (
        "It leaves a tone by step and comes back to it.",
        "Leave it.",
        "AS unit 20; KP ch. 11",
    ),
    Kind.ANTICIPATION: (
        "It is a tone of the next chord, before its time.",
        "Leave it; it is usual at closes.",
        "AS unit 21; KP ch. 12",
    ),
    Kind.APPOGGIATURA: (
        "It is reached by leap on the beat and left by step the other way.",
        "Leave it where it is meant to be felt.",
        "AS unit 21; KP ch. 12",
    ),
    Kind.ESCAPE: (
        "It is reached by step and left by leap the other way.",
        "Leave it; it wants to be short.",
        "AS unit 21; KP ch. 12",
    ),
}
"""Kind to why it is right, what to look to, and where it stands."""


def advice_on_ornament(one: Embellishment) -> Advice:
    """What is taught of an ornament; its gravity is `Gravity.ORNAMENT`, its weight 0."""
    why, mend, source = _TAUGHT[one.kind]
    return Advice(
        name=one.kind.name.lower(),
        text=one.text,
        gravity=Gravity.ORNAMENT,
        why=why,
        mend=mend,
        source=written_out(source),
        weight=0.0,
    )
