"""When to stop: the loss of the validation part has not improved for some epochs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class EarlyStopping:
    """Keeps the best loss, and counts the epochs since the last improvement worth the name.

    Any lower loss is a new best (its weights are kept); only one that is lower by more than
    `min_delta` than the loss that last counted sets the waiting back to 0.

    Attributes:
        patience: epochs to wait; 0 never stops.
        min_delta: how much lower counts, in units of the loss.
        best_loss: lowest loss so far.
        best_epoch: its epoch, from 1; 0 is none yet.
        reference: the loss that last counted as an improvement.
        waited: epochs since then.
    """

    patience: int
    min_delta: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    reference: float = math.inf
    waited: int = 0

    def update(self, epoch: int, loss: float) -> bool:
        """Take in an epoch's loss; True where it is the lowest so far."""
        if loss < self.reference - self.min_delta:
            self.reference, self.waited = loss, 0
        else:
            self.waited += 1
        is_best = loss < self.best_loss
        if is_best:
            self.best_loss, self.best_epoch = loss, epoch
        return is_best

    @property
    def should_stop(self) -> bool:
        """Whether patience is at its end."""
        return 0 < self.patience <= self.waited

    def state_dict(self) -> dict[str, Any]:
        """What was seen so far; `patience` and `min_delta` are settings and stay outside."""
        return {k: v for k, v in asdict(self).items() if k not in ("patience", "min_delta")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.best_loss, self.best_epoch = float(state["best_loss"]), int(state["best_epoch"])
        self.reference, self.waited = float(state["reference"]), int(state["waited"])
