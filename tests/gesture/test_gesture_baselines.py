"""Simple classifiers: each against a plain loop or a task that it must solve."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import EvaluationError
from chromasonic.gesture import baselines
from chromasonic.gesture.baselines import Material
from chromasonic.gesture.dynamic_warping import warped_distances


def naive_warping(one, other, bend):
    far = np.full((len(one) + 1, len(other) + 1), np.inf)
    far[0, 0] = 0
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            if abs(i - j) <= bend:
                cost = ((one[i - 1] - other[j - 1]) ** 2).sum()
                far[i, j] = cost + min(far[i - 1, j], far[i, j - 1], far[i - 1, j - 1])
    return far[-1, -1]


@pytest.mark.parametrize("bend", [0, 1, 3, 8])
def test_warped_distances_equal_a_plain_loop(bend):
    rng = np.random.default_rng(bend)
    first, second = rng.normal(size=(3, 8, 2)), rng.normal(size=(4, 8, 2))
    found = warped_distances(first, second, bend=bend)
    wanted = [[naive_warping(a, b, bend) for b in second] for a in first]
    assert found == pytest.approx(np.array(wanted))


def test_a_movement_later_by_two_is_near_when_it_may_bend():
    pulse = np.zeros((1, 20, 1))
    pulse[0, 8:11] = 1
    later = np.roll(pulse, 2, axis=1)
    assert warped_distances(pulse, later, bend=0)[0, 0] == 4
    assert warped_distances(pulse, later, bend=2)[0, 0] == 0


def test_resampling_keeps_both_ends_and_straight_lines():
    line = np.linspace([0, 10], [9, 1], 10).astype(np.float32)
    found = baselines.resampled(line, 4)
    assert found == pytest.approx(np.linspace([0, 10], [9, 1], 4))
    assert baselines.resampled(line[:1], 3) == pytest.approx(np.repeat(line[:1], 3, axis=0))


def material(rng, per_class=12, length=24):
    """Two classes that differ by which half holds a pulse; every recording of its own length."""

    def recording(label):
        frames = rng.normal(0, 0.05, (length + int(rng.integers(0, 9)), 2))
        half = len(frames) // 2
        frames[half * label : half * label + half // 2, 0] += 1
        return frames.astype(np.float32)

    labels = np.array([0, 1] * per_class)
    return Material(
        train=[recording(label) for label in labels],
        labels=labels,
        test=[recording(label) for label in (0, 1, 1, 0)],
        classes=3,
    )


@pytest.mark.parametrize("name", [baselines.TREES_RAW, baselines.NEIGHBOUR])
def test_classes_that_differ_are_told_apart(name, monkeypatch):
    monkeypatch.setattr(baselines, "TREES", 30)
    found = baselines.BASELINES[name](material(np.random.default_rng(0)))
    assert found.argmax(axis=1).tolist() == [0, 1, 1, 0]
    assert found.sum(axis=1) == pytest.approx(np.ones(4))
    assert (found > 0).all()


def test_the_most_frequent_class_answers_by_the_shares_learned():
    made = material(np.random.default_rng(0))
    shares = baselines.most_frequent(
        Material(train=made.train[:4], labels=np.array([1, 1, 1, 0]), test=made.test, classes=3)
    )
    assert shares[2] == pytest.approx([0.25, 0.75, 0])


def test_too_many_pairs_are_refused_and_nothing_cannot_be_learned(monkeypatch):
    made = material(np.random.default_rng(0))
    monkeypatch.setattr(baselines, "MOST_PAIRS", 10)
    with pytest.raises(EvaluationError, match="24 x 4 pairs"):
        baselines.nearest_neighbour(made)
    with pytest.raises(EvaluationError, match="0 recordings"):
        Material(train=[], labels=np.array([], int), test=made.test, classes=2)
