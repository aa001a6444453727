"""Roman numerals: their pieces by hand, and where they stand when drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from chromasonic.formats.numerals import (
    Numeral,
    draw_numeral,
    plain_text,
    spacing_text,
    split_numeral,
    text_width,
)


@pytest.mark.parametrize(
    ("text", "letters", "sign", "figures", "applied"),
    [
        ("I", "I", "", (), ""),
        ("I6", "I", "", ("6",), ""),
        ("V6/5", "V", "", ("6", "5"), ""),
        ("V65", "V", "", ("6", "5"), ""),
        ("V7", "V", "", ("7",), ""),
        ("V/V", "V", "", (), "/V"),
        ("V6/5/ii", "V", "", ("6", "5"), "/ii"),
        ("viio7/V", "vii", "°", ("7",), "/V"),
        ("viio6/5/V", "vii", "°", ("6", "5"), "/V"),
        ("vii/o4/3", "vii", "ø", ("4", "3"), ""),
        ("viiø7/iv", "vii", "ø", ("7",), "/iv"),
        ("III+6", "III", "+", ("6",), ""),
        ("bII6", "♭II", "", ("6",), ""),
        ("#viio7", "♯vii", "°", ("7",), ""),
        ("V7/bVI", "V", "", ("7",), "/♭VI"),
        ("N6", "N", "", ("6",), ""),
        ("Ger6/5", "Ger", "", ("6", "5"), ""),
        ("Cad6/4", "Cad", "", ("6", "4"), ""),
        ("V2", "V", "", ("2",), ""),
        ("IVmaj7", "IV", "", ("maj", "7"), ""),
        ("N.C.", "N.C.", "", (), ""),
        ("ped. on D", "ped. on D", "", (), ""),
    ],
)
def test_a_numeral_is_taken_apart(
    text: str, letters: str, sign: str, figures: tuple[str, ...], applied: str
) -> None:
    assert split_numeral(text) == Numeral(
        letters=letters, sign=sign, figures=figures, applied=applied
    )


def drawn(text: str) -> dict[str, tuple[float, float, float]]:
    """Each piece of a numeral drawn at (100, 50) with size 10: its left edge, baseline, size."""
    element = ET.Element("text", {"x": "3", "font-size": "0px"})
    ET.SubElement(element, "tspan").text = "what stood there"
    draw_numeral(element, split_numeral(text), x=100, y=50, size=10)
    return {
        span.text or "": (
            float(span.get("x", "nan")),
            float(span.get("y", "nan")),
            float(span.get("font-size", "10px").removesuffix("px")),
        )
        for span in element
    }


def test_figures_stand_one_above_the_other_at_the_same_place_and_smaller() -> None:
    pieces = drawn("V6/5/ii")
    assert list(pieces) == ["V", "6", "5", "/ii"]
    assert pieces["V"] == (100, 50, 10)
    assert pieces["6"][0] == pieces["5"][0] > 100 + text_width("V", 10)
    assert pieces["6"][1] < 50 < pieces["5"][1], "SVG counts downwards"
    assert pieces["5"][1] - pieces["6"][1] >= 0.8 * pieces["6"][2], "they would touch"
    assert pieces["6"][2] == pieces["5"][2] < 8
    assert pieces["/ii"][1:] == (50, 10)
    assert pieces["/ii"][0] >= pieces["6"][0] + text_width("6", pieces["6"][2])


def test_one_figure_and_the_sign_of_quality_are_raised() -> None:
    pieces = drawn("viio7")
    assert pieces["°"][1] < 50
    assert pieces["7"][1] < 50
    assert pieces["vii"][0] < pieces["°"][0] < pieces["7"][0]


@pytest.mark.parametrize("text", ["V6/5", "viio6/5/V", "vii/o4/3", "Cad6/4", "bII6", "I", "V7/bVI"])
def test_the_room_that_is_made_holds_what_is_drawn(text: str) -> None:
    right = max(x + text_width(piece, size) for piece, (x, _, size) in drawn(text).items())
    assert right <= 100 + text_width(spacing_text(split_numeral(text)), 10) + 0.6


def test_on_one_line_it_has_true_accidentals() -> None:
    assert plain_text(split_numeral("viio6/5/bVI")) == "vii°6/5/♭VI"
