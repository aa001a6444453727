"""Made gestures: known rules tell them apart, performers do not, and seeds make them again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from chromasonic.data import load
from chromasonic.data.synthetic_gestures import (
    LABELS,
    NO_NUISANCE,
    PERFORMERS,
    Nuisance,
    made_gestures,
)
from chromasonic.errors import UsageError
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.music.movement import Movement

ROUND = PERFORMERS * len(LABELS)
WRIST, THUMB_TIP, INDEX_ROOT, INDEX_TIP, MIDDLE_ROOT, PINKY_ROOT, PINKY_TIP = 0, 4, 5, 8, 9, 17, 20


def rule(movement: Movement) -> str:
    """What a movement is, by thresholds on where the wrist goes and how the fingers stand.

    Written from the gestures' description, not from the generator's code: distances in hands, the
    hand being as long at the start as from the wrist to the root of the middle finger.
    """
    points = movement.frames.astype(float)
    palm = np.linalg.norm(points[:, MIDDLE_ROOT] - points[:, WRIST], axis=1)
    if palm[-1] / palm[0] > 1.3:
        return "push"
    x, y = ((points[:, WRIST, :2] - points[0, WRIST, :2]) / palm[0]).T
    if np.hypot(x[-1], y[-1]) > 0.8:
        names = ("swipe-right", "swipe-left") if abs(x[-1]) > abs(y[-1]) else (
            "swipe-down", "swipe-up"
        )  # fmt: skip
        return names[int(max(x[-1], y[-1], key=abs) < 0)]
    if np.hypot(x, y).max() > 0.6:  # back where it began, having gone round: by the area's sign
        area = np.sum(x[:-1] * np.diff(y) - y[:-1] * np.diff(x))
        return "circle-right" if area > 0 else "circle-left"
    along = points[:, MIDDLE_ROOT, :2] - points[:, WRIST, :2]
    if np.ptp(np.unwrap(np.arctan2(along[:, 1], along[:, 0]))) > 0.5:
        return "wave"

    def reach(root: int, tip: int) -> np.ndarray:
        return np.linalg.norm(points[:, tip] - points[:, root], axis=1) / palm

    index, pinky = reach(INDEX_ROOT, INDEX_TIP), reach(PINKY_ROOT, PINKY_TIP)
    if pinky[-1] < 0.6 * pinky[0]:
        return "fist"
    between = np.linalg.norm(points[:, THUMB_TIP] - points[:, INDEX_TIP], axis=1) / palm
    if between.min() < 0.2:
        return "pinch"
    return "tap" if index.min() < 0.92 * index[0] else "still"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_without_nuisance_a_rule_of_a_few_lines_knows_every_movement(seed: int) -> None:
    movements = made_gestures(2 * ROUND, seed, nuisance=NO_NUISANCE)
    wrong = [(m.id, m.label, rule(m)) for m in movements if rule(m) != m.label]
    assert wrong == []


def test_of_any_round_each_performer_does_each_gesture_once() -> None:
    movements = made_gestures(3 * ROUND, 0)
    for start in (0, 7, ROUND):
        pairs = Counter((m.performer, m.label) for m in movements[start : start + ROUND])
        assert len(pairs) == ROUND
        assert set(pairs.values()) == {1}


def test_the_same_seed_makes_the_same_and_a_longer_corpus_begins_alike() -> None:
    few, many, other = made_gestures(5, 3), made_gestures(9, 3), made_gestures(5, 4)
    for one, two in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.frames, two.frames)
        assert (one.id, one.label, one.performer) == (two.id, two.label, two.performer)
    assert not any(
        one.frames.shape == two.frames.shape and np.array_equal(one.frames, two.frames)
        for one, two in zip(few, other, strict=True)
    )


def test_movements_are_hands_of_21_landmarks_of_many_lengths() -> None:
    movements = made_gestures(ROUND, 0)
    assert all(m.skeleton is HAND_21 and m.rate_hz == 30 for m in movements)
    lengths = [len(m) for m in movements]
    assert min(lengths) >= 20
    assert max(lengths) <= 60
    assert len(set(lengths)) > 20
    assert all(m.frames.dtype == np.float32 for m in movements)


def test_performers_differ_in_hand_place_and_size_of_movement() -> None:
    movements = made_gestures(2 * ROUND, 0, nuisance=NO_NUISANCE)

    def palm(movement: Movement) -> float:
        return float(np.linalg.norm(movement.frames[0, MIDDLE_ROOT] - movement.frames[0, WRIST]))

    by_performer = [
        [palm(m) for m in movements if m.performer == f"performer {number}" and m.label != "push"]
        for number in range(1, PERFORMERS + 1)
    ]
    means = [float(np.mean(sizes)) for sizes in by_performer]
    assert max(float(np.std(sizes)) for sizes in by_performer) < 0.4 * float(np.std(means))


def test_each_nuisance_does_what_it_says_and_nothing_else() -> None:
    clean = made_gestures(ROUND, 0, nuisance=NO_NUISANCE)
    assert not any(m.has_gaps for m in clean)
    noisy = made_gestures(ROUND, 0, nuisance=replace(NO_NUISANCE, noise=0.01))
    moved = np.concatenate(
        [(two.frames - one.frames).ravel() for one, two in zip(clean, noisy, strict=True)]
    )
    assert moved.std() == pytest.approx(0.01, rel=0.02)
    unseen = made_gestures(ROUND, 0, nuisance=replace(NO_NUISANCE, unseen=0.1))
    gaps = np.concatenate([np.isnan(m.frames).all(axis=2).ravel() for m in unseen])
    assert gaps.mean() == pytest.approx(0.1, abs=0.01)
    lost = made_gestures(ROUND, 0, nuisance=replace(NO_NUISANCE, lost=0.5))
    whole = [np.isnan(m.frames).all(axis=(1, 2)).mean() for m in lost]
    assert 0.3 < np.mean([share > 0 for share in whole]) < 0.7
    assert max(whole) <= 0.2
    spiky = made_gestures(ROUND, 0, nuisance=replace(NO_NUISANCE, spikes=0.05))
    far = np.concatenate(
        [
            (np.abs(two.frames - one.frames).max(axis=2) > 0).ravel()
            for one, two in zip(clean, spiky, strict=True)
        ]
    )
    assert far.mean() == pytest.approx(0.05, abs=0.01)


def test_parts_are_performers() -> None:
    corpus = load("synthetic-gestures", count=2 * ROUND)
    performers = {
        part: {m.performer for m in corpus.part(part)} for part in ("train", "validation", "test")
    }
    assert performers["validation"] == {"performer 9"}
    assert performers["test"] == {"performer 10"}
    assert len(performers["train"]) == 8
    assert corpus.manifest.found_by == "generated"
    assert corpus.manifest.fingerprint == load("synthetic-gestures", count=240).manifest.fingerprint
    assert corpus.manifest.fingerprint != load("synthetic-gestures", count=239).manifest.fingerprint


def test_a_handful_of_movements_is_divided_too() -> None:
    assert sum(load("synthetic-gestures", count=4).split.sizes.values()) == 4


@pytest.mark.parametrize("count", [0, -3])
def test_no_movement_cannot_be_asked_for(count: int) -> None:
    with pytest.raises(UsageError, match=f"number of movements is {count}"):
        load("synthetic-gestures", count=count)


def test_a_strength_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"unseen is 0.9; allowed: 0 \(none\) to 0.5"):
        Nuisance(unseen=0.9)


def test_few_movements_are_of_all_classes() -> None:
    assert {movement.label for movement in made_gestures(12, seed=1)} == set(LABELS)
    pairs = {(m.label, m.performer) for m in made_gestures(120, seed=1)}
    assert len(pairs) == 120


def test_a_movement_is_the_same_whatever_the_count() -> None:
    few, many = made_gestures(50, seed=1), made_gestures(130, seed=1)
    assert [movement.id for movement in few] == [movement.id for movement in many[:50]]
    assert all((a.frames == b.frames).all() for a, b in zip(few, many, strict=False)
               if not (a.has_gaps or b.has_gaps))  # fmt: skip
