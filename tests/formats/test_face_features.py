"""The 88 landmarks and their 31 numbers: what they are, what they ignore, what moves them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_files import face_mesh

from chromasonic.errors import FormatError
from chromasonic.formats.face_features import MEASURES, face_frames
from chromasonic.formats.face_landmarks import (
    ACTION_UNITS,
    FACE_88,
    FACE_INDICES,
    GROUPS,
    MEAN_FACE,
    NEIGHBOURS,
)
from chromasonic.gesture.graph import nearest_neighbours

REST = face_mesh()
CENTIMETRES = 8.892
"""Between the outer corners of the mean face's eyes: 2 x 4.446."""


def features(mesh: np.ndarray, **options: float) -> np.ndarray:
    return face_frames(mesh[None], **options)[0]


def channel(mesh: np.ndarray, name: str, node: int = 61) -> float:
    row = features(mesh)[FACE_INDICES.index(node)]
    return float(row[FACE_88.channels.index(name)])


def test_it_is_the_specifications_input() -> None:
    assert features(REST).shape == (88, 31) == (len(FACE_88.nodes), len(FACE_88.channels))
    assert len(set(FACE_INDICES)) == 88
    assert sum(name.startswith("au") for name in FACE_88.channels) == 18
    assert tuple(MEASURES) == ACTION_UNITS
    assert [len(group) for group in GROUPS.values()] == [11, 11, 11, 12, 4]


def test_the_40_points_of_mediapipes_lip_contours_are_among_them() -> None:
    outer = {61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291}
    outer |= {185, 40, 39, 37, 0, 267, 269, 270, 409}
    inner = {78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13}
    inner |= {312, 311, 310, 415}
    assert set(FACE_INDICES[:20]) == outer
    assert set(FACE_INDICES[20:40]) == inner


def test_each_node_is_tied_to_its_nearest_neighbours_of_the_mean_face() -> None:
    assert FACE_88.edges == nearest_neighbours(MEAN_FACE, NEIGHBOURS)
    reached, waiting = {0}, [0]
    while waiting:
        node = waiting.pop()
        new = {b if a == node else a for a, b in FACE_88.edges if node in (a, b)} - reached
        reached |= new
        waiting += new
    assert reached == set(range(88))


def test_the_graph_is_the_same_seen_in_a_mirror() -> None:
    place = {tuple(np.round(p, 6)): n for n, p in enumerate(MEAN_FACE)}
    mirror = [place[tuple(np.round(p * (-1, 1, 1) + 0.0, 6))] for p in MEAN_FACE]
    mirrored = {tuple(sorted((mirror[a], mirror[b]))) for a, b in FACE_88.edges}
    assert len(mirrored - set(FACE_88.edges)) <= 6  # of two points equally far, one is chosen


def test_the_mean_face_measured_by_hand() -> None:
    mouth_width = 2 * 2.456 / CENTIMETRES
    assert channel(REST, "au20") == pytest.approx(mouth_width, abs=1e-3)
    gap = np.hypot(4.542 - 3.994, 5.405 - 5.219) / CENTIMETRES
    assert channel(REST, "au25") == pytest.approx(gap, abs=1e-3)
    assert channel(REST, "toRight", 61) == 0
    assert channel(REST, "toRight", 291) == pytest.approx(mouth_width, abs=1e-3)
    assert channel(REST, "toCentre", 61) == pytest.approx(mouth_width / 2, abs=1e-3)
    assert channel(REST, "angleSine", 0) == pytest.approx(-1, abs=1e-6)  # straight above
    assert channel(REST, "angleCosine", 291) == pytest.approx(1, abs=1e-6)  # to the right
    assert channel(REST, "angleCorners", 61) == 0  # it is one of them
    # The chin sees both corners: an isosceles triangle.
    chin = np.array((0, -9.403, 4.264)) - np.array((0, -4.343, 4.284))
    assert channel(REST, "angleCorners", 152) == pytest.approx(
        2 * np.arctan(2.456 / np.linalg.norm(chin)), abs=1e-3
    )
    assert channel(REST, "x", 291) == pytest.approx(2.456 / CENTIMETRES, abs=1e-3)
    assert channel(REST, "y", 291) == pytest.approx((2.664 + 4.343) / CENTIMETRES, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.01, 50),
    st.floats(-np.pi, np.pi),
    st.tuples(*[st.floats(-100, 100)] * 3),
    st.integers(0, 100),
)
def test_place_size_and_tilt_of_the_head_change_nothing(
    size: float, tilt: float, place: tuple[float, ...], seed: int
) -> None:
    mesh = REST + np.random.default_rng(seed).normal(scale=0.05, size=REST.shape)
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    moved = size * mesh @ turn.T + place
    assert features(moved) == pytest.approx(features(mesh), abs=2e-4)


def test_a_wide_picture_changes_nothing_once_its_aspect_is_told() -> None:
    aspect = 16 / 9
    shares = REST / (aspect, 1, aspect) * 0.02 + 0.5
    assert features(shares, aspect=aspect) == pytest.approx(features(REST), abs=1e-5)
    assert np.abs(features(shares) - features(REST)).max() > 0.05


def moved(mesh: np.ndarray, by: tuple[float, float, float], *points: int) -> np.ndarray:
    """Some points moved, in centimetres: right in the picture, down, away from the camera."""
    result = mesh.copy()
    result[list(points)] += by
    return result


RIGHT_CORNER, LEFT_CORNER = (61, 78, 146, 185), (291, 308, 375, 409)
LOWER_LIP = (17, 84, 314, 181, 405, 14, 87, 317, 178, 402, 91, 321)
UPPER_LIP = (0, 37, 267, 39, 269, 40, 270, 13, 82, 312, 81, 311)
LOWER_RED = (17, 84, 314, 181, 405, 91, 321)
UPPER_RED = (0, 37, 267, 39, 269, 40, 270)


def corners(mesh: np.ndarray, out: float, down: float, back: float = 0) -> np.ndarray:
    return moved(moved(mesh, (-out, down, back), *RIGHT_CORNER), (out, down, back), *LEFT_CORNER)


ACTIONS = {
    9: moved(REST, (0, -0.2, 0), 129, 358),
    10: moved(REST, (0, -0.3, 0), *UPPER_LIP),
    11: moved(REST, (0, -0.3, 0), 40, 270),
    12: corners(REST, 0.3, -0.5),
    13: corners(REST, 0, -0.4),
    14: corners(REST, 0, 0, 0.4),
    15: corners(REST, 0, 0.4),
    16: moved(REST, (0, 0.3, 0), *LOWER_LIP),
    17: moved(REST, (0, -0.3, 0), 200, 201, 421),
    18: corners(moved(moved(REST, (0.3, 0, 0), 39, 181), (-0.3, 0, 0), 269, 405), -0.5, 0),
    20: corners(REST, 0.5, 0),
    22: moved(REST, (0, 0, -0.5), *UPPER_RED, *LOWER_RED),
    23: moved(moved(REST, (0, 0.2, 0), *UPPER_RED), (0, -0.2, 0), *LOWER_RED),
    24: moved(moved(REST, (0, 0.2, 0), *UPPER_RED), (0, -0.2, 0), *LOWER_RED),
    25: moved(REST, (0, 0.5, 0), *LOWER_LIP),
    26: moved(REST, (0, 1.5, 0), *LOWER_LIP, 18, 200, 152),
    27: moved(REST, (0, 2.0, 0), *LOWER_LIP, 18, 200, 152),
    28: moved(moved(REST, (0, 0.3, 0), *UPPER_RED), (0, -0.3, 0), *LOWER_RED),
}


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_each_action_unit_grows_as_its_muscles_pull(unit: int) -> None:
    name = f"au{unit:02}"
    assert channel(ACTIONS[unit], name) > channel(REST, name) + 0.01
    values = features(ACTIONS[unit])[:, FACE_88.channels.index(name)]
    assert len(set(values.tolist())) == 1  # one value a frame, at each node


def test_a_smile_is_no_frown_and_an_open_mouth_no_closed_one() -> None:
    smile, frown, opened = ACTIONS[12], ACTIONS[15], ACTIONS[26]
    assert channel(frown, "au12") < channel(REST, "au12") < channel(smile, "au12")
    assert channel(smile, "au15") < channel(REST, "au15") < channel(frown, "au15")
    assert channel(opened, "au25") > 3 * channel(REST, "au25")


def test_the_irises_do_not_matter_and_many_frames_are_each_by_itself() -> None:
    with_irises = face_mesh(478)
    with_irises[468:] = 1.5
    assert np.array_equal(features(with_irises), features(REST))
    film = np.stack([ACTIONS[unit] for unit in ACTION_UNITS])
    assert np.array_equal(face_frames(film), np.stack([features(mesh) for mesh in film]))


def test_an_unseen_face_and_one_without_width_are_unseen_frames() -> None:
    film = np.stack([REST, np.full_like(REST, np.nan), np.zeros_like(REST)])
    frames = face_frames(film)
    assert np.isfinite(frames[0]).all()
    assert np.isnan(frames[1:]).all()


def test_landmarks_alone_without_the_eyes_are_refused() -> None:
    with pytest.raises(FormatError, match=r"\(1, 88, 3\).*468 or 478"):
        face_frames(MEAN_FACE[None])
