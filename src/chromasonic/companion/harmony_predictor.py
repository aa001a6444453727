"""The HarmonyPredictor: at each beat, whether the chord stays, and if not, which one comes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.companion.companion import Companion
from chromasonic.companion.harmony_data import CORPORA, MORE_CORPORA, load_harmony
from chromasonic.companion.harmony_evaluation import ACCURACY, CHANGE_ACCURACY, evaluate_harmony
from chromasonic.companion.harmony_features import PLACE, TARGET, turned, turned_classes
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_harmony
from chromasonic.music.chord import CLASSES, HOLD
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK, Example
from chromasonic.training.task import BatchLoss

KEY_UNKNOWN = 0.15
"""Share of training examples whose key is kept from the network."""


def harmony_loss(model: nn.Module, tensors: Mapping[str, Tensor]) -> BatchLoss:
    """Cross-entropy of the 64 classes, with accuracy at all beats and at the changes.

    At a change the question is which chord, given that there is a new one: hold is left out.
    """
    targets, mask = tensors[TARGET], tensors[MASK]
    logits = model(tensors[FEATURES])
    losses = functional.cross_entropy(
        logits.reshape(-1, CLASSES), targets.reshape(-1), reduction="none"
    )
    total = (losses * mask.reshape(-1)).sum()
    changes = mask * (targets != HOLD)
    others = logits.detach().clone()
    others[..., HOLD] = -1e9
    right = (logits.argmax(-1) == targets) * mask
    right_change = (others.argmax(-1) == targets) * changes
    return BatchLoss(
        objective_sum=total,
        loss_sum=total,
        metrics={
            ACCURACY: (right.sum(), mask.sum()),
            CHANGE_ACCURACY: (right_change.sum(), changes.sum()),
        },
    )


def harmony_augment(example: Example, rng: np.random.Generator) -> Example:
    """Now and then the same beats in any key, and nobody says which.

    So the network also answers where the key is unknown. Known keys need no transposing, as
    everything is counted from the tonic.
    """
    if rng.random() >= KEY_UNKNOWN:
        return example
    up = int(rng.integers(12))
    features = turned(np.atleast_2d(example[FEATURES]), up)
    features[:, PLACE["key"]] = 0
    return {
        **example,
        FEATURES: features.reshape(example[FEATURES].shape),
        TARGET: turned_classes(example[TARGET], up),
    }


COMPANION = Companion(
    spec=SPECS["harmony_predictor"],
    corpora=CORPORA,
    more_corpora=MORE_CORPORA,
    load=load_harmony,
    synthetic=synthetic_harmony,
    loss=harmony_loss,
    training=TrainingConfig(
        epochs=14,
        batch_size=32,
        learning_rate=5e-3,
        weight_decay=0.1,
        scheduler="cosine",
        warmup_steps=200,
        average_decay=0.995,
        patience=5,
        checkpoint_every=0,
    ),
    dropout=0.15,
    headline=ACCURACY,
    evaluate=evaluate_harmony,
    augment=harmony_augment,
    facts={
        "target": "the class of the beat's chord if it is new, else hold; roots from the tonic",
        "beats": "felt beats: quarters in 4/4 and 3/4, dotted quarters in 6/8, halves in 2/2",
        "keys": "Nottingham and Billboard as written; Bach's estimated from the whole piece",
    },
)
