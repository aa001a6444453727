"""What each task's networks look like, for `chromasonic inspect` to check configurations by.

A function for each task makes the network of a checkpoint's `config` on torch's meta device: names
and shapes, and no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Shapes = dict[str, tuple[int, ...] | None]


def _of(build: Callable[[], Any]) -> Shapes:
    import torch

    with torch.device("meta"):
        network = build()
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def melody(config: dict[str, Any]) -> Shapes | None:
    """Of a melody model; None for one of a user's own class."""
    from chromasonic.melody_generation.markov import MarkovModel
    from chromasonic.melody_generation.models import MODELS, build_model

    model = config["model"]
    if model["kind"] not in MODELS:
        return None
    shapes = _of(lambda: build_model(model["kind"], model["config"]))
    if MODELS[model["kind"]][0] is MarkovModel:  # its tables are as long as what was counted
        return dict.fromkeys(shapes)
    return shapes


def companion(config: dict[str, Any]) -> Shapes:
    """Of a companion model."""
    from chromasonic.companion.models import spec_of
    from chromasonic.companion.network import CompanionNetwork

    return _of(lambda: CompanionNetwork(spec_of(config["model"]["kind"])))


def harmonizer(config: dict[str, Any]) -> Shapes:
    """Of a network that has read chorales."""
    from chromasonic.harmonization.chorale_network import ChoraleNetwork, NetworkConfig

    sizes = {key: value for key, value in config["model"].items() if key != "kind"}
    return _of(lambda: ChoraleNetwork(NetworkConfig(**sizes)))


def gesture(config: dict[str, Any]) -> Shapes:
    """Of a gesture network."""
    import torch

    from chromasonic.config import from_dict
    from chromasonic.gesture.network import GestureNetwork
    from chromasonic.gesture.network_config import NetworkConfig

    sizes = dict(config["model"]["config"])
    nodes, features, classes = (int(sizes.pop(key)) for key in ("nodes", "features", "classes"))
    network = from_dict(NetworkConfig, sizes, where="network")
    return _of(
        lambda: GestureNetwork(
            network, adjacency=torch.ones(nodes, nodes), features=features, classes=classes
        )
    )


SHAPES_OF: dict[str, Callable[[dict[str, Any]], Shapes | None]] = {
    "melody": melody,
    "companion": companion,
    "harmonizer": harmonizer,
    "gesture": gesture,
}
"""Task to the shapes of a configuration's network."""
