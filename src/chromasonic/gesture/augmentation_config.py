"""How each training example is changed anew in each epoch, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """Strengths of the changes; 0 turns one off.

    Attributes:
        time_warp: largest relative change of pace at any moment, 0.2 for a fifth.
        rotation_degrees: largest turn about each axis, where nodes have coordinates.
        scale: largest relative change of size.
        joint_dropout: chance that a node goes unseen for the whole example.
        noise: deviation of normal noise, in standard deviations of the channel.
        mixing: alpha of the Beta distribution by which two examples and their labels are mixed.
    """

    time_warp: float = 0.0
    rotation_degrees: float = 0.0
    scale: float = 0.0
    joint_dropout: float = 0.0
    noise: float = 0.0
    mixing: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (
            ("time_warp", 0.9),
            ("rotation_degrees", 180.0),
            ("scale", 0.9),
            ("joint_dropout", 0.9),
            ("noise", 10.0),
            ("mixing", 10.0),
        ):
            if not 0 <= getattr(self, name) <= most:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; allowed: 0 (off) to {most:g}."
                )
