"""The fused temporal module: three views of a movement that a gate weighs.

Axes: B movements, T frames, P numbers of a frame, H hidden numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.temporal import (
    AttentionBranch,
    ConvolutionBranch,
    MaskedLstm,
    mean_over_time,
)

ENCODER_LAYERS = 2
FORWARD_SIZE = 2048
"""Of the attention branch's feed-forward networks."""


class GatedFusion(nn.Module):
    """Branches normed and projected to one size; side by side with their gated blend.

    Args:
        inputs: size of each branch.
        size: that each is projected to.
    """

    def __init__(self, inputs: tuple[int, ...], size: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(map(nn.LayerNorm, inputs))
        self.projections = nn.ModuleList(nn.Linear(before, size) for before in inputs)
        self.gate = nn.Sequential(
            nn.Linear(len(inputs) * size, size), nn.ReLU(), nn.Linear(size, len(inputs))
        )
        self.norm = nn.LayerNorm((len(inputs) + 1) * size)

    def forward(self, branches: list[Tensor]) -> Tensor:
        """(B, inputs) each to (B, 4 H) where there are three."""
        projected = [
            projection(norm(branch))
            for branch, norm, projection in zip(branches, self.norms, self.projections, strict=True)
        ]
        side_by_side = torch.cat(projected, dim=1)
        share_B3 = self.gate(side_by_side).softmax(1)
        blend = (torch.stack(projected, dim=1) * share_B3[:, :, None]).sum(1)
        return self.norm(torch.cat((side_by_side, blend), dim=1))


class FusedTemporal(nn.Module):
    """An LSTM, self-attention and a convolution, each averaged over time, then fused.

    Args:
        config: the network's sizes.
        inputs: numbers of a frame.
    """

    def __init__(self, config: NetworkConfig, inputs: int) -> None:
        super().__init__()
        size = config.temporal_dim
        self.lstm = MaskedLstm(
            inputs,
            size,
            config.temporal_layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.temporal_layers > 1 else 0.0,
        )
        self.norm = nn.LayerNorm(2 * size)
        self.attention = AttentionBranch(
            inputs,
            size,
            layers=ENCODER_LAYERS,
            forward_size=FORWARD_SIZE,
            dropout=config.dropout,
        )
        self.convolution = ConvolutionBranch(inputs, size, dropout=config.dropout)
        self.fusion = GatedFusion((2 * size, size, size), size)
        self.size = 4 * size

    def forward(
        self, frames_BTP: Tensor, mask_BT: Tensor | None, lengths_B: Tensor | None
    ) -> Tensor:
        """(B, T, P) to (B, 4 H)."""
        branches = (
            self.norm(self.lstm.outputs(frames_BTP, lengths_B)),
            self.attention(frames_BTP, mask_BT),
            self.convolution(frames_BTP, mask_BT),
        )
        return self.fusion([mean_over_time(branch, mask_BT) for branch in branches])
