"""Small modules for tests of the exporter."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Lambda(nn.Module):
    """A module whose forward is a function of its parts.

    Args:
        forward: (module, features) to outputs.
        parts: sub-modules by name.
    """

    def __init__(self, forward: Callable[..., Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.function = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, features: Tensor) -> Tensor:
        """What the function gives."""
        return self.function(self, features)


class Outputs(nn.Module):
    """The outputs of all steps of a recurrent layer, without its state."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, I) to (B, T, O)."""
        return self.layer(features)[0]


class Causal(nn.Module):
    """A convolution over the steps so far: features last, zeros before the first."""

    def __init__(self, inputs: int, outputs: int, kernel: int, **settings: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, **settings)
        self.before = (kernel - 1) * settings.get("dilation", 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, I) to (B, T, O)."""
        padded = nn.functional.pad(features.transpose(1, 2), (self.before, 0))
        return self.conv(padded).transpose(1, 2)


class Channels(nn.Module):
    """A layer that wants features in the middle."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, I) to (B, T, O)."""
        return self.layer(features.transpose(1, 2)).transpose(1, 2)


def filled(module: nn.Module, seed: int = 3) -> nn.Module:
    """The same module with asymmetric random numbers everywhere, buffers too."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in (*module.parameters(), *module.buffers()):
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=random) * 0.4 + 0.05)
        for part in module.modules():
            if isinstance(part, nn.BatchNorm1d) and part.running_var is not None:
                part.running_var.abs_().add_(0.2)
    return module.eval()


def example(inputs: int, steps: int = 2) -> Tensor:
    """Something of the right shape."""
    return torch.zeros(1, steps, inputs)
