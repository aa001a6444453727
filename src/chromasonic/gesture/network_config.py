"""Sizes of the gesture network, as plain values: reading them needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from chromasonic.errors import ConfigError

Temporal = Literal["lstm", "fused"]
Pooling = Literal["mean_max", "flat"]
Summary = Literal["last", "attention"]


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """The sizes of one network; skeleton, features and classes come with the corpus.

    Attributes:
        spatial_dim: width of the graph convolutions.
        spatial_layers: how many there are.
        self_weight: for how many neighbours a node's own features count in the graph convolutions.
            With the specification's 1, nodes that are all tied to each other become the same.
        pooling: how nodes become a frame: their mean and maximum side by side, or all of them side
            by side, which keeps who is who and suits small skeletons.
        frame_dim: numbers that a frame is projected to before the temporal module; 0 leaves it as
            pooled. Many nodes side by side want it.
        stem_dim: width of convolutions along time before the temporal module; 0 has none.
        stem_layers: how many.
        stem_kernel: frames that each sees, odd.
        stem_stride: each how many-th frame the last of them keeps.
        temporal: one recurrent module, or three branches that a gate weighs.
        temporal_dim: hidden width of the LSTM, of each direction.
        temporal_layers: how many LSTM layers.
        temporal_norm: whether a layer norm follows the LSTM; RTNeural has none, so what shall be
            exported to it goes without. The fused one always has it.
        summary: what of the LSTM's states stands for the movement: the last of each direction, or
            a mean of all by learned weights.
        classifier_dim: hidden width of the classifier; 0 is a classifier without a hidden layer.
        causal: whether no frame sees a later one: the LSTM runs forward alone, and every frame has
            a class of its own.
        dropout: share of values that training sets to 0.
        spatial_dropout: the same after the graph convolutions; negative takes `dropout`.
    """

    spatial_dim: int = 256
    spatial_layers: int = 3
    self_weight: float = 1.0
    pooling: Pooling = "mean_max"
    frame_dim: int = 0
    stem_dim: int = 0
    stem_layers: int = 2
    stem_kernel: int = 5
    stem_stride: int = 2
    temporal: Temporal = "lstm"
    temporal_dim: int = 512
    temporal_layers: int = 2
    temporal_norm: bool = True
    summary: Summary = "last"
    classifier_dim: int = 512
    causal: bool = False
    dropout: float = 0.4
    spatial_dropout: float = -1.0

    def __post_init__(self) -> None:
        for name, is_right, allowed in (
            ("spatial_dim", 1 <= self.spatial_dim <= 4096, "from 1 to 4096"),
            ("spatial_layers", 1 <= self.spatial_layers <= 32, "from 1 to 32"),
            ("self_weight", 0 < self.self_weight <= 1000, "above 0, to 1000"),
            ("pooling", self.pooling in ("mean_max", "flat"), "mean_max, flat"),
            ("frame_dim", 0 <= self.frame_dim <= 4096, "0 (none) to 4096"),
            ("stem_dim", 0 <= self.stem_dim <= 4096, "0 (none) to 4096"),
            ("stem_layers", 1 <= self.stem_layers <= 16, "from 1 to 16"),
            (
                "stem_kernel",
                1 <= self.stem_kernel <= 99 and self.stem_kernel % 2 == 1,
                "odd, from 1 to 99",
            ),
            ("stem_stride", 1 <= self.stem_stride <= 16, "from 1 to 16"),
            ("temporal", self.temporal in ("lstm", "fused"), "lstm, fused"),
            ("temporal_dim", 1 <= self.temporal_dim <= 4096, "from 1 to 4096"),
            ("temporal_layers", 1 <= self.temporal_layers <= 16, "from 1 to 16"),
            ("summary", self.summary in ("last", "attention"), "last, attention"),
            ("classifier_dim", 0 <= self.classifier_dim <= 8192, "0 (none) to 8192"),
            ("causal", not (self.causal and self.temporal == "fused"), "false, if fused"),
            ("causal", not (self.causal and self.stem_dim), "false, with a stem"),
            ("causal", not (self.causal and self.summary != "last"), "false, with attention"),
            ("dropout", 0 <= self.dropout < 1, "from 0 to below 1"),
            ("spatial_dropout", -1 <= self.spatial_dropout < 1, "from -1 to below 1"),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")


PLAIN = NetworkConfig()
"""The specification's default size: 11.2 million numbers with its 88 nodes of 31 features."""

FUSED = replace(
    PLAIN, spatial_dim=512, spatial_layers=5, temporal="fused", temporal_layers=3,
    classifier_dim=1024,
)  # fmt: skip
"""The specification's large size: 33.2 million numbers."""

COMPACT = replace(
    PLAIN, spatial_dim=32, spatial_layers=2, spatial_dropout=0.0, pooling="flat", frame_dim=96,
    stem_dim=128, temporal_dim=128, temporal_layers=1, summary="attention", classifier_dim=0,
)  # fmt: skip
"""Under a million even with the 88 nodes of a face, and the better one on small corpora: each
part of it was measured (docs/gesture-research.md)."""

CAUSAL = replace(
    COMPACT, causal=True, stem_dim=0, summary="last", temporal_norm=False, classifier_dim=128
)
"""Under a million, and it answers while the movement goes on; all of it can be exported."""

SIZES: dict[str, NetworkConfig] = {
    "plain": PLAIN,
    "fused": FUSED,
    "compact": COMPACT,
    "causal": CAUSAL,
}
