"""What the prior must beat in likelihood: holding the last note, and counts of a first order.

Both are fitted by counting, and smoothed so that nothing has probability 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.prior_frames import CLASSES, LOWEST, PITCHES
from chromasonic.harmonization.prior_training import Example

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

INTERVALS = 64
"""Contexts of the distance between the soprano and where a voice was; the last is silence."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HoldBaseline:
    """Each voice stays with one probability, else takes any other class with the same.

    Attributes:
        stays: (3, 2) probability that a voice stays: while the soprano stays, and when it moves.
    """

    stays: Doubles

    @classmethod
    def fit(cls, examples: Sequence[Example]) -> HoldBaseline:
        """Count how often voices stay."""
        same = np.ones((3, 2, 2))
        for example in examples:
            now = classes(example.lower)
            moved = soprano_moves(example)
            for voice in range(3):
                stays = now[1:, voice] == now[:-1, voice]
                np.add.at(same[voice], (moved[1:], stays.astype(int)), 1)
        return cls(stays=same[:, :, 1] / same.sum(2))

    def log_likelihoods(self, example: Example) -> Doubles:
        """(T, 3) nats of alto, tenor and bass."""
        now, moved = classes(example.lower), soprano_moves(example)
        found = np.full(now.shape, -np.log(CLASSES))
        for voice in range(3):
            stays = now[1:, voice] == now[:-1, voice]
            chance = self.stays[voice, moved[1:]]
            found[1:, voice] = np.log(np.where(stays, chance, (1 - chance) / (CLASSES - 1)))
        return found


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CountBaseline:
    """A first-order model: each voice given where it was, the soprano, and whether that moved.

    Counts of the full context lean on those of where the voice was alone, and these on the uniform
    distribution, each as if `strength` observations had been made of it.

    Attributes:
        full: (3, CLASSES + 1, INTERVALS, 2, CLASSES) counts.
        strength: observations.
    """

    full: Doubles
    strength: float

    @classmethod
    def fit(cls, examples: Sequence[Example], *, strength: float = 8.0) -> CountBaseline:
        """Count transitions; give chorales in all keys to count in all keys."""
        full = np.zeros((3, CLASSES + 1, INTERVALS, 2, CLASSES))
        for example in examples:
            now = classes(example.lower)
            for voice in range(3):
                np.add.at(full[voice], (*_contexts(example, voice), now[:, voice]), 1)
        return cls(full=full, strength=strength)

    def log_likelihoods(self, example: Example) -> Doubles:
        """(T, 3) nats of alto, tenor and bass."""
        now = classes(example.lower)
        found = np.empty(now.shape)
        for voice in range(3):
            before, interval, moved = _contexts(example, voice)
            was = self.full[voice].sum((1, 2))[before]  # (T, CLASSES)
            weaker = self._leaning(was, np.full(CLASSES, 1 / CLASSES))
            chances = self._leaning(self.full[voice][before, interval, moved], weaker)
            found[:, voice] = np.log(chances[np.arange(len(now)), now[:, voice]])
        return found

    def _leaning(self, counts: Doubles, on: Doubles) -> Doubles:
        return (counts + self.strength * on) / (counts.sum(1, keepdims=True) + self.strength)


def classes(lower: Integers) -> Integers:
    """(T, 3) classes of the pitches: 0 is silence."""
    return np.where(lower < 0, 0, lower - np.array(LOWEST) + 1)


def soprano_moves(example: Example) -> Integers:
    """(T,) 1 where the soprano has another pitch than the step before."""
    moved = np.zeros(len(example), np.int64)
    moved[1:] = example.steps.soprano[1:] != example.steps.soprano[:-1]
    return moved


def _contexts(example: Example, voice: int) -> tuple[Integers, Integers, Integers]:
    """(T,) class that the voice was in (CLASSES at the beginning), interval, soprano moved."""
    now = classes(example.lower)[:, voice]
    before = np.append(CLASSES, now[:-1])
    pitch = before - 1 + LOWEST[voice]
    interval = np.clip(example.steps.soprano - pitch + PITCHES // 2, 0, INTERVALS - 2)
    is_silent = (before == 0) | (before == CLASSES) | (example.steps.soprano < 0)
    return before, np.where(is_silent, INTERVALS - 1, interval), soprano_moves(example)
