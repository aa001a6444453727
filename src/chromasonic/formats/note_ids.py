"""Names for the notes of a score, the same in its notation, its picture and its timeline.

A note head is `note-VOICE-NUMBER`: the voice counted from 1, highest first, and its place among the
written heads and rests of that voice, from 1. The engraver keeps the names of the notation.
"""

from __future__ import annotations

import re
from collections import Counter

_NOTE = re.compile(r'<part id="P(\d+)">|<note(?=[ >])|<voice>(\d+)</voice>')


def note_id(voice: int, number: int) -> str:
    """The name of a head: voice and number from 1."""
    return f"note-{voice}-{number}"


def with_note_ids(musicxml: str, staves: list[list[int]]) -> str:
    """Notation of ours with a name on every note and rest.

    Args:
        musicxml: as this package writes it; each note says its voice.
        staves: for each of its parts the voices on it, from 0, in the order of their numbers.
    """
    counts: Counter[int] = Counter()
    pieces: list[str] = []
    part = place = 0
    pending = -1
    for match in _NOTE.finditer(musicxml):
        if match[1]:
            part = int(match[1]) - 1
        elif match[2]:
            voice = staves[part][int(match[2]) - 1] + 1
            counts[voice] += 1
            pieces += [musicxml[place:pending], f' id="{note_id(voice, counts[voice])}"']
            place = pending
        else:
            pending = match.end()
    return "".join([*pieces, musicxml[place:]])
