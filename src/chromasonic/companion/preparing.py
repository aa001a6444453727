"""A trained companion model as a document: the same for every format and at every export."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from torch import Tensor, nn

from chromasonic import files
from chromasonic.companion.features import INPUTS, OUTPUTS
from chromasonic.companion.models import LoadedCompanion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.synthetic import (
    synthetic_dynamics,
    synthetic_emotion,
    synthetic_groove,
    synthetic_harmony,
    synthetic_melody,
)
from chromasonic.export.exporting import Description, Prepared, prepare
from chromasonic.training.checkpoint import training_facts
from chromasonic.training.examples import FEATURES, Examples

CORPUS_FACTS = ("name", "title", "licence", "licence_url", "fingerprint")
"""What a file says of each corpus."""

EXAMPLES = 32
"""Made-up examples whose features are golden steps."""

_EXAMPLES: dict[str, Callable[[int, int], Examples]] = {
    "emotion_recognizer": synthetic_emotion,
    "melody_transformer": synthetic_melody,
    "harmony_predictor": synthetic_harmony,
    "dynamics_engine": synthetic_dynamics,
    "groove_predictor": synthetic_groove,
}


class Predicting(nn.Module):
    """What an exported model computes: a companion network with its last activation.

    Args:
        network: trained.
    """

    def __init__(self, network: CompanionNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, I) to (B, T, O)."""
        return self.network.activate(self.network(features))


def prepare_companion(loaded: LoadedCompanion) -> Prepared:
    """A model as a document, the same for every format and at every export.

    The golden steps hold made-up examples of the model's own task, of which every installation has
    the same; so the file needs no corpus.

    Raises:
        ExportError: it cannot be expressed, or a number of it is not finite.
    """
    examples = _EXAMPLES[loaded.name](EXAMPLES, 0)
    features = np.concatenate([np.atleast_2d(item[FEATURES]) for item in examples.items])
    return prepare(
        Predicting(loaded.network), loaded.spec, describe(loaded),
        examples=features.astype(np.float32),
    )  # fmt: skip


def describe(loaded: LoadedCompanion) -> Description:
    """What a file says of a model, from its checkpoint; no path of this machine."""
    data = loaded.info.get("data")
    data = data if isinstance(data, dict) else {}
    return Description(
        inputs=INPUTS[loaded.name],
        outputs=OUTPUTS[loaded.name],
        corpora=tuple(
            {key: str(corpus.get(key, "")) for key in CORPUS_FACTS}
            for corpus in data.get("corpora", ())
        ),
        is_synthetic=loaded.is_synthetic,
        training=json.loads(files.json_text(training_facts(loaded.info))),  # NaN becomes null
    )
