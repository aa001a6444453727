"""When to stop: the loss of the validation part has not improved for some epochs."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from chromasonic.errors import UsageError


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
        best_weights: of the model that `update` was given, if any, when its loss was lowest.
    """

    patience: int
    min_delta: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    reference: float = math.inf
    waited: int = 0
    best_weights: dict[str, Tensor] | None = field(default=None, repr=False, compare=False)

    def update(self, epoch: int, loss: float, model: nn.Module | None = None) -> bool:
        """Take in an epoch's loss; True where it is the lowest so far.

        Args:
            epoch: its number, from 1.
            loss: of the validation part.
            model: whose weights to keep for `restore_best`. `training.loop.fit` gives none: its
                best weights are on the disk.
        """
        if loss < self.reference - self.min_delta:
            self.reference, self.waited = loss, 0
        else:
            self.waited += 1
        is_best = loss < self.best_loss
        if is_best:
            self.best_loss, self.best_epoch = loss, epoch
            if model is not None:
                self.best_weights = copy.deepcopy(model.state_dict())
        return is_best

    def restore_best(self, model: nn.Module) -> None:
        """Put the best weights back into the model.

        Raises:
            UsageError: `update` was never given a model.
        """
        if self.best_weights is None:
            raise UsageError(
                "There are no best weights to restore: give the model to update(epoch, loss, "
                "model) after each epoch."
            )
        model.load_state_dict(self.best_weights)

    @property
    def should_stop(self) -> bool:
        """Whether patience is at its end."""
        return 0 < self.patience <= self.waited

    def state_dict(self) -> dict[str, Any]:
        """What was seen so far; settings and weights stay outside."""
        kept = ("best_loss", "best_epoch", "reference", "waited")
        return {name: getattr(self, name) for name in kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.best_loss, self.best_epoch = float(state["best_loss"]), int(state["best_epoch"])
        self.reference, self.waited = float(state["reference"]), int(state["waited"])
