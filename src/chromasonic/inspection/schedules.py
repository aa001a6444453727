"""Does a learning rate fit a schedule, and which schedule would it fit?

A cosine from rate r to a floor f over T epochs has, after E of them,
f + (r - f) (1 + cos(pi E / T)) / 2.

Source: Loshchilov and Hutter, SGDR, equation 5; PyTorch's CosineAnnealingLR.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FLOORS: tuple[tuple[float, str], ...] = (
    (0.01, "a hundredth"),
    (0.0, "zero"),
    (0.1, "a tenth"),
    (0.001, "a thousandth"),
    (0.05, "a twentieth"),
)
"""Where cosines end, as shares of the initial rate, in the order in which they are tried."""
FACTORS = (0.1, 0.5, 0.2, 0.25, 0.3, 0.7, 0.8, 0.9, 0.95, 0.99)
"""By which steps, plateaus and exponentials cut a rate."""

CLOSE = 1e-11
"""Relative difference below which a rate is the schedule's own: rates are stored to 16 digits, and
at 1e-6 a cosine of 1,000 epochs to a hundredth passes for one of 1,005 to zero."""
MOST_EPOCHS = 100_000


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A schedule that gives a rate exactly.

    Attributes:
        text: such as "a cosine of 1,000 epochs down to a hundredth".
        epochs: of a cosine; 0 for others.
    """

    text: str
    epochs: int = 0


def cosine_rate(initial: float, floor: float, epoch: float, epochs: float) -> float:
    """The rate after some epochs of a cosine."""
    return floor + (initial - floor) * (1 + math.cos(math.pi * min(1.0, epoch / epochs))) / 2


def fits(rate: float, initial: float, epoch: int) -> tuple[Fit, ...]:
    """The schedules that have this rate after this many epochs, simplest first.

    Args:
        rate: that was met.
        initial: that it began with.
        epoch: epochs made; where nothing fits, one more and one less are tried, since some count
            from 0.
    """
    if not (0 < rate <= initial * (1 + CLOSE) and math.isfinite(initial)) or epoch < 0:
        return ()
    if abs(rate - initial) <= CLOSE * initial:
        return (Fit(text="a constant rate"),)
    for made in (epoch, epoch + 1, epoch - 1):
        if made >= 1 and (found := _fits_after(rate, initial, made)):
            return found
    return ()


def _fits_after(rate: float, initial: float, epoch: int) -> tuple[Fit, ...]:
    found = [fit for share, name in FLOORS if (fit := _cosine(rate, initial, epoch, share, name))]
    for factor in FACTORS:
        cuts = math.log(rate / initial) / math.log(factor)
        is_whole = abs(cuts - round(cuts)) < 1e-9 * max(1.0, cuts)
        if is_whole and 1 <= round(cuts) <= epoch:
            times = "once" if round(cuts) == 1 else f"{round(cuts)} times"
            found.append(Fit(text=f"a rate cut {times} by {factor:g}"))
            break
    return tuple(found)


def _cosine(rate: float, initial: float, epoch: int, share: float, name: str) -> Fit | None:
    """A cosine over a whole number of epochs with this floor; None if there is none."""
    floor = share * initial
    height = 2 * (rate - floor) / (initial - floor) - 1
    if not -1 < height < 1:
        return None
    epochs = round(math.pi * epoch / math.acos(height))
    if not epoch <= epochs <= MOST_EPOCHS:
        return None
    if abs(cosine_rate(initial, floor, epoch, epochs) - rate) > CLOSE * rate:
        return None
    # Over many epochs neighbouring cosines are too much alike to be told apart.
    beside = cosine_rate(initial, floor, epoch, epochs + 1)
    if abs(beside - rate) <= 2 * CLOSE * rate:
        return None
    return Fit(text=f"a cosine of {epochs:,} epochs down to {name} of it", epochs=epochs)


def fits_cosine(rate: float, initial: float, epoch: int, epochs: int) -> bool:
    """Whether some usual cosine over so many epochs passes this rate about that epoch.

    An epoch may be counted from 0 or 1, be saved before or after the schedule's step, and end
    between two updates: the rate may lie anywhere between the epochs before and after.
    """
    for share, _ in FLOORS:
        floor = share * initial
        before = cosine_rate(initial, floor, max(0, epoch - 1), epochs)
        after = cosine_rate(initial, floor, epoch + 1, epochs)
        if after * (1 - CLOSE) <= rate <= before * (1 + CLOSE):
            return True
    return False
