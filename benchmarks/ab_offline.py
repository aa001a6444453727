"""Whether offline comparisons keep their word: false alarms, coverage of intervals, power.

Scores are drawn whose truth is known and compared by the code of `chromasonic ab compare`. Counted
is how often "better" or "worse" is said where there is no difference (5% at most is promised), how
often the 95% interval holds the truth, and how often a difference is seen with the number of pieces
that the formula asks for. Run from the repository's root:

    python benchmarks/ab_offline.py [--repeats 400] [--seed 0]

Writes `benchmarks/results/ab_offline.json` and prints it as tables.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.abtest.comparing_alignment import Measured
from chromasonic.abtest.comparing_differences import Difference, difference_of
from chromasonic.abtest.power import LEVEL, POWER, Spread, pieces_needed, power_of
from chromasonic.abtest.verdicts import Verdict, verdict_of
from chromasonic.evaluation.statistics import bootstrap_ratio, holm
from chromasonic.files import write_json

OUTPUT = Path(__file__).parent / "results" / "ab_offline.json"
RESAMPLES = 1_000
CALLED = (Verdict.BETTER, Verdict.WORSE)
Rng = np.random.Generator


def measured(first: np.ndarray, second: np.ndarray, counts: np.ndarray) -> Measured:
    """Scores (S, N) of two sides as what the comparison takes."""
    return Measured(
        name="score",
        unit="units",
        is_lower_better=False,
        first_SN=np.atleast_2d(first),
        second_SN=np.atleast_2d(second),
        counts_N=counts,
    )


def notes(rng: Rng, pieces: int) -> np.ndarray:
    """Notes of tunes: from a few dozen to some hundred, as Nottingham's are."""
    return np.round(rng.lognormal(4.2, 0.5, pieces)) + 8


def compared(
    first: np.ndarray, second: np.ndarray, counts: np.ndarray, groups: np.ndarray | None = None
) -> Difference:
    """Second minus first, as `ab compare` has it, with fewer resamples."""
    each = np.arange(len(counts)) if groups is None else groups
    return difference_of(measured(first, second, counts), each, resamples=RESAMPLES)


def verdict(difference: Difference, p_adjusted: float, tests: int = 1) -> Verdict:
    """As the comparison says it."""
    figure = difference.figure
    return verdict_of(
        gain=figure.value,
        low=figure.low,
        high=figure.high,
        p_value=p_adjusted,
        pieces=figure.n,
        spread=difference.spread,
        tests=tests,
    )


# Two models without a difference: scores of each piece, the same in expectation.
def alike_normal(rng: Rng, pieces: int) -> tuple[np.ndarray, ...]:
    """Gaps from a normal distribution, tunes of different lengths."""
    counts = notes(rng, pieces)
    level = rng.normal(2.5, 0.4, pieces) * counts
    return level, level + rng.normal(0, 0.1, pieces) * counts, counts


def alike_skewed(rng: Rng, pieces: int) -> tuple[np.ndarray, ...]:
    """Both models' errors are log-normal, so that ratios are skewed; which is whose is chance."""
    counts = notes(rng, pieces)
    first, second = (rng.lognormal(0, 1, pieces) * counts for _ in range(2))
    return first, second, counts


def alike_heavy(rng: Rng, pieces: int) -> tuple[np.ndarray, ...]:
    """Gaps with heavy tails (Student's t of 3 degrees)."""
    counts = notes(rng, pieces)
    return np.zeros(pieces), rng.standard_t(3, pieces) * counts, counts


def alike_on_average(rng: Rng, pieces: int) -> tuple[np.ndarray, ...]:
    """The hard case: a little worse on most tunes, much better on a few, the same on average."""
    counts = notes(rng, pieces)
    return np.zeros(pieces), (2 - rng.gamma(2, 1, pieces)) * counts, counts


def alike_right_or_wrong(rng: Rng, pieces: int) -> tuple[np.ndarray, ...]:
    """Answers that are right or wrong: mostly the same ones."""
    first = rng.random(pieces) < 0.8
    second = np.where(rng.random(pieces) < 0.7, first, rng.random(pieces) < 0.8)
    return first.astype(float), second.astype(float), np.ones(pieces)


ALIKE: dict[str, Callable[[Rng, int], tuple[np.ndarray, ...]]] = {
    "normal gaps": alike_normal,
    "skewed ratios": alike_skewed,
    "heavy tails": alike_heavy,
    "alike on average only": alike_on_average,
    "right or wrong": alike_right_or_wrong,
}


def two_models(rng: Rng, repeats: int) -> list[dict[str, Any]]:
    """False alarms and coverage where there is no difference, by kind of scores and pieces."""
    rows = []
    for name, draw in ALIKE.items():
        for pieces in (6, 10, 20, 50, 108):
            called = holds = bca_holds = 0
            for _ in range(repeats):
                first, second, counts = draw(rng, pieces)
                one = compared(first, second, counts)
                called += verdict(one, one.p_value) in CALLED
                holds += one.figure.low <= 0 <= one.figure.high
                usual = bootstrap_ratio(second - first, counts, resamples=1000)
                bca_holds += usual.low <= 0 <= usual.high
            rows.append(
                {
                    "scores": name,
                    "pieces": pieces,
                    "false_alarms": called / repeats,
                    "coverage": holds / repeats,
                    "coverage_of_bca": bca_holds / repeats,
                }
            )
    return rows


def very_skewed(rng: Rng, repeats: int) -> list[dict[str, Any]]:
    """Where the promise does not hold: gaps whose mean hangs on a few pieces (log-normal, sigma 1).

    The mean is 0, but few pieces hardly ever show the large ones that make it so.
    """
    rows = []
    for pieces in (10, 20, 50, 108):
        called = holds = usual = 0
        for _ in range(repeats):
            counts = notes(rng, pieces)
            gaps = (rng.lognormal(0, 1, pieces) - math.exp(0.5)) * counts
            one = compared(np.zeros(pieces), gaps, counts)
            called += verdict(one, one.p_value) in CALLED
            holds += one.figure.low <= 0 <= one.figure.high
            usual += one.p_value < LEVEL
        rows.append(
            {
                "pieces": pieces,
                "false_alarms": called / repeats,
                "coverage": holds / repeats,
                "permutation_test_alone": usual / repeats,
            }
        )
    return rows


def several_metrics(rng: Rng, repeats: int) -> list[dict[str, Any]]:
    """Any false alarm in a family of three metrics, with Holm's correction and without."""
    rows = []
    for pieces in (20, 108):
        for shared in (0.0, 0.7):
            called = naive = 0
            for _ in range(repeats):
                counts = notes(rng, pieces)
                common = rng.normal(0, 1, pieces)
                found = []
                for _ in range(3):
                    own = rng.normal(0, 1, pieces)
                    gaps = (math.sqrt(shared) * common + math.sqrt(1 - shared) * own) * counts
                    found.append(compared(np.zeros(pieces), gaps, counts))
                p_values = [one.p_value for one in found]
                called += any(
                    verdict(one, p, tests=3) in CALLED
                    for one, p in zip(found, holm(p_values), strict=True)
                )
                naive += any(verdict(one, one.p_value) in CALLED for one in found)
            rows.append(
                {
                    "pieces": pieces,
                    "correlation": shared,
                    "family_false_alarms": called / repeats,
                    "without_correction": naive / repeats,
                }
            )
    return rows


def grouped(rng: Rng, repeats: int) -> list[dict[str, Any]]:
    """Pieces of one work depend on each other: counted as groups, and as if they did not."""
    rows = []
    for works in (8, 12, 30):
        called = naive = holds = 0
        for _ in range(repeats):
            sizes = 2 + rng.poisson(3, works)
            groups = np.repeat(np.arange(works), sizes)
            pieces = len(groups)
            gaps = rng.normal(0, 0.7, works)[groups] + rng.normal(0, 0.7, pieces)
            one = compared(np.zeros(pieces), gaps, np.ones(pieces), groups)
            alone = compared(np.zeros(pieces), gaps, np.ones(pieces))
            called += verdict(one, one.p_value) in CALLED
            naive += verdict(alone, alone.p_value) in CALLED
            holds += one.figure.low <= 0 <= one.figure.high
        rows.append(
            {
                "works": works,
                "false_alarms": called / repeats,
                "coverage": holds / repeats,
                "false_alarms_if_ignored": naive / repeats,
            }
        )
    return rows


def runs_of(
    rng: Rng, runs: int, tunes: np.ndarray, *, seeds: float, mixed: float, counts: np.ndarray
) -> np.ndarray:
    """Scores (S, N) of runs of one recipe: the tune's own, the seed's, and of both together."""
    seed = rng.normal(0, seeds, (runs, 1))
    return (tunes + seed + rng.normal(0, mixed, (runs, len(tunes)))) * counts


def hierarchical(
    rng: Rng, first: np.ndarray, second: np.ndarray, counts: np.ndarray
) -> tuple[float, float]:
    """Percentile bootstrap over runs and pieces, as is often done: for comparison."""
    resamples, pieces_RN = 500, rng.integers(0, len(counts), (500, len(counts)))
    means = []
    for side in (first, second):
        weights_RS = rng.multinomial(len(side), np.full(len(side), 1 / len(side)), resamples)
        drawn_RN = weights_RS @ side / len(side)
        means.append(np.take_along_axis(drawn_RN, pieces_RN, axis=1).sum(axis=1))
    low, high = np.quantile((means[1] - means[0]) / counts[pieces_RN].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def two_recipes(rng: Rng, repeats: int) -> list[dict[str, Any]]:
    """Recipes that are the same on average, whose runs differ by chance."""
    rows = []
    for runs in ((2, 2), (3, 3), (5, 5), (10, 10), (3, 1)):
        for pieces, seeds in ((30, 0.05), (108, 0.05), (108, 0.01)):
            called = holds = naive = usual = 0
            for _ in range(repeats):
                counts = notes(rng, pieces)
                base = rng.normal(0, 0.4, pieces)
                first, second = (
                    runs_of(
                        rng,
                        count,
                        base + rng.normal(0, 0.05, pieces),
                        seeds=seeds,
                        mixed=0.1,
                        counts=counts,
                    )
                    for count in runs
                )
                one = compared(first, second, counts)
                called += verdict(one, one.p_value) in CALLED
                holds += one.figure.low <= 0 <= one.figure.high
                alone = compared(first.mean(axis=0), second.mean(axis=0), counts)
                naive += verdict(alone, alone.p_value) in CALLED
                low, high = hierarchical(rng, first, second, counts)
                usual += low <= 0 <= high
            rows.append(
                {
                    "runs": list(runs),
                    "pieces": pieces,
                    "deviation_of_seeds": seeds,
                    "false_alarms": called / repeats,
                    "coverage": holds / repeats,
                    "false_alarms_if_runs_are_ignored": naive / repeats,
                    "coverage_of_a_hierarchical_bootstrap": usual / repeats,
                }
            )
    return rows


def needed(rng: Rng, repeats: int) -> list[dict[str, Any]]:
    """How often a difference is seen with as many pieces as are said to be needed."""
    rows = []
    for effect in (0.2, 0.3, 0.5, 0.8):
        pieces = pieces_needed(effect, Spread(deviation=1.0))
        assert pieces is not None
        seen = 0
        for _ in range(repeats):
            gaps = rng.normal(effect, 1, pieces)
            one = compared(np.zeros(pieces), gaps, np.ones(pieces))
            seen += verdict(one, one.p_value) is Verdict.BETTER
        rows.append({"effect": effect, "pieces_needed": pieces, "promised": POWER,
                     "seen": seen / repeats})  # fmt: skip
    return rows


def needed_of_recipes(rng: Rng, repeats: int) -> list[dict[str, Any]]:
    """The same between recipes: power by the true spread beside what is seen."""
    rows = []
    pieces, seeds, mixed, apart = 108, 0.05, 0.1, 0.05
    for runs, difference in ((3, 0.15), (5, 0.1), (10, 0.07)):
        spread = Spread(
            deviation=math.sqrt(2) * apart,
            seed_variance=2 * (seeds**2 + mixed**2 / pieces) / runs,
            runs=runs,
            seed_freedom=2 * (runs - 1),
        )
        seen = 0
        for _ in range(repeats):
            counts, base = np.ones(pieces), rng.normal(0, 0.4, pieces)
            first, second = (
                runs_of(rng, runs, base + rng.normal(mean, apart, pieces), seeds=seeds,
                        mixed=mixed, counts=counts)
                for mean in (0, difference)
            )  # fmt: skip
            one = compared(first, second, counts)
            seen += verdict(one, one.p_value) is Verdict.BETTER
        rows.append(
            {
                "runs": runs,
                "difference": difference,
                "predicted": power_of(difference, spread, pieces),
                "seen": seen / repeats,
            }
        )
    return rows


PARTS = {
    "two_models": two_models,
    "very_skewed": very_skewed,
    "several_metrics": several_metrics,
    "grouped": grouped,
    "two_recipes": two_recipes,
    "needed": needed,
    "needed_of_recipes": needed_of_recipes,
}


def main() -> None:
    """Count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    results: dict[str, Any] = {
        "repeats": options.repeats,
        "seed": options.seed,
        "level": LEVEL,
        "simulation_error": 1.96 * math.sqrt(LEVEL * (1 - LEVEL) / options.repeats),
    }
    for name, part in PARTS.items():
        if options.only not in (None, name):
            continue
        start = time.perf_counter()
        results[name] = part(np.random.default_rng(options.seed), options.repeats)
        print(f"\n{name} ({time.perf_counter() - start:.0f} s)", flush=True)
        columns = list(results[name][0])
        print("  ".join(columns))
        for row in results[name]:
            cells = [f"{row[c]:.3f}" if isinstance(row[c], float) else str(row[c]) for c in columns]
            print("  ".join(cell.ljust(len(c)) for cell, c in zip(cells, columns, strict=True)))
    write_json(options.output, results)


if __name__ == "__main__":
    main()
