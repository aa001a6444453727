"""ASF and AMC: by hand, beside SciPy's rotations, and broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_files import ARM_ASF, arm_amc, written
from scipy.spatial.transform import Rotation

from chromasonic.errors import FormatError
from chromasonic.formats.amc import joint_positions, parse_amc, read_amc, read_amc_movement
from chromasonic.formats.asf import parse_asf
from chromasonic.formats.bvh import joint_positions as bvh_positions
from chromasonic.formats.bvh import parse_bvh

ARM = parse_asf(ARM_ASF, name="arm")
METRES = 0.0254 / 0.5
DIRECTIONS = {"upper": (2.0, 0, 0), "lower": (1.8, 2.4, 0), "tip": (0, 1.0, 0)}


def random_values(seed: int, frames: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-170, 170, size=(frames, 11))


def by_scipy(row: np.ndarray) -> dict[str, np.ndarray]:
    """Where the arm's joints are in one frame, in the file's unit; written for this arm alone."""
    root = Rotation.from_euler("xyz", row[3:6], degrees=True)
    upper = root * Rotation.from_euler("xyz", row[6:9], degrees=True)
    rest = Rotation.from_euler("xyz", (20, -30, 40), degrees=True)
    own = Rotation.from_euler("xyz", (row[9], 0, row[10]), degrees=True)
    lower = upper * rest * own * rest.inv()
    places = {"root": row[:3]}
    places["upper"] = places["root"] + upper.apply(DIRECTIONS["upper"])
    places["lower"] = places["upper"] + lower.apply(DIRECTIONS["lower"])
    places["tip"] = places["lower"] + lower.apply(DIRECTIONS["tip"])
    return places


def test_a_skeleton_is_read_with_its_bones_angles_and_unit() -> None:
    assert [bone.name for bone in ARM.bones] == ["upper", "lower", "tip"]
    assert [bone.parent for bone in ARM.bones] == ["root", "upper", "lower"]
    assert ARM.bones[1].dofs == ("rx", "rz")
    assert ARM.bones[1].axis_degrees == (20, -30, 40)
    assert ARM.channel_names[:7] == (
        *("root_tx", "root_ty", "root_tz", "root_rx", "root_ry", "root_rz"),
        "upper_rx",
    )
    assert ARM.metres_per_unit == pytest.approx(0.0508)


def test_a_straight_arm_reaches_as_far_as_its_bones_are_long() -> None:
    positions = joint_positions(parse_amc(arm_amc(np.zeros((1, 11))), ARM))
    expected = np.array([(0, 0, 0), (2, 0, 0), (3.8, 2.4, 0), (3.8, 3.4, 0)]) * 0.0508
    assert positions[0] == pytest.approx(expected, abs=1e-6)


def test_a_quarter_turn_of_the_shoulder_lifts_the_arm() -> None:
    values = np.zeros((1, 11))
    values[0, :3], values[0, 8] = (1, 2, 3), 90  # about z
    positions = joint_positions(parse_amc(arm_amc(values), ARM))
    expected = np.array([(1, 2, 3), (1, 4, 3), (-1.4, 5.8, 3), (-2.4, 5.8, 3)]) * 0.0508
    assert positions[0] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_positions_equal_those_of_an_independent_implementation(seed: int) -> None:
    values = random_values(seed)
    positions = joint_positions(parse_amc(arm_amc(values), ARM))
    for row, frame in zip(values, positions, strict=True):
        expected = np.stack(list(by_scipy(row).values())) * METRES
        assert frame == pytest.approx(expected, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_bones_keep_their_length_through_all_frames(seed: int) -> None:
    positions = joint_positions(parse_amc(arm_amc(random_values(seed)), ARM)).astype(np.float64)
    lengths = np.linalg.norm(np.diff(positions, axis=1), axis=-1) / METRES
    assert lengths == pytest.approx(np.tile((2.0, 3.0, 1.0), (7, 1)), abs=1e-4)


def as_bvh(values: np.ndarray) -> str:
    """The arm's motion as BVH; a joint stands where its bone begins, in the file's unit."""
    rest = Rotation.from_euler("xyz", (20, -30, 40), degrees=True)
    rows = []
    for row in values:
        root = Rotation.from_euler("xyz", row[3:6], degrees=True).as_euler("ZXY", degrees=True)
        upper = Rotation.from_euler("xyz", row[6:9], degrees=True).as_euler("XYZ", degrees=True)
        own = Rotation.from_euler("xyz", (row[9], 0, row[10]), degrees=True)
        lower = (rest * own * rest.inv()).as_euler("YZX", degrees=True)
        numbers = np.concatenate([row[:3], root, upper, lower])
        rows.append(" ".join(map(repr, numbers.tolist())))
    return (
        "HIERARCHY\nROOT root\n{\nOFFSET 0 0 0\n"
        "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n"
        "JOINT upper\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\n"
        "JOINT lower\n{\nOFFSET 2 0 0\nCHANNELS 3 Yrotation Zrotation Xrotation\n"
        "JOINT tip\n{\nOFFSET 1.8 2.4 0\nCHANNELS 0\nEnd Site\n{\nOFFSET 0 1 0\n}\n}\n}\n}\n}\n"
        f"MOTION\nFrames: {len(values)}\nFrame Time: 0.01\n" + "\n".join(rows) + "\n"
    )


def test_the_same_motion_as_bvh_and_as_amc_is_at_the_same_places() -> None:
    values = random_values(3)
    amc = joint_positions(parse_amc(arm_amc(values), ARM)) / METRES
    bvh = bvh_positions(parse_bvh(as_bvh(values)))  # root, upper, lower, tip, its end
    assert bvh[:, [0, 2, 3, 4]] == pytest.approx(amc, abs=1e-3)


def test_radians_are_told_from_degrees() -> None:
    values = random_values(4)
    radians = np.concatenate([values[:, :3], np.deg2rad(values[:, 3:])], axis=1)
    text = arm_amc(radians, header=":FULLY-SPECIFIED\n:RADIANS\n")
    assert parse_amc(text, ARM).values == pytest.approx(values)
    in_radians = ARM_ASF.replace("angle deg", "angle rad").replace(
        "axis 20 -30 40", f"axis {np.deg2rad(20)} {np.deg2rad(-30)} {np.deg2rad(40)}"
    )
    assert parse_asf(in_radians, name="arm").bones[1].axis_degrees == pytest.approx((20, -30, 40))


def test_a_rate_is_read_where_a_file_has_one() -> None:
    text = arm_amc(random_values(4), header=":DEGREES\n:SAMPLES-PER-SECOND 60\n")
    assert parse_amc(text, ARM).rate_hz == 60
    assert parse_amc(arm_amc(random_values(4)), ARM).rate_hz == 120


def test_bones_may_stand_in_any_order_and_lines_end_as_on_windows() -> None:
    values = random_values(5)
    text = arm_amc(values)
    lines = [line.split() for line in text.splitlines()]
    swapped = text
    for number in range(len(values)):
        upper, lower = (" ".join(lines[3 + 4 * number + k]) for k in (2, 3))
        swapped = swapped.replace(f"{upper}\n{lower}\n", f"{lower}\n{upper}\n")
    assert swapped != text
    read = parse_amc(swapped.replace("\n", "\r\n"), ARM).values
    assert read == pytest.approx(values)


def test_the_roots_order_of_numbers_is_that_of_the_file() -> None:
    asf = parse_asf(ARM_ASF.replace("TX TY TZ RX RY RZ", "RX RY RZ TZ TY TX"), name="arm")
    values = np.zeros((1, 11))
    values[0, 3:6] = 3, 2, 1
    positions = joint_positions(parse_amc(arm_amc(values), asf))
    assert positions[0, 0] == pytest.approx(np.array((1, 2, 3)) * 0.0508)


def test_a_movement_finds_its_skeleton_beside_it(tmp_path: Path) -> None:
    written(tmp_path, "HDM_ada.asf", ARM_ASF)
    written(tmp_path, "HDM_bob.asf", "no skeleton")
    path = written(tmp_path, "HDM_ada_wave_001.amc", arm_amc(random_values(1)))
    movement = read_amc_movement(path)
    assert movement.skeleton.nodes == ("root", "upper", "lower", "tip")
    assert movement.skeleton.edges == ((0, 1), (1, 2), (2, 3))
    assert (movement.id, movement.rate_hz, len(movement)) == ("HDM_ada_wave_001", 120.0, 7)


def test_a_motion_without_its_skeleton_says_where_it_was_looked_for(tmp_path: Path) -> None:
    path = written(tmp_path, "wave.amc", arm_amc(random_values(1)))
    with pytest.raises(FormatError, match=f"looked for in {tmp_path.resolve()}") as caught:
        read_amc(path)
    assert "wave.asf" in str(caught.value)


GOOD = arm_amc(random_values(1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("lower", "tail"), "moves 'tail', which the skeleton arm does not have"),
        ("\n".join(x for x in GOOD.split("\n") if "lower" not in x), "lacks lower"),
        (GOOD[: len(GOOD) // 2], "cut short|stands where"),
        (GOOD.rsplit("\n", 2)[0] + "\n", "frame 7 is not whole"),
        (GOOD.replace("root ", "root x", 1), "is not a number"),
        (GOOD.replace("root ", "root nan ", 1), "is not a number|moves"),
        (GOOD.replace("root ", "root 1e300 ", 1), "is not a number|moves"),
        (":DEGREES\n", "cut short|begins with nothing"),
        ("BVH?", "begins with 'BVH"),
    ],
)
def test_a_broken_motion_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_amc(text, ARM)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (":hierarchy", ":tree", "no section ':hierarchy'"),
        ("lower tip", "lower upper", "two parents|missing|ring"),
        ("name tip", "name nose", "no place in the hierarchy"),
        ("dof rx rz", "dof rx l", "moves by rx, l"),
        ("length 3", "length long", "'long' is not a number"),
        ("direction 0 1 0", "direction 0 1", "2 of 3 numbers"),
        ("length 0.5", "length 0", "above 0"),
        ("axis 20 -30 40 XYZ", "axis 20 -30 40 XXZ", "axes' order"),
        ("    root upper\n    upper lower", "    lower upper\n    upper lower", "ring"),
        ("  end\n:hierarchy", ":hierarchy", "no 'end'"),
    ],
)
def test_a_broken_skeleton_says_what_is_wrong(old: str, new: str, message: str) -> None:
    assert old in ARM_ASF
    with pytest.raises(FormatError, match=message):
        parse_asf(ARM_ASF.replace(old, new, 1), name="arm")


def test_many_frames_are_read_in_pieces_that_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = random_values(8, frames=40)
    whole = parse_amc(arm_amc(values), ARM)
    monkeypatch.setattr("chromasonic.formats.amc.PIECE_CHARACTERS", 1000)
    monkeypatch.setattr("chromasonic.formats.amc.FRAMES_AT_ONCE", 7)
    pieces = parse_amc(arm_amc(values), ARM)
    assert np.array_equal(pieces.values, whole.values)
    assert np.allclose(joint_positions(pieces), joint_positions(whole), atol=1e-6)
