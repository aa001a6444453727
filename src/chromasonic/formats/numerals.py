"""Roman numerals as a musician sets them: the sign of quality raised, figures stacked.

"viio6/5/V" is the letters vii, a raised circle, 6 over 5, then /V on the line.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

SVG_NAME = "http://www.w3.org/2000/svg"

_NUMERAL = re.compile(
    r"(?P<tonic>[A-Ga-g])?(?(tonic)(?P<signs>[#b♯♭]*)(?P<mode>(?: [a-z]+)?:\s*))"
    r"(?P<shift>[#b♯♭]*)"
    r"(?P<letters>VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i|N|Cad|Ger|It|Fr|Sw)"
    r"(?P<sign>/o|ø|o|°|\+)?(?P<word>maj)?"
    r"(?P<figures>[#b♯♭]?\d{1,2}(?:/[#b♯♭]?\d{1,2})*)?"
    r"(?P<rest>/[#b♯♭]*[A-Za-z].*)?$"
)
_SIGNS = {"o": "°", "°": "°", "/o": "ø", "ø": "ø", "+": "+", None: ""}
_TWO_FIGURES = {"65", "64", "63", "53", "43", "42"}

RAISED, FIGURE = 0.8, 0.62
"""Sizes of raised signs and of figures beside that of the letters."""

SIGN_RISE, UPPER_RISE, LOWER_RISE = 0.28, 0.42, -0.12
"""How far their baselines lie above the letters', in letter sizes."""

_WIDTHS = {
    **dict.fromkeys("IijltJ/|()[] .,'", 0.29), "I": 0.33, "J": 0.39, " ": 0.25, "r": 0.33,
    "s": 0.39, "f": 0.33, "t": 0.28, "a": 0.44, "c": 0.44, "e": 0.44, "V": 0.72, "N": 0.72,
    ":": 0.28, "C": 0.67, "G": 0.72, "F": 0.56, "m": 0.78, "w": 0.72, "°": 0.4, "ø": 0.5, "+": 0.56,
    "♭": 0.52, "♯": 0.47,
}  # fmt: skip
"""Advance of characters in a Times face, in sizes; any other takes a half.

Source: the metrics of Times Roman that Adobe published (AFM), rounded.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeral:
    """A numeral in its pieces; text that is none stands whole in `letters`.

    Attributes:
        letters: on the line, accidentals in front.
        sign: raised: "°", "ø", "+", or "".
        figures: one above the other, or one raised.
        applied: on the line behind the figures: "/V".
    """

    letters: str
    sign: str = ""
    figures: tuple[str, ...] = ()
    applied: str = ""


def split_numeral(text: str) -> Numeral:
    """The pieces of a numeral written on a line, such as "bII6", "V6/5/ii", "vii/o43".

    A key may stand before it ("Bb: V6"): it becomes a part of the letters.
    """
    match = _NUMERAL.match(text.strip())
    if match is None:
        return Numeral(letters=text.strip())
    figures = match["figures"] or ""
    found = tuple(figures) if figures in _TWO_FIGURES else tuple(figures.split("/"))
    applied = split_numeral((match["rest"] or "")[1:]) if match["rest"] else None
    key = ""
    if match["tonic"]:
        key = match["tonic"] + _accidentals(match["signs"]) + match["mode"].rstrip() + " "
    return Numeral(
        letters=key + _accidentals(match["shift"]) + match["letters"],
        sign=_SIGNS[match["sign"]],
        figures=tuple(
            filter(None, (match["word"] or "", *(_accidentals(figure) for figure in found)))
        ),
        applied="" if applied is None else "/" + plain_text(applied),
    )


def _accidentals(text: str) -> str:
    return text.replace("#", "♯").replace("b", "♭")


def plain_text(numeral: Numeral) -> str:
    """A numeral on one line again, with true accidentals and signs."""
    return numeral.letters + numeral.sign + "/".join(numeral.figures) + numeral.applied


def spacing_text(numeral: Numeral) -> str:
    """A plain text of about the numeral's width, for who makes room for it."""
    figures = max(numeral.figures, key=len, default="")
    return numeral.letters + numeral.sign + figures + numeral.applied


def text_width(text: str, size: float) -> float:
    """About how wide a text is in a Times face of a size."""
    return size * sum(_WIDTHS.get(character, 0.5) for character in text)


def draw_numeral(text: ET.Element, numeral: Numeral, *, x: float, y: float, size: float) -> None:
    """Fill an SVG <text> with a numeral.

    Args:
        text: the element; what it held is taken out.
        numeral: what to set.
        x: left edge.
        y: baseline of the letters.
        size: of the letters; all three in the picture's units.
    """
    text.clear()
    text.set("font-size", f"{size:g}px")
    place = x

    def add(piece: str, at: float, scale: float, rise: float) -> float:
        if not piece:
            return at
        span = ET.SubElement(text, f"{{{SVG_NAME}}}tspan")
        span.set("x", f"{at:g}")
        span.set("y", f"{y - rise * size:g}")
        if scale != 1:
            span.set("font-size", f"{scale * size:g}px")
        span.text = piece
        return at + text_width(piece, scale * size)

    place = add(numeral.letters, place, 1, 0)
    place = add(numeral.sign, place + 0.02 * size, RAISED, SIGN_RISE) if numeral.sign else place
    rises = (UPPER_RISE, LOWER_RISE) if len(numeral.figures) > 1 else (UPPER_RISE,)
    step = UPPER_RISE - LOWER_RISE
    ends = [place]
    for row, figure in enumerate(numeral.figures):
        rise = rises[row] if row < len(rises) else LOWER_RISE - step * (row - 1)
        ends.append(add(figure, place + 0.03 * size, FIGURE, rise))
    add(numeral.applied, max(ends), 1, 0)
