"""How each training example is changed anew in each epoch, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, fields

from chromasonic.errors import ConfigError

_MOST = {
    "time_warp": 0.9,
    "crop": 0.9,
    "rotation_degrees": 180.0,
    "heading_degrees": 180.0,
    "scale": 0.9,
    "shift": 10.0,
    "mirror": 1.0,
    "joint_dropout": 0.9,
    "noise": 10.0,
    "mixing": 10.0,
}


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """Strengths of the changes; 0 turns one off.

    Attributes:
        time_warp: largest relative change of pace at any moment, 0.2 for a fifth; the movement as
            a whole becomes longer or shorter with it.
        crop: largest share of the frames that is cut away, from the start and the end together.
        rotation_degrees: largest turn about each axis, where nodes have coordinates.
        heading_degrees: largest turn about the upright axis (the second coordinate) besides.
        scale: largest relative change of size.
        shift: largest move of the whole along each coordinate, in standard deviations of it.
        mirror: chance that left and right change places; only where gestures mean the same then.
        joint_dropout: chance that a node goes unseen for the whole example.
        noise: deviation of normal noise, in standard deviations of the channel.
        mixing: alpha of the Beta distribution by which two examples and their labels are mixed.
    """

    time_warp: float = 0.0
    crop: float = 0.0
    rotation_degrees: float = 0.0
    heading_degrees: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    mirror: float = 0.0
    joint_dropout: float = 0.0
    noise: float = 0.0
    mixing: float = 0.0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            if not 0 <= getattr(self, name) <= most:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; allowed: 0 (off) to {most:g}."
                )

    @property
    def changes_movements(self) -> bool:
        """Whether anything but `mixing` is on."""
        return any(getattr(self, it.name) for it in fields(self) if it.name != "mixing")
