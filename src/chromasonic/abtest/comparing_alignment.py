"""The runs of two sides laid side by side: the same pieces, in one order, seed by seed.

Legend: S runs (seeds) of a side, N pieces, G groups of pieces that depend on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation.judged import Judged


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """One metric of both sides on the same pieces.

    Attributes:
        name: of the metric.
        unit: what a 1 is.
        is_lower_better: which way is better.
        first_SN: sums of the first side's runs.
        second_SN: sums of the second's.
        counts_N: what both are divided by.
    """

    name: str
    unit: str
    is_lower_better: bool
    first_SN: np.ndarray
    second_SN: np.ndarray
    counts_N: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned:
    """What two sides share.

    Attributes:
        pieces: ids, N of them.
        groups_N: number of each piece's group, from 0.
        metrics: that both have, in the first's order.
        runs: how many runs each side has.
        remarks: what was left out.
    """

    pieces: tuple[str, ...]
    groups_N: np.ndarray
    metrics: tuple[Measured, ...]
    runs: tuple[int, int]
    remarks: tuple[str, ...]

    @property
    def groups(self) -> int:
        """How many pieces are independent of each other."""
        return int(self.groups_N.max()) + 1


Scores = dict[str, dict[str, tuple[float, float]]]
"""Metric to piece to (sum, count), of one run."""


def align(
    first: Sequence[Judged], second: Sequence[Judged], metrics: Sequence[str] | None = None
) -> Aligned:
    """Lay two sides beside each other.

    A side is one model, or several runs of one recipe: seeds judged on the same pieces, and folds
    judged on pieces of their own, which together make one run.

    Args:
        first: of the one side.
        second: of the other.
        metrics: which; None takes all that both have.

    Raises:
        EvaluationError: a side is empty or mixes recipes; the sides are of other tasks, corpora or
            parts; they share no piece or no metric; or they count a piece differently.
        UsageError: a metric that was asked for is not in both.
    """
    for side in (first, second):
        _check_side(side)
    _check_sides(first[0], second[0])
    wanted = _wanted(first[0], second[0], metrics)
    sides = [_runs_of(side) for side in (first, second)]
    pieces, remarks = _shared(sides, first[0].unit)
    groups: dict[str, str] = {}
    for judged in (*first, *second):
        groups |= judged.group_of
    keys = [groups.get(piece, f"piece {piece}") for piece in pieces]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return Aligned(
        pieces=pieces,
        groups_N=np.array([numbers[key] for key in keys]),
        metrics=tuple(_measured(name, sides, pieces, first[0], second[0]) for name in wanted),
        runs=(len(sides[0]), len(sides[1])),
        remarks=remarks,
    )


def _check_side(side: Sequence[Judged]) -> None:
    if not side:
        raise EvaluationError("A side has no model; give at least one on each.")
    head = side[0]
    for one in side[1:]:
        for what, ours, theirs in (
            ("task", head.task, one.task),
            ("kind", head.kind, one.kind),
            ("corpus", head.corpus, one.corpus),
            ("part", head.part, one.part),
        ):
            if ours != theirs:
                raise EvaluationError(
                    f"{head.model} and {one.model} stand on one side, but their {what} differs "
                    f"({ours}, {theirs}). A side is one model, or seeds and folds of one recipe."
                )
        if head.recipe and one.recipe and head.recipe != one.recipe:
            raise EvaluationError(
                f"{head.model} and {one.model} stand on one side, but their recipes differ in more "
                "than the seed. A side is one model, or seeds and folds of one recipe; put 'vs' "
                "between the recipes."
            )


def _check_sides(first: Judged, second: Judged) -> None:
    for what, ours, theirs, advice in (
        ("tasks", first.task, second.task, "Compare models of one task."),
        ("corpora", first.corpus, second.corpus, "Judge both on one (--on CORPUS:PART)."),
        ("parts", first.part, second.part, "Judge both on one (--on CORPUS:PART)."),
    ):
        if ours != theirs:
            raise EvaluationError(
                f"{first.model} and {second.model} cannot be compared: their {what} are "
                f"'{ours}' and '{theirs}'. {advice}"
            )


def _wanted(first: Judged, second: Judged, metrics: Sequence[str] | None) -> list[str]:
    """The metrics that are compared, in order."""
    shared = [name for name in first.scores if name in second.scores]
    if not shared:
        raise EvaluationError(
            f"{first.model} and {second.model} have no metric in common: "
            f"{', '.join(first.scores) or 'none'} against {', '.join(second.scores) or 'none'}."
        )
    missing = [name for name in metrics or () if name not in shared]
    if missing:
        raise UsageError(
            f"--metric is '{missing[0]}', which is no metric of both {first.model} and "
            f"{second.model}; they share: {', '.join(shared)}."
        )
    return list(dict.fromkeys(metrics or shared))


def _runs_of(side: Sequence[Judged]) -> list[Scores]:
    """Each run's scores; folds of one seed are put together."""
    runs: list[tuple[int | None, set[str], Scores]] = []
    for judged in side:
        own = set(judged.pieces)
        for seed, pieces, scores in runs:
            if seed == judged.seed and not pieces & own:
                pieces |= own
                for name, values in _scores_of(judged).items():
                    scores.setdefault(name, {}).update(values)
                break
        else:
            runs.append((judged.seed, own, _scores_of(judged)))
    return [scores for _, _, scores in runs]


def _scores_of(judged: Judged) -> Scores:
    if len(set(judged.pieces)) < len(judged.pieces):
        raise EvaluationError(f"{judged.model} was judged on the same {judged.unit} twice.")
    return {
        name: {
            piece: (float(total), float(count))
            for piece, total, count in zip(
                judged.pieces, scores.sums_N, scores.counts_N, strict=True
            )
        }
        for name, scores in judged.scores.items()
    }


def _shared(
    sides: Sequence[Sequence[Scores]], unit: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pieces that every run was judged on, and a word where some were not."""
    runs = [list(next(iter(scores.values()), {})) for side in sides for scores in side]
    shared = set(runs[0]).intersection(*map(set, runs[1:]))
    every = set().union(*map(set, runs))
    if not shared:
        raise EvaluationError(
            f"No {unit} was judged with all {len(runs)} models: their parts have nothing in "
            "common. Judge them on one corpus with one split (--on CORPUS:PART)."
        )
    left = len(every) - len(shared)
    remarks = (
        (f"{left} of {len(every)} {unit}s are not in every model's part and are left out.",)
        if left
        else ()
    )
    return tuple(piece for piece in runs[0] if piece in shared), remarks


def _measured(
    name: str,
    sides: Sequence[Sequence[Scores]],
    pieces: Sequence[str],
    first: Judged,
    second: Judged,
) -> Measured:
    sums = [
        np.array([[scores[name][piece][0] for piece in pieces] for scores in side])
        for side in sides
    ]
    counts = [
        np.array([scores[name][piece][1] for piece in pieces]) for side in sides for scores in side
    ]
    if any(not np.allclose(other, counts[0]) for other in counts[1:]):
        raise EvaluationError(
            f"{first.model} and {second.model} count {name} differently in the same {first.unit}: "
            "they read music with different vocabularies, and their figures are not of one thing."
        )
    about: Mapping[str, object] = {
        "unit": (first.scores[name].unit, second.scores[name].unit),
        "better way": (first.scores[name].is_lower_better, second.scores[name].is_lower_better),
    }
    for what, pair in about.items():
        if pair[0] != pair[1]:  # type: ignore[index]
            raise EvaluationError(f"The {what} of {name} differs: {pair}; it must be one.")
    return Measured(
        name=name,
        unit=first.scores[name].unit,
        is_lower_better=first.scores[name].is_lower_better,
        first_SN=sums[0],
        second_SN=sums[1],
        counts_N=counts[0],
    )
