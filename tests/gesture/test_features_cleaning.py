"""Recordings made fit to compute with, by hand and against scipy."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import ConfigError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features_cleaning import (
    clean,
    fill_gaps,
    hold_gaps,
    median_filter,
    resample,
    stretch,
)
from chromasonic.music.movement import Movement, Skeleton

NAN = float("nan")
WRIST = Skeleton(
    name="wrist",
    nodes=("wrist", "tip"),
    edges=((0, 1),),
    channels=("roll", "x", "y"),
    axes=(1, 2),
)


def column(*values: float) -> np.ndarray:
    """(T, 1, 1)."""
    return np.array(values, np.float32)[:, None, None]


def movement(frames: np.ndarray, rate_hz: float = 10.0) -> Movement:
    return Movement(id="m", skeleton=WRIST, frames=np.asarray(frames, np.float32), rate_hz=rate_hz)


def test_gaps_lie_on_the_line_between_what_was_seen_and_ends_repeat_it() -> None:
    filled = fill_gaps(column(NAN, 1, NAN, NAN, 4, NAN))
    assert filled[:, 0, 0].tolist() == [1, 1, 2, 3, 4, 4]


def test_held_gaps_know_nothing_of_what_comes_later() -> None:
    held = hold_gaps(column(NAN, 1, NAN, NAN, 4, NAN))
    assert held[:, 0, 0].tolist() == [0, 1, 1, 1, 4, 4]


@pytest.mark.parametrize("filled", [fill_gaps, hold_gaps])
def test_what_was_never_seen_is_0_and_what_was_seen_stays(filled) -> None:
    frames = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    frames[:, 1, 0] = NAN
    frames[1, 0, 1] = np.inf
    result = filled(frames)
    assert np.isfinite(result).all()
    assert not result[:, 1, 0].any()
    seen = np.isfinite(frames)
    assert (result[seen] == frames[seen]).all()
    assert filled(np.ones((3, 2, 2), np.float32)).all()


@pytest.mark.parametrize("width", [2, 3, 4, 5, 9])
@pytest.mark.parametrize("is_causal", [False, True])
def test_the_median_is_numpys_of_each_window(width: int, is_causal: bool) -> None:
    frames = np.random.default_rng(width).normal(size=(23, 2, 3)).astype(np.float32)
    found = median_filter(frames, width, causal=is_causal)
    before = width - 1 if is_causal else width // 2
    for number in range(len(frames)):
        places = np.clip(np.arange(number - before, number - before + width), 0, 22)
        np.testing.assert_allclose(found[number], np.median(frames[places], axis=0), rtol=1e-6)


def test_a_median_takes_out_a_spike_and_keeps_a_step() -> None:
    spiky = column(0, 0, 9, 0, 0, 5, 5, 5)
    assert median_filter(spiky, 3)[:, 0, 0].tolist() == [0, 0, 0, 0, 0, 5, 5, 5]
    assert median_filter(spiky, 3, causal=True)[:, 0, 0].tolist() == [0, 0, 0, 0, 0, 0, 5, 5]


def test_another_rate_reads_the_same_line_at_other_moments() -> None:
    ramp = column(*range(10))  # 10 a second: a second of movement
    assert resample(ramp, 10, 5)[:, 0, 0].tolist() == [0, 2, 4, 6, 8]
    np.testing.assert_allclose(resample(ramp, 10, 20)[:, 0, 0], np.arange(19) / 2, atol=1e-6)
    np.testing.assert_allclose(resample(ramp, 10, 4)[:, 0, 0], [0, 2.5, 5, 7.5], atol=1e-6)
    assert resample(ramp[:1], 10, 100)[:, 0, 0].tolist() == [0]


def test_a_movement_is_stretched_from_its_first_frame_to_its_last() -> None:
    ramp = column(0, 1, 2, 3)
    np.testing.assert_allclose(stretch(ramp, 7)[:, 0, 0], np.arange(7) / 2, atol=1e-6)
    assert stretch(ramp, 2)[:, 0, 0].tolist() == [0, 3]
    assert stretch(ramp[:1], 3)[:, 0, 0].tolist() == [0, 0, 0]


def test_an_angle_that_passes_a_whole_turn_does_not_jump() -> None:
    turning = np.zeros((3, 2, 3), np.float32)
    turning[:, 0, 0] = [0.9, NAN, 0.1]
    turning[:, 0, 1] = [1, 2, 3]
    cleaned = clean(movement(turning), FeatureConfig(turns=("roll",)))
    assert cleaned.skeleton.channels == ("roll sine", "roll cosine", "x", "y")
    assert cleaned.skeleton.axes == (2, 3)
    assert cleaned.frames.shape == (3, 2, 4)
    sine, cosine = cleaned.frames[:, 0, 0], cleaned.frames[:, 0, 1]
    assert sine[1] == pytest.approx(0, abs=1e-6)  # half way from 0.9 to 0.1 is 0, not 0.5
    assert cosine[1] > 0.8
    assert cleaned.frames[:, 0, 2].tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["bend", "x"])
def test_an_angle_that_is_none_is_refused(name: str) -> None:
    still = movement(np.zeros((3, 2, 3)))
    with pytest.raises(ConfigError, match=f"'{name}'.*may be angles: roll"):
        clean(still, FeatureConfig(turns=(name,)))


def test_causal_cleaning_of_a_beginning_is_the_beginning_of_the_cleaning() -> None:
    rng = np.random.default_rng(3)
    frames = rng.normal(size=(40, 2, 3)).astype(np.float32)
    frames[rng.random(frames.shape) < 0.2] = NAN
    config = FeatureConfig(median=5, rate_hz=7, causal=True, turns=("roll",))
    whole = clean(movement(frames), config).frames
    part = clean(movement(frames[:23]), config).frames
    np.testing.assert_allclose(whole[: len(part)], part, atol=1e-6)
