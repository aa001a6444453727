"""What MediaPipe's tools write: names of both languages, several bodies, pictures' sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from movement_files import face_mesh, written

from chromasonic.errors import FormatError
from chromasonic.formats.body_skeletons import HAND_21, POSE_33
from chromasonic.formats.face_features import face_frames
from chromasonic.formats.face_landmarks import FACE_88
from chromasonic.formats.landmark_stream import parse_frame
from chromasonic.formats.movements import read_movement
from chromasonic.music.movement import Movement

RNG = np.random.default_rng(5)
FACE = np.stack([face_mesh() * 0.02 + (0.5, 0.5, 0.0)] * 3) + RNG.normal(
    scale=1e-3, size=(3, 468, 3)
)
HAND = RNG.uniform(size=(3, 21, 3))
POSE = RNG.uniform(size=(3, 33, 3))


def dicts(points: np.ndarray, **extra: float) -> list[dict[str, float]]:
    return [dict(zip("xyz", point, strict=True)) | extra for point in points.tolist()]


def read(folder: Path, value: Any, *, rate_hz: float | None = 30, **options: Any) -> Movement:
    path = written(folder, "film.json", json.dumps(value))
    return read_movement(path, rate_hz=rate_hz, **options)


def test_the_skeletons_are_the_topology_that_is_documented() -> None:
    assert HAND_21.nodes[0::4] == (
        "wrist",
        "thumb_tip",
        *(f"{finger}_tip" for finger in ("index_finger", "middle_finger", "ring_finger", "pinky")),
    )
    assert len(HAND_21.edges) == 21
    names = POSE_33.node_numbers
    known = {"nose": 0, "left_shoulder": 11, "right_shoulder": 12, "left_wrist": 15}
    known |= {"left_hip": 23, "right_knee": 26, "left_heel": 29, "right_foot_index": 32}
    assert {name: names[name] for name in known} == known
    assert len(POSE_33.edges) == 35
    crossing = {(0, 1), (0, 4), (9, 10), (11, 12), (23, 24)}
    for one, other in set(POSE_33.edges) - crossing:
        sides = {POSE_33.nodes[n].split("_")[0] for n in (one, other)}
        assert len(sides & {"left", "right"}) == 1


FACE_SHAPES = {
    "python tasks": lambda p: {"face_landmarks": [dicts(p, visibility=None, presence=None)]},
    "javascript tasks": lambda p: {"faceLandmarks": [dicts(p)], "faceBlendshapes": []},
    "python solutions": lambda p: {"multi_face_landmarks": [{"landmark": dicts(p)}]},
    "javascript solutions": lambda p: {"multiFaceLandmarks": [dicts(p)]},
    "holistic": lambda p: {"faceLandmarks": dicts(p), "poseLandmarks": dicts(POSE[0])},
    "a message": lambda p: {"landmark": dicts(p)},
    "points": lambda p: dicts(p),
    "numbers": lambda p: p.tolist(),
    "faces of points": lambda p: [dicts(p)],
}


@pytest.mark.parametrize("shape", FACE_SHAPES.values(), ids=FACE_SHAPES.keys())
def test_a_face_is_read_however_its_frames_are_written(shape: Any, tmp_path: Path) -> None:
    movement = read(tmp_path, [shape(points) for points in FACE])
    assert movement.skeleton is FACE_88
    assert movement.frames == pytest.approx(face_frames(FACE), abs=1e-5)
    lines = "\n".join(json.dumps(shape(points)) for points in FACE)
    by_lines = read_movement(written(tmp_path, "film.jsonl", lines), rate_hz=30)
    assert np.array_equal(by_lines.frames, movement.frames)
    misnamed = read_movement(written(tmp_path, "lines.json", lines), rate_hz=30)
    assert np.array_equal(misnamed.frames, movement.frames)


def test_a_document_tells_rate_label_and_the_pictures_sides(tmp_path: Path) -> None:
    frames = [{"faceLandmarks": [dicts(points)]} for points in FACE / (16 / 9, 1, 16 / 9)]
    value = {"fps": 25, "width": 1920, "height": 1080, "label": "hello", "frames": frames}
    movement = read(tmp_path, value, rate_hz=None)
    assert (movement.rate_hz, movement.label) == (25, "hello")
    assert movement.frames == pytest.approx(face_frames(FACE), abs=1e-5)


@pytest.mark.parametrize(
    ("key", "step", "rate"),
    [
        ("timestampMs", 40, 25),
        ("timestamp", 40, 25),
        ("timestamp", 0.04, 25),
        ("timestamp", 40_000, 25),
        ("t", 0.05, 20),
    ],
)
def test_times_are_read_in_their_unit(key: str, step: float, rate: float, tmp_path: Path) -> None:
    frames = [{"landmarks": [dicts(p)], key: n * step} for n, p in enumerate(HAND)]
    movement = read(tmp_path, frames, rate_hz=None)
    assert movement.rate_hz == pytest.approx(rate)
    assert movement.skeleton is HAND_21


def test_of_a_frame_with_several_bodies_the_skeleton_chooses(tmp_path: Path) -> None:
    frames = [
        {"poseLandmarks": dicts(p), "rightHandLandmarks": dicts(h), "faceLandmarks": dicts(f)}
        for p, h, f in zip(POSE, HAND, FACE, strict=True)
    ]
    assert read(tmp_path, frames).skeleton is FACE_88
    assert read(tmp_path, frames, skeleton=HAND_21).frames == pytest.approx(HAND, abs=1e-6)
    assert read(tmp_path, frames, skeleton=POSE_33).frames == pytest.approx(POSE, abs=1e-6)


def test_the_pictures_own_landmarks_come_before_the_estimate_in_metres(tmp_path: Path) -> None:
    both = [{"worldLandmarks": [dicts(p + 5)], "landmarks": [dicts(p)]} for p in HAND]
    assert read(tmp_path, both).frames == pytest.approx(HAND, abs=1e-6)
    alone = [{"hand_world_landmarks": [dicts(p)]} for p in HAND]
    assert read(tmp_path, alone).frames == pytest.approx(HAND, abs=1e-6)


def test_frames_in_which_no_hand_was_found_are_unseen(tmp_path: Path) -> None:
    frames = [{"landmarks": []}, {"landmarks": [dicts(HAND[0])]}, {"landmarks": None}, None]
    movement = read(tmp_path, frames)
    assert np.isnan(movement.frames).all(axis=(1, 2)).tolist() == [True, False, True, True]


def test_one_frame_alone_is_a_movement_of_one_frame(tmp_path: Path) -> None:
    for value in ({"landmarks": [dicts(HAND[0])]}, dicts(HAND[0]), HAND[0].tolist()):
        assert read(tmp_path, value).frames.shape == (1, 21, 3)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([{"landmarks": dicts(HAND[0])}, {"landmarks": dicts(POSE[0])}], "frame 2: 33 landmarks"),
        ([{"landmarks": dicts(HAND[0]), "t": 0}, {"landmarks": dicts(HAND[1])}], "frame 2: it has"),
        ([{"boxes": []}], "frame 1: a frame has no landmarks: its keys are boxes"),
        ({"frames": [7]}, "frame 1: a frame is 7"),
        ({"fps": "fast", "frames": [dicts(HAND[0])]}, "its rate is 'fast'"),
        ("hello", "a frame is 'hello'"),
        ([{"landmarks": []}] * 3, "3 frames and no landmark seen"),
    ],
    ids=range(7),
)
def test_a_document_that_is_no_film_says_why(value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message):
        read(tmp_path, value, rate_hz=None)


def test_a_hand_is_no_face(tmp_path: Path) -> None:
    frames = [{"landmarks": [dicts(p)]} for p in HAND]
    with pytest.raises(
        FormatError, match="'face-88' \\(468 or 478 of them\\); there: landmarks with 21"
    ):
        read(tmp_path, frames, skeleton=FACE_88)


def test_a_face_as_a_table_is_the_same_face(tmp_path: Path) -> None:
    names = ",".join(f"{c}{n}" for n in range(468) for c in "xyz")
    rows = [",".join(map(repr, frame.ravel().tolist())) for frame in FACE]
    path = written(tmp_path, "face.csv", "\n".join([names, *rows]))
    movement = read_movement(path, rate_hz=30)
    assert movement.frames == pytest.approx(face_frames(FACE), abs=1e-5)


def test_a_hand_is_followed_though_the_tool_changes_the_order_of_two(tmp_path: Path) -> None:
    drift = np.linspace(0, 0.05, 6)[:, None, None] * (1, 1, 0)
    mine, other = HAND[0] * 0.1 + drift, HAND[1] * 0.1 + 0.8 - drift
    frames = [
        {
            "landmarks": [dicts(other[n]), dicts(mine[n])]
            if n % 2
            else [dicts(mine[n]), dicts(other[n])]
        }
        for n in range(6)
    ]
    frames[3] = {"landmarks": []}  # one frame without any
    expected = mine.astype(np.float32)
    expected[3] = np.nan
    assert np.allclose(read(tmp_path, frames).frames, expected, atol=1e-6, equal_nan=True)
    last = None
    for number, value in enumerate(frames):
        frame = parse_frame(json.dumps(value), HAND_21, near=last)
        assert frame is not None
        assert np.allclose(frame.values, expected[number], atol=1e-6, equal_nan=True)
        last = last if np.isnan(frame.values).all() else frame.values


def test_a_hand_has_the_pictures_proportions_in_files_and_in_streams(tmp_path: Path) -> None:
    sides = {"width": 1600, "height": 900}
    frames = [{"landmarks": [dicts(points)]} for points in HAND]
    expected = HAND * (16 / 9, 1, 16 / 9)
    assert read(tmp_path, sides | {"frames": frames}).frames == pytest.approx(expected, rel=1e-5)
    each = [frame | sides for frame in frames]
    assert read(tmp_path, each).frames == pytest.approx(expected, rel=1e-5)
    streamed = [parse_frame(json.dumps(frame), HAND_21) for frame in each]
    assert np.stack([f.values for f in streamed if f]) == pytest.approx(expected, rel=1e-5)
    pixels = [{"landmarks": [dicts(points * 900)]} | sides for points in HAND]
    assert read(tmp_path, pixels).frames == pytest.approx(HAND * 900, rel=1e-5)
    metres = [{"worldLandmarks": [dicts(points)]} | sides for points in HAND]
    assert read(tmp_path, metres).frames == pytest.approx(HAND, rel=1e-5)
