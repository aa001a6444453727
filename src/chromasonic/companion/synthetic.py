"""Made-up examples of the five companion models: true shapes, and a structure to be learned.

They stand in where no real corpus is at hand, and let a test tell a model that learns from one that
does not. Nothing that is measured on them says anything about music.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np

from chromasonic.companion.examples import FEATURES, MASK, Example, Examples
from chromasonic.companion.features import INPUTS, slices
from chromasonic.errors import UsageError

EXAMPLES_OF_A_PIECE = 8
"""Bars and beats that make one piece together."""

FRAMES = 60
MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])
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
    spectrum = level + comb - bands / 127 + rng.normal(0, 0.5, (FRAMES, 128))
    return {
        FEATURES: spectrum.astype(np.float32),
        "emotion": _cells(valence, arousal, 0.25),
        MASK: np.ones(FRAMES, np.float32),
    }


def _cells(valence: np.ndarray, arousal: np.ndarray, width: float) -> np.ndarray:
    """(T,) and (T,) to (T, 64): a normal bell over the cells of the plane."""
    centres = (np.arange(8) - 3.5) / 4
    across, up = (
        np.exp(-((centres - value[:, None]) ** 2) / (2 * width**2)) for value in (valence, arousal)
    )
    cells = (up[:, :, None] * across[:, None, :]).reshape(len(valence), 64)
    return (cells / cells.sum(1, keepdims=True)).astype(np.float32)


def synthetic_melody(count: int, seed: int) -> Examples:
    """Tunes of one motif, moved from chord to chord of a key.

    Args:
        count: tunes of 24 to 48 notes.
        seed: another number, other tunes.

    Returns:
        `features` (T, 64), `melody` (T,) int64, the MIDI pitch of the next note, `mask` (T,).
    """
    return _examples(count, seed, _tune, 1)


def _tune(rng: np.random.Generator) -> Example:
    part = slices(INPUTS["melody_transformer"])
    tonic, motif = int(rng.integers(0, 12)), rng.integers(-2, 3, 4)
    motif[0] = 0
    bars, notes = int(rng.integers(6, 13)), 4
    features = np.zeros((bars * notes, 64), np.float32)
    melody = np.zeros(bars * notes, np.int64)
    last, degree = None, 0
    for step in range(bars * notes):
        if step % notes == 0:
            degree = int(rng.choice([0, 3, 4, 5]))
        row = features[step]
        row[part["last_pitch_class"].start + (12 if last is None else last % 12)] = 1
        if last is not None:
            row[part["last_octave"].start + np.clip(last // 12 - 2, 0, 7)] = 1
        row[part["sixteenth"].start + 4 * (step % notes)] = 1
        row[part["chord"]][(tonic + MAJOR[(degree + np.array([0, 2, 4])) % 7]) % 12] = 1
        row[part["key"]][(tonic + MAJOR) % 12] = 1
        row[part["last_duration"]] = 0.25
        scale_step = degree + int(motif[: step % notes + 1].sum())
        melody[step] = last = 60 + tonic + int(MAJOR[scale_step % 7]) + 12 * (scale_step // 7)
    return {FEATURES: features, "melody": melody, MASK: np.ones(len(melody), np.float32)}


def synthetic_harmony(count: int, seed: int) -> Examples:
    """Chords of a key that follow a rule and sound in the melody of their beats.

    Args:
        count: beats.
        seed: another number, other beats.

    Returns:
        `features` (128,), `harmony` () int64, the class of the chord, `mask` ().
    """
    return _examples(count, seed, _beat, EXAMPLES_OF_A_PIECE)


FOLLOWERS = {0: (3, 4), 1: (4,), 3: (4, 0), 4: (0, 5), 5: (1, 3)}
"""Degree of a major key to the degrees that may come after it."""


def _beat(rng: np.random.Generator) -> Example:
    part = slices(INPUTS["harmony_predictor"])
    tonic, beat = int(rng.integers(0, 12)), int(rng.integers(0, 4))
    before = int(rng.choice(list(FOLLOWERS)))
    changes = beat % 2 == 0
    degree = int(rng.choice(FOLLOWERS[before])) if changes else before
    features = np.zeros(128, np.float32)
    features[part["last_chord"].start + _chord(tonic, before)] = 1
    tones = (tonic + MAJOR[(degree + np.array([0, 2, 4])) % 7]) % 12
    for ahead in range(4):
        weights = features[part["melody"]][12 * ahead : 12 * ahead + 12]
        weights[rng.choice(tones)] += 0.75
        weights[(tonic + rng.choice(MAJOR)) % 12] += 0.25
    features[part["key"]][(tonic + MAJOR) % 12] = 1
    features[part["beat"].start + beat] = 1
    target = _chord(tonic, degree) if changes else 61
    return {
        FEATURES: features,
        "harmony": np.array(target, np.int64),
        MASK: np.array(1, np.float32),
    }


def _chord(tonic: int, degree: int) -> int:
    """Class of a triad on a degree of a major key."""
    is_minor = degree in (1, 2, 5)
    return int((tonic + MAJOR[degree]) % 12) + 12 * is_minor


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
    weight = has_onset * rng.uniform(0.1, 0.6, 16)
    height = has_onset * np.clip(rng.uniform(0.3, 0.7) + rng.normal(0, 0.12, 16), 0.05, 0.95)
    velocity = 0.2 + 0.25 * METRIC_WEIGHT + 0.4 * height + 0.2 * weight + rng.normal(0, 0.03, 16)
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

    make: ClassVar[Callable[[int, int], Examples]]

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
    """Beats for the HarmonyPredictor: see `synthetic_harmony`."""

    make = staticmethod(synthetic_harmony)


class SyntheticDynamicsDataset(_Synthetic):
    """Bars for the DynamicsEngine: see `synthetic_dynamics`."""

    make = staticmethod(synthetic_dynamics)


class SyntheticGrooveDataset(_Synthetic):
    """Drum bars for the GroovePredictor: see `synthetic_groove`."""

    make = staticmethod(synthetic_groove)
