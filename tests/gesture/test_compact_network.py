"""The convolution stem and the attention summary, by hand and as parts of a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from chromasonic.errors import ConfigError
from chromasonic.gesture.compact import AttentionSummary, ConvolutionStem
from chromasonic.gesture.network import GestureNetwork
from chromasonic.gesture.network_config import COMPACT, NetworkConfig

STEM = replace(COMPACT, stem_dim=3, stem_layers=2, stem_kernel=3, stem_stride=2, dropout=0.0)


def mask_of(*lengths: int) -> torch.Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_stem_thins_the_frames_out_and_keeps_the_first(stride: int) -> None:
    stem = ConvolutionStem(replace(STEM, stem_stride=stride), 4).eval()
    frames, mask, lengths = stem(torch.randn(3, 7, 4) * mask_of(7, 5, 1)[:, :, None],
                                 mask_of(7, 5, 1))  # fmt: skip
    assert lengths.tolist() == [-(-7 // stride), -(-5 // stride), 1]
    assert mask.sum(1).tolist() == lengths.tolist()
    assert frames.shape == (3, -(-7 // stride), 3)
    assert not frames[~mask].any()


def test_a_stem_is_torchs_convolutions_and_norms_one_after_the_other() -> None:
    torch.manual_seed(0)
    stem = ConvolutionStem(STEM, 4).eval()
    for norm in stem.norms:
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 9, 4)
    by_hand = x.transpose(1, 2)
    for convolution, norm in zip(stem.convolutions, stem.norms, strict=True):
        by_hand = torch.nn.functional.conv1d(
            by_hand, convolution.weight, convolution.bias, convolution.stride, padding=1
        )
        scale = (norm.running_var[:, None] + norm.eps).sqrt()
        by_hand = ((by_hand - norm.running_mean[:, None]) / scale).relu()
    frames, mask, lengths = stem(x, None)
    assert mask is None
    assert lengths is None
    torch.testing.assert_close(frames.transpose(1, 2), by_hand)


def test_attention_is_a_mean_of_the_frames_that_count() -> None:
    summary = AttentionSummary(2)
    with torch.no_grad():
        summary.weight.weight.zero_()
    frames = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [100.0, -100.0]]])
    torch.testing.assert_close(summary(frames, mask_of(3)), frames.mean(1))
    only_two = torch.tensor([[True, True, False]])
    torch.testing.assert_close(summary(frames, only_two), torch.tensor([[2.0, 4.0]]))
    with torch.no_grad():
        summary.weight.weight[0, 0] = 50.0  # looks for a large first number
    torch.testing.assert_close(summary(frames, only_two), frames[:, 1])


def test_attention_learns_which_frame_matters() -> None:
    """One frame of twelve carries the sign of the class; a mean would drown it in the others."""
    torch.manual_seed(1)
    config = replace(
        COMPACT, spatial_dim=8, frame_dim=0, stem_dim=8, temporal_dim=8, temporal_layers=1,
        summary="attention", classifier_dim=0, dropout=0.0,
    )  # fmt: skip
    network = GestureNetwork(config, adjacency=torch.eye(2), features=2, classes=2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.02)
    generator = torch.Generator().manual_seed(2)

    def examples(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(count, 12, 2, 2, generator=generator)
        x[:, :, :, 1] = 0
        at = torch.randint(12, (count,), generator=generator)
        x[torch.arange(count), at, :, 1] = 1  # here
        return x, (x[torch.arange(count), at, 0, 0] > 0).long()

    for _ in range(120):
        x, target = examples(48)
        loss = torch.nn.functional.cross_entropy(network(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x, target = examples(300)
    assert (network.eval()(x).argmax(1) == target).float().mean() > 0.85


def test_without_a_stem_and_with_the_last_states_nothing_is_added() -> None:
    """The specification's sizes keep the parameters that they had."""
    network = GestureNetwork(
        NetworkConfig(spatial_dim=4, temporal_dim=4, classifier_dim=4),
        adjacency=torch.eye(3), features=2, classes=3,
    )  # fmt: skip
    names = {name.split(".")[0] for name in network.state_dict()}
    assert names == {"spatial", "temporal", "classifier"}
    assert not [name for name in network.state_dict() if "summary" in name]


def test_the_compact_size_is_below_a_million_with_the_88_nodes_of_a_face() -> None:
    network = GestureNetwork(COMPACT, adjacency=torch.eye(88), features=31, classes=100)
    assert sum(tensor.numel() for tensor in network.state_dict().values()) < 1_000_000


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stem_kernel": 4}, "stem_kernel is 4; allowed: odd"),
        ({"stem_stride": 0}, "stem_stride is 0"),
        ({"causal": True, "stem_dim": 8}, "causal is True; allowed: false, with a stem"),
        ({"causal": True, "summary": "attention"}, "false, with attention"),
        ({"summary": "mean"}, "summary is 'mean'; allowed: last, attention"),
        ({"spatial_dropout": 1.0}, "spatial_dropout is 1.0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        NetworkConfig(**settings)
