"""Both sizes of the specification to the number, part by part; and what the small ones cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from chromasonic.errors import ConfigError
from chromasonic.gesture.network import GestureNetwork
from chromasonic.gesture.network_config import (
    CAUSAL,
    COMPACT,
    FUSED,
    PLAIN,
    SIZES,
    NetworkConfig,
)

ROOT = Path(__file__).parents[2]
NODES, FEATURES, CLASSES = 88, 31, 100
"""Of the specification."""


def network(config: NetworkConfig, nodes: int = NODES) -> GestureNetwork:
    return GestureNetwork(config, adjacency=torch.eye(nodes), features=FEATURES, classes=CLASSES)


@pytest.fixture(scope="module")
def plain() -> GestureNetwork:
    return network(PLAIN)


@pytest.fixture(scope="module")
def fused() -> GestureNetwork:
    return network(FUSED)


def numbers(module: nn.Module) -> tuple[int, int]:
    """In the state dict, and trainable."""
    return (
        sum(value.numel() for value in module.state_dict().values()),
        sum(value.numel() for value in module.parameters()),
    )


def dense(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def lstm(inputs: int, hidden: int, layers: int) -> int:
    """Both directions; each has four gates with two biases."""
    sizes = [inputs] + [2 * hidden] * (layers - 1)
    return sum(2 * 4 * hidden * (size + hidden + 2) for size in sizes)


def test_the_plain_network_has_the_numbers_of_the_final_model(plain: GestureNetwork) -> None:
    assert numbers(plain) == (11_223_143, 11_221_604)


def test_the_fused_network_has_the_numbers_of_the_best_model(fused: GestureNetwork) -> None:
    assert numbers(fused) == (33_219_694, 33_212_519)


def test_the_parts_of_the_plain_network_are_those_of_its_table(plain: GestureNetwork) -> None:
    convolutions = dense(31, 256) + 2 * dense(256, 256)
    norms = 3 * 2 * 256
    assert numbers(plain.spatial) == (convolutions + norms + 3 * 513, convolutions + norms)
    assert plain.spatial.size == 512
    assert numbers(plain.temporal)[1] == lstm(512, 512, 2) + 2 * 1024
    assert numbers(plain.classifier)[1] == dense(1024, 512) + dense(512, 100)


def test_the_parts_of_the_fused_network_are_those_of_its_table(fused: GestureNetwork) -> None:
    convolutions = dense(31, 512) + 4 * dense(512, 512)
    norms = 5 * 2 * 512
    assert numbers(fused.spatial) == (convolutions + norms + 5 * 1025, convolutions + norms)
    assert fused.spatial.size == 1024
    temporal = fused.temporal
    assert numbers(temporal.lstm)[1] == lstm(1024, 512, 3)
    assert numbers(temporal.norm)[1] == 2 * 1024
    attention = 3 * dense(512, 512) + dense(512, 512)
    forward = dense(512, 2048) + dense(2048, 512)
    encoder_layer = attention + forward + 2 * 2 * 512
    assert numbers(temporal.attention)[1] == dense(1024, 512) + 2 * encoder_layer
    convolution = 3 * 1024 * 512 + 512 + 3 * 512 * 512 + 512
    assert numbers(temporal.convolution) == (
        convolution + 2 * 2 * 512 + 2 * 1025,
        convolution + 2 * 2 * 512,
    )
    branches = 2 * (1024 + 512 + 512) + dense(1024, 512) + 2 * dense(512, 512)
    gate = dense(1536, 512) + dense(512, 3)
    assert numbers(temporal.fusion)[1] == branches + gate + 2 * 2048
    assert numbers(fused.classifier)[1] == dense(2048, 1024) + dense(1024, 100)


@pytest.mark.parametrize("config", [PLAIN, FUSED], ids=["plain", "fused"])
def test_every_number_stands_in_one_of_three_parts(config: NetworkConfig) -> None:
    small = replace(config, spatial_dim=8, temporal_dim=8, classifier_dim=8)
    names = network(small).state_dict()
    assert {name.partition(".")[0] for name in names} == {"spatial", "temporal", "classifier"}


def test_neither_the_skeleton_nor_places_in_time_are_in_the_state_dict() -> None:
    config = replace(FUSED, spatial_dim=8, temporal_dim=8, classifier_dim=8)
    few, many = (network(config, nodes).state_dict() for nodes in (2, 88))
    assert {name: value.shape for name, value in few.items()} == {
        name: value.shape for name, value in many.items()
    }


def test_names_say_layers_and_directions(plain: GestureNetwork) -> None:
    names = plain.state_dict()
    assert names["spatial.convolutions.0.weight"].shape == (256, 31)
    assert "temporal.lstm.weight_hh_l1_reverse" in names
    assert names["classifier.3.weight"].shape == (100, 512)


@pytest.mark.parametrize("nodes", [1, 4, 31, 88])
@pytest.mark.parametrize("config", [COMPACT, CAUSAL], ids=["compact", "causal"])
def test_the_small_sizes_stay_under_a_million(config: NetworkConfig, nodes: int) -> None:
    assert numbers(network(config, nodes))[0] < 1_000_000


@pytest.mark.parametrize("size", SIZES)
def test_the_page_on_the_network_says_its_numbers(size: str) -> None:
    is_small = size in ("compact", "causal")
    nodes, features = (21, 6) if is_small else (NODES, FEATURES)
    made = GestureNetwork(
        SIZES[size], adjacency=torch.eye(nodes), features=features, classes=CLASSES
    )
    rows = [
        line
        for line in (ROOT / "docs/gesture-network.md").read_text().splitlines()
        if line.startswith(f"| `{size}` |" if is_small else "| state dict / trainable |")
    ]
    assert f"{numbers(made)[0]:,}" in rows[0]


def test_a_matrix_that_is_no_graph_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"\(2, 3\)"):
        GestureNetwork(COMPACT, adjacency=torch.ones(2, 3), features=1, classes=1)
    with pytest.raises(ConfigError, match="0 classes"):
        GestureNetwork(COMPACT, adjacency=torch.eye(2), features=1, classes=0)
