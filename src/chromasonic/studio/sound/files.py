"""How the sound files of a piece are called."""

from __future__ import annotations

TIMELINE = "timeline.json"


def sound_names(form: str, voices: int, program: int | None = None) -> list[str]:
    """The files of a form: "voices" (one each, to be played together), "mp3" or "wav" (the mix)."""
    mark = "" if program is None else f"-p{program}"
    if form == "voices":
        return [f"voice-{number}{mark}.flac" for number in range(1, voices + 1)]
    return [f"sound{mark}.{form}"]
