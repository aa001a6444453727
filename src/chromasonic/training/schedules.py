"""The learning rate over the run: plateau, steps or half a cosine, each with a warm-up."""

from __future__ import annotations

import math
from typing import Any, Protocol

from chromasonic.training.config import TrainingConfig


class Schedule(Protocol):
    """What the loop asks before each update and after each epoch."""

    def rate(self, *, step: int, epochs_done: float) -> float:
        """The rate of the next update.

        Args:
            step: updates made so far.
            epochs_done: epochs made so far, with the fraction of the one that runs.
        """
        ...

    def epoch_ended(self, val_loss: float) -> None:
        """Take in the validation loss of an epoch."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...


def warm_up(config: TrainingConfig, step: int) -> float:
    """Factor of the rate while warming up: 1/N, 2/N, ... 1 over the first N updates."""
    return min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0


class ReduceOnPlateau:
    """Cut the rate when the validation loss has not improved for some epochs."""

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self.level = config.learning_rate
        self.best = math.inf
        self.waited = 0

    def rate(self, *, step: int, epochs_done: float) -> float:  # noqa: ARG002
        return self.level * warm_up(self.config, step)

    def epoch_ended(self, val_loss: float) -> None:
        if val_loss < self.best - self.config.min_delta:
            self.best, self.waited = val_loss, 0
            return
        self.waited += 1
        if self.waited > self.config.scheduler_patience:
            self.level = max(
                self.level * self.config.scheduler_factor, self.config.min_learning_rate
            )
            self.waited = 0

    def state_dict(self) -> dict[str, Any]:
        return {"level": self.level, "best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.level, self.best = float(state["level"]), float(state["best"])
        self.waited = int(state["waited"])


class Step:
    """Cut the rate every `step_epochs` epochs."""

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config

    def rate(self, *, step: int, epochs_done: float) -> float:
        cuts = int(epochs_done) // self.config.step_epochs
        level = self.config.learning_rate * self.config.scheduler_factor**cuts
        return max(level, self.config.min_learning_rate) * warm_up(self.config, step)

    def epoch_ended(self, val_loss: float) -> None:
        pass

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class Cosine(Step):
    """Half a cosine from the full rate to `min_learning_rate` over all epochs.

    Source: Loshchilov and Hutter, SGDR, equation 5, without restarts.
    Differs: the warm-up multiplies the cosine, it does not come before it.
    """

    def rate(self, *, step: int, epochs_done: float) -> float:
        low, high = self.config.min_learning_rate, self.config.learning_rate
        progress = min(1.0, epochs_done / self.config.epochs)
        level = low + (high - low) * (1 + math.cos(math.pi * progress)) / 2
        return level * warm_up(self.config, step)


SCHEDULES: dict[str, type[ReduceOnPlateau] | type[Step]] = {
    "reduce_on_plateau": ReduceOnPlateau,
    "step": Step,
    "cosine": Cosine,
}


def build_schedule(config: TrainingConfig) -> Schedule:
    """The schedule that a config names."""
    return SCHEDULES[config.scheduler](config)
