"""How many pieces show a difference, and which difference some pieces show.

A paired comparison of n pieces has the power of a one-sample t test on the pieces' gaps. Between
two recipes the runs' own spread stays however many pieces there are, and runs are few, so that the
degrees of freedom are few as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from chromasonic.errors import UsageError

LEVEL = 0.05
"""How often a difference is called where there is none, at most (two-sided)."""

POWER = 0.8
"""How often a difference that is there shall be seen."""

MOST_PIECES = 10_000_000
MOST_RUNS = 1_000
"""More are no answer."""

SURELY = 37.0
"""Standard errors beyond which the noncentral t is not computed: the power is 1."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What a difference is measured against.

    Attributes:
        deviation: standard deviation of the pieces' gaps (of groups, where pieces of one depend on
            each other), in the metric's unit; NaN where it is not known.
        seed_variance: of the difference, from the runs; 0 where it is between two given models.
        runs: of a side, on average.
        seed_freedom: degrees of freedom of `seed_variance`.
    """

    deviation: float
    seed_variance: float = 0.0
    runs: float = 1.0
    seed_freedom: float = math.inf

    @property
    def unit(self) -> float:
        """What an effect is counted in: the deviation of pieces' gaps, of runs where they vary."""
        if self.seed_variance:
            return math.sqrt(self.seed_variance * self.runs / 2)
        return self.deviation

    def error(self, pieces: int) -> float:
        """Standard error of the difference over so many pieces."""
        return math.sqrt(self.deviation**2 / pieces + self.seed_variance)

    def freedom(self, pieces: int) -> float:
        """Degrees of freedom of that error.

        Source: Satterthwaite, "An approximate distribution of estimates of variance components",
        Biometrics Bulletin 2 (1946).
        """
        parts = ((self.deviation**2 / pieces, pieces - 1), (self.seed_variance, self.seed_freedom))
        below = sum(part**2 / degrees for part, degrees in parts)
        return sum(part for part, _ in parts) ** 2 / below if below else pieces - 1

    def reach(self, pieces: int, *, level: float = LEVEL) -> float:
        """How far an interval of the difference reaches on each side.

        The root of the squared reaches of pieces and of runs, each with its own Student's t.
        """
        from scipy.stats import t

        squares = (self.deviation * float(t.ppf(1 - level / 2, pieces - 1))) ** 2 / pieces
        if self.seed_variance:
            squares += self.seed_variance * float(t.ppf(1 - level / 2, self.seed_freedom)) ** 2
        return math.sqrt(squares)

    def with_runs(self, runs: int) -> Spread:
        """The same with so many runs a side."""
        if not self.seed_variance:
            return self
        return replace(
            self,
            seed_variance=self.seed_variance * self.runs / runs,
            runs=runs,
            seed_freedom=2 * (runs - 1),
        )


def power_of(difference: float, spread: Spread, pieces: int, *, level: float = LEVEL) -> float:
    """How often a paired comparison sees a difference that is there.

    Args:
        difference: the true one, in the metric's unit.
        spread: what it is measured against.
        pieces: that are judged (groups, where pieces of one depend on each other).
        level: of the two-sided test.

    Returns:
        From `level` to 1; NaN below two pieces.

    Source: the noncentral t distribution; Cohen, "Statistical Power Analysis for the Behavioral
    Sciences" (1988), chapter 2.
    """
    if pieces < 2 or math.isnan(difference) or math.isnan(spread.deviation):
        return math.nan
    from scipy.stats import nct

    error = spread.error(pieces)
    if error == 0:
        return 1.0 if difference else level
    shift = abs(difference) / error
    if shift >= SURELY:
        return 1.0
    freedom = spread.freedom(pieces)
    critical = spread.reach(pieces, level=level) / error
    above = float(nct.sf(critical, freedom, shift))
    below = float(nct.cdf(-critical, freedom, shift))
    return above + (0.0 if math.isnan(below) else below)  # the far tail: all but 0 where undefined


def pieces_needed(
    difference: float, spread: Spread, *, power: float = POWER, level: float = LEVEL
) -> int | None:
    """The fewest pieces with which a difference is seen that often.

    Args:
        difference: see `power_of`.
        spread: see `power_of`.
        power: how often.
        level: see `power_of`.

    Returns:
        None where no number of pieces is enough: there is no difference, or the runs' own spread
        hides it.

    Raises:
        UsageError: the power is not between the level and 1.
    """
    if not level < power < 1:
        raise UsageError(f"The power is {power}; allowed: above {level:g} and below 1.")
    if not difference or math.isnan(difference) or math.isnan(spread.deviation):
        return None
    return _fewest(
        lambda pieces: power_of(difference, spread, pieces, level=level) >= power, MOST_PIECES
    )


def runs_needed(
    difference: float, spread: Spread, pieces: int, *, power: float = POWER, level: float = LEVEL
) -> int | None:
    """The fewest runs a side with which a difference of two recipes is seen that often.

    Args:
        difference: see `power_of`.
        spread: of the runs that there are.
        pieces: that all are judged on.
        power: how often.
        level: see `power_of`.

    Returns:
        None where no number of runs is enough: the pieces are too few.
    """
    if not difference or not spread.seed_variance or math.isnan(spread.deviation):
        return None
    return _fewest(
        lambda runs: power_of(difference, spread.with_runs(runs), pieces, level=level) >= power,
        MOST_RUNS,
    )


def _fewest(is_enough: Callable[[int], bool], most: int) -> int | None:
    """The lowest number from 2 that is enough, as more always are; None above `most`."""
    high = 2
    while not is_enough(high):
        high *= 2
        if high > most:
            return None
    low = max(2, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return high


def detectable(spread: Spread, pieces: int, *, power: float = POWER, level: float = LEVEL) -> float:
    """The smallest difference that so many pieces show so often, in the metric's unit.

    Args:
        spread: see `power_of`.
        pieces: see `power_of`.
        power: how often.
        level: see `power_of`.

    Returns:
        NaN below two pieces.
    """
    if pieces < 2 or math.isnan(spread.deviation):
        return math.nan
    error = spread.error(pieces)
    if error == 0:
        return 0.0
    from scipy.optimize import brentq

    def lacking(shift: float) -> float:
        return power_of(shift * error, spread, pieces, level=level) - power

    high = 1.0
    while lacking(high) < 0 and high < 1e5:
        high *= 2
    return float(brentq(lacking, 0.0, high, xtol=1e-6)) * error
