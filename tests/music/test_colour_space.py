"""Colours in CIELAB: the corners of sRGB as published, and the way there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.music.colour_space import chroma_of_lab, hex_of_lab, lab_of_srgb, srgb_of_lab

CHANNEL = st.floats(0, 1)

# L*, a*, b* of sRGB's corners under D65, as B. Lindbloom's calculator and colour libraries have it.
CORNERS = {
    (1, 0, 0): (53.24, 80.09, 67.20),
    (0, 1, 0): (87.73, -86.18, 83.18),
    (0, 0, 1): (32.30, 79.19, -107.86),
    (1, 1, 0): (97.14, -21.55, 94.48),
    (1, 1, 1): (100.0, 0.0, 0.0),
    (0, 0, 0): (0.0, 0.0, 0.0),
}


@pytest.mark.parametrize(("srgb", "lab"), CORNERS.items())
def test_the_corners_of_srgb_lie_where_they_are_published(srgb: tuple, lab: tuple) -> None:
    assert lab_of_srgb(srgb) == pytest.approx(lab, abs=0.02)


def test_middle_grey_has_half_the_lightness_that_its_eighteen_percent_give() -> None:
    # A surface of 18.4% luminance has L* 50: 116 * 0.184 ** (1/3) - 16.
    linear = 0.1842
    encoded = 1.055 * linear ** (1 / 2.4) - 0.055
    assert lab_of_srgb([encoded] * 3) == pytest.approx([50, 0, 0], abs=0.05)


@given(CHANNEL, CHANNEL, CHANNEL)
def test_every_colour_comes_back(red: float, green: float, blue: float) -> None:
    assert srgb_of_lab(lab_of_srgb([red, green, blue])) == pytest.approx(
        [red, green, blue], abs=1e-6
    )


def test_what_no_screen_shows_is_brought_to_the_nearest_values() -> None:
    shown = srgb_of_lab([50, 200, -200])
    assert ((shown >= 0) & (shown <= 1)).all()


def test_a_colour_is_written_in_six_digits() -> None:
    assert hex_of_lab(lab_of_srgb([1, 0.5019607843, 0])) == "#ff8000"


def test_chroma_is_the_distance_from_grey() -> None:
    assert chroma_of_lab(np.array([[50, 3, 4], [10, 0, 0]])).tolist() == [5, 0]
