"""A harmonization as a table of note names and numerals, to be read in a terminal."""

from __future__ import annotations

import unicodedata

from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.explaining import Remark, pitch_names
from chromasonic.harmonization.realizing import NAMES, chord_names, written_keys
from chromasonic.music.tune import Tune

WIDTH = 96
"""Columns that a line may take; a bar that is longer by itself goes beyond."""


def table(harmonization: Harmonization, tune: Tune) -> str:
    """One column a voicing, one row a voice, numerals below; bars side by side, as many as fit."""
    melody = harmonization.melody
    voices = NAMES[harmonization.voicings.pitches.shape[1]]
    names = pitch_names(harmonization, tune)
    numerals = chord_names(harmonization, written_keys(harmonization, tune))
    bars: dict[int, list[int]] = {}
    for row, bar in enumerate(melody.bar.tolist()):
        bars.setdefault(bar, []).append(row)
    blocks = [_block(bar, rows, names, numerals) for bar, rows in bars.items()]
    heads = ["", *(voice[0] for voice in voices)]
    if any(numerals):
        heads.append("")
    systems, line, width = [], list[list[str]](), 0
    for block in blocks:
        if line and width + len(block[0]) + 3 > WIDTH:
            systems.append(_system(heads, line))
            line, width = [], 0
        line.append(block[: len(heads)])
        width += len(block[0]) + 3
    systems.append(_system(heads, line))
    return "\n\n".join(systems)


def _block(
    bar: int, rows: list[int], names: list[tuple[str, ...]], numerals: list[str]
) -> list[str]:
    """The lines of one bar: its number, the voices, the numerals; all of one width."""
    columns = [[*names[row], numerals[row]] for row in rows]
    widths = [max(_width(cell) for cell in column) + 1 for column in columns]
    lines = [
        "".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        )
        for line in zip(*columns, strict=True)
    ]
    return [str(bar).ljust(sum(widths)), *lines]


def _system(heads: list[str], blocks: list[list[str]]) -> str:
    lines = [
        f"{head:<2}" + "| ".join(block[index] for block in blocks).rstrip()
        for index, head in enumerate(heads)
    ]
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(not unicodedata.combining(character) for character in text)


def remark_lines(remarks: list[Remark]) -> list[str]:
    """One line a remark, costs in a column, and their sum."""
    lines = []
    for remark in remarks:
        place = f"bar {remark.bar}, beat {remark.beat:g}"
        who = ""
        if remark.voices:
            pairs = zip(remark.voices, remark.notes, strict=True)
            who = ": " + ", ".join(f"{voice.lower()} {notes}" for voice, notes in pairs)
        else:
            who = ": " + " ".join(remark.notes)
        lines.append(f"{place:<18} {remark.cost:>6.2f}  {remark.rule} ({remark.text}){who}")
    total = sum(remark.cost for remark in remarks)
    lines.append(f"{'sum':<18} {total:>6.2f}  the reward is {-total:.2f}")
    return lines
