"""The HarmonyPredictor: at each beat, whether the chord stays, and if not, which one comes."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from chromasonic.companion.companion import Companion
from chromasonic.companion.examples import FEATURES, MASK
from chromasonic.companion.harmony_data import CORPORA, load_harmony
from chromasonic.companion.harmony_evaluation import ACCURACY, CHANGE_ACCURACY, evaluate_harmony
from chromasonic.companion.harmony_features import TARGET
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_harmony
from chromasonic.music.chord import CLASSES, HOLD
from chromasonic.training.config import TrainingConfig
from chromasonic.training.task import BatchLoss


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


COMPANION = Companion(
    spec=SPECS["harmony_predictor"],
    corpora=CORPORA,
    load=load_harmony,
    synthetic=synthetic_harmony,
    loss=harmony_loss,
    training=TrainingConfig(
        epochs=16,
        batch_size=32,
        learning_rate=2e-3,
        weight_decay=0.02,
        scheduler="cosine",
        warmup_steps=200,
        average_decay=0.998,
        patience=5,
        checkpoint_every=0,
    ),
    dropout=0.15,
    headline=ACCURACY,
    evaluate=evaluate_harmony,
    facts={
        "target": "the class of the beat's chord if it is new, else hold; roots from the tonic",
        "beats": "felt beats: quarters in 4/4 and 3/4, dotted quarters in 6/8, halves in 2/2",
        "keys": "Nottingham and Billboard as written; Bach's estimated from the whole piece",
    },
)
