"""What makes a small network good on few movements: convolutions before the LSTM, attention after.

Axes: B movements, T frames (a movement's own come first, then padding), S frames after the stem, P
numbers of a frame, M frames that count of all movements, C numbers that come out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from chromasonic.gesture.dropout import dropout
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.spatial import FrameNorm
from chromasonic.gesture.temporal import frames_of, rows_of

Framed = tuple[Tensor, Tensor | None, Tensor | None]
"""Frames (B, T, P), mask (B, T) and lengths (B,); the latter None where there is no padding."""


class ConvolutionStem(nn.Module):
    """Convolutions along time, each with batch norm; the last one thins the frames out.

    They see how a movement goes on over a few frames, and leave the LSTM fewer steps to take.

    Args:
        config: the network's sizes.
        inputs: numbers of a frame.
    """

    def __init__(self, config: NetworkConfig, inputs: int) -> None:
        super().__init__()
        layers, kernel = config.stem_layers, config.stem_kernel
        sizes = [inputs] + [config.stem_dim] * layers
        strides = [1] * (layers - 1) + [config.stem_stride]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel, stride=stride, padding=kernel // 2)
            for before, after, stride in zip(sizes, sizes[1:], strides, strict=False)
        )
        self.norms = nn.ModuleList(map(FrameNorm, sizes[1:]))
        self.dropout, self.size = config.dropout, config.stem_dim

    def forward(self, frames_BTP: Tensor, mask_BT: Tensor | None) -> Framed:
        """(B, T, P) to (B, S, C), S being T over the stride, rounded up.

        Args:
            frames_BTP: 0 at padding.
            mask_BT: which frames count; None where all do.
        """
        x_BTC = frames_BTP
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            assert isinstance(convolution, nn.Conv1d)
            x_BTC = convolution(x_BTC.transpose(1, 2)).transpose(1, 2)
            mask_BT = None if mask_BT is None else mask_BT[:, :: convolution.stride[0]]
            x_MC = norm(rows_of(x_BTC, mask_BT)).relu()
            x_BTC = frames_of(dropout(x_MC, self.dropout, self.training), mask_BT, len(x_BTC))
        return x_BTC, mask_BT, None if mask_BT is None else mask_BT.sum(1)


class AttentionSummary(nn.Module):
    """A movement's frames as their weighted mean; which frames count is learned.

    Args:
        size: numbers of a frame.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Linear(size, 1)

    def forward(self, frames_BTC: Tensor, mask_BT: Tensor | None) -> Tensor:
        """(B, T, C), anything finite at padding, to (B, C)."""
        scores_BT = self.weight(frames_BTC)[:, :, 0]
        if mask_BT is not None:
            scores_BT = scores_BT.masked_fill(~mask_BT, -torch.inf)
        return torch.einsum("btc,bt->bc", frames_BTC, scores_BT.softmax(1))
