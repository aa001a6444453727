"""Centring: values relative to the recording's middle, or to the body's root."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from chromasonic.errors import ConfigError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import extract
from chromasonic.gesture.features_centring import centred
from chromasonic.music.movement import Movement, Skeleton

BODY = Skeleton(
    name="stick", nodes=("root", "head"), edges=((0, 1),), channels=("x", "y", "z", "bend"),
    axes=(0, 1, 2),
)  # fmt: skip
WALK = np.array(
    [[[0, 1, 0, 5], [0, 2, 1, 6]], [[2, 1, 4, 7], [3, 2, 4, 8]]], np.float32
)  # two frames of root and head


def test_nothing_is_taken_off_unless_asked() -> None:
    assert centred(WALK, "none", BODY) is WALK


def test_the_mean_over_the_recording_is_taken_off_each_channel() -> None:
    result = centred(WALK, "recording", BODY)

    assert_allclose(result[0], [[-1.0, 0, -2, -1], [-1.5, 0, -1.5, -1]])
    assert_allclose(result[1], -result[0])


def test_the_root_is_taken_off_in_the_room_and_heights_stay() -> None:
    result = centred(WALK, "root", BODY)

    assert_allclose(result[:, 0], [[0, 1, 0, 5], [0, 1, 0, 7]])
    assert_allclose(result[:, 1], [[0, 2, 1, 6], [1, 2, 0, 8]])
    assert WALK[1, 0, 0] == 2  # what was given stays


def test_an_unseen_root_is_stood_in_for_by_the_middle_of_what_is_seen() -> None:
    frames = np.stack([WALK[0, 0], WALK[0, 1], WALK[1, 1]])[None].copy()
    frames[0, 0] = np.nan
    skeleton = Skeleton(
        name="three", nodes=("root", "a", "b"), edges=(), channels=("x", "y", "z", "bend"),
        axes=(0, 1, 2),
    )  # fmt: skip

    result = centred(frames, "root", skeleton)

    assert np.isnan(result[0, 0]).all()
    assert_allclose(result[0, 1:, 0], [-1.5, 1.5])
    assert_allclose(result[0, 1:, 2], [-1.5, 1.5])


def test_unseen_frames_do_not_pull_the_middle() -> None:
    frames = np.array([[[1.0]], [[np.nan]], [[3.0]]], np.float32)
    knob = Skeleton(name="knob", nodes=("a",), edges=(), channels=("value",))

    assert_array_equal(centred(frames, "recording", knob)[:, 0, 0], [-1, np.nan, 1])


def test_where_the_recording_was_made_no_longer_shows_in_its_features() -> None:
    rng = np.random.default_rng(0)
    frames = np.cumsum(rng.standard_normal((30, 2, 4)), axis=0).astype(np.float32)
    here = Movement(id="here", skeleton=BODY, frames=frames, rate_hz=30.0)
    moved = frames + np.array([40, 0, -7, 0], np.float32)
    there = Movement(id="there", skeleton=BODY, frames=moved, rate_hz=30.0)

    for centre in ("recording", "root"):
        config = FeatureConfig(centre=centre, velocity=True)
        assert_allclose(extract(there, config), extract(here, config), atol=2e-3)
    assert np.abs(extract(there, FeatureConfig()) - extract(here, FeatureConfig())).max() > 30


def test_velocities_are_of_the_movement_in_the_room() -> None:
    frames = np.zeros((5, 2, 4), np.float32)
    frames[:, :, 0] = np.arange(5, dtype=np.float32)[:, None]  # both nodes walk along x
    walk = Movement(id="walk", skeleton=BODY, frames=frames, rate_hz=10.0)

    features = extract(walk, FeatureConfig(centre="root", velocity=True))

    assert_array_equal(features[:, :, 0], 0)
    assert_allclose(features[1:, :, 4], 10)


def test_a_root_needs_coordinates_and_units() -> None:
    knob = Skeleton(name="knob", nodes=("a",), edges=(), channels=("value",))

    with pytest.raises(ConfigError, match="'knob' has no coordinates"):
        centred(np.zeros((2, 1, 1), np.float32), "root", knob)
    with pytest.raises(ConfigError, match="root only with the normalization none"):
        FeatureConfig(centre="root", normalization="performer")
    with pytest.raises(ConfigError, match="centre is 'middle'"):
        FeatureConfig(centre="middle")  # type: ignore[arg-type]
