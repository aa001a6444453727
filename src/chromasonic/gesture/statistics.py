"""Where a performer's landmarks usually are, and how far they usually go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chromasonic.errors import DataError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features_cleaning import Numbers, clean
from chromasonic.music.movement import Movement


def whose(movement: Movement, config: FeatureConfig) -> str:
    """Under which name the statistics stand that scale a movement: PERFORMER or PERFORMER/SESSION.

    A movement whose session is not known is scaled by what is known under its performer's name.
    """
    if config.normalization != "session" or not movement.session:
        return movement.performer
    return f"{movement.performer}/{movement.session}"


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and deviation of every channel of every node, over all frames of some movements.

    They are learned without labels, so that a new performer gives them with a few recordings of
    anything.

    Attributes:
        mean: (N, C), in the channels' own units.
        deviation: (N, C); 0 where a channel never moves.
    """

    mean: Numbers
    deviation: Numbers

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.mean.shape != self.deviation.shape:
            raise DataError(
                f"Statistics have a mean of shape {self.mean.shape} and a deviation of shape "
                f"{self.deviation.shape}; both must be (nodes, channels)."
            )

    @classmethod
    def of(cls, movements: Iterable[Movement], config: FeatureConfig) -> Statistics:
        """Statistics of one performer: of all of their movements that there are.

        Raises:
            DataError: there is no movement.
        """
        return cls.of_frames(clean(movement, config).frames for movement in movements)

    @classmethod
    def of_frames(cls, frames: Iterable[Numbers]) -> Statistics:
        """Statistics of arrays (T, N, C) that have no gaps, all their frames together.

        Raises:
            DataError: there is no frame.
        """
        count, total, squares = 0, np.float64(0), np.float64(0)
        for array in frames:
            precise = array.astype(np.float64)
            count += len(precise)
            total = total + precise.sum(axis=0)
            squares = squares + (precise**2).sum(axis=0)
        if not count:
            raise DataError("There is no movement to take statistics of; one or more are needed.")
        mean = total / count
        variance = np.maximum(squares / count - mean**2, 0.0)
        return cls(np.asarray(mean, np.float32), np.sqrt(variance).astype(np.float32))

    def standardize(self, frames: Numbers) -> Numbers:
        """(..., N, C) in deviations from the mean; a channel that never moves stays at 0."""
        moves = self.deviation > 1e-6
        scaled = (frames - self.mean) / np.where(moves, self.deviation, 1)
        return np.where(moves, scaled, 0).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for checkpoints and JSON."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Statistics:
        """What `to_dict` gave.

        Raises:
            DataError: a name is missing, or the arrays are no (nodes, channels).
        """
        try:
            mean, deviation = (
                np.asarray(values[name], np.float32) for name in ("mean", "deviation")
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise DataError(
                f"These are no statistics of a performer ({problem}); 'mean' and 'deviation' are "
                "needed, each a list of nodes by channels."
            ) from problem
        return cls(mean, deviation)


def statistics_by_name(cleaned: Iterable[Movement], config: FeatureConfig) -> dict[str, Statistics]:
    """Each performer's (or session's) statistics, by `whose`, over all that is given of them.

    Args:
        cleaned: movements without gaps, as `features_cleaning.clean` gives them.
        config: says whether performers or sessions are told apart.
    """
    by_name: dict[str, list[Movement]] = {}
    for movement in cleaned:
        by_name.setdefault(whose(movement, config), []).append(movement)
    return {
        name: Statistics.of_frames(movement.frames for movement in theirs)
        for name, theirs in by_name.items()
    }
