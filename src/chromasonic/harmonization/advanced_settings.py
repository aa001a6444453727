"""Settings of the advanced agent's training."""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class AdvancedSettings:
    """How the advanced agent is trained; what falls over the training falls geometrically.

    Attributes:
        episodes: how many melodies are harmonized in all.
        seed: of all chance.
        at_once: how many episodes are played side by side before the tables learn.
        discount: what the next beat counts against this one, from 0 to 1.
        trace: lambda of Q(lambda), from 0 (one step ahead) to 1.
        is_double: two estimates, one chooses and the other judges; False: plain Q-learning.
        caution: how many visits a row of a table needs to be believed half.
        memory: earlier visits of a row count as this many at most.
        temperature: of the softmax over scores from which choices are drawn, in reward, at the
            beginning.
        last_temperature: the same at the end.
        exploration: share of choices made among all voicings alike, at the beginning.
        last_exploration: the same at the end.
        shortlist: how many voicings, the best before motion is counted, are looked at closely.
        least_visits: contexts met less often than this are left out of the model's file.
        checkpoint_every: episodes between two checkpoints.
    """

    episodes: int = 10_700
    seed: int = 0
    at_once: int = 32
    discount: float = 0.7
    trace: float = 0.7
    is_double: bool = True
    caution: float = 16.0
    memory: int = 100
    temperature: float = 0.5
    last_temperature: float = 0.05
    exploration: float = 0.02
    last_exploration: float = 0.001
    shortlist: int = 48
    least_visits: int = 5
    checkpoint_every: int = 1_000

    def __post_init__(self) -> None:
        for name in (
            "episodes",
            "at_once",
            "shortlist",
            "least_visits",
            "checkpoint_every",
            "memory",
        ):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: 1 or more.")
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}; allowed: 0 or more.")
        for name in ("discount", "trace"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: 0 to 1.")
        if not 0 <= self.caution <= 1e6:
            raise ConfigError(f"caution is {self.caution}; allowed: 0 to 1,000,000.")
        self._check_falling("exploration", 1.0)
        self._check_falling("temperature", 100.0)

    def _check_falling(self, name: str, highest: float) -> None:
        first, last = getattr(self, name), getattr(self, f"last_{name}")
        if not 0 < last <= first <= highest:
            raise ConfigError(
                f"{name} goes from {first} to {last}; allowed: above 0, at most {highest:g}, and "
                "the last not above the first."
            )

    def falling(self, name: str, progress: float) -> float:
        """A setting that falls, at a share of the training from 0 to 1."""
        first, last = getattr(self, name), getattr(self, f"last_{name}")
        return float(first * (last / first) ** progress)
