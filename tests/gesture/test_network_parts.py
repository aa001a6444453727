"""The parts against slow and plain computations of the same, and whole networks that learn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from chromasonic.errors import UsageError
from chromasonic.gesture.dropout import dropout
from chromasonic.gesture.fusion import GatedFusion
from chromasonic.gesture.graph import adjacency_of
from chromasonic.gesture.network import GestureNetwork
from chromasonic.gesture.network_config import CAUSAL, COMPACT, FUSED, PLAIN, NetworkConfig
from chromasonic.gesture.spatial import GraphConvolution
from chromasonic.gesture.temporal import AttentionBranch, ConvolutionBranch, last_states, places
from chromasonic.music.movement import Skeleton

HAND = Skeleton(
    name="hand", nodes=("wrist", "thumb", "index"), edges=((0, 1), (0, 2)), channels=("x", "y")
)


def network(config: NetworkConfig, *, classes: int = 4, **changes: object) -> GestureNetwork:
    torch.manual_seed(3)
    small = replace(
        config, spatial_dim=12, temporal_dim=12, classifier_dim=12, dropout=0.0, **changes
    )
    return GestureNetwork(small, adjacency=adjacency_of(HAND), features=2, classes=classes)


def test_the_graph_convolution_is_its_sum_node_by_node() -> None:
    torch.manual_seed(0)
    convolution = GraphConvolution(2, 3)
    nn.init.normal_(convolution.bias)
    frames = torch.randn(5, 3, 2)
    adjacency = adjacency_of(HAND)
    found = convolution(frames.transpose(0, 1), adjacency).transpose(0, 1).detach().numpy()
    a, w, b = adjacency.numpy(), convolution.weight.detach().numpy(), convolution.bias.detach()
    wanted = np.zeros((5, 3, 3))
    for frame in range(5):
        for node in range(3):
            for output in range(3):
                total = float(b[output])
                for other in range(3):
                    for feature in range(2):
                        total += a[node, other] * w[output, feature] * frames[frame, other, feature]
                wanted[frame, node, output] = total
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_node_is_not_heard_where_no_edge_leads() -> None:
    convolution = GraphConvolution(2, 2)
    frames = torch.zeros(3, 1, 2)
    before = convolution(frames, adjacency_of(HAND))
    frames[1] = 1.0  # the thumb moves
    change = (convolution(frames, adjacency_of(HAND)) - before).abs().sum((1, 2))
    assert (change > 0).tolist() == [True, True, False]


def test_flat_pooling_keeps_who_is_who_and_mean_and_maximum_do_not() -> None:
    frames = torch.randn(4, 3, 2)
    swapped = frames[:, [0, 2, 1]]  # thumb and index are alike to the graph
    by_pooling = {
        pooling: network(PLAIN, pooling=pooling).eval().spatial for pooling in ("mean_max", "flat")
    }
    with torch.no_grad():
        mean_max, flat = by_pooling["mean_max"], by_pooling["flat"]
        torch.testing.assert_close(mean_max(frames), mean_max(swapped))
        assert not torch.allclose(flat(frames), flat(swapped))


def test_the_last_states_are_the_lstms_own() -> None:
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)
    outputs, (hidden, _) = lstm(torch.randn(2, 5, 3))
    torch.testing.assert_close(last_states(outputs, None), torch.cat((hidden[-2], hidden[-1]), 1))


def test_attention_with_padding_is_torchs_multihead_attention_without() -> None:
    torch.manual_seed(0)
    branch = AttentionBranch(6, 8, layers=2, forward_size=16, dropout=0.0).eval()
    frames = torch.randn(1, 7, 6)
    mask = torch.tensor([[True] * 4 + [False] * 3])
    with torch.no_grad():
        found = branch(frames, mask)[0, :4]
        x = branch.projection(frames[:, :4]) + places(4, 8)
        for layer in branch.layers:
            attended, _ = layer.self_attn(x, x, x, need_weights=True)
            x = layer.norm1(x + attended)
            x = layer.norm2(x + layer.linear2(layer.linear1(x).relu()))
    torch.testing.assert_close(found, x[0], atol=1e-5, rtol=0)


def test_places_are_sines_and_cosines_of_growing_wavelength() -> None:
    table = places(30, 5)
    assert table.shape == (30, 5)
    for place in (0, 1, 29):
        for pair in range(3):
            angle = place / 10_000 ** (2 * pair / 5)
            assert table[place, 2 * pair] == pytest.approx(math.sin(angle), abs=1e-5)
            if 2 * pair + 1 < 5:
                assert table[place, 2 * pair + 1] == pytest.approx(math.cos(angle), abs=1e-5)


def test_the_convolution_sees_one_frame_before_and_one_after() -> None:
    branch = ConvolutionBranch(1, 4, dropout=0.0).eval()
    still = torch.zeros(1, 9, 1)
    moved = still.clone()
    moved[0, 4] = 1.0
    with torch.no_grad():
        change = (branch(moved, None) - branch(still, None)).abs().sum(2)[0]
    assert change[[0, 1, 7, 8]].sum() == 0  # two convolutions of width 3 reach two frames
    assert change[4] > 0


def test_the_gate_blends_what_it_was_given() -> None:
    torch.manual_seed(0)
    fusion = GatedFusion((4, 6), 5)
    nn.init.zeros_(fusion.gate[2].weight)
    with torch.no_grad():
        fusion.gate[2].bias.copy_(torch.tensor([50.0, -50.0]))  # the first alone
    fusion.norm = nn.Identity()
    found = fusion([torch.randn(3, 4), torch.randn(3, 6)])
    assert found.shape == (3, 15)
    torch.testing.assert_close(found[:, 10:], found[:, :5])


@pytest.mark.parametrize("share", [0.1, 0.4, 0.75])
def test_dropout_drops_its_share_and_keeps_the_mean(share: float) -> None:
    torch.manual_seed(0)
    found = dropout(torch.ones(200_000), share, True)
    dropped = float((found == 0).float().mean())
    assert dropped == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / 200_000))
    assert float(found.max()) == pytest.approx(1 / (1 - share), rel=1e-4)
    assert len(found.unique()) == 2


def test_dropout_does_nothing_but_in_training_and_neighbours_fall_by_themselves() -> None:
    values = torch.randn(7)
    assert dropout(values, 0.4, False) is values
    torch.manual_seed(0)
    kept = dropout(torch.ones(100_000), 0.5, True) > 0
    for apart in (1, 2, 4):
        alike = (kept[apart:] == kept[:-apart]).float().mean()
        assert float(alike) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("changes", [{}, {"temporal_norm": True}], ids=["plain", "normed"])
def test_steps_of_a_causal_network_are_its_whole_run(layers: int, changes: dict) -> None:
    model = network(CAUSAL, temporal_layers=layers, **changes).eval()
    features = torch.randn(2, 11, 3, 2)
    state, found = None, []
    with torch.no_grad():
        for frame in features.unbind(1):
            logits, state = model.step(frame, state)
            found.append(logits)
        torch.testing.assert_close(torch.stack(found, 1), model(features), atol=1e-5, rtol=0)


def test_a_causal_network_knows_nothing_of_later_frames() -> None:
    model = network(CAUSAL).eval()
    features = torch.randn(1, 8, 3, 2)
    changed = features.clone()
    changed[:, 5:] += 1.0
    with torch.no_grad():
        before, after = model(features), model(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5], atol=0, rtol=0)
    assert not torch.allclose(before[:, 5:], after[:, 5:])


def test_a_network_of_whole_movements_has_no_steps() -> None:
    with pytest.raises(UsageError, match="causal = true"):
        network(COMPACT).step(torch.zeros(1, 3, 2))


def turning(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A thumb that circles one way or the other, slowly or fast: each frame alone tells nothing."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(4, (count,), generator=generator)
    speed = torch.tensor([0.5, -0.5, 1.1, -1.1])[label]
    begin = 2 * math.pi * torch.rand(count, generator=generator)
    length = torch.randint(8, 13, (count,), generator=generator)
    angle = begin[:, None] + speed[:, None] * torch.arange(12)
    features = 0.1 * torch.randn(count, 12, 3, 2, generator=generator)
    features[:, :, 1] += torch.stack((angle.cos(), angle.sin()), dim=2)
    return features, torch.arange(12) < length[:, None], label


@pytest.mark.parametrize(
    "config", [PLAIN, FUSED, COMPACT, CAUSAL], ids=["plain", "fused", "compact", "causal"]
)
def test_every_network_learns_which_way_a_thumb_turns(config: NetworkConfig) -> None:
    model = network(config, spatial_layers=2, temporal_layers=1)
    features, mask, label = turning(128, seed=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

    def judged(features: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits = model(features, mask)
        return logits[torch.arange(len(logits)), mask.sum(1) - 1] if logits.ndim == 3 else logits

    model.train()
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(judged(features, mask), label).backward()
        optimizer.step()
    model.eval()
    unseen, its_mask, its_label = turning(100, seed=2)
    with torch.no_grad():
        right = (judged(unseen, its_mask).argmax(1) == its_label).float().mean()
    assert right >= 0.9  # chance is 0.25
