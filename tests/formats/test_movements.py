"""Movements read and written by ending: nothing lost, joints found by name, times made even."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_files import ARM_ASF, CHAIN_BVH, arm_amc, hand_movement, written

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.body_skeletons import HAND_21, POSE_33
from chromasonic.formats.fitting_skeletons import fitted
from chromasonic.formats.frame_times import evenly, plain_rate
from chromasonic.formats.movements import READABLE, WRITABLE, read_movement, write_movement
from chromasonic.music.movement import Movement, Skeleton

GLOVE = Skeleton(
    name="glove",
    nodes=("palm", "thumb", "index_tip"),
    edges=((0, 1), (0, 2)),
    channels=("x", "y", "z", "bend_degrees"),
    axes=(0, 1, 2),
)


@pytest.mark.parametrize("ending", [".npz", ".jsonl"])
def test_what_is_written_is_read_again_with_all_that_belongs_to_it(
    ending: str, tmp_path: Path
) -> None:
    movement = hand_movement()
    movement = replace(movement, skeleton=replace(HAND_21, name="my-hand", edges=((3, 1),)))
    read = read_movement(write_movement(movement, tmp_path / f"a{ending}"))
    assert np.array_equal(read.frames, movement.frames, equal_nan=True)
    assert read.frames.dtype == np.float32
    for name in ("id", "skeleton", "rate_hz", "label", "performer", "session"):
        assert getattr(read, name) == getattr(movement, name)


def test_a_table_keeps_every_number_and_a_known_skeleton(tmp_path: Path) -> None:
    movement = hand_movement()
    read = read_movement(write_movement(movement, tmp_path / "wave.csv"))
    assert np.array_equal(read.frames, movement.frames, equal_nan=True)
    assert (read.skeleton, read.rate_hz, read.id) == (HAND_21, 25.0, "wave")


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 40),
    ending=st.sampled_from(WRITABLE),
    rate_hz=st.floats(1, 2000),
)
def test_any_movement_comes_back_on_its_skeleton(
    seed: int, count: int, ending: str, rate_hz: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    frames = (rng.normal(size=(count, 3, 4)) * 10.0 ** rng.integers(-8, 8)).astype(np.float32)
    frames[rng.random(frames.shape[:2]) < 0.2] = np.nan
    frames[0, 0] = 1
    movement = Movement(id="m", skeleton=GLOVE, frames=frames, rate_hz=round(rate_hz, 2))
    path = write_movement(movement, tmp_path_factory.mktemp("m") / f"m{ending}")
    read = read_movement(path, skeleton=GLOVE)
    assert np.array_equal(read.frames, frames, equal_nan=True)
    assert read.rate_hz == pytest.approx(movement.rate_hz, rel=1e-3)
    assert read.skeleton == GLOVE


def test_motion_capture_is_read_by_its_ending(tmp_path: Path) -> None:
    written(tmp_path, "arm.asf", ARM_ASF)
    amc = read_movement(written(tmp_path, "arm.AMC", arm_amc(np.zeros((3, 11)))))
    bvh = read_movement(written(tmp_path, "chain.bvh", CHAIN_BVH))
    assert (amc.frames.shape, bvh.frames.shape) == ((3, 4, 3), (2, 3, 3))
    assert read_movement(tmp_path / "arm.AMC", rate_hz=60).rate_hz == 60
    assert read_movement(tmp_path / "chain.bvh", rate_hz=50).rate_hz == 50


def test_joints_are_found_by_name_in_any_order_and_others_left_out() -> None:
    movement = hand_movement()
    order = ("thumb_tip", "wrist")
    few = Skeleton(name="two", nodes=order, edges=((1, 0),), channels=("y", "x"))
    result = fitted(movement, few)
    assert result.skeleton is few
    tip = HAND_21.node_numbers["thumb_tip"]
    assert np.array_equal(result.frames, movement.frames[:, [tip, 0]][:, :, [1, 0]], equal_nan=True)


def test_missing_joints_are_named_and_another_skeleton_is_called_so(tmp_path: Path) -> None:
    path = write_movement(hand_movement(), tmp_path / "wave.npz")
    bigger = replace(HAND_21, nodes=(*HAND_21.nodes, "elbow", "shoulder"))
    with pytest.raises(FormatError, match="lacks 2 of the joints.*Missing: elbow, shoulder; there"):
        read_movement(path, skeleton=bigger)
    with pytest.raises(FormatError, match="has none of the joints of the skeleton 'pose-33'"):
        read_movement(path, skeleton=POSE_33)
    with pytest.raises(FormatError, match="lacks the channels bend of the skeleton"):
        read_movement(path, skeleton=replace(HAND_21, channels=("x", "y", "bend")))


def test_an_unknown_ending_and_a_rate_that_is_none_are_misuse(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.mp4'. Allowed: \.bvh"):
        read_movement("film.mp4")
    with pytest.raises(UsageError, match="Give the .amc file"):
        read_movement("body.asf")
    with pytest.raises(UsageError, match="rate is 0"):
        read_movement("a.csv", rate_hz=0)
    with pytest.raises(UsageError, match="written.*Allowed: .npz"):
        write_movement(hand_movement(), tmp_path / "wave.bvh")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", READABLE)
def test_a_file_that_is_absent_or_empty_is_said_to_be(ending: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Cannot read"):
        read_movement(tmp_path / f"absent{ending}")
    with pytest.raises(FormatError, match="is empty"):
        read_movement(written(tmp_path, f"empty{ending}", b" \r\n"))
    with pytest.raises(FormatError, match="Cannot read"):
        (tmp_path / f"folder{ending}").mkdir()
        read_movement(tmp_path / f"folder{ending}")


def test_uneven_times_become_even_and_what_lies_in_a_long_gap_is_unseen() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 1.2, 1.3])
    points = times[:, None, None] * np.ones((1, 1, 1))  # a landmark that moves evenly
    even, rate = evenly(times, points, source="a")
    assert rate == 10
    assert len(even) == 14
    known = [0, 1, 2, 3, 4, 5, 6, 12, 13]
    assert even[known, 0, 0] == pytest.approx(np.array(known) / 10)
    assert np.isnan(even[7:12]).all()


def test_times_that_are_rounded_leave_the_frames_as_they_are() -> None:
    times = np.round(np.arange(100) / 120, 3)
    points = np.random.default_rng(0).normal(size=(100, 2, 3))
    even, rate = evenly(times, points, source="a")
    assert even is points
    assert rate == pytest.approx(120, rel=1e-3)


@pytest.mark.parametrize(
    ("seconds", "rate_hz"),
    [(0.0083333, 120), (0.008333, 120), (0.0333333, 30), (0.04, 25), (1 / 59.94, 59.94)],
)
def test_a_rate_written_as_rounded_seconds_is_the_one_that_is_meant(
    seconds: float, rate_hz: float
) -> None:
    assert plain_rate(1 / seconds) == rate_hz
    times = np.arange(5) * np.float64(seconds)
    _, rate = evenly(times, np.zeros((5, 1, 3)), source="a")
    assert rate == rate_hz
    assert type(rate) is float


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0, 0.1, 0.1], "frame 3: its time does not come after"),
        ([0, 0.2, 0.1], "frame 3"),
        ([0, float("nan"), 1], "frame 2"),
        ([0, 1e-9, 1e6], "frames a second"),
        ([0, 1e-320, 2e-320], "frames a second"),
        ([0, 0.01, 0.02, 1e9], "allowed: up to"),
    ],
)
def test_times_that_cannot_be_are_refused(times: list[float], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        evenly(np.array(times), np.zeros((len(times), 1, 3)), source="a")


def test_one_frame_is_a_movement_and_none_is_an_error(tmp_path: Path) -> None:
    one = hand_movement(1)
    for ending in WRITABLE:
        path = write_movement(one, tmp_path / f"one{ending}")
        assert read_movement(path, rate_hz=30).frames.shape == (1, 21, 3)
    header = (tmp_path / "one.csv").read_text().split("\n")[0]
    with pytest.raises(FormatError, match="no row below it"):
        read_movement(written(tmp_path, "none.csv", header))
    with pytest.raises(FormatError, match="0 frames and no landmark seen"):
        read_movement(written(tmp_path, "none.json", "[]"), rate_hz=30)


def test_a_recording_in_which_nothing_was_seen_is_refused(tmp_path: Path) -> None:
    movement = replace(hand_movement(3), frames=np.full((3, 21, 3), np.nan, dtype=np.float32))
    for ending in (".csv", ".jsonl"):
        with pytest.raises(FormatError, match="no landmark seen"):
            read_movement(write_movement(movement, tmp_path / f"blind{ending}"))


def test_a_file_without_times_asks_for_the_rate(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "a_x,a_y\n1,2\n3,4\n")
    with pytest.raises(FormatError, match="does not say how fast its 2 frames came"):
        read_movement(path)
    assert read_movement(path, rate_hz=50).rate_hz == 50
