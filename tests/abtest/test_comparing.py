"""Comparisons: parity with textbook tests, clusters, seeds, honesty under no difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from chromasonic.abtest.comparing import Comparison, compare
from chromasonic.abtest.verdicts import Verdict
from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation.judged import Judged, PieceScores


def judged(
    sums: Sequence[float] | np.ndarray,
    counts: Sequence[float] | np.ndarray | None = None,
    *,
    model: str = "model",
    is_lower_better: bool = True,
    **others: object,
) -> Judged:
    """A model with one metric, "bits"."""
    sums = np.asarray(sums, float)
    counts = np.ones(len(sums)) if counts is None else np.asarray(counts, float)
    scores = PieceScores(
        unit="bits a note", is_lower_better=is_lower_better, sums_N=sums, counts_N=counts
    )
    facts = {
        "model": model,
        "task": "melody",
        "kind": "lstm",
        "seed": None,
        "corpus": "nottingham",
        "part": "validation",
        "unit": "tune",
        "pieces": tuple(f"tune {number}" for number in range(len(sums))),
        "scores": {"bits": scores},
    }
    return Judged(**{**facts, **others})  # type: ignore[arg-type]


def of(first: Sequence[float], second: Sequence[float], **options: object) -> Comparison:
    return compare([judged(first)], [judged(second)], **options)  # type: ignore[arg-type]


def test_the_p_value_of_six_pieces_that_all_gain_is_two_of_sixty_four() -> None:
    found = of([3, 3, 3, 3, 3, 3], [2, 1.5, 2.5, 2.2, 1.9, 2.1]).primary
    assert found.p_value == pytest.approx(2 / 64)
    assert found.verdict is Verdict.BETTER
    assert found.share_better.value == 1


def test_five_pieces_are_too_few_whatever_they_say() -> None:
    assert of([3] * 5, [1, 1.1, 1.2, 0.9, 1]).verdict is Verdict.TOO_FEW


def test_figures_are_ratios_of_sums_and_the_difference_is_second_minus_first() -> None:
    counts = [10, 20, 70, 5, 5, 5, 5]
    first, second = [30, 40, 70, 5, 5, 5, 5], [20, 40, 90, 6, 5, 4, 5]
    found = compare([judged(first, counts)], [judged(second, counts)]).primary
    assert found.first.value == pytest.approx(160 / 120)
    assert found.second.value == pytest.approx(170 / 120)
    assert found.difference.value == pytest.approx(10 / 120)
    assert found.relative.value == pytest.approx(170 / 160 - 1)
    assert found.gain.value == pytest.approx(-10 / 120)


def test_the_interval_of_symmetric_gaps_is_students_within_the_bootstraps_noise() -> None:
    gaps = np.random.default_rng(3).normal(0.1, 1, 60)
    found = of(np.zeros(60), gaps).primary.difference
    reach = stats.t.ppf(0.975, 59) * gaps.std(ddof=1) / np.sqrt(60)
    assert found.low <= gaps.mean() - reach + 1e-12
    assert found.high >= gaps.mean() + reach - 1e-12
    assert found.high - found.low == pytest.approx(2 * reach, rel=0.1)


def test_the_effect_is_cohens_d_of_the_gaps() -> None:
    gaps = np.random.default_rng(4).normal(-0.5, 1, 40)
    found = of(np.zeros(40), gaps).primary  # lower is better, so a gap below 0 is a gain
    assert found.effect == pytest.approx(-gaps.mean() / gaps.std(ddof=1))
    assert found.verdict is Verdict.BETTER


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_turning_the_sides_round_turns_the_difference_round(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(2, 1, 12), rng.normal(2.3, 1, 12)
    there, back = of(first, second).primary, of(second, first).primary
    assert there.difference.value == pytest.approx(-back.difference.value)
    assert there.difference.low == pytest.approx(-back.difference.high)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.effect == pytest.approx(-back.effect)
    opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    assert back.verdict is opposite.get(there.verdict, there.verdict)


def test_a_higher_share_is_better_where_higher_is_better() -> None:
    first = judged([0.2] * 8, is_lower_better=False)
    second = judged([0.4, 0.5, 0.3, 0.6, 0.5, 0.4, 0.45, 0.55], is_lower_better=False)
    assert compare([first], [second]).verdict is Verdict.BETTER


def test_copies_of_a_work_count_once() -> None:
    rng = np.random.default_rng(5)
    gaps = rng.normal(0.3, 1, 15)
    alone = of(np.zeros(15), gaps).primary
    copied = np.repeat(gaps, 4)
    works = {f"tune {number}": f"work {number // 4}" for number in range(60)}
    sides = [judged(side, group_of=works) for side in (np.zeros(60), copied)]
    together = compare([sides[0]], [sides[1]])
    assert together.groups == 15
    assert together.primary.p_value == pytest.approx(alone.p_value)
    assert together.primary.difference.low == pytest.approx(alone.difference.low)
    assert together.primary.difference.high == pytest.approx(alone.difference.high)
    assert together.primary.detectable == pytest.approx(alone.detectable)


def runs_of(side: np.ndarray, name: str) -> list[Judged]:
    return [judged(row, seed=seed, model=f"{name}{seed}") for seed, row in enumerate(side)]


def test_where_pieces_do_not_vary_recipes_are_compared_as_in_a_t_test_of_their_runs() -> None:
    rng = np.random.default_rng(6)
    means = [rng.normal(2, 0.1, 4), rng.normal(1.9, 0.1, 4)]
    sides = [np.repeat(side[:, None], 10, axis=1) for side in means]
    found = compare(runs_of(sides[0], "a"), runs_of(sides[1], "b"))
    expected = stats.ttest_ind(means[1], means[0])
    assert found.runs == (4, 4)
    assert found.primary.p_value == pytest.approx(expected.pvalue, rel=1e-4)
    ends = expected.confidence_interval(0.95)
    assert found.primary.difference.low == pytest.approx(ends.low)
    assert found.primary.difference.high == pytest.approx(ends.high)
    assert found.primary.seed_deviations == pytest.approx(tuple(m.std(ddof=1) for m in means))


def test_where_runs_do_not_vary_recipes_are_compared_as_in_a_t_test_of_pieces() -> None:
    gaps = np.random.default_rng(7).normal(0.2, 1, 30)
    sides = [np.tile(side, (3, 1)) for side in (np.zeros(30), gaps)]
    found = compare(runs_of(sides[0], "a"), runs_of(sides[1], "b")).primary
    expected = stats.ttest_1samp(gaps, 0)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-4)
    assert found.difference.low == pytest.approx(expected.confidence_interval(0.95).low)


def test_folds_of_one_seed_are_one_run() -> None:
    parts = [tuple(f"fold {fold}, {n}" for n in range(5)) for fold in range(2)]
    sides = [
        [judged(np.arange(5) + move * (n + 1), pieces=part, seed=0) for n, part in enumerate(parts)]
        for move in (0.0, 0.1)
    ]
    found = compare(sides[0], sides[1])
    assert found.runs == (1, 1)
    assert found.pieces == 10
    assert found.primary.difference.value == pytest.approx(0.15)


def test_holm_lifts_the_p_values_of_several_metrics() -> None:
    rng = np.random.default_rng(8)
    first = judged(np.zeros(12))
    scores = {
        name: replace(first.scores["bits"], sums_N=rng.normal(move, 1, 12))
        for name, move in (("bits", 0.0), ("more", 0.9), ("most", 2.0))
    }
    second = replace(first, scores=scores)
    first = replace(first, scores=dict.fromkeys(scores, first.scores["bits"]))
    found = compare([first], [second]).metrics
    raw = {one.name: one.p_value for one in found}
    order = sorted(raw.values())
    for one in found:
        expected = max((3 - rank) * p for rank, p in enumerate(order) if p <= one.p_value)
        assert one.p_adjusted == pytest.approx(min(1, expected))
    only = compare([first], [second], metrics=["more"])
    assert [one.name for one in only.metrics] == ["more"]
    assert only.primary.p_adjusted == only.primary.p_value


def test_a_piece_without_a_value_makes_that_metric_not_comparable() -> None:
    for broken in (np.nan, np.inf):
        found = of([1, 2, 3, 4, 5, 6, 7], [1, 2, broken, 4, 5, 6, 7]).primary
        assert found.verdict is Verdict.UNDEFINED
        assert "infinite or NaN" in found.difference.reason


def test_the_same_answers_everywhere_are_no_difference_and_said_to_be_alike() -> None:
    values = np.random.default_rng(9).normal(2, 1, 40)
    found = of(values, values)
    assert found.verdict is Verdict.NO_DIFFERENCE
    assert found.primary.are_alike
    assert of(values[:10], values[:10]).verdict is Verdict.TOO_FEW
    assert of(values, values, margin=0.01).verdict is Verdict.EQUIVALENT


def test_only_pieces_that_all_were_judged_on_count_and_the_others_are_told() -> None:
    first = judged(np.arange(10.0))
    second = judged(np.arange(3.0, 10.0) + 0.1, pieces=first.pieces[3:])
    found = compare([first], [second])
    assert found.pieces == 7
    assert found.primary.difference.value == pytest.approx(0.1)
    assert any("3 of 10 tunes" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": "folk"}, "corpora are 'nottingham' and 'folk'"),
        ({"part": "test"}, "parts are 'validation' and 'test'"),
        ({"task": "gesture"}, "tasks are 'melody' and 'gesture'"),
        ({"pieces": tuple("abcdefg")}, "nothing in common"),
        ({"scores": {}}, "no metric in common"),
        ({"pieces": ("tune 1",) * 7}, "twice"),
    ],
)
def test_sides_that_have_nothing_to_share_are_refused(
    change: dict[str, object], message: str
) -> None:
    first = judged(np.arange(7.0))
    second = replace(judged(np.arange(7.0) + 1), **change)  # type: ignore[arg-type]
    with pytest.raises(EvaluationError, match=message):
        compare([first], [second])


def test_other_counts_of_the_same_pieces_are_refused_as_other_vocabularies() -> None:
    first, second = judged(np.arange(7.0)), judged(np.arange(7.0), np.full(7, 2.0))
    with pytest.raises(EvaluationError, match="different vocabularies"):
        compare([first], [second])


def test_runs_of_two_recipes_on_one_side_are_refused() -> None:
    runs = [judged(np.arange(7.0), seed=n, recipe=f"recipe {n}", model=f"r{n}") for n in range(2)]
    with pytest.raises(EvaluationError, match="differ in more than the seed"):
        compare(runs, [judged(np.arange(7.0))])


@pytest.mark.parametrize("option", ["margin", "detect"])
@pytest.mark.parametrize("value", [0, -0.1, float("nan"), float("inf")])
def test_a_margin_or_a_difference_to_detect_must_be_above_0(option: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"--{option} is"):
        of(np.arange(7.0), np.arange(7.0) + 0.5, **{option: value})


def test_no_difference_is_called_one_in_twenty_times_at_most() -> None:
    rng = np.random.default_rng(10)
    draws = {
        "normal": lambda n: rng.normal(0, 1, n),
        "skewed": lambda n: rng.lognormal(0, 1, n) - rng.lognormal(0, 1, n),
        "heavy": lambda n: rng.standard_t(3, n),
    }
    for name, draw in draws.items():
        called = sum(
            of(np.zeros(12), draw(12)).verdict in (Verdict.BETTER, Verdict.WORSE) for _ in range(60)
        )
        # Of 60 trials at 5%, more than 9 are seen once in 1,000 such tests.
        assert called <= stats.binom.ppf(0.999, 60, 0.05), name


def test_recipes_that_differ_by_chance_of_their_runs_alone_are_not_told_apart() -> None:
    rng = np.random.default_rng(11)
    called = 0
    for _ in range(60):
        base = rng.normal(2, 0.4, 40)
        sides = [base + rng.normal(0, 0.05, (3, 1)) + rng.normal(0, 0.1, (3, 40)) for _ in "ab"]
        found = compare(runs_of(sides[0], "a"), runs_of(sides[1], "b"))
        called += found.verdict in (Verdict.BETTER, Verdict.WORSE)
    assert called <= stats.binom.ppf(0.999, 60, 0.05)
