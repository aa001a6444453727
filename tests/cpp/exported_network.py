"""Exported files as Python's networks again, so that Python and C++ run the same weights."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS


def network_of(folder: Path, name: str) -> CompanionNetwork:
    """The network whose weights stand in NAME.json."""
    network = CompanionNetwork(SPECS[name]).eval()
    layers = json.loads((folder / f"{name}.json").read_text("utf-8"))["layers"]
    with torch.no_grad():
        for module, layer in zip(network.layers, layers, strict=True):
            arrays = [torch.tensor(array) for array in layer["weights"]]
            if isinstance(module, torch.nn.LSTM):
                module.weight_ih_l0.copy_(arrays[0].T)
                module.weight_hh_l0.copy_(arrays[1].T)
                module.bias_ih_l0.copy_(arrays[2])
                module.bias_hh_l0.zero_()
            else:
                assert isinstance(module, torch.nn.Linear)
                module.weight.copy_(arrays[0].T)
                module.bias.copy_(arrays[1])
    return network
