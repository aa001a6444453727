"""Tables of landmarks: headers as people write them, and broken rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from movement_files import written

from chromasonic.errors import FormatError
from chromasonic.formats.body_skeletons import HAND_21, POSE_33
from chromasonic.formats.landmarks_csv import read_csv
from chromasonic.music.movement import Movement, Skeleton

POINTS = np.random.default_rng(1).normal(size=(4, 21, 3)).round(4)


def read(folder: Path, text: str, *, rate_hz: float | None = None) -> Movement:
    return read_csv(written(folder, "a.csv", text), rate_hz=rate_hz)


def wide(names: list[str], values: np.ndarray, *, delimiter: str = ",") -> str:
    rows = [delimiter.join(map(str, row)) for row in values.reshape(len(values), -1).tolist()]
    return "\n".join([delimiter.join(names), *rows]) + "\n"


NUMBERINGS = {
    "x0": [f"{c}{n}" for n in range(21) for c in "xyz"],
    "x1, from one": [f"{c}{n}" for n in range(1, 22) for c in "xyz"],
    "x_0": [f"{c}_{n}" for n in range(21) for c in "xyz"],
    "0_x": [f"{n}_{c}" for n in range(21) for c in "xyz"],
    "landmark_0_x": [f"landmark_{n}_{c}" for n in range(21) for c in "xyz"],
    "Landmark 00.X": [f"Landmark {n:02}.{c.upper()}" for n in range(21) for c in "xyz"],
    "WRIST_x": [f"{node.upper()}_{c}" for node in HAND_21.nodes for c in "xyz"],
    "wrist.x": [f"{node}.{c}" for node in HAND_21.nodes for c in "xyz"],
}


@pytest.mark.parametrize("names", NUMBERINGS.values(), ids=NUMBERINGS.keys())
def test_a_hand_is_known_by_its_columns(names: list[str], tmp_path: Path) -> None:
    movement = read(tmp_path, wide(names, POINTS), rate_hz=30)
    assert movement.skeleton == HAND_21
    assert movement.frames == pytest.approx(POINTS, rel=1e-6)


def test_columns_axis_by_axis_are_the_same_as_landmark_by_landmark(tmp_path: Path) -> None:
    names = [f"{c}{n}" for c in "xyz" for n in range(21)]
    movement = read(tmp_path, wide(names, POINTS.transpose(0, 2, 1)), rate_hz=30)
    assert movement.frames == pytest.approx(POINTS, rel=1e-6)


def test_a_class_and_visibilities_beside_the_points_are_told_apart(tmp_path: Path) -> None:
    names = ["class", *(f"{c}{n}" for n in range(1, 22) for c in "xyzv")]
    rows = [",".join(["wave", *(f"{x},{y},{z},0.9" for x, y, z in frame)]) for frame in POINTS]
    movement = read(tmp_path, "\n".join([",".join(names), *rows]), rate_hz=30)
    assert (movement.skeleton, movement.label) == (HAND_21, "wave")


@pytest.mark.parametrize(("delimiter", "point"), [(",", "."), (";", ","), ("\t", "."), (";", ".")])
def test_semicolons_tabs_and_decimal_commas_are_read(
    delimiter: str, point: str, tmp_path: Path
) -> None:
    rows = [("time", "a_x", "a_y"), ("0", "1.5", "2.5"), ("0.5", "-1.25", "3e-2")]
    text = "\r\n".join(delimiter.join(row).replace(".", point) for row in rows)
    movement = read(tmp_path, "\ufeff" + text)
    assert movement.frames[:, 0] == pytest.approx(np.array([(1.5, 2.5), (-1.25, 0.03)]))
    assert (movement.rate_hz, movement.skeleton.channels) == (2.0, ("x", "y"))


def test_windows_text_of_two_bytes_a_character_is_read(tmp_path: Path) -> None:
    text = "time,a_x,a_y\r\n0,1,2\r\n0.5,3,4\r\n"
    for encoding in ("utf-16", "utf-8-sig", "latin-1"):
        path = written(tmp_path, "a.csv", text.encode(encoding))
        assert read_csv(path).frames[:, 0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("cell", ["", "nan", "NaN", " ", "null"])
def test_an_empty_cell_is_unseen(cell: str, tmp_path: Path) -> None:
    movement = read(tmp_path, f"time_ms,a_x,a_y\n0,{cell},1\n20,3,4\n")
    assert np.isnan(movement.frames[0, 0, 0])
    assert np.isfinite(movement.frames[1]).all()
    assert movement.rate_hz == 50


def test_frames_that_are_left_out_of_the_numbering_are_unseen(tmp_path: Path) -> None:
    movement = read(tmp_path, "frame,a_x,a_y\n10,1,2\n11,3,4\n14,5,6\n", rate_hz=25)
    assert np.isnan(movement.frames[:, 0, 0]).tolist() == [False, False, True, True, False]


def long_table(parts: dict[str, int], frames: int = 3) -> str:
    lines = ["frame,row_id,type,landmark_index,x,y,z"]
    lines += [
        f"{t},{t}-{part}-{n},{part},{n},{t},{n},{len(part)}"
        for t in range(20, 20 + frames)
        for part, count in parts.items()
        for n in range(count)
    ]
    return "\n".join(lines) + "\n"


def test_a_row_a_landmark_is_read_and_missing_ones_are_unseen(tmp_path: Path) -> None:
    text = "frame,node,x,y,z\n0,a,1,2,3\n0,b,4,5,6\n1,b,7,8,9\n"
    movement = read(tmp_path, text, rate_hz=30)
    assert movement.skeleton.nodes == ("a", "b")
    expected = np.array([[(1, 2, 3), (4, 5, 6)], [(np.nan,) * 3, (7, 8, 9)]])
    assert np.array_equal(movement.frames, expected.astype(np.float32), equal_nan=True)
    by_time = read(tmp_path, text.replace("frame", "time"))
    assert by_time.rate_hz == 1
    assert np.array_equal(by_time.frames, movement.frames, equal_nan=True)


def test_of_several_bodies_in_a_table_the_one_that_is_wanted_is_read(tmp_path: Path) -> None:
    parts = {"left_hand": 21, "pose": 33, "right_hand": 21}
    path = written(tmp_path, "a.csv", long_table(parts))
    assert read_csv(path, rate_hz=30).skeleton == HAND_21
    pose = read_csv(path, rate_hz=30, skeleton=POSE_33)
    assert pose.frames.shape == (3, 33, 3)
    assert (pose.frames[..., 2] == len("pose")).all()
    face = written(tmp_path, "b.csv", long_table({"pose": 33, "face": 468}))
    assert read_csv(face, rate_hz=30).frames.shape == (3, 88, 31)


def test_a_skeleton_finds_columns_whose_channels_have_marks_in_them(tmp_path: Path) -> None:
    skeleton = Skeleton(
        name="s", nodes=("a", "a_b"), edges=((0, 1),), channels=("x", "bend_left"), axes=(0,)
    )
    text = "time,a_x,a_bend_left,a_b_x,a_b_bend_left\n0,1,2,3,4\n1,5,6,7,8\n"
    movement = read_csv(written(tmp_path, "a.csv", text), skeleton=skeleton)
    assert movement.frames[0].tolist() == [[1, 2], [3, 4]]


def test_many_rows_are_read_in_pieces_that_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(2).normal(size=(50, 2, 3)).round(5)
    names = [f"{n}_{c}" for n in "ab" for c in "xyz"]
    text = wide(names, values)
    monkeypatch.setattr("chromasonic.formats.csv_tables.ROWS_AT_ONCE", 7)
    assert read(tmp_path, text, rate_hz=30).frames == pytest.approx(values, rel=1e-6)
    broken = text.split("\n")
    broken[45] = broken[45].replace(".", "?", 1)
    with pytest.raises(FormatError, match="row 45"):
        read(tmp_path, "\n".join(broken), rate_hz=30)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,a_x,a_y\n0,1\n", "row 1 has 2 cells; the header has 3"),
        ("time,a_x,a_y\n0,1,one\n", "row 1: 'one' is no number"),
        ("time,a_x,a_y\n0,1,2\n1,1,inf\n", "row 2: 'inf' is no number"),
        ("time,a_x,a_y\n0,1,1_0\n", "row 1: '1_0'"),
        ("time,a_x,a_y\n0,1,2\n0,1,2\n", "does not come after"),
        ("frame,a_x,a_y\n2,1,2\n1,1,2\n", "row 2: the frames' numbers do not rise"),
        ("frame,a_x,a_y\n1,1,2\n9999999,1,2\n", "numbered over 9,999,999"),
        ("a_x,a_x\n1,2\n", "the column a_x twice"),
        ("a_x,a_y,b_x\n1,2,3\n", "landmark 'b' has the columns x"),
        ("a_x,a_y,mood\n1,2,3\n", "'mood' is no landmark's"),
        ("time,label\n0,wave\n", "has 0 landmarks"),
        ("0.1,0.2\n0.3,0.4\n", "begins with numbers, 0.1, 0.2; the first row names the columns"),
        ("node,x,y\na,1,2\n", "no column that tells the frames apart"),
        ("frame,node,x,y\n1,a,1,2\n1,a,3,4\n", "landmark 'a' twice in the frame '1'"),
        ('time,a_x,a_y\n0,"1,2\n', "cells|table"),
    ],
)
def test_a_broken_table_says_what_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)
