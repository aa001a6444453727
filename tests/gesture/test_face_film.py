"""A film of a face enters the specification's network as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from chromasonic.formats.movements import read_movement
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import extract
from chromasonic.gesture.graph import adjacency_of
from chromasonic.gesture.network import GestureNetwork
from chromasonic.gesture.network_config import PLAIN

MOUTH = Path(__file__).parents[2] / "examples/gesture/mouth.json"


def test_mediapipes_frames_become_88_nodes_of_31_features_and_then_100_classes() -> None:
    movement = read_movement(MOUTH)
    features = extract(movement, FeatureConfig(velocity=False))
    assert features.shape == (9, 88, 31)
    assert np.isfinite(features).all()
    network = GestureNetwork(
        PLAIN, adjacency=adjacency_of(movement.skeleton), features=31, classes=100
    ).eval()
    assert sum(array.numel() for array in network.state_dict().values()) == 11_223_143
    mask_BT = torch.ones(1, 9, dtype=torch.bool)
    assert network(torch.from_numpy(features)[None], mask_BT).shape == (1, 100)
