"""What answers are worth: figures over folds and seeds, by performer, by class, and side by side.

A fold is one test part (under "unseen" one performer's recordings); a method answers it once for
each seed. All figures are means over folds, each fold weighing the same, of means over seeds. The
unit of resampling is a group of recordings that share frames, mostly one recording.

Legend: N items, U units, K classes, R resamples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chromasonic.errors import EvaluationError
from chromasonic.evaluation import classification
from chromasonic.evaluation.classification import Floats, Whole
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import (
    PairedTest,
    bootstrap_ratio,
    compare_paired,
    student,
    wilson,
)

ACCURACY, MACRO_F1, TOP_5 = "accuracy", "macro F1", "top-5"
SURPRISE, CALIBRATION = "negative log-likelihood", "calibration error"
BETTER = {
    ACCURACY: "higher",
    MACRO_F1: "higher",
    TOP_5: "higher",
    SURPRISE: "lower",
    CALIBRATION: "lower",
}
"""The figures of a method, and which way is better."""

RESAMPLES = 1_000
FEWEST_UNITS = 3
"""Of each class in each fold, for macro F1 to have an interval: resamples that lack the class would
pull it down."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What one classifier said of one test part.

    Attributes:
        classes: names of the K classes.
        ids: of the N recordings.
        truth: (N,) number of each recording's class.
        probabilities: (N, K).
        units: for each recording the key of its unit; None makes each its own.
        performers: for each recording who moved.

    Raises:
        EvaluationError: shapes do not fit, or a row is no distribution.
    """

    classes: tuple[str, ...]
    ids: tuple[str, ...]
    truth: Whole
    probabilities: Floats
    units: tuple[str, ...] | None = None
    performers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        truth, shares = classification.check_answers(self.truth, self.probabilities)
        lengths = {len(self.ids), len(truth), len(self.units or self.ids)}
        if len(lengths) > 1 or shares.shape[1] != len(self.classes):
            raise EvaluationError(
                f"Answers of {len(truth)} recordings for {shares.shape[1]} classes do not fit "
                f"{len(self.ids)} ids and {len(self.classes)} names of classes."
            )
        object.__setattr__(self, "truth", truth)
        object.__setattr__(self, "probabilities", shares)

    @property
    def is_right(self) -> Floats:
        """1 where the most probable class is the true one, (N,)."""
        return classification.is_among_first(self.truth, self.probabilities, 1).astype(float)

    def part(self, performer: str) -> Answers:
        """The answers about one performer's recordings."""
        kept = [n for n, name in enumerate(self.performers) if name == performer]
        return Answers(
            classes=self.classes,
            ids=tuple(self.ids[n] for n in kept),
            truth=self.truth[kept],
            probabilities=self.probabilities[kept],
            units=None if self.units is None else tuple(self.units[n] for n in kept),
            performers=tuple(self.performers[n] for n in kept),
        )


Folds = Mapping[str, Sequence[Answers]]
"""Name of a fold to the answers of each seed, all about the same recordings in one order."""


def check_folds(folds: Folds) -> None:
    """Refuse folds whose seeds do not answer the same.

    Raises:
        EvaluationError: there is no fold or no answer, or the recordings differ among the seeds.
    """
    if not folds or not all(folds.values()):
        raise EvaluationError("There are no answers to judge.")
    for name, seeds in folds.items():
        if len({(answers.ids, answers.classes) for answers in seeds}) > 1:
            raise EvaluationError(
                f"The seeds of the fold '{name}' answer different recordings or classes; only "
                "answers to the same test part can be averaged."
            )


def figures_of(folds: Folds, *, seed: int = 0) -> dict[str, Figure]:
    """The figures of a method, by name, with 95% intervals over units.

    Accuracy has Wilson's interval where the test part is one fold of single recordings, else the
    bootstrap's over units, as top-5 and likelihood have; macro F1 has the percentile bootstrap's,
    centred on its value, where each class has `FEWEST_UNITS`; the calibration error has none, since
    resampling makes it larger.

    Args:
        folds: the method's answers.
        seed: chooses the resamples.
    """
    check_folds(folds)
    right, weights, units = _by_item(folds, lambda answers: answers.is_right)
    is_single = len(folds) == 1 and len(set(units)) == len(units)
    accuracy = (
        wilson(float(right.sum()), len(right))
        if is_single
        else _over_units(right, weights, units, seed)
    )
    top5, _, _ = _by_item(
        folds,
        lambda a: classification.is_among_first(a.truth, a.probabilities, 5).astype(float),
    )
    nats, _, _ = _by_item(folds, lambda a: classification.surprise(a.truth, a.probabilities))
    return {
        ACCURACY: accuracy,
        MACRO_F1: _macro_f1(folds, seed),
        TOP_5: wilson(float(top5.sum()), len(top5))
        if is_single
        else _over_units(top5, weights, units, seed),
        SURPRISE: _over_units(nats, weights, units, seed),
        CALIBRATION: Figure(
            value=_mean(
                folds, lambda a: classification.calibration_error(a.truth, a.probabilities)
            ),
            n=len(set(units)),
            reason="resampling makes it larger, so it has no interval",
        ),
    }


def together(folds: Folds) -> dict[str, list[Answers]]:
    """The mean of all seeds' probabilities as one method: what running all networks would give."""
    check_folds(folds)
    return {
        name: [replace(seeds[0], probabilities=np.mean([a.probabilities for a in seeds], axis=0))]
        for name, seeds in folds.items()
    }


def accuracies_by_seed(folds: Folds) -> list[float]:
    """Mean accuracy over the folds for each seed's place, where all folds have as many seeds."""
    check_folds(folds)
    fewest = min(len(seeds) for seeds in folds.values())
    return [
        float(np.mean([seeds[place].is_right.mean() for seeds in folds.values()]))
        for place in range(fewest)
    ]


def over_performers(folds: Folds) -> Figure:
    """Mean accuracy over the folds with Student's interval over them: for a next performer."""
    check_folds(folds)
    return student([float(np.mean([a.is_right.mean() for a in seeds])) for seeds in folds.values()])


def accuracy_by_performer(folds: Folds, *, seed: int = 0) -> dict[str, Figure]:
    """Accuracy on each performer's recordings in the test parts."""
    check_folds(folds)
    names = sorted({name for seeds in folds.values() for name in seeds[0].performers if name})
    found = {}
    for name in names:
        own = {
            fold: [answers.part(name) for answers in seeds]
            for fold, seeds in folds.items()
            if name in seeds[0].performers
        }
        found[name] = figures_of_accuracy(own, seed=seed)
    return found


def figures_of_accuracy(folds: Folds, *, seed: int = 0) -> Figure:
    """Accuracy alone, as in `figures_of`."""
    right, weights, units = _by_item(folds, lambda answers: answers.is_right)
    if len(folds) == 1 and len(set(units)) == len(units):
        return wilson(float(right.sum()), len(right))
    return _over_units(right, weights, units, seed)


def confusion_of(folds: Folds) -> Floats:
    """Answers (columns) to each class (rows) over all folds, a mean over seeds: (K, K)."""
    check_folds(folds)
    return np.asarray(
        sum(
            np.mean([classification.confusion_counts(a.truth, a.probabilities) for a in seeds], 0)
            for seeds in folds.values()
        )
    )


def compare(first: Folds, second: Folds, *, names: tuple[str, str], seed: int = 0) -> PairedTest:
    """Two methods on the same recordings: the difference of their error rates, unit by unit.

    Args:
        first: answers of the one.
        second: answers of the other, in the same folds.
        names: how to call them.
        seed: chooses resamples and flips.

    Returns:
        The test of error rates: `difference` below 0 says that the first errs less, and `wins`
        counts the units on which it does.

    Raises:
        EvaluationError: they did not answer the same recordings.
    """
    for fold in {*first, *second}:
        if fold not in first or fold not in second or first[fold][0].ids != second[fold][0].ids:
            raise EvaluationError(
                f"{names[0]} and {names[1]} did not answer the same recordings in the fold "
                f"'{fold}'; a paired comparison needs the same test part."
            )
    ordered = {fold: second[fold] for fold in first}
    wrong, weights, units = _by_item(first, lambda answers: 1 - answers.is_right)
    other, _, _ = _by_item(ordered, lambda answers: 1 - answers.is_right)
    return compare_paired(
        _unit_sums(wrong * weights, units),
        _unit_sums(other * weights, units),
        _unit_sums(weights, units),
        names=names,
        seed=seed,
    )


def _by_item(
    folds: Folds, value_of: Callable[[Answers], Any]
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """For each recording its value (a mean over seeds), its weight, and its unit's key."""
    values, weights, units = [], [], []
    for fold, seeds in folds.items():
        values.append(np.mean([value_of(answers) for answers in seeds], axis=0))
        weights.append(np.full(len(values[-1]), 1 / (len(values[-1]) * len(folds))))
        units += [f"{fold}\n{key}" for key in seeds[0].units or seeds[0].ids]
    total = sum(map(len, values))
    return np.concatenate(values), np.concatenate(weights) * total, tuple(units)


def _unit_sums(values: Floats, units: Sequence[str]) -> Floats:
    """Sums over each unit, in order of first appearance."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(units))}
    return np.bincount([numbers[key] for key in units], weights=values).astype(float)


def _over_units(values: Floats, weights: Floats, units: Sequence[str], seed: int) -> Figure:
    return bootstrap_ratio(
        _unit_sums(values * weights, units), _unit_sums(weights, units), seed=seed
    )


def _mean(folds: Folds, value_of: Callable[[Answers], Any]) -> float:
    """Mean over folds of means over seeds."""
    return float(np.mean([np.mean([value_of(a) for a in seeds]) for seeds in folds.values()]))


def _macro_f1(folds: Folds, seed: int) -> Figure:
    """Macro F1 of each run, averaged, with the interval of units resampled within each fold."""
    rng = np.random.default_rng(seed)
    draws_R = np.zeros(RESAMPLES)
    count, fewest = 0, FEWEST_UNITS
    for seeds in folds.values():
        keys = seeds[0].units or seeds[0].ids
        fewest = min(fewest, _fewest_units(seeds[0].truth, keys))
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        count += len(numbers)
        picks_RU = rng.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), RESAMPLES)
        weights_RN = picks_RU[:, [numbers[key] for key in keys]]
        for answers in seeds:
            draws_R += classification.macro_f1_draws(
                answers.truth, answers.probabilities, weights_RN
            ) / (len(folds) * len(seeds))
    value = _mean(
        folds,
        lambda a: classification.macro_f1(
            classification.confusion_counts(a.truth, a.probabilities)
        ),
    )
    if fewest < FEWEST_UNITS:
        reason = f"a class with {fewest} units in a fold gives no interval"
        return Figure(value=value, n=count, reason=reason)
    # Resamples hold fewer different items of a class, which pulls their F1 down by about as much as
    # their mean lies below the value; so the interval is theirs, moved back to it.
    low, high = classification.percentile_ends(draws_R + (value - draws_R.mean()))
    return Figure(value=value, n=count, low=max(0.0, low), high=min(1.0, high))


def _fewest_units(truth_N: Whole, keys: Sequence[str]) -> int:
    """Units of the class that has the fewest, of those that occur."""
    pairs = {(int(number), key) for number, key in zip(truth_N, keys, strict=True)}
    return min(Counter(number for number, _ in pairs).values())


def sizes_of(folds: Folds) -> Counter[str]:
    """Recordings of each fold."""
    return Counter({name: len(seeds[0].ids) for name, seeds in folds.items()})
