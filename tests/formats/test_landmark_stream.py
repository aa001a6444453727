"""Frames that come one a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from movement_files import face_mesh, hand_movement, written

from chromasonic.errors import FormatError
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.formats.face_features import face_frames
from chromasonic.formats.face_landmarks import FACE_88
from chromasonic.formats.landmark_stream import LONGEST_LINE, parse_frame
from chromasonic.formats.movements import read_movement, write_movement
from chromasonic.music.movement import Skeleton

PAIR = Skeleton(name="pair", nodes=("a", "b"), edges=((0, 1),), channels=("x", "y", "z"))


def test_a_line_is_a_frame_on_the_skeleton() -> None:
    frame = parse_frame('{"t": 0.04, "landmarks": {"b": [1, 2, 3], "a": [4, 5.5, 6]}}', PAIR)
    assert frame is not None
    assert frame.seconds == 0.04
    assert frame.values.tolist() == [[4, 5.5, 6], [1, 2, 3]]
    assert frame.values.dtype == np.float32


@pytest.mark.parametrize(
    "line",
    [
        '{"landmarks": [[4, 5, 6], [1, 2, 3]]}',
        '{"landmarks": [{"x": 4, "y": 5, "z": 6}, {"x": 1, "y": 2, "z": 3, "visibility": 0.5}]}',
        '{"landmarks": [[[4, 5, 6], [1, 2, 3]], [[7, 7, 7], [8, 8, 8]]]}',
        "[[4, 5, 6], [1, 2, 3]]",
        '{"hand_landmarks": [[{"x": 4, "y": 5, "z": 6}, {"x": 1, "y": 2, "z": 3}]]}',
        '{"multiHandLandmarks": [[{"x": 4, "y": 5, "z": 6}, {"x": 1, "y": 2, "z": 3}]]}',
        '{"pose_landmarks": {"landmark": [{"x":4,"y":5,"z":6}, {"x":1,"y":2,"z":3}]}}',
    ],
)
def test_lists_objects_and_what_mediapipe_writes_are_the_same_frame(line: str) -> None:
    frame = parse_frame(line, PAIR)
    assert frame is not None
    assert frame.values.tolist() == [[4, 5, 6], [1, 2, 3]]
    assert frame.seconds is None


@pytest.mark.parametrize(
    "line",
    [
        "null",
        "[]",
        '{"landmarks": []}',
        '{"landmarks": null}',
        '{"landmarks": [null, null]}',
        '{"landmarks": {"a": null}}',
        '{"landmarks": [[]]}',
        '{"landmarks": {"a": [null, NaN, null]}}',
    ],
)
def test_nothing_seen_is_a_frame_of_nan(line: str) -> None:
    frame = parse_frame(line, PAIR)
    assert frame is not None
    assert np.isnan(frame.values).all()


def test_a_landmark_that_is_left_out_or_null_is_unseen() -> None:
    frame = parse_frame('{"t": 1, "landmarks": {"a": [1, null, 3]}}', PAIR)
    assert frame is not None
    expected = np.array([[1, np.nan, 3], [np.nan] * 3])
    assert np.array_equal(frame.values, expected, equal_nan=True)


def test_landmarks_of_other_names_are_given_theirs_and_one_of_that_name_makes_room() -> None:
    line = '{"landmarks": {"root": [1, 2, 3], "a": [7, 8, 9], "b": [4, 5, 6]}}'
    frame = parse_frame(line, PAIR, names={"root": "a"})
    assert frame is not None
    assert frame.values.tolist() == [[1, 2, 3], [4, 5, 6]]
    swapped = parse_frame('{"landmarks": {"a": [1, 2, 3], "b": [4, 5, 6]}}', PAIR,
                          names={"a": "b", "b": "a"})  # fmt: skip
    assert swapped is not None
    assert swapped.values.tolist() == [[4, 5, 6], [1, 2, 3]]


def test_milliseconds_are_seconds() -> None:
    frame = parse_frame('{"timestamp_ms": 40, "landmarks": [[1,2,3],[1,2,3]]}', PAIR)
    assert frame is not None
    assert frame.seconds == pytest.approx(0.04)


def test_a_face_becomes_the_specifications_input() -> None:
    points = face_mesh(478)
    line = json.dumps(
        {"faceLandmarks": [[dict(zip("xyz", p, strict=True)) for p in points.tolist()]]}
    )
    frame = parse_frame(line, FACE_88)
    assert frame is not None
    assert np.array_equal(frame.values, face_frames(points[None])[0])


def test_a_stream_of_a_written_file_is_the_movement(tmp_path: Path) -> None:
    movement = hand_movement()
    text = write_movement(movement, tmp_path / "a.jsonl").read_text()
    frames = [parse_frame(line, HAND_21) for line in text.splitlines()]
    assert frames[0] is None  # the line that says what it is
    values = np.stack([frame.values for frame in frames[1:] if frame is not None])
    assert np.array_equal(values, movement.frames, equal_nan=True)
    assert parse_frame("  \n", HAND_21) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "no whole JSON.*line 1, character 2"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 900 + "]" * 900, "no coordinate"),
        ("7", "a frame is 7"),
        ("{}", r"has no landmarks. Where nothing was seen write an empty list"),
        ('{"t": 3}', r"has no landmarks. Where nothing was seen write an empty list"),
        ('{"t": "now", "landmarks": []}', "a time is 'now'"),
        ('{"landmarks": {"a": [1, 2, 3], "elbow": [1, 2, 3]}}', "elbow is no joint of.*a, b"),
        ('{"landmarks": [[1, 2, 3]]}', "no landmarks of the skeleton 'pair'.*landmarks with 1"),
        ('{"landmarks": [[1, 2], [3, 4]]}', "has 2 numbers; the skeleton 'pair' wants 3"),
        ('{"landmarks": [[1, 2, 3], [3, 4]]}', "2 and 3 numbers"),
        ('{"landmarks": [[1, 2, "x"], [3, 4, 5]]}', "'x' is no coordinate"),
        ('{"landmarks": [[1, 2, 1e300], [3, 4, 5]]}', "1e\\+300 is no coordinate"),
        ('{"landmarks": [[1, 2, [3]], [3, 4, 5]]}', "is no coordinate"),
        ('{"landmarks": [[1, 2, {"q": 1}], [3, 4, 5]]}', "is no coordinate"),
        ('{"landmarks": [{"u": 1}, {"u": 2}]}', "keys u; 'x', 'y' and 'z'"),
        ('{"landmarks": "none"}', "landmarks are 'none'"),
        ('{"landmarks": [[1, 2, ' + "9" * 5000 + "], [1, 2, 3]]}", "cannot be read|no coordinate"),
        ('{"landmarks": ' + str([[0.0] * 3] * 2000) + "}", "2,000 landmarks"),
        (" " * LONGEST_LINE + "{}", "characters; up to"),
    ],
    ids=range(20),
)
def test_a_broken_line_says_what_is_wrong(line: str, message: str) -> None:
    with pytest.raises(FormatError, match=f"^line 3.*({message})"):
        parse_frame(line, PAIR, source="line 3")


def test_a_broken_line_of_a_file_is_named(tmp_path: Path) -> None:
    text = '{"t": 0, "landmarks": {"a": [1, 2, 3]}}\n\n{"t": 1, "landmarks": {"a": [1, 2}}\n'
    with pytest.raises(FormatError, match="a.jsonl, line 3 is no whole JSON"):
        read_movement(written(tmp_path, "a.jsonl", text))


def test_joints_that_appear_later_are_joints_of_all_frames(tmp_path: Path) -> None:
    lines = ['{"t":0,"landmarks":{"a":[1,2]}}', '{"t":0.5,"landmarks":{"b":[3,4],"a":[5,6]}}']
    movement = read_movement(written(tmp_path, "a.jsonl", "\n".join(lines)))
    assert set(movement.skeleton.nodes) == {"a", "b"}
    assert movement.rate_hz == 2
    b = movement.skeleton.node_numbers["b"]
    assert np.isnan(movement.frames[0, b]).all()
    assert movement.frames[1, b].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header["skeleton"].update(nodes=["a"]), "tells of 1 joints|cannot be read"),
        (lambda header: header["skeleton"].update(edges=[[0, 99]]), "cannot be read"),
        (lambda header: header["skeleton"].update(edges=7), "cannot be read"),
        (lambda header: header["skeleton"].update(channels=["x"]), "with 1 numbers|cannot be read"),
        (lambda header: header["skeleton"].pop("name"), "cannot be read"),
        (lambda header: header.update(rate_hz=-1), "rate is -1"),
    ],
    ids=range(6),
)
def test_a_first_line_that_lies_is_refused(change, message: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = write_movement(hand_movement(), tmp_path / "a.jsonl")
    first, rest = path.read_text().split("\n", 1)
    header = json.loads(first)
    change(header["movement"])
    path.write_text(json.dumps(header) + "\n" + rest)
    with pytest.raises(FormatError, match=message):
        read_movement(path)
