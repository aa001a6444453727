"""Every corpus that can be loaded by name. A new one is a file beside this and a line here."""

from __future__ import annotations

from chromasonic.data import (
    articulary,
    asap,
    auslan,
    bach_chorales,
    billboard,
    deam,
    emopia,
    folk,
    groove_midi,
    hdm05,
    jsb_chorales,
    lakh,
    maestro,
    nottingham,
    synthetic,
    synthetic_gestures,
    vgmidi,
    violin_strokes,
    when_in_rome,
)
from chromasonic.data.facts import CorpusFacts
from chromasonic.errors import UsageError

CORPORA: dict[str, CorpusFacts] = {
    "nottingham": nottingham.FACTS,
    "folk": folk.FOLK_FACTS,
    "folk-pd": folk.FOLK_PD_FACTS,
    "essen": folk.ESSEN_FACTS,
    "groove-midi": groove_midi.FACTS,
    "asap": asap.FACTS,
    "maestro": maestro.FACTS,
    "lakh-matched": lakh.MATCHED_FACTS,
    "lakh-full": lakh.FULL_FACTS,
    "emopia": emopia.FACTS,
    "vgmidi": vgmidi.FACTS,
    "deam": deam.FACTS,
    "mcgill-billboard": billboard.FACTS,
    "jsb-chorales": jsb_chorales.FACTS,
    "bach-chorales": bach_chorales.FACTS,
    "when-in-rome": when_in_rome.FACTS,
    "auslan95-signs": auslan.FACTS,
    "hdm05-11": hdm05.FACTS,
    "violin-bow-strokes": violin_strokes.FACTS,
    "articulary-words": articulary.FACTS,
    "synthetic": synthetic.RANDOM_WALK_FACTS,
    "synthetic-structured": synthetic.STRUCTURED_FACTS,
    "synthetic-gestures": synthetic_gestures.FACTS,
}


def facts_of(name: str) -> CorpusFacts:
    """The facts of a corpus.

    Raises:
        UsageError: the name is unknown; names the known ones.
    """
    try:
        return CORPORA[name]
    except KeyError:
        raise UsageError(
            f"There is no corpus '{name}'. Known: {', '.join(CORPORA)}; "
            "'auto' takes the best that is there."
        ) from None


def facts_of_tunes(name: str) -> CorpusFacts:
    """The facts of a corpus of tunes, for who can use nothing else.

    Raises:
        UsageError: the name is unknown, or the corpus holds something else.
    """
    facts = facts_of(name)
    if facts.is_of_pieces:
        raise UsageError(
            f"The corpus '{name}' holds {facts.noun}, not tunes. Those of tunes: "
            f"{', '.join(names_of_tunes())}."
        )
    return facts


def names_of_tunes() -> tuple[str, ...]:
    """Names of the corpora of tunes."""
    return tuple(name for name, facts in CORPORA.items() if not facts.is_of_pieces)
