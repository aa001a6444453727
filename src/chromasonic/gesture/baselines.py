"""Simple classifiers of movements, for the same table: most frequent class, trees, neighbours.

They learn from everything that is not test (the network keeps a part of it to choose its epoch by).
The settings are fixed for all corpora; nothing is tuned.

Legend: N recordings, P points of a resample, D numbers of a recording, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import EvaluationError
from chromasonic.gesture.dynamic_warping import warped_distances
from chromasonic.gesture.features_cleaning import fill_gaps, median_filter
from chromasonic.music.movement import Movement

Floats = npt.NDArray[np.float64]
Arrays = Sequence[npt.NDArray[np.float32]]

POINTS = 16
"""Moments of a recording that the trees see, evenly from its first frame to its last."""
TREES = 300
MEDIAN = 5
NEIGHBOUR_POINTS = 36
MOST_PAIRS = 120_000
"""Nearest neighbours are left out where there are more pairs of recordings than this."""

FREQUENT = "most frequent class"
TREES_RAW = "trees on the recorded channels"
TREES_FEATURES = "trees on the network's features"
NEIGHBOUR = "nearest neighbour, time warped"
TREES_NAMES = (TREES_RAW, TREES_FEATURES)


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What baselines learn from and answer.

    Attributes:
        train: (T, D) arrays, of any T.
        labels: (N,) number of each training recording's class.
        test: (T, D) arrays.
        classes: how many there are.
    """

    train: Arrays
    labels: npt.NDArray[np.int64]
    test: Arrays
    classes: int

    def __post_init__(self) -> None:
        if not len(self.train) or len(self.train) != len(self.labels) or not len(self.test):
            raise EvaluationError(
                f"Baselines were given {len(self.train)} recordings with {len(self.labels)} labels "
                f"to learn from and {len(self.test)} to answer; one or more of each are needed."
            )


def raw_channels(movement: Movement) -> npt.NDArray[np.float32]:
    """A recording's own channels, (T, N x C): gaps filled, and a median of `MEDIAN` frames.

    The filter is for all corpora alike: it takes out single spikes, which some sensors have.
    """
    frames = median_filter(fill_gaps(movement.frames), MEDIAN)
    return frames.reshape(len(movement), -1)


def resampled(array: npt.NDArray[np.float32], points: int) -> npt.NDArray[np.float32]:
    """(T, D) to (P, D): linear between frames, at P moments evenly from the first to the last."""
    places = np.linspace(0, len(array) - 1, points)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, len(array) - 1)
    share = (places - below)[:, None].astype(np.float32)
    return np.asarray(array[below] * (1 - share) + array[above] * share, np.float32)


def most_frequent(material: Material) -> Floats:
    """The shares of the classes in what was learned from, whatever is shown: (N, K)."""
    counts = np.bincount(material.labels, minlength=material.classes).astype(float)
    return np.tile(counts / counts.sum(), (len(material.test), 1))


def trees(material: Material, *, seed: int = 0) -> Floats:
    """Extremely randomized trees on `POINTS` moments of each recording: (N, K).

    The forest's mean counts as so many votes as it has trees, and one vote more is spread over all
    classes, so that no class is impossible.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(TREES, random_state=seed, n_jobs=1)
    forest.fit(_flat(material.train), material.labels)
    shares = np.zeros((len(material.test), material.classes))
    shares[:, forest.classes_] = forest.predict_proba(_flat(material.test))
    return np.asarray((TREES * shares + 1 / material.classes) / (TREES + 1))


def nearest_neighbour(material: Material) -> Floats:
    """The class of the nearest recording under dynamic time warping: (N, K).

    Channels are standardized by what was learned from; recordings are resampled to
    `NEIGHBOUR_POINTS`, and may bend by a tenth of them. Nine votes of ten go to that class, the
    tenth is spread over all.

    Raises:
        EvaluationError: there are more pairs than `MOST_PAIRS`.
    """
    if not are_few(len(material.train), len(material.test)):
        raise EvaluationError(
            f"{len(material.train)} x {len(material.test)} pairs of recordings are more than "
            f"{MOST_PAIRS:,}; nearest neighbours would take hours."
        )
    every = np.concatenate(list(material.train))
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    deviation = np.where(deviation > 1e-6, deviation, 1)
    train, test = (
        np.stack([(resampled(array, NEIGHBOUR_POINTS) - mean) / deviation for array in arrays])
        for arrays in (material.train, material.test)
    )
    distances = warped_distances(test, train, bend=round(NEIGHBOUR_POINTS / 10))
    nearest = material.labels[distances.argmin(axis=1)]
    shares = np.full((len(test), material.classes), 0.1 / material.classes)
    shares[np.arange(len(test)), nearest] += 0.9
    return shares


def are_few(train: int, test: int) -> bool:
    """Whether the pairs of so many recordings are few enough for nearest neighbours."""
    return train * test <= MOST_PAIRS


def _flat(arrays: Arrays) -> npt.NDArray[np.float32]:
    return np.stack([resampled(array, POINTS).ravel() for array in arrays])


BASELINES: dict[str, Callable[[Material], Floats]] = {
    FREQUENT: most_frequent,
    TREES_RAW: trees,
    TREES_FEATURES: trees,
    NEIGHBOUR: nearest_neighbour,
}
"""Name to classifier; those "on the network's features" are given what the network sees."""
