"""What the network of the hybrid sees of a melody: numbers relative to the tonic, a row a step.

A step is a beat (for harmonizing) or a sixteenth (for the likelihood protocol). Nothing here is of
the lower voices, and nothing of a step depends on the key as such: only on degrees of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.melody import Beats
from chromasonic.music.chorale import SILENT
from chromasonic.music.key import MODES

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

FLAGS = np.array([[3 in s, 8 in s, 10 in s] for s in MODES.values()], np.float32)
"""(modes, 3) whether the scale has a minor third, a minor sixth, a minor seventh."""

REGISTER = np.array([60.0, 65.0, 70.0, 75.0, 80.0])
"""Centres of soft classes of the melody's height, four semitones wide."""

WIDEST_MOTION = 7
"""Melodic motion beyond it counts as so much."""

LONGEST = 16
"""Sixteenths that a note is followed back and ahead."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Steps:
    """T steps of a melody as a network reads them.

    Attributes:
        features: (T, F) see `features_of_beats` and `features_of_sixteenths`.
        soprano: (T,) MIDI numbers; `SILENT` where the melody rests.
        tonic: (T,) pitch class of the tonic in force.
    """

    features: Floats
    soprano: Integers
    tonic: Integers

    def __len__(self) -> int:
        return len(self.soprano)


def steps_of_beats(beats: Beats) -> Steps:
    """The steps of a melody cut into beats."""
    degree = (beats.pitch - beats.tonic) % 12
    parts = [
        one_hot(degree, 12),
        one_hot((beats.leaving - beats.tonic) % 12, 12),
        _rolled(beats.tones, beats.tonic),
        _common(beats.pitch, beats.tonic, beats.mode),
        _motion(beats.pitch, beats.leaving),
        one_hot(beats.strength, 3),
        np.stack([beats.is_held, beats.begins_phrase, beats.ends_phrase, beats.is_last], 1).astype(
            np.float32
        ),
    ]
    return Steps(
        features=np.concatenate(parts, 1).astype(np.float32),
        soprano=beats.pitch,
        tonic=beats.tonic,
    )


def steps_of_sixteenths(soprano: Integers, tonic: int, mode: str) -> Steps:
    """The steps of a melody on sixteenths, of which nothing is known but its pitches.

    Args:
        soprano: (T,) MIDI numbers; `SILENT` where it rests.
        tonic: pitch class of the key that the melody suggests.
        mode: its mode.
    """
    steps = np.arange(len(soprano))
    sounding = soprano != SILENT
    changes = np.ones(len(soprano), bool)
    changes[1:] = soprano[1:] != soprano[:-1]
    held, ahead = _runs(changes)
    tonics = np.full(len(soprano), tonic)
    pitch = np.where(sounding, soprano, 0)
    parts = [
        one_hot((pitch - tonics) % 12, 12) * sounding[:, None],
        _common(pitch, tonics, np.full(len(soprano), MODE_NUMBERS[mode])) * sounding[:, None],
        _motion(pitch, pitch),
        one_hot(steps % 16, 16),
        one_hot(steps % 4, 4),
        one_hot(np.minimum(held, LONGEST), LONGEST + 1),
        one_hot(np.minimum(ahead, LONGEST), LONGEST + 1),
        np.stack([sounding, changes, steps == 0, steps == len(steps) - 1], 1),
    ]
    return Steps(
        features=np.concatenate(parts, 1).astype(np.float32), soprano=soprano, tonic=tonics
    )


def one_hot(values: Integers, size: int) -> Floats:
    """(T, size) with a single 1 in each row."""
    return np.eye(size, dtype=np.float32)[values]


def _common(pitch: Integers, tonic: Integers, mode: Integers) -> Floats:
    """(T, 20) height, mode, and the tonic as a degree of the piece's last key."""
    height = np.exp(-(((pitch[:, None] - REGISTER) / 4.0) ** 2))
    return np.concatenate([height, FLAGS[mode], one_hot((tonic - tonic[-1]) % 12, 12)], 1)


def _motion(pitch: Integers, leaving: Integers) -> Floats:
    """(T, 15) the interval by which the melody comes; nothing on the first step."""
    motion = np.clip(pitch[1:] - leaving[:-1], -WIDEST_MOTION, WIDEST_MOTION)
    rows = np.zeros((len(pitch), 2 * WIDEST_MOTION + 1), np.float32)
    rows[1:] = one_hot(motion + WIDEST_MOTION, 2 * WIDEST_MOTION + 1)
    return rows


def _rolled(tones: npt.NDArray[np.float64], tonic: Integers) -> Floats:
    """(T, 12) shares of the pitch classes, counted from the tonic."""
    columns = (np.arange(12)[None] + tonic[:, None]) % 12
    return np.take_along_axis(tones, columns, 1).astype(np.float32)


def _runs(changes: npt.NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """(T,) steps since a note began, and (T,) steps until the next one begins."""
    steps = np.arange(len(changes))
    starts = np.flatnonzero(changes)
    last = starts[np.searchsorted(starts, steps, side="right") - 1]
    following = np.append(starts, len(changes))[np.searchsorted(starts, steps, side="right")]
    return steps - last, following - steps
