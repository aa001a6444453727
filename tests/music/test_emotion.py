"""The plane of valence and arousal: cells, labels as distributions, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import UsageError
from chromasonic.music.emotion import (
    CENTRES,
    QUADRANTS,
    bell,
    expectation,
    quadrant_masses,
    quadrant_of_signs,
    quarter,
)

places = st.floats(-1, 1, allow_nan=False)


def test_the_middles_of_the_cells_are_even_and_symmetric() -> None:
    assert CENTRES.tolist() == [-0.875, -0.625, -0.375, -0.125, 0.125, 0.375, 0.625, 0.875]


@pytest.mark.parametrize(("number", "signs"), QUADRANTS.items())
def test_a_quadrant_is_its_sixteen_cells(number: int, signs: tuple[int, int]) -> None:
    cells = quarter(*signs)
    assert (cells > 0).sum() == 16
    assert set(cells[cells > 0]) == {1 / 16}
    assert quadrant_masses(cells).tolist() == [float(q == number) for q in QUADRANTS]
    # The mean of 0.125, 0.375, 0.625, 0.875 is 0.5.
    assert [float(value) for value in expectation(cells)] == pytest.approx([s / 2 for s in signs])
    assert quadrant_of_signs(*signs) == number


def test_rows_are_arousal_and_columns_valence() -> None:
    cells = np.zeros(64)
    cells[8 * 7 + 0] = 1  # highest row, first column
    valence, arousal = expectation(cells)
    assert (float(valence), float(arousal)) == (-0.875, 0.875)
    assert quadrant_masses(cells).argmax() + 1 == 2


def test_leaking_mass_is_spread_evenly() -> None:
    cells = quarter(1, 1, leak=0.2)
    assert cells.sum() == pytest.approx(1)
    assert quadrant_masses(cells) == pytest.approx([0.85, 0.05, 0.05, 0.05])


@given(places, places, st.floats(0, 3), st.floats(0, 3))
def test_a_bell_is_a_distribution_around_its_middle(
    valence: float, arousal: float, across: float, up: float
) -> None:
    cells = bell(valence, arousal, across, up)
    assert cells.shape == (64,)
    assert cells.sum() == pytest.approx(1)
    assert (cells >= 0).all()
    nearest = int(np.abs(CENTRES - valence).argmin()), int(np.abs(CENTRES - arousal).argmin())
    assert cells.max() == pytest.approx(cells[8 * nearest[1] + nearest[0]])


def test_a_bell_has_the_values_of_its_formula() -> None:
    cells = bell(np.array([0.125]), np.array([0.125]), 0.25, 0.5).reshape(8, 8)
    # One cell to the right is 0.25 = 1 width away, one cell up half a width.
    assert cells[4, 5] / cells[4, 4] == pytest.approx(np.exp(-1 / 2))
    assert cells[5, 4] / cells[4, 4] == pytest.approx(np.exp(-1 / 8))


def test_narrow_bells_expect_their_middle() -> None:
    valence, arousal = expectation(bell([0.3, -0.5], [-0.2, 0.6], 0.2, 0.2))
    assert valence == pytest.approx([0.3, -0.5], abs=0.02)
    assert arousal == pytest.approx([-0.2, 0.6], abs=0.02)


@pytest.mark.parametrize("bad", [1.5, np.nan, -np.inf])
def test_a_place_outside_the_plane_is_refused(bad: float) -> None:
    with pytest.raises(UsageError, match="between -1 and 1"):
        bell(bad, 0.0, 0.2, 0.2)
