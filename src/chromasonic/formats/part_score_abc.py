"""Scores of several parts as ABC: four voices on two staves, numerals as words under the lowest.

ABC has words only under notes: a numeral that begins while the lowest part holds a note stands
beside the one before it.

Source: The ABC music standard 2.1 (2011), sections 5 (lyrics), 7 (multiple voices) and 11.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chromasonic.files import PathLike, write_text
from chromasonic.formats.abc_writer import header_lines, key_text, music_lines
from chromasonic.formats.part_score_musicxml import clef_of
from chromasonic.formats.part_score_picture import staves_of
from chromasonic.music.part_score import Label, PartScore
from chromasonic.music.tune import Bar, Tune

_CLEFS = {"treble": "treble", "treble-8vb": "treble", "bass": "bass"}
"""A tenor alone on a staff stands at its real height: readers differ on clefs with an 8."""


def write_part_score_abc(score: PartScore, path: PathLike) -> None:
    """Write a score as ABC of one tune.

    Raises:
        StorageError: the file cannot be written.
    """
    write_text(path, part_score_abc_text(score))


def part_score_abc_text(score: PartScore) -> str:
    """A score as ABC text: `%%score {(1 2) | (3 4)}`, then each voice whole.

    Voices have numbers and stand one after the other, not line by line: so every reader finds them.
    """
    first = score.parts[0]
    rows = staves_of(len(score.parts))
    shown = [" ".join(str(place + 1) for place in row) for row in rows]
    groups = [f"({row})" if " " in row else row for row in shown]
    text = header_lines(first, score.title or score.id)
    text += [f"%%score {{{' | '.join(groups)}}}", f"K:{key_text(first.key)}"]
    for row in rows:
        for place in row:
            is_lowest = place == len(score.parts) - 1
            text.append(_voice_field(score, row, place))
            text += _voice(score.parts[place], score.labels if is_lowest else ())
    return "\n".join(text) + "\n"


def _voice_field(score: PartScore, row: list[int], place: int) -> str:
    """Number, clef and name of a voice; the lower of two voices decides on their clef."""
    lowest = row[-1]
    clef = _CLEFS[clef_of(score.names[lowest], score.parts[lowest])]
    name = re.sub(r'[\x00-\x1f"\\%]', "", score.names[place])
    return f'V:{place + 1} clef={clef} name="{name}" snm="{name[:1]}."'


def _voice(tune: Tune, labels: tuple[tuple[Label, ...], ...]) -> Iterator[str]:
    """The lines of a voice, with the words under each."""
    for line in music_lines(tune.bars):
        yield from line.fields
        yield line.music
        if labels:
            bars = slice(*line.bars)
            rows = zip(tune.bars[bars], labels[bars], strict=True)
            yield "w:" + " | ".join(_words(bar, row) for bar, row in rows)


def _words(bar: Bar, labels: tuple[Label, ...]) -> str:
    """The syllables of a bar, one a note: its label, or `*`."""
    waiting = list(labels)
    words: list[str] = []
    early: list[str] = []  # labels under a rest go to the next note
    end = 0
    for note in bar.notes:
        end += note.duration
        here = early
        while waiting and waiting[0].onset < end:
            here.append(_syllable(waiting.pop(0).text))
        early = []
        if note.pitch is None:
            early = here
            continue
        words.append("~".join(here) or "*")
    return " ".join(words)


def _syllable(text: str) -> str:
    """A label without what lyrics take for a sign."""
    return re.sub(r"[\s~]+", "~", re.sub(r"[*_|\\%\-]", "", text.strip()))
