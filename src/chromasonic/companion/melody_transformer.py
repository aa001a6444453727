"""The MelodyTransformer: which pitch comes next, given the last note, the place, chord, key, mood.

Its name is historical: it is recurrent, so that it runs in RTNeural, one step a note.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from chromasonic.companion.companion import Companion
from chromasonic.companion.melody_data import CORPORA, load_examples
from chromasonic.companion.melody_evaluation import evaluate
from chromasonic.companion.melody_features import NAME, PART, TARGET, Variation
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_melody
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK
from chromasonic.training.task import BatchLoss


def melody_loss(network: nn.Module, batch: Mapping[str, Tensor]) -> BatchLoss:
    """Negative log-likelihood of the pitches, in nats.

    Args:
        network: features (B, T, 64) to logits (B, T, 128).
        batch: `features`, `melody` (B, T) int64, `mask` (B, T).

    Returns:
        Sums over the notes; metrics `pitch_accuracy` (the likeliest pitch is right) and
        `pitch_bits` a note, also `pitch_bits_with_chords` and `pitch_bits_without_chords`.
    """
    counts = batch[MASK] > 0
    log_p = torch.log_softmax(network(batch[FEATURES])[counts].float(), dim=-1)
    target = batch[TARGET][counts]
    nats = -log_p.gather(-1, target[:, None])[:, 0]
    knows_chords = batch[FEATURES][..., PART["chord"]].any(-1).any(-1)[:, None]
    with_chords = knows_chords.expand_as(counts)[counts]
    bits = nats.detach() / math.log(2)
    count = torch.tensor(len(target), device=bits.device)
    return BatchLoss(
        objective_sum=nats.sum(),
        loss_sum=nats.sum(),
        metrics={
            "pitch_accuracy": ((log_p.argmax(-1) == target).sum(), count),
            "pitch_bits": (bits.sum(), count),
            "pitch_bits_with_chords": (bits[with_chords].sum(), with_chords.sum()),
            "pitch_bits_without_chords": (bits[~with_chords].sum(), (~with_chords).sum()),
        },
    )


COMPANION = Companion(
    spec=SPECS[NAME],
    corpora=CORPORA,
    load=load_examples,
    synthetic=synthetic_melody,
    loss=melody_loss,
    training=TrainingConfig(
        epochs=10,
        batch_size=16,
        learning_rate=2e-3,
        scheduler="cosine",
        warmup_steps=100,
        patience=0,
        checkpoint_every=0,
    ),
    dropout=0.1,
    headline="pitch_bits",
    evaluate=evaluate,
    augment=Variation(),
)
