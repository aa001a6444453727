"""How many pieces show a difference, and which difference some pieces show.

A paired comparison of n pieces has the power of a one-sample t test on the pieces' gaps. Where
several runs a side are averaged, their spread stays however many pieces there are.
"""

from __future__ import annotations

import math

from chromasonic.errors import UsageError

LEVEL = 0.05
"""How often a difference is called where there is none, at most (two-sided)."""

POWER = 0.8
"""How often a difference that is there shall be seen."""

MOST_PIECES = 10_000_000
"""More are no answer."""


def power_of(
    difference: float,
    deviation: float,
    pieces: int,
    *,
    level: float = LEVEL,
    seed_variance: float = 0.0,
) -> float:
    """How often a paired comparison sees a difference that is there.

    Args:
        difference: the true one, in the metric's unit.
        deviation: standard deviation of the pieces' gaps, in the same unit.
        pieces: that are judged (or works, where pieces of one depend on each other).
        level: of the two-sided test.
        seed_variance: of the difference, from the runs; 0 where it is between two given models.

    Returns:
        From `level` to 1; NaN below two pieces.

    Source: the noncentral t distribution; Cohen, "Statistical Power Analysis for the Behavioral
    Sciences" (1988), chapter 2.
    """
    if pieces < 2 or math.isnan(difference) or math.isnan(deviation):
        return math.nan
    from scipy.stats import nct, t

    error = math.sqrt(deviation**2 / pieces + seed_variance)
    if error == 0:
        return 1.0 if difference else level
    freedom = pieces - 1
    critical = float(t.ppf(1 - level / 2, freedom))
    shift = min(abs(difference) / error, 37.0)  # beyond, the distribution is not computed, and is 1
    if shift >= 37.0:
        return 1.0
    above = float(nct.sf(critical, freedom, shift))
    below = float(nct.cdf(-critical, freedom, shift))
    # The far tail is 0 as good as always; where it cannot be computed it is left out.
    return above + (0.0 if math.isnan(below) else below)


def pieces_needed(
    difference: float,
    deviation: float,
    *,
    power: float = POWER,
    level: float = LEVEL,
    seed_variance: float = 0.0,
) -> int | None:
    """The fewest pieces with which a difference is seen that often.

    Args:
        difference: see `power_of`.
        deviation: see `power_of`.
        power: how often.
        level: see `power_of`.
        seed_variance: see `power_of`.

    Returns:
        None where no number of pieces is enough: there is no difference, or the runs' own spread
        hides it.

    Raises:
        UsageError: the power is not between the level and 1.
    """
    if not level < power < 1:
        raise UsageError(f"The power is {power}; allowed: above {level:g} and below 1.")
    if not difference or math.isnan(difference) or math.isnan(deviation):
        return None

    def is_enough(pieces: int) -> bool:
        reached = power_of(difference, deviation, pieces, level=level, seed_variance=seed_variance)
        return reached >= power

    high = 2
    while not is_enough(high):
        high *= 2
        if high > MOST_PIECES:
            return None
    low = max(2, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return high


def detectable(
    deviation: float,
    pieces: int,
    *,
    power: float = POWER,
    level: float = LEVEL,
    seed_variance: float = 0.0,
) -> float:
    """The smallest difference that so many pieces show so often, in the deviation's unit.

    Args:
        deviation: see `power_of`.
        pieces: see `power_of`.
        power: how often.
        level: see `power_of`.
        seed_variance: see `power_of`.

    Returns:
        NaN below two pieces.
    """
    if pieces < 2 or math.isnan(deviation):
        return math.nan
    error = math.sqrt(deviation**2 / pieces + seed_variance)
    if error == 0:
        return 0.0
    from scipy.optimize import brentq

    def lacking(shift: float) -> float:
        reached = power_of(
            shift * error, deviation, pieces, level=level, seed_variance=seed_variance
        )
        return reached - power

    high = 1.0
    while lacking(high) < 0 and high < 1e5:
        high *= 2
    return float(brentq(lacking, 0.0, high, xtol=1e-6)) * error
