"""What a corpus of movements holds, in numbers: who moved, what was done, how long, how fast."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from chromasonic.errors import DataError
from chromasonic.music.movement import Movement


@dataclass(frozen=True, kw_only=True)
class MovementSummary:
    """Numbers of a corpus of movements.

    Attributes:
        movements: how many.
        classes: how many labels.
        performers: how many are named.
        sessions: how many are named.
        frames: of all together.
        shortest_frames, median_frames, longest_frames: of one movement.
        rates_hz: frames a second, each rate once.
        seconds: of all together.
        skeleton: its name.
        nodes: names of the landmarks.
        channels: names of the numbers of each.
        unseen: share of all numbers that were not seen.
        fewest, most: movements of the rarest and of the most frequent class.
    """

    movements: int
    classes: int
    performers: int
    sessions: int
    frames: int
    shortest_frames: int
    median_frames: float
    longest_frames: int
    rates_hz: tuple[float, ...]
    seconds: float
    skeleton: str
    nodes: tuple[str, ...]
    channels: tuple[str, ...]
    unseen: float
    fewest: int
    most: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


def summarize(movements: Sequence[Movement]) -> MovementSummary:
    """The numbers of some movements of one skeleton.

    Raises:
        DataError: there is none.
    """
    if not movements:
        raise DataError("There is no movement to be counted; give one or more.")
    labels = [movement.label for movement in movements]
    counts = [labels.count(label) for label in set(labels)]
    lengths = [len(movement) for movement in movements]
    skeleton = movements[0].skeleton
    return MovementSummary(
        movements=len(movements),
        classes=len(counts),
        performers=len({m.performer for m in movements} - {""}),
        sessions=len({m.session for m in movements} - {""}),
        frames=sum(lengths),
        shortest_frames=min(lengths),
        median_frames=float(median(lengths)),
        longest_frames=max(lengths),
        rates_hz=tuple(sorted({movement.rate_hz for movement in movements})),
        seconds=sum(movement.seconds for movement in movements),
        skeleton=skeleton.name,
        nodes=skeleton.nodes,
        channels=skeleton.channels,
        unseen=sum(int(np.isnan(movement.frames).sum()) for movement in movements)
        / sum(movement.frames.size for movement in movements),
        fewest=min(counts),
        most=max(counts),
    )
