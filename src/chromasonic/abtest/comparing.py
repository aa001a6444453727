"""Is B better than A: two models, or two recipes, over the same pieces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chromasonic.abtest.comparing_alignment import Aligned, Measured, align
from chromasonic.abtest.comparing_differences import (
    Difference,
    difference_of,
    group_sums,
    relative_change,
)
from chromasonic.abtest.power import LEVEL, detectable, pieces_needed, runs_needed
from chromasonic.abtest.verdicts import FEWEST, Verdict, fewest_flips, verdict_of
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.judged import Judged
from chromasonic.evaluation.statistics import bootstrap_ratio, holm, wilson


@dataclass(frozen=True, kw_only=True)
class MetricComparison:
    """One metric of two sides.

    Attributes:
        name: of the metric.
        unit: what a 1 is.
        is_lower_better: which way is better.
        first: the first's figure.
        second: the second's.
        difference: second minus first, with its 95% interval; n counts independent pieces.
        relative: the difference as a share of the first's figure.
        effect: difference over the standard deviation of the pieces' gaps, or of the runs of one
            recipe where several runs a side are compared; above 0 where the second is better.
        share_better: of the pieces on which the second is better; ties count half.
        p_value: two-sided.
        p_adjusted: after Holm's correction over all metrics of the comparison.
        verdict: on the second.
        pieces_needed: for 80% power to see `looked_for`; None where no number is enough.
        runs_needed: runs a side for as much power; None where one run a side is compared, or where
            no number is enough.
        looked_for: the difference that they are counted for: the one asked for, else the one seen.
        detectable: the smallest difference that these pieces show in 80% of such comparisons.
        seed_deviations: standard deviation of each side's runs; NaN where a side has one.
        runs_better: share of pairs of runs in which that of the second is better; None with one
            run a side.
        are_alike: whether both say the same of every piece.
    """

    name: str
    unit: str
    is_lower_better: bool
    first: Figure
    second: Figure
    difference: Figure
    relative: Figure
    effect: float
    share_better: Figure
    p_value: float
    p_adjusted: float
    verdict: Verdict
    pieces_needed: int | None
    runs_needed: int | None
    looked_for: float
    detectable: float
    seed_deviations: tuple[float, float]
    runs_better: float | None
    are_alike: bool

    @property
    def gain(self) -> Figure:
        """The difference turned so that above 0 the second is better."""
        if not self.is_lower_better:
            return self.difference
        own = self.difference
        return Figure(
            value=-own.value,
            n=own.n,
            low=-own.high,
            high=-own.low,
            unit=own.unit,
            reason=own.reason,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "verdict": str(self.verdict)}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two sides on one part of one corpus.

    Attributes:
        first: how the first is called, such as the version in use.
        second: the other, about which the verdict is.
        task: of both.
        kinds: of each.
        corpus: by name.
        part: train, validation or test.
        unit: what a piece is.
        pieces: how many.
        groups: how many are independent of each other.
        runs: how many runs each side has.
        metrics: the first decides.
        margin: largest difference of the first metric that does not matter; None: not asked for.
        detect: difference of the first metric that must be seen; None: not asked for.
        seed: of resamples and flips.
        remarks: what must be known to read it.
    """

    first: str
    second: str
    task: str
    kinds: tuple[str, str]
    corpus: str
    part: str
    unit: str
    pieces: int
    groups: int
    runs: tuple[int, int]
    metrics: tuple[MetricComparison, ...]
    margin: float | None
    detect: float | None
    seed: int
    remarks: tuple[str, ...]

    @property
    def primary(self) -> MetricComparison:
        """The metric that decides."""
        return self.metrics[0]

    @property
    def verdict(self) -> Verdict:
        """On the second, by the metric that decides."""
        return self.primary.verdict

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {name: value for name, value in vars(self).items() if name != "metrics"}
        return {
            **values,
            "verdict": str(self.verdict),
            "metrics": {metric.name: metric.to_dict() for metric in self.metrics},
        }


def compare(
    first: Sequence[Judged],
    second: Sequence[Judged],
    *,
    names: tuple[str, str] | None = None,
    metrics: Sequence[str] | None = None,
    margin: float | None = None,
    detect: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two sides, piece by piece.

    Args:
        first: a model judged (`tasks.judging.judge`), or several runs of one recipe.
        second: the other side, about which the verdict is.
        names: how to call the sides; their first models' names by default.
        metrics: which, the first decides; all that both have by default.
        margin: largest difference of the deciding metric that does not matter, in its unit.
        detect: difference of the deciding metric that must be seen, in its unit.
        seed: chooses resamples and flips.

    Raises:
        EvaluationError: the sides cannot be compared; the message says why.
        UsageError: a margin or a difference to detect that is not above 0.
    """
    aligned = align(first, second, metrics)
    differences = [
        difference_of(measured, aligned.groups_N, seed=seed) for measured in aligned.metrics
    ]
    # Where both say the same everywhere nothing can be called: it costs the other metrics nothing.
    tested = [
        number
        for number, one in enumerate(differences)
        if not math.isnan(one.p_value) and not _are_alike(aligned.metrics[number])
    ]
    corrected = holm([differences[number].p_value for number in tested])
    adjusted = dict(zip(tested, corrected, strict=True))
    compared = tuple(
        _compared(
            measured,
            difference,
            aligned,
            p_adjusted=adjusted.get(number, difference.p_value),
            tests=max(len(tested), 1),
            margin=margin if number == 0 else None,
            detect=detect if number == 0 else None,
            seed=seed,
        )
        for number, (measured, difference) in enumerate(
            zip(aligned.metrics, differences, strict=True)
        )
    )
    head, other = first[0], second[0]
    return Comparison(
        first=names[0] if names else head.model,
        second=names[1] if names else other.model,
        task=head.task,
        kinds=(head.kind, other.kind),
        corpus=head.corpus,
        part=head.part,
        unit=head.unit,
        pieces=len(aligned.pieces),
        groups=aligned.groups,
        runs=aligned.runs,
        metrics=compared,
        margin=margin,
        detect=detect,
        seed=seed,
        remarks=(*aligned.remarks, *_remarks(first, second)),
    )


def _remarks(first: Sequence[Judged], second: Sequence[Judged]) -> tuple[str, ...]:
    """What the judges said, each thing once."""
    return tuple(dict.fromkeys(r for judged in (*first, *second) for r in judged.remarks))


def _compared(
    measured: Measured,
    difference: Difference,
    aligned: Aligned,
    *,
    p_adjusted: float,
    tests: int,
    margin: float | None,
    detect: float | None,
    seed: int,
) -> MetricComparison:
    turned = -1.0 if measured.is_lower_better else 1.0
    figure, spread = difference.figure, difference.spread
    low, high = sorted((turned * figure.low, turned * figure.high))
    verdict = verdict_of(
        gain=turned * figure.value,
        low=low,
        high=high,
        p_value=p_adjusted,
        pieces=figure.n,
        spread=spread,
        tests=tests,
        margin=margin,
        detect=detect,
    )
    looked_for = detect or abs(figure.value)
    level = LEVEL / tests
    groups_needed = pieces_needed(looked_for, spread, level=level)
    if groups_needed is not None:
        groups_needed = max(groups_needed, FEWEST, fewest_flips(level))
    a_group = len(aligned.pieces) / aligned.groups
    return MetricComparison(
        name=measured.name,
        unit=measured.unit,
        is_lower_better=measured.is_lower_better,
        first=_figure_of(measured.first_SN, measured, aligned, seed),
        second=_figure_of(measured.second_SN, measured, aligned, seed),
        difference=figure,
        relative=relative_change(measured, aligned.groups_N, seed=seed),
        effect=turned * figure.value / spread.unit if spread.unit > 0 else math.nan,
        share_better=_share_better(measured, aligned),
        p_value=difference.p_value,
        p_adjusted=p_adjusted,
        verdict=verdict,
        pieces_needed=None if groups_needed is None else math.ceil(groups_needed * a_group - 1e-9),
        looked_for=looked_for,
        runs_needed=runs_needed(looked_for, spread, figure.n, level=level),
        detectable=detectable(spread, figure.n, level=level),
        seed_deviations=difference.seed_deviations,
        runs_better=_runs_better(measured) if max(aligned.runs) > 1 else None,
        are_alike=_are_alike(measured),
    )


def _figure_of(sums_SN: np.ndarray, measured: Measured, aligned: Aligned, seed: int) -> Figure:
    """A side's own figure with its interval over groups; a mean over runs."""
    if not np.isfinite(sums_SN).all():
        return undefined("a piece's value is infinite or NaN", unit=measured.unit)
    return bootstrap_ratio(
        group_sums(sums_SN.mean(axis=0)[None], aligned.groups_N)[0],
        group_sums(measured.counts_N[None], aligned.groups_N)[0],
        unit=measured.unit,
        seed=seed,
    )


def _share_better(measured: Measured, aligned: Aligned) -> Figure:
    """Share of pieces on which the second is better, Wilson's interval over groups."""
    gaps_N = measured.second_SN.mean(axis=0) - measured.first_SN.mean(axis=0)
    used = measured.counts_N > 0
    if not used.any() or not np.isfinite(gaps_N).all():
        return undefined("a piece's value is infinite or NaN", unit="share of pieces")
    gains_N = -gaps_N[used] if measured.is_lower_better else gaps_N[used]
    share = float(((gains_N > 0) + 0.5 * (gains_N == 0)).mean())
    groups = len(np.unique(aligned.groups_N[used]))
    return wilson(share * groups, groups, unit="share of pieces")


def _are_alike(measured: Measured) -> bool:
    """Whether both sides say the same of every piece."""
    first, second = measured.first_SN, measured.second_SN
    return first.shape == second.shape and bool((first == second).all())


def _runs_better(measured: Measured) -> float:
    """Share of pairs of runs, one of each side, in which the second's is better; ties half."""
    gaps_SS = measured.second_SN.sum(axis=1)[:, None] - measured.first_SN.sum(axis=1)
    gains_SS = -gaps_SS if measured.is_lower_better else gaps_SS
    return float(((gains_SS > 0) + 0.5 * (gains_SS == 0)).mean())
