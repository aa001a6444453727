"""What some hidden units of the EmotionRecognizer shall know: pitch classes, key, mode, density.

A label for a whole clip says little about which of 128 bands matter. But the notes that were
rendered are known. So in training some units of the second layer learn to tell which pitch classes
and triads sound, and some units of the recurrent state what a listener gathers over time. What is
exported is the same network: the hints add no weights.

Source: units that are told what to compute: Abu-Mostafa, "Hints", Neural Computation 7 (1995); key
profiles: Krumhansl, "Cognitive Foundations of Musical Pitch" (1990), chapter 2.

Legend: T frames, B examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.companion.emotion_frames import Way
from chromasonic.companion.network import CompanionNetwork
from chromasonic.formats.log_mel import FRAMES_PER_SECOND
from chromasonic.music.emotion import EmotionClip

HINTS, TOLD = "hints", "told"
"""Keys of an example's hints (T, 57), and of where there are some (T,)."""

NOTES = 12 + 2
"""Pitch classes that sound; whether some three of them make a major, a minor triad; each 0 or 1."""

STATE = 43
"""Mode, major and minor triads, density, strength, height, range, 12 weights of pitch classes, 24
likenesses to keys; each -1 to 1. What was heard long ago weighs less."""

SIZE = NOTES + STATE

NOTE_LAYER, STATE_LAYER = 1, 2
"""Of the network's layers those whose first units are told."""

STATE_WEIGHT, CHARACTER_WEIGHT = 10.0, 4.0
CHARACTER = 7
"""The first so many numbers of the state say most of the emotion, and weigh more."""

REACH = 0.9
"""Largest absolute value that a unit of the state is asked for: it cannot say 1."""

LONGEST_NOTE_SECONDS = 1.5
HARMONY_SECONDS, DENSITY_SECONDS = 6.0, 4.0
"""How fast the state forgets: to a share of 1 / e."""

SETTLING_FRAMES = 5

MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


def _unit_profiles() -> npt.NDArray[np.float64]:
    """(24, 12): twelve major keys, then twelve minor ones; mean 0, length 1."""
    rows = np.stack([np.roll(profile, key) for profile in (MAJOR, MINOR) for key in range(12)])
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


PROFILES = _unit_profiles()


@dataclass(frozen=True, slots=True, eq=False)
class Sounding:
    """The notes of a rendered clip, on the clock of its frames.

    Attributes:
        onset: (N,) seconds.
        end: (N,) seconds: when the key is let go.
        pitch: (N,).
        velocity: (N,) 0 to 1.
    """

    onset: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]
    pitch: npt.NDArray[np.int64]
    velocity: npt.NDArray[np.float64]

    @classmethod
    def of(cls, clip: EmotionClip, way: Way) -> Sounding:
        """Of a clip that is played in some way (see `emotion_frames.frames_of_clip`)."""
        start = clip.notes.onset_seconds.min()
        onset = (clip.notes.onset_seconds - start) / way.speed
        end = (clip.notes.end_seconds - start) / way.speed
        return cls(
            onset,
            np.minimum(end, onset + LONGEST_NOTE_SECONDS),
            clip.notes.pitch + way.shift_semitones,
            np.clip(clip.notes.velocity * way.velocity, 1, 127) / 127,
        )


def hints_of(notes: Sounding, first: int, count: int) -> npt.NDArray[np.float32]:
    """(count, 57) hints for the frames from `first` on; the state begins there.

    Args:
        notes: of the clip.
        first: number of the first frame.
        count: how many.
    """
    begin, stop = first / FRAMES_PER_SECOND, (first + count) / FRAMES_PER_SECOND
    is_heard = (notes.end > begin) & (notes.onset < stop)
    onset, end = notes.onset[is_heard] - begin, notes.end[is_heard] - begin
    pitch, velocity = notes.pitch[is_heard], notes.velocity[is_heard]
    from_frame = np.clip((onset * FRAMES_PER_SECOND).astype(int), 0, count - 1)
    to_frame = np.clip((end * FRAMES_PER_SECOND).astype(int) + 1, from_frame + 1, count)
    classes = np.zeros((count, 12))
    for start, after, of, loud in zip(from_frame, to_frame, pitch % 12, velocity, strict=True):
        classes[start:after, of] = np.maximum(classes[start:after, of], loud)
    begins = onset >= 0
    struck = np.stack(
        [
            np.bincount(from_frame[begins], weights, minlength=count).astype(np.float64)
            for weights in (
                np.ones(begins.sum()),
                velocity[begins],
                pitch[begins] / 12 - 5,
                (pitch[begins] / 12 - 5) ** 2,
            )
        ],
        axis=1,
    )
    triads = np.stack([_has_triad(classes > 0, third) for third in (4, 3)], axis=1)
    state = _state(classes, triads, struck)
    return np.concatenate([classes > 0, triads, state], axis=1, dtype=np.float32)


def _has_triad(sounds: npt.NDArray[np.bool_], third: int) -> npt.NDArray[np.bool_]:
    """(T,) whether some root sounds with its third (so many semitones) and its fifth."""
    with_third = sounds & np.roll(sounds, -third, axis=1)
    return np.any(with_third & np.roll(sounds, -7, axis=1), axis=1)


def _state(
    classes: npt.NDArray[np.float64],
    triads: npt.NDArray[np.bool_],
    struck: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """(T, 43) what a listener has gathered: see `STATE`."""
    weights = _gathered(classes, HARMONY_SECONDS)
    centred = weights - weights.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    likeness = (centred / np.maximum(length, 1e-6)) @ PROFILES.T
    mode = np.tanh(3 * (likeness[:, :12].max(axis=1) - likeness[:, 12:].max(axis=1)))
    shares = _gathered(triads.astype(float), HARMONY_SECONDS)
    gathered = _gathered(struck, DENSITY_SECONDS)
    count = gathered[:, 0]
    loud, height, square = gathered[:, 1:].T / np.maximum(count, 1e-6)
    spread = np.sqrt(np.maximum(square - height**2, 0))
    return np.column_stack(
        [
            mode,
            np.tanh(4 * shares - 1),
            np.tanh(np.log(count * FRAMES_PER_SECOND + 0.3) - 1.5),
            np.tanh(5 * (loud - 0.5)),
            np.tanh(2 * height),
            np.tanh(2 * spread - 2),
            2 * weights / np.maximum(weights.max(axis=1, keepdims=True), 1e-6) - 1,
            likeness,
        ]
    )


def _gathered(values: npt.NDArray[np.float64], seconds: float) -> npt.NDArray[np.float64]:
    """The mean over what was heard so far, what is long ago weighing less."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / (FRAMES_PER_SECOND * seconds))
    total = lfilter([1 - keep], [1, -keep], values, axis=0)
    heard = 1 - keep ** np.arange(1, len(values) + 1)
    return total / (heard[:, None] if values.ndim == 2 else heard)


@contextmanager
def listening(model: nn.Module) -> Iterator[dict[int, Tensor]]:
    """While the block runs: what the told layers of a network give, by number of the layer; nothing
    where the model is another."""
    network = getattr(model, "module", model)
    heard: dict[int, Tensor] = {}
    if not isinstance(network, CompanionNetwork):
        yield heard
        return

    def keep(number: int) -> torch.utils.hooks.RemovableHandle:
        def hook(
            _module: nn.Module, _given: object, output: Tensor | tuple[Tensor, object]
        ) -> None:
            heard[number] = output[0] if isinstance(output, tuple) else output

        return network.layers[number].register_forward_hook(hook)

    handles = [keep(NOTE_LAYER), keep(STATE_LAYER)]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def hint_loss(heard: dict[int, Tensor], hints_BTH: Tensor, is_told_BT: Tensor) -> Tensor:
    """How far the told units are from what they were told, a mean over frames.

    Args:
        heard: what the told layers gave; see `listening`.
        hints_BTH: (B, T, 57).
        is_told_BT: (B, T) 1.0 where there are hints.
    """
    frames = is_told_BT.sum().clamp(min=1)
    notes = functional.binary_cross_entropy_with_logits(
        heard[NOTE_LAYER][..., :NOTES], hints_BTH[..., :NOTES], reduction="none"
    ).mean(-1)
    settled = is_told_BT.clone()
    settled[:, :SETTLING_FRAMES] = 0
    gaps = (heard[STATE_LAYER][..., :STATE] - REACH * hints_BTH[..., NOTES:]).square()
    state = STATE_WEIGHT * gaps.mean(-1) + CHARACTER_WEIGHT * gaps[..., :CHARACTER].mean(-1)
    return (notes * is_told_BT).sum() / frames + (state * settled).sum() / settled.sum().clamp(
        min=1
    )
