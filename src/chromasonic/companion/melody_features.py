"""Melodies as numbers: the 64 inputs of the MelodyTransformer, its targets, and how they vary.

The target of a step is the next sounding pitch. A rest is no step of its own: it sets the rest's
place in the input, beside the pitch class of the note before it, and moves the sixteenth on.

Legend: N notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.companion.features import INPUTS
from chromasonic.companion.melody_lines import UNKNOWN, MelodyLine
from chromasonic.export.spec import slices
from chromasonic.training.examples import FEATURES, MASK, Example, Examples

TARGET = "melody"
NAME = "melody_transformer"
PART = slices(INPUTS[NAME])
REST = 12
"""Place of the rest in the block `last_pitch_class`."""

LOWEST_OCTAVE = 2
"""The octave (pitch // 12) of the first number of the block `last_octave`."""

LONGEST_EXAMPLE = 256
"""Notes of one example; the longest tune of Nottingham has fewer."""

SCALE_TONE, TONIC = 0.5, 1.0
"""What stands in the block `key` for a tone of the scale, and for its tonic."""


def features_of(line: MelodyLine) -> npt.NDArray[np.float32]:
    """The inputs (N, 64) before each note of a melody."""
    count = len(line)
    features = np.zeros((count, 64), np.float32)
    steps = np.arange(count)
    last = line.pitch[:-1]
    features[steps[1:], PART["last_pitch_class"].start + last % 12] = 1
    features[line.after_rest, PART["last_pitch_class"].start + REST] = 1
    features[steps[1:], PART["last_octave"].start + octave_of(last)] = 1
    known = line.place != UNKNOWN
    features[steps[known], PART["sixteenth"].start + line.place[known]] = 1
    features[:, PART["chord"]] = line.chord
    features[:, PART["key"]] = SCALE_TONE * line.key
    known = line.tonic != UNKNOWN
    features[steps[known], PART["key"].start + line.tonic[known]] = TONIC
    features[1:, PART["last_duration"].start] = duration_number(line.length[:-1])
    features[:, PART["valence"].start] = line.valence
    features[:, PART["arousal"].start] = line.arousal
    return features


def octave_of(pitch: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Place of a pitch in the block `last_octave`; the first and last take what lies beyond."""
    return np.clip(pitch // 12 - LOWEST_OCTAVE, 0, 7)


def duration_number(sixteenths: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """A length as the number of the block `last_duration`: 0 a sixteenth, 0.5 a quarter, 1 a whole
    note; from -0.25 to 1.5."""
    shown = np.log2(np.maximum(sixteenths, 1e-3)) / 4
    return np.clip(shown, -0.25, 1.5).astype(np.float32)


def example_of(line: MelodyLine) -> Example:
    """A melody as an example: every note counts."""
    return {
        FEATURES: features_of(line),
        TARGET: line.pitch,
        MASK: np.ones(len(line), np.float32),
    }


@dataclass(frozen=True)
class MelodyItems(Sequence[Example]):
    """Melodies as a sequence of examples that are made when they are asked for.

    Hundreds of megabytes of numbers need not stay in memory; making one example takes a tenth of a
    millisecond.

    Attributes:
        lines: the melodies.
        spans: (number of the melody, first note, note after the last) of each example.
    """

    lines: Sequence[MelodyLine]
    spans: Sequence[tuple[int, int, int]]

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return MelodyItems(self.lines, self.spans[number])
        line, start, stop = self.spans[number]
        example = example_of(self.lines[line])
        return {name: values[start:stop] for name, values in example.items()}


def examples_of(
    lines: Sequence[MelodyLine], *, longest: int = LONGEST_EXAMPLE, times: Mapping[str, int] = {}
) -> Examples:
    """Melodies as examples, those of more notes than `longest` in windows of about equal length.

    Args:
        lines: melodies; those without a note are passed over.
        longest: notes of an example.
        times: corpus to how many times each of its melodies stands among the examples (once where
            it is not named), so that a small corpus is not drowned by a large one.
    """
    spans = []
    for number, line in enumerate(lines):
        count = -(-len(line) // longest)
        edges = [len(line) * part // count for part in range(count + 1)] if count else []
        parts = [(number, first, last) for first, last in pairwise(edges)]
        spans += parts * times.get(line.corpus, 1)
    owners = [lines[number] for number, _, _ in spans]
    return Examples(
        MelodyItems(lines, spans),
        [f"{line.corpus}/{line.id}" for line in owners],
        {
            "corpus": [line.corpus for line in owners],
            "chords": ["known" if line.has_chords else "unknown" for line in owners],
        },
    )


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How a training example is varied each time that it is met.

    Attributes:
        own_key: how often a melody stays in its own key; else it goes to any of the twelve that
            fits. Tunes are played in some keys more than in others, and it pays to know these best.
        lowest, highest: MIDI numbers that a transposed melody stays between, if it did before.
        no_chord, no_key, no_place, no_emotion: how often these inputs are taken away from the whole
            melody, so that one network works with and without them.
    """

    own_key: float = 0.5
    lowest: int = 36
    highest: int = 96
    no_chord: float = 0.5
    no_key: float = 0.1
    no_place: float = 0.1
    no_emotion: float = 0.2

    def __call__(self, example: Example, rng: np.random.Generator) -> Example:
        """Another key, and perhaps less known."""
        shift = 0 if rng.random() < self.own_key else self._shift(example[TARGET], rng)
        varied = transposed(example, shift)
        features = varied[FEATURES]
        for names, share in (
            (("chord",), self.no_chord),
            (("key",), self.no_key),
            (("sixteenth",), self.no_place),
            (("valence", "arousal"), self.no_emotion),
        ):
            if rng.random() < share:
                for name in names:
                    features[:, PART[name]] = 0
        return varied

    def _shift(self, pitch: npt.NDArray[np.int64], rng: np.random.Generator) -> int:
        """One of the twelve keys, from six semitones down to five up, moved by octaves to fit."""
        shifts = [
            shift
            for shift in range(-6, 6)
            if pitch.min() + shift >= self.lowest and pitch.max() + shift <= self.highest
        ]
        return int(rng.choice(shifts)) if shifts else 0


def transposed(example: Example, semitones: int) -> Example:
    """An example so many semitones higher: pitches, chords and key together.

    The pitch before a window's first note is read back from its features; one beyond the octaves
    that they can say stays where it was said to be.
    """
    features = example[FEATURES].copy()
    target = example[TARGET] + semitones
    if semitones:
        for name in ("chord", "key"):
            features[:, PART[name]] = np.roll(features[:, PART[name]], semitones, axis=1)
        pitch_class = features[:, PART["last_pitch_class"]][:, :REST]
        octave = features[:, PART["last_octave"]]
        has_last = pitch_class.any(1)
        last = 12 * (octave.argmax(1) + LOWEST_OCTAVE) + pitch_class.argmax(1) + semitones
        features[:, PART["last_pitch_class"].start : PART["last_pitch_class"].start + REST] = 0
        features[:, PART["last_octave"]] = 0
        steps = np.flatnonzero(has_last)
        features[steps, PART["last_pitch_class"].start + last[steps] % 12] = 1
        features[steps, PART["last_octave"].start + octave_of(last[steps])] = 1
    return {**example, FEATURES: features, TARGET: target}
