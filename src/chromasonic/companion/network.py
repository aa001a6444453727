"""The network of a companion model, built from its spec.

Legend: B examples, T steps, I inputs, O outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.errors import ConfigError, UsageError
from chromasonic.export.spec import ModelSpec

State = tuple[Tensor, Tensor]
"""Hidden and cell state of the LSTM, each (1, B, H)."""

ACTIVATIONS = {
    "": lambda x: x,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class CompanionNetwork(nn.Module):
    """Dense and recurrent layers in a row.

    `forward` gives what comes before the last activation (logits), as losses want it; `predict`
    gives what the exported model gives.

    Args:
        spec: its layers.
        dropout: share of the values between layers that training sets to 0; not part of what is
            exported.

    Raises:
        ConfigError: dropout is out of range.
    """

    def __init__(self, spec: ModelSpec, *, dropout: float = 0.0) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ConfigError(f"dropout is {dropout}; allowed: from 0 to below 1 (try 0.2).")
        self.spec, self.dropout = spec, dropout
        self.layers = nn.ModuleList()
        size = spec.inputs
        for layer in spec.layers:
            self.layers.append(
                nn.Linear(size, layer.size)
                if layer.kind == "dense"
                else nn.LSTM(size, layer.size, batch_first=True)
            )
            size = layer.size

    def forward(self, features: Tensor) -> Tensor:
        """(B, I) or (B, T, I) to logits of the same leading shape; recurrent state begins at 0."""
        return self.step(features)[0]

    def step(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State | None]:
        """Logits, and the state after the last step, to go on from.

        Args:
            features: (B, T, I), for stateless models also (B, I).
            state: what the call before gave; None begins anew.

        Raises:
            UsageError: the features have another size.
        """
        self._check(features)
        values = features
        for number, (layer, module) in enumerate(zip(self.spec.layers, self.layers, strict=True)):
            is_last = number == len(self.layers) - 1
            if layer.kind == "lstm":
                values, state = module(values, state)
            else:
                values = module(values)
                values = values if is_last else ACTIVATIONS[layer.activation](values)
            if self.dropout and self.training and not is_last:
                values = functional.dropout(values, self.dropout)
        return values, state

    def activate(self, logits: Tensor) -> Tensor:
        """The last activation: logits to what the exported model gives."""
        activation = self.spec.layers[-1].activation
        if activation == "softmax":
            return torch.softmax(logits, dim=-1)
        return ACTIVATIONS[activation](logits)

    @torch.no_grad()
    def predict(self, features: Tensor) -> Tensor:
        """What the exported model gives: (B, I) or (B, T, I) to (..., O)."""
        return self.activate(self(features))

    def _check(self, features: Tensor) -> None:
        wanted = (3,) if self.spec.is_recurrent else (2, 3)
        if features.ndim not in wanted or features.shape[-1] != self.spec.inputs:
            shape = "(B, T, I)" if self.spec.is_recurrent else "(B, I)"
            raise UsageError(
                f"{self.spec.title} was given features of shape {tuple(features.shape)}; it wants "
                f"{shape} with I = {self.spec.inputs}."
            )
