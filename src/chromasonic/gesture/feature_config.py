"""How a movement becomes a network's features, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromasonic.errors import ConfigError

Normalization = Literal["none", "recording", "performer"]
Centre = Literal["none", "recording", "root"]


@dataclass(frozen=True, kw_only=True)
class FeatureConfig:
    """What is computed of a movement before the network sees it.

    Attributes:
        rate_hz: frames a second that the network reads; 0 leaves the recording's own rate.
        median: frames of a median filter along time against spikes; 0 or 1 is none.
        normalization: by whose mean and deviation each node's channels are scaled besides the
            training part's: nobody's, the recording's own, or the performer's (all that is there
            of them, without labels).
        centre: what values are relative to after that, velocities apart: nothing, each channel's
            mean over the recording (sizes stay, other than under the normalization "recording"),
            or the first node's place in the room.
        velocity: whether each channel's change a second stands beside it.
        bones: whether each node's vector from its parent stands beside it.
    """

    rate_hz: float = 0.0
    median: int = 0
    normalization: Normalization = "none"
    centre: Centre = "none"
    velocity: bool = True
    bones: bool = False

    def __post_init__(self) -> None:
        for name, is_right, allowed in (
            ("rate_hz", 0 <= self.rate_hz <= 1000, "0 (as recorded) to 1000"),
            ("median", 0 <= self.median <= 101, "0 (none) to 101"),
            (
                "normalization",
                self.normalization in ("none", "recording", "performer"),
                "none, recording, performer",
            ),
            ("centre", self.centre in ("none", "recording", "root"), "none, recording, root"),
            (
                "centre",
                self.centre != "root" or self.normalization == "none",
                "none, recording; root only with the normalization none, which keeps units",
            ),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")
