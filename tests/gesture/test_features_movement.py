"""What the network reads of a movement, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.errors import ConfigError, DataError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import compute, extract, feature_names
from chromasonic.gesture.features_cleaning import clean
from chromasonic.gesture.statistics import Statistics, whose
from chromasonic.music.movement import Movement, Skeleton

ARM = Skeleton(
    name="arm", nodes=("elbow", "hand"), edges=((0, 1),), channels=("x", "y", "roll"), axes=(0, 1)
)


def made(count: int = 12, seed: int = 0, rate_hz: float = 10.0) -> Movement:
    frames = np.random.default_rng(seed).normal(size=(count, 2, 3)).astype(np.float32)
    return Movement(id=f"m{seed}", skeleton=ARM, frames=frames, rate_hz=rate_hz, performer="ann")


def test_velocity_acceleration_bones_and_duration_stand_beside_each_other_by_name() -> None:
    config = FeatureConfig(acceleration=True, bones=True, duration=True)
    movement = made()
    features = extract(movement, config)
    names = feature_names(config, ARM)
    assert features.shape == (12, 2, len(names))
    assert features.dtype == np.float32
    x = movement.frames[:, 1, 0]
    np.testing.assert_array_equal(features[:, 1, names.index("x")], x)
    velocity = features[:, 1, names.index("x velocity")]
    np.testing.assert_allclose(velocity[1:], (x[1:] - x[:-1]) * 10, rtol=1e-5)
    acceleration = features[:, 1, names.index("x acceleration")]
    np.testing.assert_allclose(acceleration[2:], np.diff(velocity[1:]) * 10, rtol=1e-4, atol=1e-3)
    assert velocity[0] == acceleration[0] == 0
    bone = features[:, 1, names.index("x from parent")]
    np.testing.assert_allclose(bone, x - movement.frames[:, 0, 0], rtol=1e-5)
    assert not features[:, 0, names.index("x from parent")].any()  # a root hangs from nothing
    np.testing.assert_allclose(features[:, :, names.index("duration")], np.log(1.2), rtol=1e-6)


def test_a_slow_and_a_fast_movement_differ_in_speed_alone_once_they_have_as_many_frames() -> None:
    config = FeatureConfig(frames=9)
    line = np.linspace(0, 1, 21, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
    slow = Movement(id="slow", skeleton=ARM, frames=line, rate_hz=10)
    fast = replace(slow, frames=line[::2])
    of_slow, of_fast = extract(slow, config), extract(fast, config)
    assert of_slow.shape == of_fast.shape == (9, 2, 6)
    np.testing.assert_allclose(of_slow[:, :, :3], of_fast[:, :, :3], atol=1e-6)
    np.testing.assert_allclose(of_fast[1:, :, 3:], 1.0, rtol=1e-4)  # the whole way in a second
    np.testing.assert_allclose(of_slow[1:, :, 3:], 0.5, rtol=1e-4)


def test_a_performer_is_brought_to_mean_0_and_deviation_1() -> None:
    config = FeatureConfig(normalization="performer", velocity=False, median=3)
    movements = [made(30, seed) for seed in range(5)]
    for movement in movements:
        movement.frames[:, 0, 2] = 0.25  # never moves
    known = Statistics.of(movements, config)
    together = np.concatenate([extract(m, config, performer=known) for m in movements])
    assert not together[:, 0, 2].any()
    moves = np.ones((2, 3), bool)
    moves[0, 2] = False
    np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(together.std(axis=0)[moves], 1, rtol=1e-4)


def test_a_performer_of_another_size_and_place_reads_the_same() -> None:
    config = FeatureConfig(normalization="performer", bones=True)
    ours = [made(20, seed) for seed in range(4)]
    theirs = [replace(m, frames=m.frames * 2.5 - 7) for m in ours]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            extract(one, config, performer=Statistics.of(ours, config)),
            extract(other, config, performer=Statistics.of(theirs, config)),
            atol=1e-2 * 10,  # velocities count in tenths of a second
            rtol=1e-3,
        )


def test_a_recordings_own_scale_needs_nobody() -> None:
    config = FeatureConfig(normalization="recording", velocity=False)
    features = extract(made(50), config)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(features.std(axis=0), 1, rtol=1e-4)


def test_statistics_survive_being_written_down() -> None:
    known = Statistics.of([made()], FeatureConfig())
    again = Statistics.from_dict(known.to_dict())
    np.testing.assert_array_equal(again.mean, known.mean)
    np.testing.assert_array_equal(again.deviation, known.deviation)


def test_statistics_of_nothing_or_of_something_else_are_refused() -> None:
    with pytest.raises(DataError, match="no movement"):
        Statistics.of([], FeatureConfig())
    with pytest.raises(DataError, match="'mean' and 'deviation' are needed"):
        Statistics.from_dict({"mean": [[1.0]]})
    with pytest.raises(DataError, match="must be \\(nodes, channels\\)"):
        Statistics.from_dict({"mean": [1.0], "deviation": [1.0]})


def test_a_performers_scale_without_the_performer_is_refused() -> None:
    with pytest.raises(ConfigError, match="need the performer's statistics"):
        extract(made(), FeatureConfig(normalization="performer"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"frames": -1}, "frames is -1"),
        ({"velocity": False, "acceleration": True}, "acceleration is True; allowed: false"),
        ({"causal": True, "frames": 9}, "causal is True; allowed: false, with frames"),
        ({"causal": True, "duration": True}, "with duration"),
        ({"causal": True, "normalization": "recording"}, "normalization 'recording'"),
        ({"turns": ("roll", "roll")}, "each channel once"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FeatureConfig(**settings)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 30),
    gaps=st.floats(0, 1),
    median=st.sampled_from([0, 2, 5]),
    rate_hz=st.sampled_from([0.0, 4.0, 25.0]),
    frames=st.sampled_from([0, 1, 7]),
    normalization=st.sampled_from(["none", "recording", "performer"]),
    causal=st.booleans(),
)
def test_features_are_numbers_whatever_was_seen(
    count, gaps, median, rate_hz, frames, normalization, causal
) -> None:
    causal = causal and not frames and normalization != "recording"
    config = FeatureConfig(
        median=median, rate_hz=rate_hz, frames=frames, normalization=normalization,
        bones=True, acceleration=True, duration=not causal, turns=("roll",), causal=causal,
    )  # fmt: skip
    movement = made(count, seed=count)
    movement.frames[np.random.default_rng(1).random(movement.frames.shape) < gaps] = np.nan
    performer = Statistics.of([movement], config)
    features = extract(movement, config, performer=performer)
    assert np.isfinite(features).all()
    assert features.shape[1:] == (2, len(feature_names(config, ARM)))
    assert not frames or len(features) == frames


def test_extracting_is_cleaning_then_computing() -> None:
    config = FeatureConfig(median=3, rate_hz=5, turns=("roll",), bones=True)
    whole = extract(made(), config)
    np.testing.assert_array_equal(whole, compute(clean(made(), config), config))


def test_a_session_is_scaled_by_itself_and_an_unknown_one_by_the_performers_name() -> None:
    movement = replace(made(), session="monday")
    by_session = FeatureConfig(normalization="session")
    assert whose(movement, by_session) == "ann/monday"
    assert whose(replace(movement, session=""), by_session) == "ann"
    assert whose(movement, FeatureConfig(normalization="performer")) == "ann"
    with pytest.raises(ConfigError, match="'session'"):
        extract(movement, by_session)
