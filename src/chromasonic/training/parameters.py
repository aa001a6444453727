"""How large a network is."""

from __future__ import annotations

from torch import nn


def parameter_count(network: nn.Module) -> int:
    """The numbers that a network learns; those that one training leaves as they are count too."""
    return sum(parameter.numel() for parameter in network.parameters())
