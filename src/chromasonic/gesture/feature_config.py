"""How a movement becomes a network's features, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromasonic.errors import ConfigError

Normalization = Literal["none", "recording", "performer", "session"]
Centre = Literal["none", "recording", "root"]


@dataclass(frozen=True, kw_only=True)
class FeatureConfig:
    """What is computed of a movement before the network sees it.

    Attributes:
        rate_hz: frames a second that the network reads; 0 leaves the recording's own rate.
        median: frames of a median filter along time against spikes; 0 or 1 is none.
        normalization: by whose mean and deviation each node's channels are scaled besides the
            training part's: nobody's, the recording's own, the performer's (all that is there
            of them, without labels), or the performer's in that session, for sensors that are put
            on anew each time.
        centre: what values are relative to after that, velocities apart: nothing, each channel's
            mean over the recording (sizes stay, other than under the normalization "recording"),
            or the first node's place in the room.
        turns: channels that are an angle in turns; each is read as its sine and cosine, so that a
            full turn is where it began.
        frames: how many frames every movement is brought to, however long it lasts; 0 leaves its
            pace as it was.
        velocity: whether each channel's change a second stands beside it.
        acceleration: whether the velocity's change a second does.
        bones: whether each node's vector from its parent stands beside it.
        duration: whether the logarithm of the movement's seconds stands beside each frame.
        causal: whether no frame is read from later ones, as a model that answers while a movement
            goes on needs it: the median is of the frames before, and gaps hold what was last seen.
    """

    rate_hz: float = 0.0
    median: int = 0
    normalization: Normalization = "none"
    centre: Centre = "none"
    turns: tuple[str, ...] = ()
    frames: int = 0
    velocity: bool = True
    acceleration: bool = False
    bones: bool = False
    duration: bool = False
    causal: bool = False

    def __post_init__(self) -> None:
        for name, is_right, allowed in (
            ("rate_hz", 0 <= self.rate_hz <= 1000, "0 (as recorded) to 1000"),
            ("median", 0 <= self.median <= 101, "0 (none) to 101"),
            (
                "normalization",
                self.normalization in ("none", "recording", "performer", "session"),
                "none, recording, performer, session",
            ),
            ("centre", self.centre in ("none", "recording", "root"), "none, recording, root"),
            (
                "centre",
                self.centre != "root" or self.normalization == "none",
                "none, recording; root only with the normalization none, which keeps units",
            ),
            ("frames", 0 <= self.frames <= 10_000, "0 (as they come) to 10,000"),
            ("turns", len(set(self.turns)) == len(self.turns), "each channel once"),
            ("acceleration", self.velocity or not self.acceleration, "false, without velocity"),
            (
                "causal",
                not (self.causal and self.whole),
                f"false, with {self.whole}, which is known at the end alone",
            ),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")

    @property
    def asks_who(self) -> bool:
        """Whether a performer's statistics are needed."""
        return self.normalization in ("performer", "session")

    @property
    def whole(self) -> str:
        """The setting that needs a movement whole, as "duration"; empty where none does."""
        for setting, needs in (
            ("frames", self.frames > 0),
            ("duration", self.duration),
            ("the normalization 'recording'", self.normalization == "recording"),
            ("the centre 'recording'", self.centre == "recording"),
        ):
            if needs:
                return setting
        return ""

    @property
    def looks_ahead(self) -> str:
        """Why features cannot be read while a movement goes on; empty where they can."""
        if self.whole:
            return self.whole
        return "a median around each frame" if self.median > 1 and not self.causal else ""
