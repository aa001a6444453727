"""BVH: by hand, beside SciPy's rotations, and broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_files import CHAIN_BVH, written
from scipy.spatial.transform import Rotation

from chromasonic.errors import FormatError
from chromasonic.formats.bvh import joint_positions, parse_bvh, read_bvh_movement


def test_a_chain_is_where_a_pencil_puts_it(tmp_path: Path) -> None:
    movement = read_bvh_movement(written(tmp_path, "chain.bvh", CHAIN_BVH))
    assert movement.skeleton.nodes == ("Hips", "Arm", "Arm_end")
    assert movement.skeleton.edges == ((0, 1), (1, 2))
    assert movement.rate_hz == pytest.approx(25.0)
    at_rest = [(0, 0, 0), (0, 10, 0), (5, 10, 0)]
    # A quarter turn about z at the hips lays the spine on -x; another turns the arm to -x as well.
    turned = [(1, 2, 3), (-9, 2, 3), (-14, 2, 3)]
    assert movement.frames == pytest.approx(np.array([at_rest, turned]), abs=1e-5)


ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ORDERS), st.sampled_from(ORDERS), st.integers(0, 1000))
def test_every_order_of_channels_equals_scipys_rotations(one: str, two: str, seed: int) -> None:
    def named(order: str) -> str:
        return " ".join(f"{axis}rotation" for axis in order)

    angles = np.random.default_rng(seed).uniform(-180, 180, size=(5, 6))
    rows = "\n".join(" ".join(map(str, row)) for row in angles.tolist())
    text = (
        f"HIERARCHY\nROOT a\n{{\nOFFSET 1 2 3\nCHANNELS 3 {named(one)}\n"
        f"JOINT b\n{{\nOFFSET 0 3 1\nCHANNELS 3 {named(two)}\n"
        "End Site\n{\nOFFSET 2 0 -1\n}\n}\n}\n"
        f"MOTION\nFrames: 5\nFrame Time: 0.01\n{rows}\n"
    )
    positions = joint_positions(parse_bvh(text))
    for row, frame in zip(angles, positions, strict=True):
        first = Rotation.from_euler(one, row[:3], degrees=True)
        both = first * Rotation.from_euler(two, row[3:], degrees=True)
        b = np.array((1, 2, 3)) + first.apply((0, 3, 1))
        expected = np.stack([(1, 2, 3), b, b + both.apply((2, 0, -1))])
        assert frame == pytest.approx(expected, abs=1e-4)


def test_a_position_channel_stands_in_the_place_of_the_offset() -> None:
    text = CHAIN_BVH.replace("CHANNELS 3 Z", "CHANNELS 4 Yposition Z").replace(
        "0 0 0 0 0 0 0 0 0\n1 2 3 90 0 0 90 0 0", "0 0 0 0 0 0 7 0 0 0\n0 0 0 0 0 0 8 0 0 0"
    )
    assert joint_positions(parse_bvh(text))[:, 1] == pytest.approx(np.array([(0, 7, 0), (0, 8, 0)]))


def test_names_with_blanks_two_ends_and_windows_line_ends_are_read() -> None:
    end = "    End Site\n    {\n      OFFSET 5 0 0\n    }\n"
    text = CHAIN_BVH.replace("JOINT Arm", "JOINT Left Arm").replace(end, end + end)
    joints = parse_bvh(text.replace("\n", "\r\n")).joints
    assert [j.name for j in joints] == ["Hips", "Left Arm", "Left Arm_end", "Left Arm_end2"]


DEEP = "HIERARCHY\n" + "".join(
    f"{'JOINT' if n else 'ROOT'} j{n}\n{{\nOFFSET 0 0 0\nCHANNELS 0\n" for n in range(100_000)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with nothing"),
        ("MThd", "begins with 'MThd'"),
        (CHAIN_BVH.split("MOTION")[0], "no section MOTION"),
        (CHAIN_BVH.replace("Frames: 2", "Frames: 3"), "promises 3 frames of 9 numbers.*18"),
        (CHAIN_BVH.replace("Frames: 2", "Frames: 1000000000"), "promises 1,000,000,000 frames"),
        (CHAIN_BVH.replace("Frames: 2", "Frames: 0"), "one frame or more"),
        (CHAIN_BVH.replace("Frames: 2", "Frames: two"), "'two' is not a number"),
        (CHAIN_BVH.replace("Frame Time: 0.04", "Frame Time: 0"), "one frame or more"),
        (CHAIN_BVH.replace("Frame Time: 0.04\n", ""), "are wanted"),
        (CHAIN_BVH[:-4], "promises 2 frames"),
        (CHAIN_BVH.replace("1 2 3 90", "1 2 nan 90"), "'nan' is not a number"),
        (CHAIN_BVH.replace("1 2 3 90", "1 2 1e40 90"), "'1e40' is not a number"),
        (CHAIN_BVH.replace("CHANNELS 3", "CHANNELS 9"), "number of channels"),
        (CHAIN_BVH.replace("Xrotation", "Wrotation"), "channels such as"),
        (CHAIN_BVH.replace("JOINT Arm", "JOINT Hips"), "more than one joint called Hips"),
        (CHAIN_BVH.replace("JOINT Arm", "JOINT"), "a name"),
        (CHAIN_BVH.replace("  }\n}\nMOTION", "MOTION"), "open at the end"),
        (CHAIN_BVH.replace("OFFSET 5 0 0", "OFFSET 5 0"), "is not a number"),
        (DEEP + "MOTION\nFrames: 1\nFrame Time: 1\n", "in one another"),
    ],
    ids=range(19),
)
def test_a_broken_file_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_bvh(text)
