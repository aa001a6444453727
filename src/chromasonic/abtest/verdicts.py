"""What a comparison comes to, in a word, and the thresholds behind the word."""

from __future__ import annotations

import math
from enum import StrEnum

from chromasonic.abtest.power import LEVEL, POWER, Spread, power_of
from chromasonic.errors import UsageError

FEWEST = 6
"""With fewer pieces no order of wins is rarer than 1 in 20 (2 / 2^5 = 0.06)."""

MEDIUM_EFFECT = 0.5
"""A difference of half a standard deviation of the pieces' gaps: what a comparison must at least be
able to see (4 times in 5), for "no difference seen" to mean anything.

Source: Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), section 2.2.
"""


CLEAR_EFFECT = 2.33
"""Between recipes: a difference of so many standard deviations of a recipe's runs. With it a run of
the better one beats one of the other 19 times in 20 (2.33 over root 2 is the normal distribution's
0.95), and 5 runs a side see it 4 times in 5."""


class Verdict(StrEnum):
    """What is said of the second beside the first."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "no difference as large as the margin"
    NO_WORSE = "no worse than the margin"
    NO_DIFFERENCE = "no difference seen"
    TOO_FEW = "too few"
    UNDEFINED = "not comparable"


def verdict_of(
    *,
    gain: float,
    low: float,
    high: float,
    p_value: float,
    pieces: int,
    spread: Spread,
    tests: int = 1,
    margin: float | None = None,
    detect: float | None = None,
) -> Verdict:
    """The word for one metric.

    "better" and "worse" need an adjusted p-value below 0.05 and a 95% interval without 0. Else the
    margin decides, where one is given: its whole interval within the margin, or at least its lower
    end above minus the margin. Else it is "no difference seen", unless the pieces would miss the
    difference that is looked for more often than once in five; between recipes, so must the runs.

    Args:
        gain: the difference, above 0 where the second is better.
        low: lower end of its 95% interval.
        high: upper end.
        p_value: two-sided, adjusted for the metrics.
        pieces: that are independent of each other.
        spread: what the difference is measured against.
        tests: how many metrics were tested.
        margin: largest difference that does not matter; None asks for none.
        detect: difference that must be seen; None: `MEDIUM_EFFECT` deviations of pieces' gaps, and
            between recipes `CLEAR_EFFECT` deviations of runs.

    Raises:
        UsageError: a margin or a difference to detect that is not above 0.
    """
    for name, value in (("--margin", margin), ("--detect", detect)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise UsageError(f"{name} is {value}; it must be above 0, in the metric's own unit.")
    if math.isnan(gain):
        return Verdict.UNDEFINED
    if pieces < FEWEST or math.isnan(low):
        return Verdict.TOO_FEW
    if gain == 0 and spread.deviation == 0 and not spread.seed_variance:
        if margin is not None:
            return Verdict.EQUIVALENT
        return Verdict.NO_DIFFERENCE if _sees(MEDIUM_EFFECT, 1, pieces) else Verdict.TOO_FEW
    if p_value < LEVEL and not low <= 0 <= high:
        return Verdict.BETTER if gain > 0 else Verdict.WORSE
    if margin is not None:
        if -margin < low and high < margin:
            return Verdict.EQUIVALENT
        if -margin < low:
            return Verdict.NO_WORSE
    if detect is not None:
        power = power_of(detect, spread, pieces, level=LEVEL / tests)
        return Verdict.NO_DIFFERENCE if power >= POWER else Verdict.TOO_FEW
    sees = _sees(MEDIUM_EFFECT, tests, pieces)
    if spread.seed_variance:
        size = CLEAR_EFFECT * spread.unit
        sees = sees and power_of(size, spread, pieces, level=LEVEL / tests) >= POWER
    return Verdict.NO_DIFFERENCE if sees else Verdict.TOO_FEW


def fewest_flips(level: float) -> int:
    """The fewest pieces of which one order of wins in all (two of 2^n) is rarer than the level."""
    return math.floor(math.log2(2 / level)) + 1


def _sees(effect: float, tests: int, pieces: int) -> bool:
    """Whether so many pieces show a difference of so many deviations, 4 times in 5."""
    return power_of(effect, Spread(deviation=1.0), pieces, level=LEVEL / tests) >= POWER
