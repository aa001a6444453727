"""The temporal modules: an LSTM, self-attention and a convolution over movements of any lengths.

Axes: B movements, T frames (a movement's own come first, then padding), P numbers of a frame, H
hidden numbers, C numbers that come out, L layers.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from chromasonic.gesture.dropout import dropout
from chromasonic.gesture.spatial import FrameNorm

State = tuple[Tensor, Tensor]
"""Hidden and cell state of a forward LSTM, (L, B, H) each."""

HEADS = 8
"""Of the self-attention."""


class MaskedLstm(nn.LSTM):
    """An LSTM whose backward direction begins at each movement's own last frame.

    Parameters are those of `nn.LSTM` under its names. Without padding it is `nn.LSTM`; with padding
    each direction runs by itself, the backward one over frames in reverse order, which is faster on
    a CPU than packing; on CUDA sequences are packed, as cuDNN wants them.
    """

    def outputs(self, frames_BTP: Tensor, lengths_B: Tensor | None) -> Tensor:
        """(B, T, P) to (B, T, H) or (B, T, 2 H); at padding, whatever.

        Args:
            frames_BTP: padding may hold anything finite.
            lengths_B: frames of each movement; None where all have T.
        """
        if lengths_B is None or not self.bidirectional:
            return self(frames_BTP)[0]
        if frames_BTP.is_cuda:
            return self.packed_outputs(frames_BTP, lengths_B)
        place_T = torch.arange(frames_BTP.shape[1], device=frames_BTP.device)
        last_B1 = lengths_B[:, None] - 1
        reverse_BT = torch.where(place_T <= last_B1, last_B1 - place_T, place_T)
        rows = torch.arange(len(lengths_B), device=reverse_BT.device)[:, None] * len(place_T)
        reverse_M = (rows + reverse_BT).flatten()
        x = frames_BTP
        for layer in range(self.num_layers):
            if layer:
                x = dropout(x, self.dropout, self.training)
            forward = self._direction(x, f"l{layer}")
            backward = self._direction(_Turned.apply(x, reverse_M), f"l{layer}_reverse")
            x = torch.cat((forward, _Turned.apply(backward, reverse_M)), dim=2)
        return x

    def packed_outputs(self, frames_BTP: Tensor, lengths_B: Tensor) -> Tensor:
        """The same as `outputs`, by torch's packed sequences."""
        packed = nn.utils.rnn.pack_padded_sequence(
            frames_BTP, lengths_B.cpu(), batch_first=True, enforce_sorted=False
        )
        return nn.utils.rnn.pad_packed_sequence(
            self(packed)[0], batch_first=True, total_length=frames_BTP.shape[1]
        )[0]

    def _direction(self, frames_BTP: Tensor, suffix: str) -> Tensor:
        zeros = frames_BTP.new_zeros(1, len(frames_BTP), self.hidden_size)
        weights = [
            getattr(self, f"{name}_{suffix}")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        return torch.lstm(
            frames_BTP, (zeros, zeros), weights, True, 1, 0.0, self.training, False, True
        )[0]


class _Turned(torch.autograd.Function):
    """Frames in another order that undoes itself: so its derivative is the same order again."""

    @staticmethod
    def forward(ctx: Any, frames_BTP: Tensor, order_M: Tensor) -> Tensor:
        """Frame m of the result, counted over all movements, is frame order_M[m]."""
        ctx.save_for_backward(order_M)
        return frames_BTP.flatten(0, 1).index_select(0, order_M).view_as(frames_BTP)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The same turn."""
        (order_M,) = ctx.saved_tensors
        gradient = gradients[0]
        return gradient.flatten(0, 1).index_select(0, order_M).view_as(gradient), None


def last_states(outputs_BTC: Tensor, lengths_B: Tensor | None) -> Tensor:
    """(B, 2 H): the forward half at each movement's last frame, the backward half at its first."""
    half = outputs_BTC.shape[2] // 2
    if lengths_B is None:
        forward = outputs_BTC[:, -1, :half]
    else:
        rows = torch.arange(len(outputs_BTC), device=outputs_BTC.device)
        forward = outputs_BTC[rows, lengths_B - 1, :half]
    return torch.cat((forward, outputs_BTC[:, 0, half:]), dim=1)


def mean_over_time(frames_BTC: Tensor, mask_BT: Tensor | None) -> Tensor:
    """(B, C): the mean of each movement's own frames."""
    if mask_BT is None:
        return frames_BTC.mean(1)
    weights = mask_BT.to(frames_BTC.dtype)
    total = torch.einsum("btc,bt->bc", frames_BTC, weights)
    return total / weights.sum(1, keepdim=True)


class AttentionBranch(nn.Module):
    """Every frame looks at all frames: a projection, places in time, encoder layers.

    Args:
        inputs: numbers of a frame.
        size: after the projection.
        layers: of the encoder.
        forward_size: of its feed-forward networks.
        dropout: share of values that training sets to 0.
    """

    def __init__(
        self, inputs: int, size: int, *, layers: int, forward_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.projection = nn.Linear(inputs, size)
        heads = next(heads for heads in range(min(HEADS, size), 0, -1) if size % heads == 0)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(size, heads, forward_size, dropout, batch_first=True)
            for _ in range(layers)
        )

    def forward(self, frames_BTP: Tensor, mask_BT: Tensor | None) -> Tensor:
        """(B, T, P) to (B, T, C)."""
        x_BTC = self.projection(frames_BTP)
        x_BTC = x_BTC + places(x_BTC.shape[1], x_BTC.shape[2]).to(x_BTC)
        padding_BT = None if mask_BT is None else ~mask_BT
        for layer in self.layers:
            x_BTC = layer(x_BTC, src_key_padding_mask=padding_BT)
        return x_BTC


def places(length: int, size: int) -> Tensor:
    """(T, C) sines and cosines by which attention knows when a frame was.

    Source: Vaswani et al., Attention is all you need, 2017, section 3.5.
    """
    speed = torch.exp(torch.arange(0, size, 2) * (-math.log(10_000.0) / size))
    angle = torch.arange(length)[:, None] * speed
    return torch.stack((angle.sin(), angle.cos()), dim=2).flatten(1)[:, :size]


class ConvolutionBranch(nn.Module):
    """Two convolutions over three frames, each with batch norm over the frames that count.

    Args:
        inputs: numbers of a frame.
        size: of what comes out.
        dropout: share of values that training sets to 0.
    """

    def __init__(self, inputs: int, size: int, *, dropout: float) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, size, 3, padding=1) for before in (inputs, size)
        )
        self.norms = nn.ModuleList(FrameNorm(size) for _ in range(2))
        self.dropout = dropout

    def forward(self, frames_BTP: Tensor, mask_BT: Tensor | None) -> Tensor:
        """(B, T, P) to (B, T, C); padding counts as the silence before and after a movement."""
        x_BTC = frames_BTP
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x_MC = rows_of(convolution(x_BTC.transpose(1, 2)).transpose(1, 2), mask_BT)
            x_MC = dropout(norm(x_MC).relu(), self.dropout, self.training)
            x_BTC = frames_of(x_MC, mask_BT, len(frames_BTP))
        return x_BTC


def rows_of(frames: Tensor, mask_BT: Tensor | None) -> Tensor:
    """(B, T, ...) to (M, ...): the frames that count, one after the other."""
    return frames.flatten(0, 1) if mask_BT is None else frames[mask_BT]


def frames_of(rows_MC: Tensor, mask_BT: Tensor | None, count: int) -> Tensor:
    """(M, C) back to (B, T, C), padding 0; B is `count`."""
    if mask_BT is None:
        return rows_MC.view(count, -1, rows_MC.shape[1])
    frames = rows_MC.new_zeros(*mask_BT.shape, rows_MC.shape[1])
    frames[mask_BT] = rows_MC
    return frames
