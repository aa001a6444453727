"""Where the weights of the rules come from: what Bach chose, among all that he could have.

At each beat the choice is his voicing among all admissible ones, between the voicings that he has
before and after it. A conditional log-linear model, P(voicing) proportional to exp(-sum(weight x
count)), is fitted to these choices by maximum likelihood: that is convex, and weights are nats.
What is forbidden, or cannot be learnt because no admissible voicing does it, has a floor.

Source: J. Lafferty, A. McCallum and F. Pereira, "Conditional random fields", ICML 2001, with the
pseudo-likelihood of J. Besag, "Statistical analysis of non-lattice data", The Statistician 24
(1975).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.harmonization.exact import Harmonization, candidates
from chromasonic.harmonization.reward import Reward, counts_of_motion, counts_of_voicings
from chromasonic.harmonization.rules import RULES, Rule
from chromasonic.harmonization.voicings import Voicings

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FLOORS: dict[str, float] = {
    # Forbidden by the textbooks, whatever Bach does now and then.
    "parallel_fifths": 4.0, "parallel_octaves": 4.0, "spacing": 3.0, "crossing": 3.0,
    "missing_third": 3.0, "doubled_leading_tone": 3.0, "doubled_seventh": 3.0, "final": 3.0,
    "leading_tone": 1.5, "augmented_interval": 1.0, "abrupt_key": 1.0,
    # No admissible voicing has these; they cost where other music is judged. A foreign tone must
    # cost more than a seventh, or Bach's sevenths are read as suspensions: at 1, 2, 3 and 4 the
    # labels of training chorales have the root of the analyses ("When in Rome") at 86, 89, 93 and
    # 92% of the beats.
    "foreign_tone": 3.0, "missing_seventh": 1.0,
    # Matters of style, never free.
    "range": 0.5, "low_gap": 0.5, "overlap": 0.5, "melody_clash": 0.5, "hidden_fifths": 0.5,
    "hidden_octaves": 0.5, "contrary_perfect": 0.5, "late_tonic": 0.5, "inner_leading_tone": 0.5,
    "same_direction": 0.3, "static": 0.3, "static_barline": 0.3, "similar_outer": 0.1,
}  # fmt: skip
"""Least weight of a rule; 0 for those not named."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Choices:
    """E choices out of N alternatives in all.

    Attributes:
        counts: (N, R) how often each alternative breaks each rule, with what is before and after.
        first: (E,) row of each choice's first alternative; its last is before the next one's first.
        chosen: (E,) row of what was chosen.
        beats: how many beats were looked at; those whose voicing is not admissible are no choices.
    """

    counts: Floats
    first: Integers
    chosen: Integers
    beats: int


def choices_of(
    harmonizations: Sequence[Harmonization],
    rules: Mapping[str, Rule] | None = None,
    every: int = 1,
) -> Choices:
    """What was chosen at each beat, and what could have been.

    Args:
        harmonizations: at least one with an admissible voicing.
        rules: R of them; all by default.
        every: each how-many-th beat is taken.

    Raises:
        UsageError: no voicing of them is admissible.
    """
    rules = RULES if rules is None else rules
    counts: list[Floats] = []
    first, chosen, rows, beats = list[int](), list[int](), 0, 0
    for one in harmonizations:
        sets = candidates(one.melody)
        for index in range(0, len(sets), every):
            beats += 1
            place = _place_of(one.voicings[[index]], sets[index])
            if place is None:
                continue
            counts.append(_counts_at(one, index, sets[index], rules))
            first.append(rows)
            chosen.append(rows + place)
            rows += len(sets[index])
    if not counts:
        raise UsageError(
            "None of the voicings is admissible, so there is nothing to fit weights to. "
            "Give harmonizations in four parts with chords of the vocabulary."
        )
    return Choices(
        counts=np.concatenate(counts),
        first=np.array(first),
        chosen=np.array(chosen),
        beats=beats,
    )


def _place_of(voicing: Voicings, voicings: Voicings) -> int | None:
    """Which of the voicings one is."""
    is_it = (voicings.pitches == voicing.pitches).all(1)
    found = np.flatnonzero(is_it & (voicings.chord == voicing.chord))
    return int(found[0]) if len(found) else None


def _counts_at(
    one: Harmonization, index: int, voicings: Voicings, rules: Mapping[str, Rule]
) -> Floats:
    """(N, R) counts of all voicings at a beat, between the harmonization's neighbours."""
    beats, count = one.melody.beats, len(voicings)
    total = counts_of_voicings(voicings, beats[index], rules)
    if index:
        before = one.voicings[[index - 1] * count]
        total += counts_of_motion(before, voicings, beats[index - 1], beats[index], rules)
    if index + 1 < len(beats):
        after = one.voicings[[index + 1] * count]
        total += counts_of_motion(voicings, after, beats[index], beats[index + 1], rules)
    return total.astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class FittedWeights:
    """Weights and how well they explain the choices.

    Attributes:
        weights: by the rule's name.
        nats: mean surprise of a choice under them (with what is added for large weights).
        uniform_nats: the same where all alternatives are equally likely.
        choices: how many.
    """

    weights: dict[str, float]
    nats: float
    uniform_nats: float
    choices: int


def fit_weights(
    choices: Choices,
    rules: Mapping[str, Rule] | None = None,
    floors: Mapping[str, float] = FLOORS,
    ridge: float = 1e-3,
) -> FittedWeights:
    """The weights under which the choices are likeliest, none below its floor.

    Args:
        choices: with counts of R rules.
        rules: the same R rules; all by default.
        floors: least weights; 0 where a rule is not named.
        ridge: half of it times the squared weights is added to the mean surprise.
    """
    from scipy.optimize import minimize

    names = list(RULES if rules is None else rules)
    sizes = np.diff(np.append(choices.first, len(choices.counts)))

    def surprise(weights: Doubles) -> tuple[float, Doubles]:
        scores = -(choices.counts @ weights.astype(np.float32)).astype(np.float64)
        scores -= np.repeat(np.maximum.reduceat(scores, choices.first), sizes)
        total = np.add.reduceat(np.exp(scores), choices.first)
        share = (np.exp(scores) / np.repeat(total, sizes)).astype(np.float32)
        mean = (np.log(total) - scores[choices.chosen]).mean()
        slope = (choices.counts[choices.chosen].sum(0) - share @ choices.counts) / len(sizes)
        return float(mean + ridge * weights @ weights / 2), slope + ridge * weights

    least = np.array([floors.get(name, 0.0) for name in names])
    found = minimize(
        surprise,
        np.maximum(1.0, least),
        jac=True,
        method="L-BFGS-B",
        bounds=[(low, None) for low in least],
        options={"maxiter": 500},
    )
    return FittedWeights(
        weights=dict(zip(names, found.x.tolist(), strict=True)),
        nats=float(found.fun),
        uniform_nats=float(np.log(sizes).mean()),
        choices=len(sizes),
    )


def with_weights(weights: Mapping[str, float]) -> Reward:
    """The reward of all rules under other weights; those not named keep theirs."""
    return Reward(
        rules={
            name: replace(rule, weight=weights.get(name, rule.weight))
            for name, rule in RULES.items()
        }
    )


def rates_of_rules(
    harmonizations: Sequence[Harmonization], rules: Mapping[str, Rule] | None = None
) -> dict[str, float]:
    """How often each rule is broken for each beat, over all beats together."""
    rules = RULES if rules is None else rules
    total, beats = np.zeros(len(rules)), 0
    for one in harmonizations:
        voicings, places = one.voicings, one.melody.beats
        total += counts_of_voicings(voicings, places, rules).sum(0)
        if len(voicings) > 1:
            total += counts_of_motion(
                voicings[:-1], voicings[1:], places[:-1], places[1:], rules
            ).sum(0)
        beats += len(voicings)
    return dict(zip(rules, (total / max(beats, 1)).tolist(), strict=True))
