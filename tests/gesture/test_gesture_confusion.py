"""The confusion picture's order, mistakes and letters."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import EvaluationError
from chromasonic.gesture.confusion import mistakes, shares_of, similar_order
from chromasonic.gesture.confusion_picture import draw_confusion


def test_mistakes_are_told_the_most_frequent_first():
    found = mistakes([[8, 2, 0], [0, 5, 5], [1, 0, 0]], ["a", "b", "c"], most=3)
    assert [(m.true, m.answer, m.count, m.share) for m in found] == [
        ("b", "c", 5, 0.5), ("a", "b", 2, 0.2), ("c", "a", 1, 1.0),
    ]  # fmt: skip
    assert mistakes(np.eye(3), ["a", "b", "c"]) == []


def test_a_class_that_does_not_occur_has_no_shares():
    shares = shares_of([[1, 1], [0, 0]])
    assert shares[0].tolist() == [0.5, 0.5]
    assert np.isnan(shares[1]).all()


def test_classes_that_are_confused_stand_side_by_side():
    counts = np.eye(8) * 10
    pairs = [(0, 5), (1, 7), (2, 4), (3, 6)]
    for one, other in pairs:
        counts[one, other] = counts[other, one] = 4
    order = similar_order(counts)
    assert sorted(order) == list(range(8))
    for one, other in pairs:
        assert abs(order.index(one) - order.index(other)) == 1
    assert similar_order(np.eye(2)) == [0, 1]


@pytest.mark.parametrize("count", [1, 12, 40])
def test_the_picture_grows_with_the_classes(count, tmp_path):
    from matplotlib.image import imread

    counts = np.random.default_rng(0).poisson(0.3, (count, count)) + 9 * np.eye(count)
    names = [f"class number {n}" for n in range(count)]
    path = draw_confusion(counts, names, tmp_path / "c.png", title="Title", note="Note")
    height, width = imread(path).shape[:2]
    assert 300 < height < 3000
    assert 300 < width < 3500
    if count > 30:  # 5.6 points at 150 to the inch are 12 pixels
        assert height / count > 18


def test_nothing_cannot_be_drawn(tmp_path):
    with pytest.raises(EvaluationError, match="one answer or more"):
        draw_confusion(np.zeros((2, 2)), ["a", "b"], tmp_path / "c.png", title="")
    with pytest.raises(EvaluationError, match="3 classes"):
        draw_confusion(np.eye(2), ["a", "b", "c"], tmp_path / "c.png", title="")
