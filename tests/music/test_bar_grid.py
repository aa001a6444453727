"""Onsets on the sixteenths of bars, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import DataError
from chromasonic.music.bar_grid import OFF_GRID, Beats, place_onsets, sixteenths_of_a_beat


def beats_of(lengths: list[int], downbeats: list[int], seconds: list[float] | None = None) -> Beats:
    """Beats half a second apart."""
    return Beats(
        seconds=np.array(seconds or [0.5 * n for n in range(len(lengths))]),
        is_downbeat=np.isin(np.arange(len(lengths)), downbeats),
        sixteenths=np.array(lengths),
    )


@pytest.mark.parametrize(
    ("metre", "length"),
    [((4, 4), 4), ((3, 4), 4), ((2, 2), 8), ((6, 8), 6), ((9, 8), 6), ((12, 8), 6), ((3, 8), 2),
     ((12, 16), 3), ((24, 16), 3), ((6, 4), 12), ((5, 8), 2), ((1, 2), 8), ((3, 2), 8)],
)  # fmt: skip
def test_a_beat_has_the_sixteenths_of_its_metre(metre: tuple[int, int], length: int) -> None:
    assert sixteenths_of_a_beat(*metre) == length


@pytest.mark.parametrize("metre", [(4, 3), (0, 4), (4, 32)])
def test_a_metre_without_whole_sixteenths_is_refused(metre: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="no beat of whole sixteenths"):
        sixteenths_of_a_beat(*metre)


def test_onsets_go_to_the_nearest_sixteenth_and_across_the_bar_line() -> None:
    beats = beats_of([4] * 8, [0, 4])
    at = np.array([0.0, 0.13, 0.19, 1.95, 2.0, 3.5])
    places = place_onsets(at, beats)
    assert places.step.tolist() == [0, 1, 2, 0, 0, 12]
    assert places.window.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(places.offset, [0, 0.04, -0.48, -0.4, 0, 0], atol=1e-9)
    assert places.steps.tolist() == places.bar_steps.tolist() == [16, 16]


def test_beats_may_be_uneven_in_time() -> None:
    beats = beats_of([4] * 4, [0], [0.0, 0.4, 1.2, 1.4])
    assert place_onsets(np.array([0.1, 0.8, 1.3]), beats).step.tolist() == [1, 6, 10]


def test_an_upbeat_stands_at_the_end_of_its_bar() -> None:
    beats = beats_of([4] * 5, [1])
    places = place_onsets(np.array([0.0, 0.5]), beats)
    assert places.step.tolist() == [12, 0]
    assert places.window.tolist() == [0, 1]
    assert places.bar_steps.tolist() == [16, 16]


def test_onsets_outside_of_the_beats_are_off_the_grid() -> None:
    beats = beats_of([4] * 4, [0], [1.0, 1.5, 2.0, 2.5])
    places = place_onsets(np.array([0.5, 0.95, 2.9, 3.0]), beats)
    assert places.window.tolist() == [OFF_GRID, 0, 0, OFF_GRID]
    assert places.step.tolist() == [0, 0, 15, 0], "half a sixteenth before the first beat is on it"


@pytest.mark.parametrize(
    ("beat", "count", "steps"),
    [(6, 2, [12]), (6, 4, [12, 12]), (8, 3, [12, 12]), (8, 4, [16, 16]), (4, 5, [10, 10])],
)
def test_a_bar_longer_than_16_sixteenths_is_cut_into_equal_windows(
    beat: int, count: int, steps: list[int]
) -> None:
    places = place_onsets(np.array([0.0, 0.5 * count - 0.01]), beats_of([beat] * count, [0]))
    assert places.steps.tolist() == steps
    assert set(places.bar.tolist()) == {0}
    assert set(places.bar_steps.tolist()) == {beat * count}


@given(
    lengths=st.lists(st.sampled_from([2, 3, 4, 6, 8, 12]), min_size=2, max_size=30),
    marks=st.lists(st.booleans(), min_size=30, max_size=30),
    data=st.data(),
)
def test_every_sixteenth_of_a_grid_has_a_place_of_its_own(
    lengths: list[int], marks: list[bool], data: st.DataObject
) -> None:
    gaps = data.draw(st.lists(st.floats(0.2, 2), min_size=len(lengths), max_size=len(lengths)))
    seconds = np.cumsum(gaps)
    beats = Beats(
        seconds=seconds,
        is_downbeat=np.array(marks[: len(lengths)]),
        sixteenths=np.array(lengths),
    )
    ends = [*seconds[1:], 2 * seconds[-1] - seconds[-2]]
    onsets = np.concatenate(
        [
            np.linspace(start, end, count, endpoint=False)
            for start, end, count in zip(seconds, ends, lengths, strict=True)
        ]
    )
    places = place_onsets(onsets, beats)
    assert len(set(zip(places.window.tolist(), places.step.tolist(), strict=True))) == len(onsets)
    assert (places.step < places.steps[places.window]).all()
    assert places.steps.max() <= 16
    np.testing.assert_allclose(places.offset, 0, atol=1e-6)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        ([0.0], "at least 2"),
        ([1.0, 1.0], "later"),
        ([2.0, 1.0], "later"),
        ([0.0, np.nan], "finite"),
    ],
)
def test_beats_that_are_no_grid_are_refused(seconds: list[float], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        Beats.even(np.array(seconds))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="lengths"):
        Beats(seconds=np.arange(3.0), is_downbeat=np.zeros(2, bool), sixteenths=np.full(3, 4))
