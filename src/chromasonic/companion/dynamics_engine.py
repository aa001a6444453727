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
from chromasonic.companion.dynamics_features import FULL_VELOCITY, TARGET
from chromasonic.companion.examples import FEATURES, MASK, Example
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_dynamics
from chromasonic.music.bar_grid import STEPS
from chromasonic.training.config import TrainingConfig
from chromasonic.training.task import BatchLoss

THINNED = 0.4
"""Share of the onsets that a training bar lacks."""


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


LOSS_SCALE = 10.0
"""Puts the squares of shares of 127 where gradients are of the usual size."""


def dynamics_augment(example: Example, rng: np.random.Generator) -> Example:
    """The same bar with some of its onsets left out, neither heard nor asked for.

    Pianists differ, pieces repeat themselves: without this a network knows the pieces of the
    training part by the exact heights of their bars after two epochs.
    """
    kept = (rng.random(STEPS) >= THINNED).astype(np.float32)
    return {
        **example,
        FEATURES: example[FEATURES] * np.tile(kept, 2),
        MASK: example[MASK] * kept,
    }


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
