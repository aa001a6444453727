"""The gesture network: nodes to frames, frames to a movement, a movement to a class.

Axes: B movements, T frames (a movement's own come first, then padding), N nodes, F features, P
numbers of a frame, M frames that count of all movements, C numbers of a movement, K classes, L
layers, H hidden numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from chromasonic.errors import ConfigError, UsageError
from chromasonic.gesture.compact import AttentionSummary, ConvolutionStem
from chromasonic.gesture.dropout import Dropout
from chromasonic.gesture.fusion import FusedTemporal
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.spatial import SpatialModule
from chromasonic.gesture.temporal import MaskedLstm, State, frames_of, last_states, rows_of


class RecurrentTemporal(nn.Module):
    """An LSTM: in both directions to a summary of its states, or forward alone to every frame.

    Args:
        config: the network's sizes.
        inputs: numbers of a frame.
    """

    def __init__(self, config: NetworkConfig, inputs: int) -> None:
        super().__init__()
        self.lstm = MaskedLstm(
            inputs,
            config.temporal_dim,
            config.temporal_layers,
            batch_first=True,
            bidirectional=not config.causal,
            dropout=config.dropout if config.temporal_layers > 1 else 0.0,
        )
        self.size = config.temporal_dim * (1 if config.causal else 2)
        self.norm = nn.LayerNorm(self.size) if config.temporal_norm else nn.Identity()
        self.summary = AttentionSummary(self.size) if config.summary == "attention" else None

    def forward(
        self, frames_BTP: Tensor, mask_BT: Tensor | None, lengths_B: Tensor | None
    ) -> Tensor:
        """(B, T, P) to (B, 2 H); where causal, to (B, T, H)."""
        outputs_BTC = self.lstm.outputs(frames_BTP, lengths_B)
        if not self.lstm.bidirectional:
            return self.norm(outputs_BTC)
        if self.summary is not None:
            return self.summary(self.norm(outputs_BTC), mask_BT)
        return self.norm(last_states(outputs_BTC, lengths_B))


class GestureNetwork(nn.Module):
    """Which class a movement belongs to.

    Args:
        config: sizes.
        adjacency: (N, N) of the skeleton (`graph.adjacency_of`); it is not part of the state dict.
        features: numbers of a node in a frame.
        classes: how many there are.

    Raises:
        ConfigError: no features, no classes, or no square adjacency.
    """

    def __init__(
        self, config: NetworkConfig, *, adjacency: Tensor, features: int, classes: int
    ) -> None:
        super().__init__()
        if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1] or not len(adjacency):
            raise ConfigError(
                f"The adjacency has the shape {tuple(adjacency.shape)}; allowed: (nodes, nodes)."
            )
        if features < 1 or classes < 1:
            raise ConfigError(
                f"{features} features and {classes} classes were given; one or more of each are "
                "needed."
            )
        self.config, self.features, self.classes = config, features, classes
        self.nodes = len(adjacency)
        self.spatial = SpatialModule(config, adjacency, features)
        self.stem = ConvolutionStem(config, self.spatial.size) if config.stem_dim else None
        inputs = config.stem_dim or self.spatial.size
        self.temporal: RecurrentTemporal | FusedTemporal = (
            FusedTemporal(config, inputs)
            if config.temporal == "fused"
            else RecurrentTemporal(config, inputs)
        )
        hidden, summary = config.classifier_dim, self.temporal.size
        self.classifier = (
            nn.Sequential(
                nn.Linear(summary, hidden),
                nn.ReLU(),
                Dropout(config.dropout),
                nn.Linear(hidden, classes),
            )
            if hidden
            else nn.Sequential(Dropout(config.dropout), nn.Linear(summary, classes))
        )

    def forward(self, features_BTNF: Tensor, mask_BT: Tensor | None = None) -> Tensor:
        """Logits (B, K); of a causal network (B, T, K), 0 where there is padding.

        Args:
            features_BTNF: (B, T, N, F); padding may hold anything, NaN too.
            mask_BT: true for the frames of a movement, which come first; None where all count.

        Raises:
            UsageError: other shapes, a movement without a frame, or padding before a frame.
        """
        self._check(features_BTNF)
        mask_BT, lengths_B = _lengths(features_BTNF, mask_BT)
        frames_MP = self.spatial(rows_of(features_BTNF, mask_BT))
        frames_BTP = frames_of(frames_MP, mask_BT, len(features_BTNF))
        if self.stem is not None:
            frames_BTP, mask_BT, lengths_B = self.stem(frames_BTP, mask_BT)
        summary = self.temporal(frames_BTP, mask_BT, lengths_B)
        if not self.config.causal:
            return self.classifier(summary)
        logits_MK = self.classifier(rows_of(summary, mask_BT))
        return frames_of(logits_MK, mask_BT, len(features_BTNF))

    def step(self, features_BNF: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """One more frame of a causal network.

        Args:
            features_BNF: (B, N, F).
            state: what the call before gave; None begins anew.

        Returns:
            Logits (B, K), and the state to go on from.

        Raises:
            UsageError: the network is not causal, or the features have another shape.
        """
        if not isinstance(self.temporal, RecurrentTemporal) or not self.config.causal:
            raise UsageError(
                "A network that looks at whole movements has no steps; train one with "
                "causal = true (the size 'causal')."
            )
        self._check(features_BNF[:, None])
        frames_BP = self.spatial(features_BNF)
        outputs_B1H, state = self.temporal.lstm(frames_BP[:, None], state)
        return self.classifier(self.temporal.norm(outputs_B1H[:, 0])), state

    def _check(self, features: Tensor) -> None:
        if features.ndim != 4 or features.shape[2:] != (self.nodes, self.features):
            raise UsageError(
                f"The network was given features of shape {tuple(features.shape)}; it wants "
                f"(movements, frames, {self.nodes} nodes, {self.features} features)."
            )
        if not features.shape[0] or not features.shape[1]:
            raise UsageError(
                f"The network was given {features.shape[0]} movements of {features.shape[1]} "
                "frames; one or more of each are needed."
            )


def _lengths(features_BTNF: Tensor, mask_BT: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """The mask and the frames of each movement; None and None where there is no padding."""
    if mask_BT is None:
        return None, None
    if mask_BT.shape != features_BTNF.shape[:2]:
        raise UsageError(
            f"The mask has the shape {tuple(mask_BT.shape)}; the features' is "
            f"{tuple(features_BTNF.shape[:2])}."
        )
    mask_BT = mask_BT.bool()
    if bool(mask_BT.all()):
        return None, None
    lengths_B = mask_BT.sum(1)
    place_T = torch.arange(mask_BT.shape[1], device=mask_BT.device)
    if not bool(lengths_B.all()) or bool((mask_BT != (place_T < lengths_B[:, None])).any()):
        raise UsageError(
            "The mask has padding before a frame, or a movement without one; allowed: first the "
            "frames of each movement, at least one, then padding."
        )
    return mask_BT, lengths_B
