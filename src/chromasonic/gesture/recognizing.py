"""Which gesture a recording is, how certain that is, and what else it could be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.gesture.motion import Motion
from chromasonic.music.movement import Movement, Skeleton

Floats = npt.NDArray[np.floating[Any]]

WINDOW_FRAMES = 4096
"""A recording of more frames is read in pieces of so many: memory stays bounded, and no network has
seen a gesture as long as that."""


class FrameReader(Protocol):
    """A model that hears one frame after the other."""

    def push(self, frame: npt.NDArray[np.float32]) -> list[Floats]:
        """The answers (K,) that a frame (N, C) gives: one, or none or some at another rate."""


class Model(Protocol):
    """What recognition needs of a trained model; see `models.GestureModel`."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the K classes."""

    @property
    def skeleton(self) -> Skeleton:
        """What it was trained on."""

    @property
    def is_causal(self) -> bool:
        """Whether it answers at every frame."""

    @property
    def rate_hz(self) -> float:
        """Frames a second that it reads; 0 takes them as they are recorded."""

    @property
    def motion(self) -> Motion | None:
        """How fast its gestures are; None where it was not counted."""

    def probabilities(self, movement: Movement) -> Floats:
        """(K,) of a movement; of a causal model (T, K), one row a frame that it reads."""

    def stream(self, rate_hz: float, *, performer: str = "") -> FrameReader:
        """A causal model as one that hears frame by frame, from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a recording is.

    Attributes:
        id: of the recording.
        ranking: (class, certainty) of the likeliest classes, best first.
        frames: how many it has.
        seconds: how long it lasts.
        unseen: share of its numbers that were not seen, and were filled in.
        never_seen: names of the landmarks that were seen in no frame.
        windows: in how many pieces it was read; 1 but for very long ones.
    """

    id: str
    ranking: tuple[tuple[str, float], ...]
    frames: int
    seconds: float
    unseen: float
    never_seen: tuple[str, ...]
    windows: int

    @property
    def label(self) -> str:
        """The likeliest class."""
        return self.ranking[0][0]

    @property
    def certainty(self) -> float:
        """How likely it is, 0 to 1."""
        return self.ranking[0][1]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "id": self.id,
            "class": self.label,
            "certainty": self.certainty,
            "ranking": [{"class": label, "certainty": share} for label, share in self.ranking],
            "frames": self.frames,
            "seconds": self.seconds,
            "unseen": self.unseen,
            "never_seen": list(self.never_seen),
            "windows": self.windows,
        }


def recognize(model: Model, movement: Movement, *, top: int = 5) -> Recognition:
    """Which gesture a recording of one gesture is.

    Landmarks that were not seen are filled in from where they were seen; what is missing is told.

    Args:
        model: trained, of the recording's skeleton (`matching.fitted`).
        movement: the recording.
        top: how many classes to tell, likeliest first.

    Raises:
        UsageError: `top` is below 1.
    """
    if top < 1:
        raise UsageError(f"{top} classes were asked for; allowed: 1 or more.")
    chances, windows = _chances(model, movement)
    order = np.argsort(-chances, kind="stable")[:top]
    unseen = ~np.isfinite(movement.frames)
    never = unseen.all(axis=(0, 2))
    return Recognition(
        id=movement.id,
        ranking=tuple((model.classes[number], float(chances[number])) for number in order),
        frames=len(movement),
        seconds=movement.seconds,
        unseen=float(unseen.mean()),
        never_seen=tuple(np.array(movement.skeleton.nodes)[never].tolist()),
        windows=windows,
    )


def _chances(model: Model, movement: Movement) -> tuple[Floats, int]:
    """(K,) of a whole recording, and in how many pieces it was read.

    The pieces of a long one are equally long, and their answers are averaged.
    """
    windows = -(-len(movement) // WINDOW_FRAMES)
    borders = np.linspace(0, len(movement), windows + 1).round().astype(int).tolist()
    total = np.zeros(len(model.classes))
    for first, end in pairwise(borders):
        piece = replace(movement, frames=movement.frames[first:end])
        answer = np.asarray(model.probabilities(piece), np.float64)
        total += answer[-1] if model.is_causal else answer  # causal: at its end all was heard
    return total / windows, windows
