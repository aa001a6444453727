"""Features while a movement goes on are those of the recording whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.errors import ConfigError, DataError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import extract
from chromasonic.gesture.features_stream import FeatureStream
from chromasonic.gesture.recipe import GestureRecipe, with_settings
from chromasonic.gesture.statistics import Statistics
from chromasonic.music.movement import Movement, Skeleton

HAND = Skeleton(
    name="hand",
    nodes=("palm", "thumb", "ring"),
    edges=((0, 1), (0, 2)),
    channels=("x", "y", "z", "roll"),
    axes=(0, 1, 2),
)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 40),
    gaps=st.sampled_from([0.0, 0.3, 1.0]),
    median=st.sampled_from([0, 1, 2, 5]),
    rate_hz=st.sampled_from([0.0, 23.0, 22.9, 16.0, 11.5, 3.0]),
    has_performer=st.booleans(),
    has_root=st.booleans(),
    acceleration=st.booleans(),
    bones=st.booleans(),
    turns=st.sampled_from([(), ("roll",)]),
)
def test_the_stream_gives_what_the_recording_gives(
    count, gaps, median, rate_hz, has_performer, has_root, acceleration, bones, turns
) -> None:
    has_root = has_root and not has_performer
    config = FeatureConfig(
        rate_hz=rate_hz, median=median, acceleration=acceleration, bones=bones, turns=turns,
        normalization="performer" if has_performer else "none",
        centre="root" if has_root else "none", causal=True,
    )  # fmt: skip
    rng = np.random.default_rng(count)
    frames = rng.normal(size=(count, 3, 4)).astype(np.float32)
    frames[rng.random(frames.shape) < gaps] = np.nan
    movement = Movement(id="m", skeleton=HAND, frames=frames, rate_hz=23)
    performer = Statistics.of([movement], config) if has_performer else None
    whole = extract(movement, config, performer=performer)
    stream = FeatureStream(HAND, config, 23, performer)
    pushed = [found for frame in frames if (found := stream.push(frame)) is not None]
    assert len(pushed) == len(whole)
    np.testing.assert_allclose(
        np.stack(pushed), whole, rtol=1e-3, atol=3e-2
    )  # a second's change of a change


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"median": 5}, "a median around each frame"),
        ({"frames": 16}, "frames"),
        ({"duration": True}, "duration"),
        ({"normalization": "recording"}, "the normalization 'recording'"),
        ({"centre": "recording"}, "the centre 'recording'"),
    ],
)
def test_what_looks_ahead_is_refused_by_name(settings: dict, what: str) -> None:
    with pytest.raises(ConfigError, match=f"{what} looks ahead.*causal = true"):
        FeatureStream(HAND, FeatureConfig(**settings), 23)


def test_a_stream_that_is_too_slow_or_knows_nobody_is_refused() -> None:
    with pytest.raises(ConfigError, match="want 30 frames a second and 23 come in"):
        FeatureStream(HAND, FeatureConfig(rate_hz=30), 23)
    with pytest.raises(ConfigError, match="statistics"):
        FeatureStream(HAND, FeatureConfig(normalization="performer"), 23)


def test_a_frame_of_another_skeleton_is_refused() -> None:
    stream = FeatureStream(HAND, FeatureConfig(), 23)
    with pytest.raises(DataError, match="shape \\(2, 4\\).*3 nodes, 4 channels"):
        stream.push(np.zeros((2, 4), np.float32))


def test_who_asks_for_the_causal_size_gets_causal_features() -> None:
    recipe = with_settings(GestureRecipe(), size="causal")
    assert recipe.features.causal
    assert not recipe.features.looks_ahead
    assert not with_settings(GestureRecipe(), size="compact").features.causal
