"""Where a score is broken into systems: about equally full, rather at the end of a phrase.

A first engraving without breaks tells how wide each bar is; these breaks then go into the notation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

PHRASE_BONUS = 0.1
"""What ending a system with a phrase is worth, beside the squares of the shares left empty."""

SYSTEM_COST = 0.05
"""What one system more costs: the page is not made long for little."""

TIGHTEST = 1.08
"""How much more than its width a system may hold: notes move together a little."""

_BAR_LINE = re.compile(r'class="barLine[^"]*"[^>]*>\s*<path d="M(\d+)')
_MEASURE = re.compile(r"<measure [^>]*>")


def bar_widths(svg: str) -> list[int]:
    """Widths of the bars of a picture without breaks, in its units; the first has clef and key."""
    lines = [int(x) for x in _BAR_LINE.findall(svg)]
    ends = [x for x, before in zip(lines, [0, *lines], strict=False) if x > before]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def system_breaks(
    widths: Sequence[float], *, line: float, prefix: float, phrase_ends: Collection[int]
) -> list[int]:
    """Numbers of the bars, from 0, with which a new system begins; the first is left out.

    Of all ways the one with the least sum over systems of the squared share left empty, less
    `PHRASE_BONUS` for each that ends a phrase.

    Args:
        widths: of the bars, as they want to be.
        line: width of a system.
        prefix: width of the clef and key that begin each system after the first.
        phrase_ends: numbers of the bars that end a phrase.
    """
    count = len(widths)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * count
    for end in range(1, count + 1):
        width = 0.0
        for begin in range(end - 1, -1, -1):
            width += widths[begin]
            fill = (width + (prefix if begin else 0.0)) / line
            if fill > TIGHTEST and begin < end - 1:
                break
            cost = best[begin][0] + SYSTEM_COST + max(0.0, 1.0 - fill) ** 2
            if end - 1 in phrase_ends or end == count:
                cost -= PHRASE_BONUS
            best[end] = min(best[end], (cost, begin))
    breaks: list[int] = []
    place = count
    while place:
        place = best[place][1]
        if place:
            breaks.append(place)
    return breaks[::-1]


def with_breaks(musicxml: str, breaks: Collection[int]) -> str:
    """The notation with a new system at each of some bars of its first part."""
    pieces, place = [], 0
    end = musicxml.find("</part>")
    for number, match in enumerate(_MEASURE.finditer(musicxml, 0, max(end, 0))):
        if number in breaks:
            pieces += [musicxml[place : match.end()], '<print new-system="yes"/>']
            place = match.end()
    return "".join([*pieces, musicxml[place:]])
