"""The DynamicsEngine: a bar's onsets and their height to how loud each sixteenth is played.

Loss and metrics leave out every step without an onset.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.companion.companion import Companion
from chromasonic.companion.dynamics_data import CORPORA, load_dynamics
from chromasonic.companion.dynamics_evaluation import VELOCITY_MAE, evaluate_dynamics
from chromasonic.companion.dynamics_features import FULL_VELOCITY, TARGET, TWO_OCTAVES
from chromasonic.companion.examples import FEATURES, MASK, Example
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_dynamics
from chromasonic.music.bar_grid import STEPS
from chromasonic.training.config import TrainingConfig
from chromasonic.training.task import BatchLoss

LOSS_SCALE = 10.0
"""Puts the squares of shares of 127 where gradients are of the usual size."""

THINNED = 0.2
"""Share of the onsets that a training bar lacks."""

TURNED = 0.9
"""Share of training bars that begin on another sixteenth and go round."""

TRANSPOSED = 3
"""Semitones that a training bar is moved at most."""


def dynamics_loss(model: nn.Module, tensors: Mapping[str, Tensor]) -> BatchLoss:
    """Squared errors of the struck steps' velocities.

    They are learned from by squares, though judged by absolute errors: on validation that gives
    the lower absolute error, too.
    """
    mask = tensors[MASK]
    errors = (torch.sigmoid(model(tensors[FEATURES])) - tensors[TARGET]) * mask
    total = errors.square().sum() * LOSS_SCALE
    return BatchLoss(
        objective_sum=total,
        loss_sum=total,
        metrics={VELOCITY_MAE: (errors.abs().sum() * FULL_VELOCITY, mask.sum())},
    )


def dynamics_augment(example: Example, rng: np.random.Generator) -> Example:
    """Another bar that might have been played as loudly, onset for onset.

    It begins elsewhere and goes round, lies up to three semitones higher or lower, and lacks some
    of its onsets, which are neither heard nor asked for. Pianists differ, while pieces repeat
    themselves: without this a network knows the pieces of the training part by the exact heights of
    their bars after two epochs.
    """
    weight, height = example[FEATURES].reshape(2, STEPS)
    kept = example[MASK] * (rng.random(STEPS) >= THINNED)
    moved = height + rng.integers(-TRANSPOSED, TRANSPOSED + 1) / TWO_OCTAVES
    turn = int(rng.integers(1, STEPS)) if rng.random() < TURNED else 0
    rows = np.stack([weight * kept, moved * kept, example[TARGET], kept]).astype(np.float32)
    rows = np.roll(rows, turn, axis=1)
    return {**example, FEATURES: rows[:2].reshape(-1), TARGET: rows[2], MASK: rows[3]}


COMPANION = Companion(
    spec=SPECS["dynamics_engine"],
    corpora=CORPORA,
    load=load_dynamics,
    synthetic=synthetic_dynamics,
    loss=dynamics_loss,
    training=TrainingConfig(
        epochs=12,
        batch_size=512,
        learning_rate=1e-3,
        scheduler="cosine",
        average_decay=0.99,
        warmup_steps=100,
        patience=0,
        checkpoint_every=0,
    ),
    headline=VELOCITY_MAE,
    evaluate=evaluate_dynamics,
    augment=dynamics_augment,
    facts={
        "target": "velocity / 127 of the loudest note on each sixteenth",
        "bars": "one example a bar; longer ones in equal windows of at most 16 sixteenths",
    },
)
