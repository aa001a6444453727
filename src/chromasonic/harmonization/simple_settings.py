"""How the simple agent learns."""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.errors import ConfigError

MOST_BEATS_AHEAD = 8


@dataclass(frozen=True, kw_only=True)
class SimpleSettings:
    """Settings of the simple agent's Q-learning.

    Attributes:
        episodes: melodies that it plays.
        seed: of melodies, transpositions and exploration.
        first_rate: learning rate of the first episode, above 0 up to 1.
        last_rate: of the last one; in between it falls by the same share each episode.
        exploration: share of random choices in the first episode; falls in a straight line to 0.
        discount: what the next beat counts against this one, 0 up to 1.
        usual_reward: reward a beat that is taken off before learning, so that 0, what an entry
            says that was never met, is a value like any other.
        transposition: by how many semitones up or down a melody is moved at most, for variety; it
            stays within the soprano's range.
        beats_ahead: how many beats the trained agent looks ahead before it asks its tables.
        most_entries: how many entries of its tables are kept when it is done, those that say most.
        save_every: episodes between checkpoints.
    """

    episodes: int = 10_000
    seed: int = 0
    first_rate: float = 0.5
    last_rate: float = 0.02
    exploration: float = 0.4
    discount: float = 0.8
    usual_reward: float = 0.5
    transposition: int = 5
    beats_ahead: int = 4
    most_entries: int = 36_000
    save_every: int = 1_000

    def __post_init__(self) -> None:
        checks = {
            "episodes": (self.episodes >= 1, "1 or more"),
            "seed": (self.seed >= 0, "0 or more"),
            "first_rate": (0 < self.first_rate <= 1, "above 0 up to 1"),
            "last_rate": (0 < self.last_rate <= self.first_rate, "above 0 up to first_rate"),
            "exploration": (0 <= self.exploration <= 1, "0 to 1"),
            "discount": (0 <= self.discount <= 1, "0 to 1"),
            "usual_reward": (abs(self.usual_reward) <= 100, "-100 to 100"),
            "transposition": (0 <= self.transposition <= 11, "0 to 11"),
            "beats_ahead": (0 <= self.beats_ahead <= MOST_BEATS_AHEAD, f"0 to {MOST_BEATS_AHEAD}"),
            "most_entries": (self.most_entries >= 0, "0 or more"),
            "save_every": (self.save_every >= 1, "1 or more"),
        }
        for name, (is_allowed, allowed) in checks.items():
            if not is_allowed:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: {allowed}.")
