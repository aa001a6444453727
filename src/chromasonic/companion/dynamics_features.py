"""Bars of piano music as what the DynamicsEngine reads and answers.

A bar (or a window of a longer one) is 16 sixteenths. Of each the network is told how many notes
begin on it and how high they lie on average; it answers how loud they are. The target of a step is
its loudest note: that is the one that is heard as its dynamic, as in the GroovePredictor, while the
mean over a chord says as much about how many quiet notes accompany it.

Legend: N notes, W windows, S = 16 steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.music.bar_grid import OFF_GRID, STEPS, Beats, place_onsets
from chromasonic.music.beats import estimate_beats
from chromasonic.music.performance import PlayedNotes
from chromasonic.music.piano_performance import PianoPerformance
from chromasonic.training.examples import FEATURES, MASK, Example, Examples

TARGET = "expression"
"""Key of the target: (S,) velocity of each step's loudest note as a share of 127."""

BAR_STEPS, MEAN = "bar_steps", "mean_velocity"
"""Further keys of examples: () sixteenths of the bar, which tells the metre; and, of those that are
judged, (S,) mean velocity of each step's notes as a share of 127."""

FULL_VELOCITY = 127
MOST_NOTES = 8
"""So many notes at once are a full onset weight; more add nothing."""

MIDDLE_C, TWO_OCTAVES = 60, 24

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Windows of a performance in which something begins.

    Attributes:
        features: (W, 32) onset weights, then mean heights.
        loudest: (W, S) velocity of each step's loudest note, as a share of 127; 0 where none is.
        mean: (W, S) mean velocity of each step's notes, likewise.
        struck: (W, S) 1.0 where a note begins.
        bar_steps: (W,) sixteenths of the whole bar.
    """

    features: Floats
    loudest: Floats
    mean: Floats
    struck: Floats
    bar_steps: npt.NDArray[np.int64]


class PianoBarExample(dict[str, np.ndarray]):
    """A bar's arrays, and where it stands.

    Attributes:
        performance: the bars of its performance, in time, this one among them.
        number: of this one.
    """

    performance: Sequence[Example] = ()
    number: int = 0


def bars_of(notes: PlayedNotes, beats: Beats) -> Bars:
    """The windows of a performance on a grid of beats; notes outside of the grid are left out."""
    places = place_onsets(notes.onset_seconds, beats)
    inside = places.window != OFF_GRID
    cell = (places.window * STEPS + places.step)[inside]
    size = len(places.steps) * STEPS
    pitch, velocity = notes.pitch[inside], notes.velocity[inside]
    count = np.bincount(cell, minlength=size)
    many = np.maximum(count, 1)
    loudest = np.zeros(size)
    np.maximum.at(loudest, cell, velocity)
    mean = np.bincount(cell, velocity, size) / many
    height = np.bincount(cell, pitch, size) / many

    used = count.reshape(-1, STEPS).any(axis=1)

    def rows(values: npt.NDArray[np.floating]) -> Floats:
        return values.reshape(-1, STEPS)[used].astype(np.float32)

    return Bars(
        features=features_of(count.reshape(-1, STEPS)[used], rows(height)),
        loudest=rows(loudest / FULL_VELOCITY),
        mean=rows(mean / FULL_VELOCITY),
        struck=rows((count > 0).astype(np.float64)),
        bar_steps=places.bar_steps[used],
    )


def features_of(counts: npt.NDArray[np.int64], mean_pitches: npt.NDArray[np.floating]) -> Floats:
    """What the network reads.

    Args:
        counts: (W, S) notes that begin on each step.
        mean_pitches: (W, S) their mean MIDI number; anything where there is none.

    Returns:
        (W, 32): weights min(count, 8) / 8, then heights (mean pitch - 60) / 24, 0 where no note
        begins.
    """
    weight = np.minimum(counts, MOST_NOTES) / MOST_NOTES
    height = np.where(counts > 0, (mean_pitches - MIDDLE_C) / TWO_OCTAVES, 0.0)
    return np.concatenate([weight, height], axis=1, dtype=np.float32)


def dynamics_examples(
    performances: Iterable[PianoPerformance], *, estimated: bool = False, judged: bool = False
) -> Examples:
    """One example for each window in which a note begins.

    Args:
        performances: those without any beat on which a note begins give none.
        estimated: whether beats are estimated even where they are annotated. They are in any case
            where nobody annotated them.
        judged: with what only judging needs (`MEAN`).

    Returns:
        Examples in the group "composer"; a piece is a performance.
    """
    items: list[Example] = []
    pieces: list[str] = []
    composers: list[str] = []
    for performance in performances:
        beats = None if estimated else performance.beats
        bars = bars_of(
            performance.notes, estimate_beats(performance.notes) if beats is None else beats
        )
        of_performance: list[PianoBarExample] = []
        for number in range(len(bars.features)):
            item = PianoBarExample(
                {
                    FEATURES: bars.features[number],
                    TARGET: bars.loudest[number],
                    MASK: bars.struck[number],
                    BAR_STEPS: bars.bar_steps[number, ...],
                }
            )
            if judged:
                item[MEAN] = bars.mean[number]
            item.performance, item.number = of_performance, number
            of_performance.append(item)
        items += of_performance
        pieces += [performance.id] * len(bars.features)
        composers += [performance.composer] * len(bars.features)
    return Examples(items, pieces, {"composer": composers})
