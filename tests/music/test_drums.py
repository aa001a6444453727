"""Drums on the grid: groups, steps, offsets, bars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.music.drums import GROUP_OF_PITCH, GROUPS, INSTRUMENTS, drum_grid, instrument_name

KICK, SNARE, HAT, TOM = 36, 38, 42, 45


def grid_of(hits: list[tuple[float, int, int]], metres=()):  # type: ignore[no-untyped-def]
    quarters, pitch, velocity = (np.array(column) for column in zip(*hits, strict=True))
    return drum_grid(quarters.astype(float), pitch, velocity, metres)


def test_a_late_and_an_early_hit_have_offsets_of_their_sign() -> None:
    # A sixteenth is a quarter of a quarter note: 0.02 quarters are 0.08 of a step.
    grid = grid_of([(0.02, KICK, 90), (0.98, SNARE, 100)])
    assert grid.onsets[0, 0, 0]
    assert grid.onsets[0, 4, 1]
    assert grid.offset[0, [0, 4]] == pytest.approx([0.08, -0.08])
    assert grid.velocity[0, [0, 4]].tolist() == [90, 100]


def test_the_target_of_a_step_is_its_loudest_hit() -> None:
    grid = grid_of([(0.0, KICK, 70), (0.01, SNARE, 110), (0.02, HAT, 60)])
    assert grid.velocity[0, 0] == 110
    assert grid.offset[0, 0] == pytest.approx(0.04)
    assert grid.onsets[0, 0].tolist() == [True, True, True, False]


def test_of_equally_loud_hits_the_earliest_is_the_target() -> None:
    grid = grid_of([(0.0, KICK, 100), (0.02, SNARE, 100)])
    assert grid.offset[0, 0] == 0


def test_a_hit_before_the_bar_line_belongs_to_the_bar_that_it_opens() -> None:
    grid = grid_of([(3.95, KICK, 100)])
    assert grid.first_step.tolist() == [16]
    assert grid.offset[0, 0] == pytest.approx(-0.2)


@pytest.mark.parametrize(
    ("metre", "quarters", "bar", "step"),
    [
        ((3, 4), 3.0, 12, 0),
        ((6, 8), 3.25, 12, 1),
        ((5, 8), 2.5, 10, 0),
        ((5, 4), 4.0, 16, 0),  # the second piece of the first bar
        ((5, 4), 5.0, 20, 0),
        ((7, 8), 3.25, 0, 13),
    ],
)
def test_bars_of_other_metres_fill_the_first_steps_or_stand_in_pieces(
    metre: tuple[int, int], quarters: float, bar: int, step: int
) -> None:
    grid = grid_of([(quarters, SNARE, 80)], [(0.0, *metre)])
    assert grid.first_step.tolist() == [bar]
    assert grid.hit_step.tolist() == [step]


def test_the_metre_may_change() -> None:
    grid = grid_of([(0.0, KICK, 80), (4.0, KICK, 80), (7.0, KICK, 80)], [(0, 4, 4), (4.0, 3, 4)])
    assert grid.first_step.tolist() == [0, 16, 28]


def test_a_metre_of_nothing_is_passed_over() -> None:
    assert grid_of([(4.0, KICK, 80)], [(0.0, 0, 4)]).first_step.tolist() == [16]


@given(
    st.lists(
        st.tuples(st.floats(0, 1e4), st.integers(0, 127), st.integers(1, 127)), min_size=1,
        max_size=40,
    ),
    st.integers(1, 33),
    st.sampled_from([1, 2, 4, 8, 16, 32, 64]),
)  # fmt: skip
def test_every_hit_is_found_again_from_bar_step_and_offset(
    hits: list[tuple[float, int, int]], numerator: int, denominator: int
) -> None:
    grid = grid_of(hits, [(0.0, numerator, denominator)])
    position = grid.first_step[grid.hit_bar] + grid.hit_step + grid.hit_offset
    assert position == pytest.approx([4 * quarters for quarters, _, _ in hits], abs=1e-6)
    assert (np.abs(grid.hit_offset) <= 0.5).all()
    assert grid.onsets[grid.hit_bar, grid.hit_step, grid.hit_group].all()
    assert ((grid.velocity > 0) == grid.struck).all()


def test_each_instrument_has_a_group_and_unknown_ones_are_other() -> None:
    assert {group for _, group in INSTRUMENTS.values()} == set(GROUPS)
    assert [GROUPS[GROUP_OF_PITCH[pitch]] for pitch in (35, 37, 26, 47, 75)] == [
        "kick", "snare", "hat_or_cymbal", "other", "other",
    ]  # fmt: skip
    assert instrument_name(75) == "drum 75"
