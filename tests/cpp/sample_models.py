"""The five companion models, untrained, as the exporter writes them."""

from __future__ import annotations

from pathlib import Path

import torch

from chromasonic.companion.exporting import export_companion
from chromasonic.companion.models import LoadedCompanion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS

CORPUS = {
    "name": "chance",
    "title": "Weights drawn by chance",
    "licence": "CC0-1.0",
    "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
    "fingerprint": "0",
}
INFO = {"data": {"corpora": [CORPUS], "is_synthetic": True}}


def write_models(folder: Path, *, seed: int = 5) -> Path:
    """Write NAME.json of each, with weights drawn from a seed; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name, spec in SPECS.items():
            network = CompanionNetwork(spec).eval()
            with torch.no_grad():
                for weights in network.parameters():
                    weights.mul_(2.0)  # freshly drawn ones give nearly the same for any input
            loaded = LoadedCompanion(
                network=network, spec=spec, checkpoint=folder / f"{name}.pt", info=INFO
            )
            export_companion(loaded, folder)
    return folder
