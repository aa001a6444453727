"""Made-up examples of the five companion models: true shapes, and a structure to be learned.

They stand in where no real corpus is at hand, and let a test tell a model that learns from one that
does not. Nothing that is measured on them says anything about music.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np

from chromasonic.companion.features import INPUTS
from chromasonic.errors import UsageError
from chromasonic.export.spec import slices
from chromasonic.formats import log_mel
from chromasonic.music.chord import HOLD, START
from chromasonic.music.emotion import bell
from chromasonic.training.examples import FEATURES, MASK, Example, Examples

EXAMPLES_OF_A_PIECE = 8
"""Bars that make one piece together."""

FRAMES, BEATS = 40, 16
MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])
TRIAD = np.array([0, 2, 4])
METRIC_WEIGHT = np.array([4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0]) / 4
"""How strong each sixteenth of a 4/4 bar is, 0 to 1."""


def _examples(count: int, seed: int, one: Callable[..., Example], together: int) -> Examples:
    """`count` examples, each from a generator of its own, so that a longer set begins alike."""
    if count < 1:
        raise UsageError(f"num_samples is {count}; allowed: 1 or more.")
    items = [one(np.random.default_rng([seed, number])) for number in range(count)]
    pieces = [f"synthetic/{number // together:05d}" for number in range(count)]
    return Examples(items, pieces)


def synthetic_emotion(count: int, seed: int) -> Examples:
    """Spectra whose loudness and brightness follow arousal and whose comb follows valence.

    Args:
        count: excerpts of `FRAMES` frames.
        seed: another number, other excerpts.

    Returns:
        `features` (T, 128), `emotion` (T, 64), `mask` (T,).
    """
    return _examples(count, seed, _excerpt, 1)


def _excerpt(rng: np.random.Generator) -> Example:
    start, drift = rng.uniform(-0.8, 0.8, 2), rng.normal(0, 0.01, (FRAMES, 2)).cumsum(0)
    valence, arousal = np.clip(start + drift, -0.95, 0.95).T
    bands = np.arange(128)
    level = 0.8 * arousal[:, None] * (0.5 + bands / 127)
    comb = 0.8 * valence[:, None] * np.sin(2 * np.pi * bands / 12)
    spectrum = level + comb - bands / 127 + rng.normal(0, 0.4, (FRAMES, 128))
    return {
        FEATURES: np.clip(spectrum, log_mel.LOWEST, log_mel.HIGHEST).astype(np.float32),
        "emotion": bell(valence, arousal, 0.25, 0.25).astype(np.float32),
        MASK: np.ones(FRAMES, np.float32),
    }


def synthetic_melody(count: int, seed: int) -> Examples:
    """Tunes of one motif, begun on the root of each chord of a key.

    Args:
        count: tunes of 24 to 48 notes.
        seed: another number, other tunes.

    Returns:
        `features` (T, 64), `melody` (T,) int64, the MIDI pitch of the next note, `mask` (T,).
    """
    return _examples(count, seed, _tune, 1)


MOTIFS = np.array([[0, 1, 2, 4], [0, 2, 4, 2], [0, -1, 0, 2], [0, 4, 2, 1]])
"""Steps of the scale above the chord's root, a quarter note each."""


def _tune(rng: np.random.Generator) -> Example:
    part = slices(INPUTS["melody_transformer"])
    tonic, motif, bars = int(rng.integers(-3, 4)), rng.choice(MOTIFS), int(rng.integers(6, 13))
    features = np.zeros((4 * bars, 64), np.float32)
    melody = np.zeros(4 * bars, np.int64)
    last, degree = -1, 0
    for step, row in enumerate(features):
        if step % 4 == 0:
            degree = int(rng.choice([0, 3, 4, 5]))
        if last < 0:
            row[part["last_pitch_class"].stop - 1] = 1
        else:
            row[part["last_pitch_class"].start + last % 12] = 1
            row[part["last_octave"].start + last // 12 - 2] = 1
            row[part["last_duration"]] = 0.5
        row[part["sixteenth"].start + 4 * (step % 4)] = 1
        row[part["chord"]][(tonic + MAJOR[(degree + TRIAD) % 7]) % 12] = 1
        row[part["key"]][(tonic + MAJOR) % 12] = 0.5
        row[part["key"].start + tonic % 12] = 1
        scale_step = degree + int(motif[step % 4])
        melody[step] = last = 60 + tonic + int(MAJOR[scale_step % 7]) + 12 * (scale_step // 7)
    return {FEATURES: features, "melody": melody, MASK: np.ones(len(melody), np.float32)}


def synthetic_harmony(count: int, seed: int) -> Examples:
    """Chords of a major key that follow a rule and sound in the melody of their beats.

    Args:
        count: stretches of `BEATS` beats.
        seed: another number, other stretches.

    Returns:
        `features` (T, 128), `harmony` (T,) int64, the class of the chord, `mask` (T,).
    """
    return _examples(count, seed, _stretch, 1)


FOLLOWERS = {0: (3, 4), 1: (4,), 3: (4, 0), 4: (0, 5), 5: (1, 3)}
"""Degree of a major key to the degrees that may come after it."""


def _stretch(rng: np.random.Generator) -> Example:
    part = slices(INPUTS["harmony_predictor"])
    degrees = [int(rng.choice(list(FOLLOWERS)))]
    for _ in range(BEATS // 2):  # each chord lasts for two beats
        degrees.append(int(rng.choice(FOLLOWERS[degrees[-1]])))
    of_beat = np.repeat(degrees, 2)
    tones = (MAJOR[(of_beat[:, None] + TRIAD) % 7])[np.arange(len(of_beat)), rng.integers(0, 3)]
    features = np.zeros((BEATS, 128), np.float32)
    harmony = np.zeros(BEATS, np.int64)
    for beat, row in enumerate(features):
        if beat:
            row[part["last_chord"].start + _chord(of_beat[beat - 1])] = 1
            row[part["last_chord"].start + HOLD] = np.log2(2 + (beat - 1) % 2)
        else:
            row[part["last_chord"].start + START] = 1
        for ahead, tone in enumerate(tones[beat : beat + 4]):
            row[part["melody"]][12 * ahead + tone] = 0.75
            row[part["melody"]][12 * ahead + rng.choice(MAJOR)] += 0.25
        row[part["key"]][MAJOR] = 1
        row[part["beat"].start + beat % 4] = 1
        harmony[beat] = HOLD if beat % 2 else _chord(of_beat[beat])
    return {FEATURES: features, "harmony": harmony, MASK: np.ones(BEATS, np.float32)}


def _chord(degree: int) -> int:
    """Class of the triad on a degree of a major key, counted from its tonic."""
    is_minor = degree in (1, 2, 5)
    return int(MAJOR[degree]) + 12 * is_minor


def synthetic_dynamics(count: int, seed: int) -> Examples:
    """Bars that are louder on strong beats, high up, and where many notes meet.

    Args:
        count: bars.
        seed: another number, other bars.

    Returns:
        `features` (32,), `expression` (16,) velocities 0 to 1, `mask` (16,).
    """
    return _examples(count, seed, _played_bar, EXAMPLES_OF_A_PIECE)


def _played_bar(rng: np.random.Generator) -> Example:
    has_onset = _onsets(rng, 0.2 + 0.5 * METRIC_WEIGHT)
    weight = has_onset * rng.integers(1, 6, 16) / 8
    height = has_onset * np.clip(rng.normal(0, 0.5) + rng.normal(0, 0.25, 16), -1.5, 1.5)
    velocity = 0.35 + 0.25 * METRIC_WEIGHT + 0.12 * height + 0.2 * weight
    velocity += rng.normal(0, 0.03, 16)
    return {
        FEATURES: np.concatenate([weight, height]).astype(np.float32),
        "expression": (np.clip(velocity, 0, 1) * has_onset).astype(np.float32),
        MASK: has_onset.astype(np.float32),
    }


def synthetic_groove(count: int, seed: int) -> Examples:
    """Drum bars with accents on the beat, ghost notes beside it, and a swing that hats tell.

    Args:
        count: bars.
        seed: another number, other bars.

    Returns:
        `features` (64,), `groove` (32,): 16 velocities 0 to 1, then 16 timing offsets as a share of
        a step; `mask` (32,).
    """
    return _examples(count, seed, _drum_bar, EXAMPLES_OF_A_PIECE)


def _drum_bar(rng: np.random.Generator) -> Example:
    swings = rng.random() < 0.5
    kick = _onsets(rng, np.where(np.arange(16) % 8 == 0, 0.9, 0.12))
    snare = _onsets(rng, np.where(np.arange(16) % 8 == 4, 0.9, 0.12))
    hat = _onsets(rng, np.where(np.arange(16) % 2 == 0, 0.9, 0.05 if swings else 0.8))
    other = _onsets(rng, np.full(16, 0.04))
    is_struck = np.maximum.reduce([kick, snare, hat, other])
    velocity = 0.25 + 0.35 * METRIC_WEIGHT + 0.25 * np.maximum(kick, snare)
    velocity += rng.normal(0, 0.04, 16)
    is_off = np.arange(16) % 4 == 2
    timing = np.where(is_off, 0.3 * swings, -0.05 * snare) + rng.normal(0, 0.02, 16)
    return {
        FEATURES: np.concatenate([kick, snare, hat, other]).astype(np.float32),
        "groove": np.concatenate(
            [np.clip(velocity, 0, 1) * is_struck, timing * is_struck], dtype=np.float32
        ),
        MASK: np.tile(is_struck, 2).astype(np.float32),
    }


def _onsets(rng: np.random.Generator, chances: np.ndarray) -> np.ndarray:
    """(16,) 1.0 where something is struck; at least once a bar."""
    struck = rng.random(16) < chances
    struck[int(chances.argmax())] |= not struck.any()
    return struck.astype(np.float64)


class _Synthetic(Examples):
    """A data set of one of the makers above."""

    make: ClassVar[staticmethod[[int, int], Examples]]

    def __init__(self, num_samples: int = 1000, seed: int = 0) -> None:
        made = type(self).make(num_samples, seed)
        super().__init__(made.items, made.pieces, made.groups)

    def __iter__(self) -> Iterator[dict]:
        return (self[number] for number in range(len(self)))


class SyntheticEmotionDataset(_Synthetic):
    """Excerpts for the EmotionRecognizer: see `synthetic_emotion`."""

    make = staticmethod(synthetic_emotion)


class SyntheticMelodyDataset(_Synthetic):
    """Tunes for the MelodyTransformer: see `synthetic_melody`."""

    make = staticmethod(synthetic_melody)


class SyntheticHarmonyDataset(_Synthetic):
    """Stretches of beats for the HarmonyPredictor: see `synthetic_harmony`."""

    make = staticmethod(synthetic_harmony)


class SyntheticDynamicsDataset(_Synthetic):
    """Bars for the DynamicsEngine: see `synthetic_dynamics`."""

    make = staticmethod(synthetic_dynamics)


class SyntheticGrooveDataset(_Synthetic):
    """Drum bars for the GroovePredictor: see `synthetic_groove`."""

    make = staticmethod(synthetic_groove)
