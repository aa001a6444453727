"""Chorales made up for tests, of four voices in triads; and networks with weights of chance."""

from __future__ import annotations

import numpy as np
import torch

from chromasonic.harmonization.chorale_network import ChoraleNetwork, NetworkConfig
from chromasonic.harmonization.prior import Prior
from chromasonic.music.chorale import Chorale
from chromasonic.music.key import Key

TRIADS = {  # of C major: soprano, alto, tenor, bass
    "I": (72, 67, 64, 48), "IV": (72, 69, 65, 53), "V": (71, 67, 62, 43),
    "vi": (72, 69, 64, 45), "ii": (74, 69, 65, 50), "i6": (67, 64, 60, 52),
}  # fmt: skip


def chorale(*numerals: str, id: str = "made-up/1", by: int = 0) -> Chorale:
    """A chorale of quarters, one triad each, moved by some semitones."""
    rows = [np.array(TRIADS[numeral]) + by for numeral in numerals for _ in range(4)]
    return Chorale(
        id=id,
        title=id,
        pitches=np.array(rows, np.int64),
        fermatas=(4 * len(numerals) - 4,),
        key=Key.of_pitch_class(by % 12, "major"),
    )


def network(features: int, *, memory: int = 0, seed: int = 0, scale: float = 1.0) -> ChoraleNetwork:
    """A small network with weights of chance, in evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = ChoraleNetwork(
            NetworkConfig(features=features, encoder=6, hidden=8, memory=memory, dropout=0.5)
        )
        with torch.no_grad():
            for name, parameter in made.named_parameters():
                if name.startswith("out"):
                    parameter.copy_(torch.randn_like(parameter) * scale)
    return made.eval()


def prior_of(made: ChoraleNetwork) -> Prior:
    """Its weights for NumPy."""
    return Prior({name: w.detach().numpy() for name, w in made.state_dict().items()})
