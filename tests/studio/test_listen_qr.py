"""QR codes against codes of another program and the tutorial's worked example."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from chromasonic.errors import UsageError
from chromasonic.studio.listen.qr import correction_of, qr_grid, qr_svg

LINK = "http://192.168.1.23:8770/hear/AbCdEfGhIjKl0123"
QRCODE = {
    "a": [
        2083711,
        1070657,
        1530461,
        1529437,
        1526109,
        1066561,
        2086271,
        6144,
        1070798,
        1246137,
        380256,
        701418,
        1735679,
        6405,
        2084510,
        1066055,
        1527452,
        1526760,
        1526715,
        1066984,
        2086182,
    ],
    LINK: [
        8530734975,
        4371415361,
        6274206301,
        6261518429,
        6271158109,
        4390361153,
        8545195391,
        20318464,
        6380048508,
        4745931757,
        369311830,
        5533740447,
        3703728296,
        153555791,
        6247458086,
        713111996,
        2509828149,
        5771732972,
        1153406294,
        2745426525,
        666574520,
        5392190221,
        6441359710,
        4614409357,
        5360243699,
        29190421,
        8532413270,
        4388957462,
        6267095544,
        6261806141,
        6263186912,
        4368185468,
        8553018358,
    ],
    "https://studio.conservatory.example/listening/hear/AbCdEfGhIjKl0123-and-some-more-of-it": [
        2189896353663,
        1123490699329,
        1600960672861,
        1603887916637,
        1600608599901,
        1118342830913,
        2187570009471,
        7058299904,
        1575162027851,
        1112546614263,
        260001633492,
        1081918871011,
        1234167126540,
        1627206697033,
        469921350767,
        1527734232921,
        126858597136,
        2038499819424,
        442840197202,
        1689512518574,
        1467405599960,
        1205723649887,
        2046103559550,
        1147601662818,
        1533496781332,
        1862370457357,
        269863966491,
        965868140347,
        1780874053560,
        1002820108961,
        1612334761176,
        111449356413,
        991311719413,
        5615812889,
        2189783374686,
        1122575258896,
        1601656550902,
        1604315348762,
        1605302552359,
        1117448135066,
        2186848020226,
    ],
}
"""Made by the package qrcode 8.2 (level M, bytes): a row of cells as a binary number."""


def test_correction_is_that_of_the_worked_example() -> None:
    # "HELLO WORLD", version 1-M, in the tutorial of thonky.com.
    data = bytes((32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17))
    assert list(correction_of(data, 10)) == [196, 35, 39, 119, 235, 215, 231, 226, 93, 23]


@pytest.mark.parametrize("text", QRCODE, ids=lambda text: f"{len(text)} bytes")
def test_codes_are_those_of_another_program(text: str) -> None:
    rows = ["".join("#" if cell else "." for cell in row) for row in qr_grid(text)]
    assert [int(row.replace("#", "1").replace(".", "0"), 2) for row in rows] == QRCODE[text]


def test_the_picture_has_every_cell_and_its_quiet_zone() -> None:
    grid = qr_grid(LINK)
    picture = ElementTree.fromstring(qr_svg(LINK))
    size = len(grid) + 8
    assert picture.get("viewBox") == f"0 0 {size} {size}"
    white, dark = picture
    assert white.get("fill") == "#fff"
    assert (dark.get("d") or "").count("M") == sum(map(sum, grid))
    assert (dark.get("d") or "").startswith("M4 4h1")


def test_what_is_too_long_is_refused() -> None:
    assert len(qr_grid("x" * 106)) == 41
    with pytest.raises(UsageError, match="107 bytes"):
        qr_svg("x" * 107)
