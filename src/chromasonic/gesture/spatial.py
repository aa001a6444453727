"""The spatial module: graph convolutions over the nodes of each frame, and a frame out of nodes.

Axes: M frames of all movements one after the other, N nodes, F features, P numbers of a frame.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.gesture.dropout import dropout
from chromasonic.gesture.network_config import NetworkConfig


class GraphConvolution(nn.Module):
    """Each node's features mixed with those of the nodes that it is tied to, then projected.

    Source: Kipf and Welling, ICLR 2017, equation 2.

    Args:
        inputs: features of a node that go in.
        outputs: features of a node that come out.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # as torch begins a Linear

    def forward(self, nodes_NMF: Tensor, adjacency_NN: Tensor) -> Tensor:
        """(N, M, F) to (N, M, F'): nodes first, so that both products are one matrix product."""
        count, frames, features = nodes_NMF.shape
        mixed = adjacency_NN @ nodes_NMF.reshape(count, frames * features)
        projected = functional.linear(mixed.view(count * frames, features), self.weight, self.bias)
        return projected.view(count, frames, -1)

    def extra_repr(self) -> str:
        """Sizes, for `print`."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}"


class FrameNorm(nn.BatchNorm1d):
    """Batch norm over rows that all count: there is no padding among them.

    A single row has no deviation; in training it is normed by the running figures.
    """

    def forward(self, rows_MC: Tensor) -> Tensor:
        """(M, C) to (M, C)."""
        if self.training and len(rows_MC) == 1:
            return functional.batch_norm(
                rows_MC, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(rows_MC)


class SpatialModule(nn.Module):
    """Frames of nodes to frames of `size` numbers.

    Args:
        config: the network's sizes.
        adjacency: (N, N); not part of the state dict.
        features: of a node.
    """

    adjacency: Tensor

    def __init__(self, config: NetworkConfig, adjacency: Tensor, features: int) -> None:
        super().__init__()
        sizes = [features] + [config.spatial_dim] * config.spatial_layers
        self.register_buffer("adjacency", adjacency.to(torch.float32), persistent=False)
        self.convolutions = nn.ModuleList(map(GraphConvolution, sizes, sizes[1:]))
        self.norms = nn.ModuleList(map(FrameNorm, sizes[1:]))
        self.dropout = config.dropout
        self.layer_dropout = (
            config.dropout if config.spatial_dropout < 0 else config.spatial_dropout
        )
        self.pooling = config.pooling
        pooled = config.spatial_dim * (len(adjacency) if config.pooling == "flat" else 2)
        self.projection = nn.Linear(pooled, config.frame_dim) if config.frame_dim else None
        self.size = config.frame_dim or pooled

    def forward(self, frames_MNF: Tensor) -> Tensor:
        """(M, N, F) to (M, P)."""
        x_NMF = frames_MNF.transpose(0, 1)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x_NMF = convolution(x_NMF, self.adjacency)
            x_NMF = norm(x_NMF.flatten(0, 1)).view_as(x_NMF).relu()
            x_NMF = dropout(x_NMF, self.layer_dropout, self.training)
        frames_MP = self._pooled(x_NMF)
        if self.projection is None:
            return frames_MP
        return dropout(self.projection(frames_MP).relu(), self.dropout, self.training)

    def _pooled(self, x_NMF: Tensor) -> Tensor:
        if self.pooling == "flat":
            return x_NMF.transpose(0, 1).flatten(1)
        return torch.cat((x_NMF.mean(0), x_NMF.amax(0)), dim=1)
