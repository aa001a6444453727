"""Movements: what a performer's body did, as landmarks in time on a skeleton."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from chromasonic.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """Which landmarks there are, what is measured at each, and which belong together.

    Attributes:
        name: of the kind of skeleton, such as "power-glove", "hand-21", "face-88", "hdm05".
        nodes: names of the landmarks, N of them.
        edges: pairs of node numbers that belong together (bones, neighbours), the parent first
            where there is one; each pair once, in one direction.
        channels: names of the C numbers that each node carries in each frame. What a node does not
            have (a finger's bend at the wrist) is 0 in every frame.
        axes: numbers of the channels that are one point's coordinates ("x", "y", "z"), to which
            rotation and scale apply together; empty where the channels are no point.

    Raises:
        DataError: names repeat, or an edge joins no two nodes.
    """

    name: str
    nodes: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    channels: tuple[str, ...]
    axes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for what, names in (("node", self.nodes), ("channel", self.channels)):
            if not names or len(set(names)) != len(names):
                raise DataError(
                    f"The skeleton '{self.name}' has the {what}s {', '.join(names) or '(none)'}; "
                    "one or more are needed, each name once."
                )
        for edge in self.edges:
            if len({*edge}) != 2 or not all(0 <= node < len(self.nodes) for node in edge):
                raise DataError(
                    f"The skeleton '{self.name}' has the edge {edge}; allowed: two different "
                    f"numbers from 0 to {len(self.nodes) - 1}."
                )
        if not all(0 <= axis < len(self.channels) for axis in self.axes):
            raise DataError(
                f"The skeleton '{self.name}' has the axes {self.axes}; allowed: numbers of its "
                f"{len(self.channels)} channels."
            )

    @cached_property
    def node_numbers(self) -> dict[str, int]:
        """Name of a node to its number."""
        return {name: number for number, name in enumerate(self.nodes)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Movement:
    """A recorded movement.

    Attributes:
        id: unique and stable within its corpus; a file's name for a recording of the user's own.
        skeleton: what the nodes and channels are.
        frames: (T, N, C) float32; NaN where a landmark was not seen.
        rate_hz: frames a second, evenly spaced.
        label: what was done (a sign, a word, a bow stroke); "" where nobody has said.
        performer: who did it; "" where unknown.
        session: in which recording session; "" where unknown.

    Raises:
        DataError: the array's shape is another than the skeleton's, there is no frame, or the rate
            is no rate.
    """

    id: str
    skeleton: Skeleton
    frames: npt.NDArray[np.float32]
    rate_hz: float
    label: str = ""
    performer: str = ""
    session: str = ""

    def __post_init__(self) -> None:
        wanted = (len(self.skeleton.nodes), len(self.skeleton.channels))
        if self.frames.ndim != 3 or self.frames.shape[1:] != wanted:
            raise DataError(
                f"The movement {self.id} has an array of shape {self.frames.shape}; the skeleton "
                f"'{self.skeleton.name}' wants (frames, {wanted[0]} nodes, {wanted[1]} channels)."
            )
        if not len(self.frames):
            raise DataError(f"The movement {self.id} has no frame; one or more are needed.")
        if not 0 < self.rate_hz < 100_000:
            raise DataError(
                f"The movement {self.id} has a rate of {self.rate_hz} frames a second; allowed: "
                "above 0, to 100,000."
            )

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.frames) / self.rate_hz

    @property
    def has_gaps(self) -> bool:
        """Whether a landmark was not seen somewhere."""
        return bool(np.isnan(self.frames).any())
