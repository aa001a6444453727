"""The last bars of a tune, so that it comes to its end there and does not merely stop.

A model does not know that its tune shall end after so many bars. So the last bars are written many
times, and one of these endings is drawn, each by its weight: the probability that the model, left
to itself, would have drawn these bar lines where they stand, and would have ended the tune at the
last one and not before. That is nearly a draw from the tunes that the model itself would end here.

Drawn by weight is: each ending adds its log weight to a number of its own, and the highest sum
wins. A weight is a probability, so the number alone is the most that a sum can come to. The endings
are written in the order of their numbers, some at once, and those that cannot win any more are
never written.

Sources: sampling-importance resampling, D. B. Rubin, "Using the SIR algorithm to simulate posterior
distributions" (1988); the highest of log weights with Gumbel noise, and bounds on it, C. J.
Maddison, D. Tarlow and T. Minka, "A* sampling" (2014).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromasonic.melody_generation.constraints import TuneConstraint
from chromasonic.melody_generation.growing import LARGEST_BATCH, GrowingTune, Growth, OnBars

LAST_BARS = 4
"""How many of the last bars are written several times: a phrase, as most tunes have it."""

AT_ONCE = 8
"""Endings of a tune, at least, that are written before it is asked which others can still win."""


def is_near_end(place: TuneConstraint) -> bool:
    """Whether the rest of a tune is its ending."""
    return place.bars - place.bars_done <= LAST_BARS


def is_done(place: TuneConstraint) -> bool:
    """Whether END has come."""
    return place.is_done


def ended(
    growth: Growth,
    tunes: Sequence[GrowingTune],
    seeds: Sequence[Sequence[Sequence[int]]],
    on_bars: OnBars | None = None,
) -> list[GrowingTune]:
    """The tunes, each with one of its endings.

    Args:
        growth: how they are written.
        tunes: near their ends; the chance of each decides between its endings.
        seeds: of each tune's endings, and of each of these: what its chance is made from.
        on_bars: told how many bars of all are done; again and again, as more endings are tried.
    """
    contests = [_Contest(tune, its) for tune, its in zip(tunes, seeds, strict=True)]
    while undecided := [contest for contest in contests if not contest.is_decided]:
        most = max(AT_ONCE, LARGEST_BATCH // len(undecided))  # few tunes: rather more at once
        forks = [fork for contest in undecided for fork in contest.next(most)]
        for first in range(0, len(forks), LARGEST_BATCH):
            growth.grow(forks[first : first + LARGEST_BATCH], is_done, on_bars)
        for contest in undecided:
            contest.judge()
    return [contest.best for contest in contests]


class _Contest:
    """The endings of one tune, of which the one with the highest sum wins."""

    def __init__(self, tune: GrowingTune, seeds: Sequence[Sequence[int]]) -> None:
        self.best = tune
        self._tune = tune
        # Where all weights are 0, the highest number wins: one ending is as good as another.
        self._highest = (-np.inf, -np.inf)
        numbers = tune.chance.gumbel(size=len(seeds)).tolist()
        self._waiting = sorted(zip(numbers, map(list, seeds), strict=True))
        self._written: list[tuple[float, GrowingTune]] = []

    @property
    def is_decided(self) -> bool:
        """Whether no ending that waits can win any more."""
        return not self._waiting or self._waiting[-1][0] <= self._highest[0]

    def next(self, most: int) -> list[GrowingTune]:
        """Endings to be written: those that can still win, the likeliest winners first."""
        while not self.is_decided and len(self._written) < most:
            number, seed = self._waiting.pop()
            self._written.append((number, self._tune.fork(np.random.default_rng(seed))))
        return [fork for _, fork in self._written]

    def judge(self) -> None:
        """Compare what has been written with the best so far."""
        for number, fork in self._written:
            total = (number + fork.log_weight, number)
            if total > self._highest:
                self._highest, self.best = total, fork
        self._written.clear()
