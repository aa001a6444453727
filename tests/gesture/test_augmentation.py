"""Augmentation: each change is what it says it is, for any movement."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from chromasonic.errors import ConfigError, DataError
from chromasonic.gesture.augmentation import (
    augment,
    mirrored,
    turn,
    twins,
    warp,
    warp_path,
)
from chromasonic.gesture.augmentation_config import AugmentationConfig
from chromasonic.music.movement import Movement, Skeleton

BODY = Skeleton(
    name="small-body",
    nodes=("root", "lfoot", "rfoot", "leftHand", "rightHand", "head"),
    edges=((0, 1), (0, 2), (0, 3), (0, 4), (0, 5)),
    channels=("x", "y", "z", "bend"),
    axes=(0, 1, 2),
)
FLAT = Skeleton(name="drawing", nodes=("tip",), edges=(), channels=("x", "y"), axes=(0, 1))
KNOBS = Skeleton(name="knobs", nodes=("a", "b"), edges=((0, 1),), channels=("value",))
ALL = AugmentationConfig(
    time_warp=0.3, crop=0.2, rotation_degrees=20, heading_degrees=90, scale=0.2, shift=0.5,
    mirror=0.5, joint_dropout=0.3, noise=0.1,
)  # fmt: skip

seeds = st.integers(0, 2**32 - 1)


def movement(skeleton: Skeleton = BODY, length: int = 40, *, seed: int = 0) -> Movement:
    """A random walk of every node."""
    shape = (length, len(skeleton.nodes), len(skeleton.channels))
    steps = np.random.default_rng(seed).standard_normal(shape)
    return Movement(
        id="walk", skeleton=skeleton, frames=np.cumsum(steps, axis=0).astype(np.float32),
        rate_hz=50.0, label="turn", performer="ada", session="1",
    )  # fmt: skip


def distances(frames: np.ndarray) -> np.ndarray:
    """(T, N, N) between nodes, of the coordinates."""
    points = frames[:, :, :3].astype(np.float64)
    return np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)


@given(count=st.integers(1, 300), strength=st.floats(0, 0.9), seed=seeds)
def test_a_warp_keeps_both_ends_and_never_runs_backwards(
    count: int, strength: float, seed: int
) -> None:
    path = warp_path(count, strength, np.random.default_rng(seed))

    assert path[0] == 0
    assert path[-1] == pytest.approx(count - 1)
    assert (np.diff(path) > 0).all()


@given(count=st.integers(60, 400), strength=st.floats(0, 0.6), seed=seeds)
def test_the_pace_of_a_warp_stays_within_its_strength(
    count: int, strength: float, seed: int
) -> None:
    pace = np.diff(warp_path(count, strength, np.random.default_rng(seed)))

    rounding = 1 / 30  # the number of frames is a whole one
    assert pace.min() >= (1 - strength) * (1 - rounding)
    assert pace.max() <= (1 + strength) * (1 + rounding)


def test_a_warp_makes_movements_longer_and_shorter() -> None:
    rng = np.random.default_rng(0)

    lengths = [len(warp_path(100, 0.3, rng)) for _ in range(200)]

    assert min(lengths) < 90
    assert max(lengths) > 115


def test_no_warp_reads_every_frame_where_it_stands() -> None:
    frames = movement().frames

    assert_allclose(warp(frames, warp_path(40, 0.0, np.random.default_rng(0))), frames, atol=1e-5)


def test_a_warped_line_is_read_between_its_frames() -> None:
    line = np.arange(5, dtype=np.float32)[:, None, None]

    read = warp(line, np.array([0, 0.5, 2.25, 4]))

    assert_allclose(read[:, 0, 0], [0, 0.5, 2.25, 4])


def test_an_unseen_frame_does_not_spread_to_places_on_other_frames() -> None:
    line = np.arange(4, dtype=np.float32)[:, None, None].copy()
    line[2] = np.nan

    read = warp(line, np.array([0.0, 1.0, 1.5, 3.0]))[:, 0, 0]

    assert_array_equal(np.isnan(read), [False, False, True, False])


@given(seed=seeds)
def test_turning_keeps_distances_the_middle_and_what_is_no_coordinate(seed: int) -> None:
    before = movement()
    config = AugmentationConfig(rotation_degrees=180, heading_degrees=180)

    after = augment(before, config, np.random.default_rng(seed))

    assert_allclose(distances(after.frames), distances(before.frames), atol=1e-3)
    assert_allclose(
        after.frames[:, :, :3].mean((0, 1)), before.frames[:, :, :3].mean((0, 1)), atol=1e-3
    )
    assert_array_equal(after.frames[:, :, 3], before.frames[:, :, 3])


def test_heading_alone_keeps_heights() -> None:
    before = movement()

    after = augment(before, AugmentationConfig(heading_degrees=90), np.random.default_rng(3))

    assert_allclose(after.frames[:, :, 1], before.frames[:, :, 1], atol=1e-4)
    assert np.abs(after.frames[:, :, 0] - before.frames[:, :, 0]).max() > 0.1


def test_quarter_turns_take_axes_to_axes() -> None:
    x, y, z = np.eye(3)

    assert_allclose(turn([90, 0, 0]) @ y, z, atol=1e-12)
    assert_allclose(turn([0, 90, 0]) @ z, x, atol=1e-12)
    assert_allclose(turn([0, 0, 90]) @ x, y, atol=1e-12)
    assert_allclose(turn(90) @ [1, 0], [0, 1], atol=1e-12)


@given(degrees=st.lists(st.floats(-360, 360), min_size=3, max_size=3))
def test_a_turn_is_no_reflection(degrees: list[float]) -> None:
    matrix = turn(degrees)

    assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix) == pytest.approx(1)


@given(seed=seeds)
def test_scaling_keeps_proportions_within_its_strength(seed: int) -> None:
    before = movement()

    after = augment(before, AugmentationConfig(scale=0.3), np.random.default_rng(seed))

    apart = distances(before.frames) > 0.1
    ratios = distances(after.frames)[apart] / distances(before.frames)[apart]
    assert ratios.min() == pytest.approx(ratios.max(), rel=1e-2)
    assert 0.7 - 1e-3 <= ratios.mean() <= 1.3 + 1e-3


@given(seed=seeds)
def test_a_shift_moves_all_points_alike(seed: int) -> None:
    before = movement()

    after = augment(before, AugmentationConfig(shift=0.5), np.random.default_rng(seed))

    moved = (after.frames - before.frames)[:, :, :3]
    spread = before.frames[:, :, :3].std((0, 1))
    assert_allclose(moved, np.broadcast_to(moved[0, 0], moved.shape), atol=1e-3)
    assert (np.abs(moved[0, 0]) <= 0.5 * spread + 1e-3).all()


def test_noise_is_as_strong_as_its_channel_is_lively() -> None:
    quiet_and_loud = movement(length=4000).frames * np.array([0.01, 1, 10, 0], np.float32)
    before = Movement(id="noisy", skeleton=BODY, frames=quiet_and_loud, rate_hz=50.0)

    after = augment(before, AugmentationConfig(noise=0.2), np.random.default_rng(0))

    added = (after.frames - before.frames).std((0, 1))
    assert_allclose(added, 0.2 * before.frames.std((0, 1)), rtol=0.05)


@given(seed=seeds, share=st.floats(0.01, 0.9), length=st.integers(1, 60))
def test_a_crop_is_an_unbroken_part(seed: int, share: float, length: int) -> None:
    numbered = np.arange(length, dtype=np.float32)[:, None, None] * np.ones((1, 2, 1), np.float32)
    before = Movement(id="count", skeleton=KNOBS, frames=numbered, rate_hz=10.0)

    places = augment(before, AugmentationConfig(crop=share), np.random.default_rng(seed)).frames[
        :, 0, 0
    ]

    assert len(places) >= max(1, math.floor((1 - share) * length))
    assert (np.diff(places) == 1).all()


def test_joints_go_unseen_as_often_as_asked_and_never_all() -> None:
    config, rng = AugmentationConfig(joint_dropout=0.5), np.random.default_rng(0)

    unseen = [np.isnan(augment(movement(), config, rng).frames) for _ in range(400)]

    whole = [seen.all((0, 2)) for seen in unseen]
    assert all((seen.any((0, 2)) == nodes).all() for seen, nodes in zip(unseen, whole, strict=True))
    assert not any(nodes.all() for nodes in whole)
    assert np.mean(whole) == pytest.approx(0.5 * 5 / 6, abs=0.04)


def test_twins_are_found_by_their_names() -> None:
    assert twins(BODY) == [0, 2, 1, 4, 3, 5]


def test_a_mirror_exchanges_sides_and_twice_is_nothing() -> None:
    frames = movement().frames

    once = mirrored(frames, BODY)

    assert_allclose(once[:, 1, 1:], frames[:, 2, 1:])
    assert_allclose(once[:, 5, 0], 2 * frames[:, :, 0].mean() - frames[:, 5, 0], atol=1e-4)
    assert_allclose(mirrored(once, BODY), frames, atol=1e-4)


def test_a_skeleton_without_coordinates_has_no_mirror_image() -> None:
    with pytest.raises(DataError, match="has no left and right; set mirror = 0"):
        mirrored(movement(KNOBS).frames, KNOBS)


@given(seed=seeds, length=st.integers(1, 50))
@settings(max_examples=60)
def test_what_was_unseen_stays_unseen(seed: int, length: int) -> None:
    before = movement(length=length)
    frames = before.frames.copy()
    frames[:, 2] = np.nan
    gappy = Movement(id="gappy", skeleton=BODY, frames=frames, rate_hz=50.0)
    config = AugmentationConfig(
        time_warp=0.3, crop=0.2, rotation_degrees=20, scale=0.2, shift=0.5, noise=0.1
    )

    after = augment(gappy, config, np.random.default_rng(seed)).frames

    assert np.isnan(after[:, 2]).all()
    assert np.isfinite(np.delete(after, 2, axis=1)).all()


def test_a_movement_of_which_nothing_was_seen_passes_through() -> None:
    nothing = Movement(
        id="dark", skeleton=BODY, frames=np.full((5, 6, 4), np.nan, np.float32), rate_hz=50.0
    )

    assert np.isnan(augment(nothing, ALL, np.random.default_rng(0)).frames).all()


@pytest.mark.parametrize("skeleton", [BODY, FLAT, KNOBS], ids=lambda it: it.name)
@pytest.mark.parametrize("length", [1, 2, 57])
def test_the_same_generator_gives_the_same_movement(skeleton: Skeleton, length: int) -> None:
    config = AugmentationConfig(
        **{**{name: getattr(ALL, name) for name in ALL.__dataclass_fields__},
           "mirror": 0.5 if skeleton.axes else 0.0}
    )  # fmt: skip
    before = movement(skeleton, length)
    kept = before.frames.copy()

    first, second = (augment(before, config, np.random.default_rng(7)) for _ in range(2))

    assert_array_equal(first.frames, second.frames)
    assert_array_equal(before.frames, kept)
    assert (first.label, first.performer, first.session) == ("turn", "ada", "1")
    assert first.skeleton is skeleton
    assert first.frames.dtype == np.float32


def test_nothing_on_changes_nothing() -> None:
    before = movement()

    after = augment(before, AugmentationConfig(), np.random.default_rng(0))

    assert_array_equal(after.frames, before.frames)
    assert not AugmentationConfig(mixing=0.4).changes_movements
    assert ALL.changes_movements


@pytest.mark.parametrize(
    ("setting", "value"),
    [("time_warp", 1.0), ("scale", -0.1), ("mirror", 1.5), ("heading_degrees", 200.0)],
)
def test_strengths_out_of_bounds_are_refused(setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{setting} is {value}; allowed: 0 .off. to"):
        AugmentationConfig(**{setting: value})
