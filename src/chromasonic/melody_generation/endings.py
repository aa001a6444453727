"""The last bars of a tune, so that it comes to its end there and does not merely stop.

A model does not know that its tune shall end after so many bars. So the last bars are written many
times side by side, and one of these endings is drawn, each by its weight: the probability that the
model, left to itself, would have drawn these bar lines where they stand, and would have ended the
tune at the last one and not before. That is nearly a draw from the tunes that the model itself
would end here.

Source: sampling-importance resampling, D. B. Rubin, "Using the SIR algorithm to simulate posterior
distributions" (1988).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromasonic.melody_generation.constraints import TuneConstraint
from chromasonic.melody_generation.growing import GrowingTune, Growth, OnBars
from chromasonic.melody_generation.sampling import draw_by_log_weight

LAST_BARS = 4
"""How many of the last bars are written several times: a phrase, as most tunes have it."""


def is_near_end(place: TuneConstraint) -> bool:
    """Whether the rest of a tune is its ending."""
    return place.bars - place.bars_done <= LAST_BARS


def is_done(place: TuneConstraint) -> bool:
    """Whether END has come."""
    return place.is_done


def ended(
    growth: Growth, tune: GrowingTune, seeds: Sequence[Sequence[int]], on_bars: OnBars | None = None
) -> GrowingTune:
    """The tune with one of its endings.

    Args:
        growth: how it is written.
        tune: near its end; its own chance decides between the endings.
        seeds: of the chance of each ending that is tried.
        on_bars: told how many bars of all are done.
    """
    forks = [tune.fork(np.random.default_rng(list(seed))) for seed in seeds]
    growth.grow(forks, is_done, on_bars)
    weights = np.array([fork.log_weight for fork in forks])
    return forks[draw_by_log_weight(weights, tune.chance)]
