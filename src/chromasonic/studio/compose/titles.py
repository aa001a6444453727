"""What a tune is called when its composer gives it no name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chromasonic.music.tune import Tune

DANCES = {"6/8": "Jig", "9/8": "Slip jig", "12/8": "Slide", "3/4": "Waltz", "2/4": "Polka"}
"""Metre to the dance that is mostly written in it in the corpora of folk tunes."""

MOODS = {
    "happy": "merry",
    "delighted": "bright",
    "excited": "spirited",
    "tense": "restless",
    "afraid": "uneasy",
    "distressed": "stormy",
    "miserable": "mournful",
    "gloomy": "sombre",
    "sleepy": "drowsy",
    "calm": "calm",
    "serene": "serene",
    "glad": "gentle",
}
"""Word of a feeling to the word for a tune that has it."""


def plain_title(params: dict[str, Any], tune: Tune, number: int) -> str:
    """The title asked for, or such as "Serene jig in D major"; variations are numbered.

    Args:
        params: the wishes, with "title", "valence", "arousal", "count".
        tune: what was written.
        number: which of several, from 0.
    """
    from chromasonic.music.emotion_words import word_for

    title = " ".join((params.get("title") or "").split())
    if not title:
        word = ""
        if params.get("valence") is not None:
            word = word_for(params["valence"], params["arousal"]).split()[-1]
            word = MOODS.get(word, "")
        what = DANCES.get(str(tune.metre), "Tune")
        title = f"{word} {what.lower()}".strip().capitalize() + f" in {tune.key}"
    return f"{title} ({number + 1})" if params.get("count", 1) > 1 else title
