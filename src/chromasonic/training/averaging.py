"""A moving average of the weights, which often generalizes better than the last ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of a model's parameters.

    The decay of the n-th update is min(decay, (1 + n) / (10 + n)), so that the first random weights
    are soon forgotten. Source: Polyak averaging as in TensorFlow's `ExponentialMovingAverage` with
    `num_updates`. Buffers are not averaged: the model's own stay in force.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights: dict[str, Tensor] = {
            name: parameter.detach().clone() for name, parameter in model.named_parameters()
        }

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the weights after an update."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        current = [parameter.detach() for _, parameter in model.named_parameters()]
        torch._foreach_lerp_(list(self.weights.values()), current, 1 - decay)

    @contextmanager
    def in_place_of(self, model: nn.Module) -> Iterator[None]:
        """Let the model hold the averaged weights within the block."""
        own = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        _copy(self.weights, model)
        try:
            yield
        finally:
            _copy(own, model)

    def state_dict(self) -> dict[str, Any]:
        """The averaged weights and the number of updates."""
        return {"updates": self.updates, "weights": dict(self.weights)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.updates = int(state["updates"])
        for name, weight in self.weights.items():
            weight.copy_(state["weights"][name])


@torch.no_grad()
def _copy(weights: dict[str, Tensor], model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])
