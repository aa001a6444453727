"""Drum bars as what the GroovePredictor reads and writes.

Legend: B bars, S = 16 steps, G = 4 groups of drums.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.music.drums import GROUPS, STEPS, DrumGrid, DrumTake, drum_grid
from chromasonic.training.examples import FEATURES, MASK, Example, Examples

TARGET = "groove"
"""Key of the target: 16 velocities as a share of 127, then 16 offsets as a share of a step."""

STEP_MS, HITS = "step_ms", "hits"
"""Further keys of examples that are judged: a step's length in milliseconds, (); and of each
group's loudest hit on each step the velocity and offset, (G, S, 2), NaN where it is silent."""

FULL_VELOCITY = 127
VELOCITY_MAE, TIMING_MAE, MILLISECONDS_MAE = "velocity MAE", "timing MAE", "timing MAE (ms)"

Floats = npt.NDArray[np.float32]


class DrumBarExample(dict[str, np.ndarray]):
    """A bar's arrays, and where it stands.

    Attributes:
        table: (8, S) four rows of features, two of targets, two of the mask.
        take: the bars of its take, in time, this one among them.
        fills_grid: whether it is a bar of 16 steps.
    """

    table: Floats
    take: Sequence[DrumBarExample] = ()
    fills_grid: bool = True

    @classmethod
    def of(cls, table: Floats) -> DrumBarExample:
        """A bar from its table, whose parts the arrays are."""
        example = cls(
            {FEATURES: table[:4].ravel(), TARGET: table[4:6].ravel(), MASK: table[6:].ravel()}
        )
        example.table = table
        return example


def features_of(onsets: npt.NDArray[np.bool_]) -> Floats:
    """(B, S, G) whether a group is struck, to (B, 64): group after group, each of 16 steps."""
    return onsets.transpose(0, 2, 1).reshape(len(onsets), len(GROUPS) * STEPS).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Groove:
    """What the model says of bars.

    Attributes:
        velocity: (B, S) of a step's loudest hit, in MIDI units, not rounded.
        offset: (B, S) of that hit, as a share of a step.
    """

    velocity: Floats
    offset: Floats

    @classmethod
    def of(cls, outputs: np.ndarray) -> Groove:
        """From the model's (B, 32)."""
        return cls(outputs[:, :STEPS] * FULL_VELOCITY, outputs[:, STEPS:])


def targets_of(grid: DrumGrid) -> tuple[Floats, Floats]:
    """Targets and mask of each bar, (B, 32) each."""
    values = np.concatenate([grid.velocity / FULL_VELOCITY, grid.offset], axis=1)
    return values.astype(np.float32), np.tile(grid.struck, 2).astype(np.float32)


def groove_examples(takes: Iterable[DrumTake], *, judged: bool = False) -> Examples:
    """One example for each bar that holds a hit.

    Args:
        takes: recordings.
        judged: with what only judging needs (`STEP_MS`, `HITS`).

    Returns:
        Examples in the groups "style" (genre), "drummer" and "beat_type".
    """
    items: list[Example] = []
    pieces: list[str] = []
    groups: dict[str, list[str]] = {"style": [], "drummer": [], "beat_type": []}
    for take in takes:
        bars = bars_of(take, judged=judged)
        items += bars
        pieces += [take.id] * len(bars)
        for name, value in (
            ("style", take.genre), ("drummer", take.drummer), ("beat_type", take.beat_type)
        ):  # fmt: skip
            groups[name] += [value] * len(bars)
    return Examples(items, pieces, groups)


def bars_of(take: DrumTake, *, judged: bool = False) -> list[DrumBarExample]:
    """The examples of one take."""
    metre = (0.0, take.numerator, take.denominator)
    grid = drum_grid(take.onset_quarters, take.pitch, take.velocity, [metre])
    features = features_of(grid.onsets)
    targets, masks = targets_of(grid)
    tables = np.concatenate([features, targets, masks], axis=1).reshape(len(features), 8, STEPS)
    hits = _hits(grid, take.velocity) if judged else None
    bars = []
    for number, table in enumerate(tables):
        bar = DrumBarExample.of(table)
        if hits is not None:
            bar[STEP_MS] = np.array(take.step_ms, np.float32)
            bar[HITS] = hits[number]
        bar.fills_grid = take.numerator == take.denominator
        bars.append(bar)
    for bar in bars:
        bar.take = bars
    return bars


def _hits(grid: DrumGrid, velocity: npt.NDArray[np.int64]) -> Floats:
    """(B, G, S, 2): velocity and offset of each group's loudest hit, NaN where it is silent."""
    hits = np.full((len(grid.first_step), len(GROUPS), STEPS, 2), np.nan, np.float32)
    order = np.lexsort((-grid.hit_offset, velocity))
    place = grid.hit_bar[order], grid.hit_group[order], grid.hit_step[order]
    hits[(*place, 0)] = velocity[order]
    hits[(*place, 1)] = grid.hit_offset[order]
    return hits
