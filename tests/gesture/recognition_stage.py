"""What tests of recognition share: a little skeleton, movements by hand, models that tests know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chromasonic.gesture.motion import Motion
from chromasonic.music.movement import Movement, Skeleton

RATE = 20.0
SKELETON = Skeleton(
    name="two-point",
    nodes=("wrist", "tip"),
    edges=((0, 1),),
    channels=("x", "y"),
    axes=(0, 1),
)
CLASSES = ("left", "right", "up")
DIRECTIONS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, 1.0), "down": (0.0, -1.0)}


def movement(frames: Any, **facts: Any) -> Movement:
    """Frames of the little skeleton as a movement at 20 frames a second."""
    values = {"id": "made", "rate_hz": RATE, **facts}
    return Movement(skeleton=SKELETON, frames=np.asarray(frames, np.float32), **values)


def stroke(label: str, *, start: tuple[float, float] = (0.0, 0.0), frames: int = 20) -> np.ndarray:
    """(T, 2, 2) both points go a tenth of a unit a frame, which is 2 a second."""
    way = np.arange(1, frames + 1)[:, None] * 0.1 * np.array(DIRECTIONS[label])
    wrist = np.array(start) + way
    return np.stack([wrist, wrist + np.array([0.0, 1.0])], axis=1).astype(np.float32)


def rest(where: np.ndarray, *, frames: int = 24) -> np.ndarray:
    """(T, 2, 2) both points stay where a last frame (2, 2) left them."""
    return np.repeat(where[None], frames, axis=0)


def sequence(*labels: str, pause: int = 24) -> tuple[Movement, list[tuple[str, float, float]]]:
    """Strokes with rests between, and what they truly are: (class, start, end) in seconds."""
    parts = [rest(stroke(labels[0])[0] * 0 + [[0.0, 0.0], [0.0, 1.0]], frames=pause)]
    true, count = [], pause
    for label in labels:
        part = stroke(label, start=tuple(parts[-1][-1, 0].tolist()))
        true.append((label, count / RATE, (count + len(part)) / RATE))
        parts += [part, rest(part[-1], frames=pause)]
        count += len(part) + pause
    return movement(np.concatenate(parts)), true


def measured_motion() -> Motion:
    """Deviation 1 in all numbers; strokes go at sqrt(2) deviations a second (half the numbers)."""
    return Motion(scale=np.ones((2, 2)), rest=0.0, fast=float(np.sqrt(2.0)))


@dataclass(frozen=True)
class DirectionModel:
    """A model whose answers are known: the class whose direction the wrist has gone in.

    Its certainty grows with the way: 1/3 at none, to 1. "down" it does not know.
    """

    is_causal: bool = False
    classes: tuple[str, ...] = CLASSES
    skeleton: Skeleton = SKELETON
    rate_hz: float = RATE
    motion: Motion | None = field(default_factory=measured_motion)

    def answers(self, frames: np.ndarray) -> np.ndarray:
        """(T, 3) at each frame, from the first to it."""
        way = np.nan_to_num(frames[:, 0] - frames[:1, 0])
        scores = way @ np.array([DIRECTIONS[name] for name in self.classes]).T
        chances = np.exp(6 * np.maximum(scores, 0))
        return chances / chances.sum(axis=1, keepdims=True)

    def probabilities(self, movement: Movement) -> np.ndarray:
        """(K,), or where causal (T, K)."""
        answers = self.answers(movement.frames)
        return answers if self.is_causal else answers[-1]

    def stream(self, rate_hz: float, *, performer: str = "") -> DirectionStream:
        """Frame by frame."""
        del rate_hz, performer
        return DirectionStream(self)


class DirectionStream:
    """`DirectionModel`, frame by frame."""

    def __init__(self, model: DirectionModel) -> None:
        self.model, self.first = model, None

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        """One answer a frame."""
        self.first = frame if self.first is None else self.first
        return [self.model.answers(np.stack([self.first, frame]))[-1]]
