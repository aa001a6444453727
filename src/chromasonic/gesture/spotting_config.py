"""When a movement counts as a gesture, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SpottingConfig:
    """How gestures are told from rest, from each other, and from what is none.

    Efforts are speeds between rest, 0, and as fast as gestures usually get, 1 (`Motion.effort`).

    Attributes:
        certainty: from where on a class is believed.
        release: below what a class that was believed is so no longer; at most `certainty`.
        hold_seconds: for how long it must be believed before it counts.
        moving: effort from which on somebody moves.
        still: effort below which somebody rests; at most `moving`.
        rest_seconds: for how long; then the movement is over.
        lead_seconds: how much before the effort rose belongs to the movement.
        shortest_seconds: what moves for less is no gesture.
        longest_seconds: what moves for longer is taken as several.
    """

    certainty: float = 0.6
    release: float = 0.4
    hold_seconds: float = 0.2
    moving: float = 0.15
    still: float = 0.1
    rest_seconds: float = 0.3
    lead_seconds: float = 0.1
    shortest_seconds: float = 0.4
    longest_seconds: float = 20.0

    def __post_init__(self) -> None:
        for name, is_right, allowed in (
            ("certainty", 0 <= self.certainty <= 1, "0 to 1"),
            (
                "release",
                0 <= self.release <= self.certainty,
                f"0 to {self.certainty:g} (certainty)",
            ),
            ("hold_seconds", 0 <= self.hold_seconds <= 10, "0 to 10"),
            ("moving", 0 < self.moving <= 100, "above 0, to 100"),
            ("still", 0 < self.still <= self.moving, f"above 0, to {self.moving:g} (moving)"),
            ("rest_seconds", 0 < self.rest_seconds <= 10, "above 0, to 10"),
            ("lead_seconds", 0 <= self.lead_seconds <= 2, "0 to 2"),
            ("shortest_seconds", 0 <= self.shortest_seconds <= 10, "0 to 10"),
            (
                "longest_seconds",
                self.shortest_seconds < self.longest_seconds <= 600,
                "above shortest_seconds, to 600",
            ),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")
