"""Fit the weights of the harmonizer's rules to Bach's training chorales, and print them.

    python scripts/fit_rule_weights.py --every 2
    python scripts/fit_rule_weights.py --check --table FILE     # the weights that are in rules.py

Steps: his voicings at the beats are labelled with chords under the weights in `rules.py`; a
log-linear model of his choices is fitted (`harmonization/weights.py`); then each rule that the
exact solutions break more often than he does is made dearer, a quarter at a time. The result,
rounded to two digits, is written into `rules.py` by hand, and stays as it is from then on: all that
is trained, and every figure, depends on it. Validation and test chorales are not looked at.

The table has each rule's rate for each beat in Bach, in exact solutions under the new weights, and
in random admissible voicings; docs/harmony-rules.md has it. --table FILE writes it as Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.harmonization.bach import bachs_harmonization
from chromasonic.harmonization.exact import Harmonization, candidates, harmonize_exactly
from chromasonic.harmonization.rules import RULES
from chromasonic.harmonization.voicings import Voicings
from chromasonic.harmonization.weights import (
    choices_of,
    fit_weights,
    rates_of_rules,
    with_weights,
)

TOLERANCE = 0.002
"""A rate so much above Bach's, in breaches a beat, is not more often."""


def main() -> int:
    """Fit and print."""
    arguments = _arguments()
    chorales = harmonizer_chorales(analyses=False).training
    order = np.random.default_rng(arguments.seed).permutation(len(chorales))
    chosen = [chorales[index] for index in order[: arguments.chorales]]
    bach = [bachs_harmonization(chorale) for chorale in chosen]
    print(f"{len(bach)} of {len(chorales)} training chorales labelled.", flush=True)
    sample = bach[: arguments.sample]
    if arguments.check:
        weights = {name: rule.weight for name, rule in RULES.items()}
        exact = [harmonize_exactly(one.melody) for one in sample]
    else:
        weights = fitted_to(bach, arguments.every)
        weights, exact = raised(weights, bach, sample, arguments.rounds)
    rates = {
        "bach": rates_of_rules(bach),
        "exact": rates_of_rules(exact),
        "random": rates_of_rules([_random(one, arguments.seed) for one in sample]),
    }
    lines = table(weights, rates)
    print("\n".join(lines))
    if arguments.table is not None:
        arguments.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def fitted_to(bach: Sequence[Harmonization], every: int) -> dict[str, float]:
    """Weights that make Bach's choices likeliest."""
    choices = choices_of(bach, every=every)
    fitted = fit_weights(choices)
    print(
        f"{fitted.choices} choices at {choices.beats} beats: {fitted.nats:.3f} nats each, "
        f"{fitted.uniform_nats:.3f} where all are alike.",
        flush=True,
    )
    return fitted.weights


def raised(
    weights: dict[str, float],
    bach: Sequence[Harmonization],
    sample: Sequence[Harmonization],
    rounds: int,
) -> tuple[dict[str, float], list[Harmonization]]:
    """Weights under which exact solutions break no rule more often than Bach; the solutions."""
    allowed = rates_of_rules(bach)
    weights = {name: round(weight, 2) for name, weight in weights.items()}
    for remaining in range(rounds, -1, -1):
        exact = [harmonize_exactly(one.melody, with_weights(weights)) for one in sample]
        rates = rates_of_rules(exact)
        over = [name for name in weights if rates[name] > allowed[name] + TOLERANCE]
        print(f"broken more often than by Bach: {', '.join(over) or 'none'}", flush=True)
        if not over or not remaining:
            return weights, exact
        weights |= {name: round(max(weights[name] * 1.25, 0.1), 2) for name in over}
    raise AssertionError("the last round returns")


def table(weights: dict[str, float], rates: dict[str, dict[str, float]]) -> list[str]:
    """Rows in Markdown: what a rule asks, its weight and source, breaches in a hundred beats."""
    lines = [
        "| rule | what is wrong | weight | Bach | exact | random | source |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for name, rule in RULES.items():
        shown = " | ".join(f"{100 * rates[who][name]:.2f}" for who in rates)
        lines.append(f"| `{name}` | {rule.text} | {weights[name]:.2f} | {shown} | {rule.source} |")
    return lines


def _random(one: Harmonization, seed: int) -> Harmonization:
    """A uniformly random admissible voicing at each beat."""
    generator = np.random.default_rng(seed)
    sets = candidates(one.melody)
    rows = [set_[[int(generator.integers(len(set_)))]] for set_ in sets]
    return Harmonization(
        melody=one.melody, voicings=Voicings.joined(rows), reward=float("nan"), agent="random"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="no fit: rates under rules.py")
    parser.add_argument("--chorales", type=int, default=1000, help="at most so many")
    parser.add_argument("--every", type=int, default=1, help="each how-many-th beat is a choice")
    parser.add_argument("--sample", type=int, default=40, help="how many are solved exactly")
    parser.add_argument("--rounds", type=int, default=8, help="at most so many raises")
    parser.add_argument("--seed", type=int, default=0, help="which chorales, and chance")
    parser.add_argument("--table", type=Path, help="file to write the table to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
