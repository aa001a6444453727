"""Is the best trial better than the recipe as it was, beyond the noise of seeds?

A search keeps the luckiest of many trials, so that its own figures flatter. Both are trained anew
from other seeds, alike, and set side by side on the validation part. The test part stays shut.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from typing import Any

from chromasonic.errors import TrainingError, UsageError
from chromasonic.tasks.search_spaces import way_to
from chromasonic.tuning.space import flat, laid_over
from chromasonic.tuning.study import Study
from chromasonic.tuning.trial import TrialResult, TrialSpec, run_trial

LEVEL = 0.95
SIDES = ("best", "recipe")


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """The best settings and the recipe as it was, each over several seeds.

    Attributes:
        trial: number of the best trial.
        seeds: of the trainings; none is the search's own.
        best: loss for each seed with the best trial's settings.
        recipe: the same with the recipe as it was.
        validation: side ("best", "recipe") to metric to its value for each seed.
        difference: mean of `best` less mean of `recipe`; below 0 is better.
        low: lower end of its 95% interval.
        high: upper end.
    """

    trial: int
    seeds: tuple[int, ...]
    best: tuple[float, ...]
    recipe: tuple[float, ...]
    validation: dict[str, dict[str, tuple[float, ...]]]
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """better, worse or not told apart."""
        if self.high < 0:
            return "better"
        return "worse" if self.low > 0 else "not told apart"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "verdict": self.verdict}


def confirm(
    study: Study,
    count: int,
    *,
    workers: int = 1,
    threads: int = 0,
    on_done: Callable[[str, int, TrialResult], None] = lambda *_: None,
) -> Confirmation | None:
    """Train the best settings and the recipe as it was from some seeds each, and compare them.

    What was trained before in OUT/confirm is taken as it is, or gone on with.

    Args:
        study: with a complete trial.
        count: seeds, 2 or more.
        workers: trainings side by side.
        threads: of each.
        on_done: told (side, seed, result) of each training.

    Returns:
        None where the recipe as it was is the best.

    Raises:
        UsageError: fewer than two seeds, no complete trial, or a model without chance in it.
        TrainingError: one of the trainings could not be done.
    """
    if count < 2:
        raise UsageError(f"--confirm is {count}; allowed: 2 or more seeds (3 or 5 are usual).")
    best = study.best
    if best is None:
        raise UsageError("No trial came to its end, so there is nothing to confirm yet.")
    if best.number == 0:
        return None
    plan = study.plan
    own = seed_in(plan.settings)
    if own is None:
        raise UsageError(
            f"Training {plan.kind} is without chance: its trials are what they are, and --confirm "
            "has no seeds to try."
        )
    name, first = own
    seeds = tuple(first + 1 + index for index in range(count))
    recipes = {"best": plan.recipe_with(best.values), "recipe": dict(plan.recipe)}
    way = ".".join((*way_to(plan.task, plan.kind), name))
    asked = [(side, seed) for seed in seeds for side in SIDES]
    folders = {"best": f"trial{best.number:03d}", "recipe": "recipe"}
    specs = [
        TrialSpec(
            number=best.number if side == "best" else 0,
            task=plan.task,
            kind=plan.kind,
            recipe=laid_over(recipes[side], {way: seed}),
            values=best.values if side == "best" else plan.values(plan.first()),
            output=str(study.output / "confirm" / f"{folders[side]}-seed{seed}"),
            data=study.fingerprints(),
            threads=threads,
        )
        for side, seed in asked
    ]
    results: dict[tuple[str, int], TrialResult] = {}
    for key, result in zip(asked, _run(specs, workers), strict=True):
        if result.end != "complete":
            raise TrainingError(
                f"The training of '{key[0]}' from seed {key[1]} could not be done: {result.reason}"
            )
        results[key] = result
        on_done(*key, result)
    return compared(best.number, seeds, results)


def _run(specs: Sequence[TrialSpec], workers: int) -> Any:
    """The results in the order of what was asked, each as soon as it is there."""
    if workers == 1:
        yield from map(run_trial, specs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_trial, specs)


def compared(
    trial: int, seeds: tuple[int, ...], results: dict[tuple[str, int], TrialResult]
) -> Confirmation:
    """Losses side by side, with Welch's interval of their difference.

    Source: B. L. Welch, "The generalization of 'Student's' problem when several different
    population variances are involved" (1947).
    """
    losses = {side: tuple(results[side, seed].loss for seed in seeds) for side in SIDES}
    metrics = sorted({name for result in results.values() for name in result.validation})
    difference, low, high = welch(losses["best"], losses["recipe"])
    return Confirmation(
        trial=trial,
        seeds=seeds,
        best=losses["best"],
        recipe=losses["recipe"],
        validation={
            side: {
                name: tuple(float(results[side, seed].validation.get(name, math.nan))
                            for seed in seeds)
                for name in metrics
            }
            for side in SIDES
        },
        difference=difference,
        low=low,
        high=high,
    )  # fmt: skip


def welch(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float]:
    """Difference of two means with the ends of its 95% interval; variances may differ."""
    import numpy as np
    from scipy.stats import t

    a, b = np.asarray(first, float), np.asarray(second, float)
    difference = float(a.mean() - b.mean())
    of_a, of_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if of_a + of_b == 0:
        return difference, difference, difference
    freedom = (of_a + of_b) ** 2 / (of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1))
    reach = float(t.ppf((1 + LEVEL) / 2, freedom) * math.sqrt(of_a + of_b))
    return difference, difference - reach, difference + reach


def seed_in(settings: dict[str, Any]) -> tuple[str, int] | None:
    """The way to the seed of a training, and its value; None where chance has no part."""
    found = flat(settings)
    for name in ("training.seed", "seed"):
        if name in found:
            return name, int(found[name])
    return None
