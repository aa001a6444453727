"""Figures over folds and seeds, by hand and against simple counting."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.statistics import wilson
from chromasonic.gesture import scores
from chromasonic.gesture.scores import ACCURACY, CALIBRATION, MACRO_F1, SURPRISE, TOP_5, Answers

CLASSES = tuple("abcdefg")


def answers(right, performers=None, units=None, prefix="r", sure=0.7):
    """Answers of which the given ones are right; the truth goes round the classes."""
    n = len(right)
    truth = np.arange(n) % len(CLASSES)
    shares = np.full((n, len(CLASSES)), (1 - sure) / (len(CLASSES) - 1))
    named = (truth + 1 - np.asarray(right)) % len(CLASSES)
    shares[np.arange(n), named] = sure
    return Answers(
        classes=CLASSES,
        ids=tuple(f"{prefix}{i}" for i in range(n)),
        truth=truth,
        probabilities=shares,
        units=units,
        performers=performers or ("",) * n,
    )


def test_one_run_has_wilsons_interval():
    figures = scores.figures_of({"test": [answers([1] * 60 + [0] * 10)]})
    wanted = wilson(60, 70)
    assert figures[ACCURACY] == wanted
    assert set(figures) == set(scores.BETTER)
    assert figures[TOP_5].value == pytest.approx(
        np.mean(scores.classification.is_among_first(
            answers([1] * 60 + [0] * 10).truth, answers([1] * 60 + [0] * 10).probabilities, 5
        ))
    )  # fmt: skip
    assert figures[MACRO_F1].low <= figures[MACRO_F1].value <= figures[MACRO_F1].high
    assert np.isnan(figures[CALIBRATION].low)


def test_seeds_are_averaged_and_folds_weigh_the_same():
    folds = {
        "ann": [answers([1, 1, 1, 1], prefix="a"), answers([1, 1, 0, 0], prefix="a")],
        "bob": [answers([0] * 40, prefix="b"), answers([1] * 40, prefix="b")],
    }
    figures = scores.figures_of(folds)
    assert figures[ACCURACY].value == pytest.approx((0.75 + 0.5) / 2)
    assert scores.accuracies_by_seed(folds) == [pytest.approx(0.5), pytest.approx(0.75)]
    assert scores.over_performers(folds).value == pytest.approx(0.625)
    assert scores.over_performers(folds).n == 2


def test_units_that_stand_and_fall_together_widen_the_interval():
    right = [1] * 35 + [0] * 35
    single = scores.figures_of({"test": [answers(right)]})[ACCURACY]
    takes = tuple(f"take {i // 7}" for i in range(70))
    grouped = scores.figures_of({"test": [answers(right, units=takes)]})[ACCURACY]
    assert grouped.n == 10
    assert grouped.value == single.value == 0.5
    assert grouped.high - grouped.low > 2 * (single.high - single.low)


def test_likelihood_is_the_mean_over_recordings():
    figures = scores.figures_of({"test": [answers([1, 1, 0], sure=0.7)]})
    wanted = -(2 * np.log(0.7) + np.log(0.05)) / 3
    assert figures[SURPRISE].value == pytest.approx(wanted)


def test_each_performer_has_a_figure_of_their_own():
    mixed = answers([1, 1, 0, 0, 1, 0], performers=("ann",) * 4 + ("bob",) * 2)
    found = scores.accuracy_by_performer({"test": [mixed]})
    assert {name: figure.value for name, figure in found.items()} == {"ann": 0.5, "bob": 0.5}
    assert found["ann"] == wilson(2, 4)


def test_confusion_adds_folds_and_averages_seeds():
    folds = {
        "ann": [answers([1] * 7, prefix="a"), answers([0] * 7, prefix="a")],
        "bob": [answers([1] * 7, prefix="b")],
    }
    counts = scores.confusion_of(folds)
    assert counts.sum() == 14
    assert np.diag(counts) == pytest.approx([1.5] * 7)
    assert counts[0, 1] == 0.5


def test_paired_comparison_sees_what_two_intervals_hide():
    base = [1] * 150 + [0] * 50
    better = [1] * 150 + [1] * 12 + [0] * 38
    test = scores.compare(
        {"test": [answers(better)]}, {"test": [answers(base)]}, names=("network", "trees")
    )
    assert test.difference.value == pytest.approx(-12 / 200)
    assert test.difference.high < 0
    assert (test.wins, test.losses) == (12, 0)
    assert test.p_value < 0.001


def test_paired_comparison_of_folds_weighs_them_the_same():
    ours = {"ann": [answers([1, 1], prefix="a")], "bob": [answers([0] * 20, prefix="b")]}
    theirs = {"bob": [answers([1] * 20, prefix="b")], "ann": [answers([0, 0], prefix="a")]}
    test = scores.compare(ours, theirs, names=("network", "trees"))
    assert test.difference.value == pytest.approx(0)


def test_other_recordings_are_no_pair():
    with pytest.raises(EvaluationError, match="did not answer the same"):
        scores.compare(
            {"test": [answers([1, 0])]},
            {"test": [answers([1, 0], prefix="x")]},
            names=("network", "trees"),
        )
    with pytest.raises(EvaluationError, match="seeds of the fold 'test'"):
        scores.figures_of({"test": [answers([1, 0]), answers([1, 0], prefix="x")]})
    with pytest.raises(EvaluationError, match="no answers"):
        scores.figures_of({})


def test_answers_need_as_many_names_as_recordings():
    with pytest.raises(EvaluationError, match="do not fit"):
        Answers(classes=("a", "b"), ids=("x",), truth=np.array([0, 1]),
                probabilities=np.eye(2))  # fmt: skip


def test_seeds_together_answer_by_the_mean_of_their_probabilities():
    sure, doubtful = answers([1, 0], sure=0.9), answers([0, 1], sure=0.4)
    found = scores.together({"test": [sure, doubtful]})["test"][0]
    assert found.probabilities == pytest.approx((sure.probabilities + doubtful.probabilities) / 2)
    assert found.is_right.tolist() == [1, 0]


def test_macro_f1_lies_in_the_middle_of_its_interval():
    rng = np.random.default_rng(0)
    figure = scores.figures_of({"test": [answers(rng.random(700) < 0.8)]})[MACRO_F1]
    assert figure.value - figure.low == pytest.approx(figure.high - figure.value, rel=0.2)
    assert 0.04 < figure.high - figure.low < 0.09  # as of a share of 0.8 among 700


def test_classes_of_few_units_give_macro_f1_no_interval():
    figure = scores.figures_of({"test": [answers([1] * 14)]})[MACRO_F1]
    assert figure.value == 1
    assert np.isnan(figure.low)
    assert "2 units" in figure.reason
