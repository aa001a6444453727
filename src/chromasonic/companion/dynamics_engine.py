"""The DynamicsEngine: a bar's onsets and their height to how loud each sixteenth is played.

Loss and metrics leave out every step without an onset.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.companion.companion import Companion
from chromasonic.companion.dynamics_data import CORPORA, load_dynamics
from chromasonic.companion.dynamics_evaluation import VELOCITY_MAE, evaluate_dynamics
from chromasonic.companion.dynamics_features import (
    FULL_VELOCITY,
    TARGET,
    TWO_OCTAVES,
    PianoBarExample,
)
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_dynamics
from chromasonic.music.bar_grid import STEPS
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK, Example
from chromasonic.training.task import BatchLoss

BEND = 0.15
"""Where squares become absolute errors, as a share of full velocity (19 of 127)."""

LEVEL_WEIGHT = 0.25
"""What a bar's mean error counts beside the errors of its shape."""

THINNED = 0.1
"""Share of the onsets that a training bar lacks."""

TURNED = 0.5
"""Share of training bars that begin on another sixteenth and go round."""

CROSSED = 0.5
"""Share of training bars of which a part is taken from another bar."""

NEARBY_BARS = 40
"""How far away that bar is at most."""

TRANSPOSED = 3
"""Semitones that a training bar is moved at most."""


def dynamics_loss(model: nn.Module, tensors: Mapping[str, Tensor]) -> BatchLoss:
    """Errors of the struck steps, those of a bar's level and of its shape apart.

    How loud a performance is as a whole differs much and no bar tells it, so the errors of a bar go
    up and down together. A bar's mean error therefore counts for less than what each step differs
    from it, as in least squares with a random intercept for each bar. Both go through Huber's
    function: squares near the truth, absolute values beyond.

    Source: Laird and Ware, "Random-effects models for longitudinal data", Biometrics 38 (1982).
    Differs: one weight for bars of all lengths, chosen on validation; Huber's function for squares.
    """
    mask = tensors[MASK]
    errors = (torch.sigmoid(model(tensors[FEATURES])) - tensors[TARGET]) * mask
    struck = mask.sum(dim=-1, keepdim=True)
    level = errors.sum(dim=-1, keepdim=True) / struck.clamp(min=1)
    total = _huber((errors - level) * mask) + LEVEL_WEIGHT * _huber(level, struck)
    return BatchLoss(
        objective_sum=total,
        loss_sum=total,
        metrics={VELOCITY_MAE: (errors.abs().sum() * FULL_VELOCITY, mask.sum())},
    )


def _huber(errors: Tensor, weights: Tensor | float = 1.0) -> Tensor:
    """Sum of Huber's function, scaled to a slope of 1 beyond the bend."""
    zero = torch.zeros_like(errors)
    each = functional.huber_loss(errors, zero, reduction="none", delta=BEND) / BEND
    return (each * weights).sum()


def dynamics_augment(example: Example, rng: np.random.Generator) -> Example:
    """Another bar that might have been played as loudly, onset for onset.

    A part of it comes from a bar nearby in the same performance; it begins elsewhere and goes
    round, lies up to three semitones higher or lower, and lacks some of its onsets, which are
    neither heard nor asked for. Pianists differ, while pieces repeat themselves: without this a
    network knows the pieces of the training part by the exact heights of their bars after two
    epochs.
    """
    rows = _rows(example)
    if isinstance(example, PianoBarExample) and rng.random() < CROSSED:
        near = example.number + int(rng.integers(-NEARBY_BARS, NEARBY_BARS + 1))
        other = example.performance[min(max(near, 0), len(example.performance) - 1)]
        is_theirs = np.arange(STEPS) < rng.integers(1, STEPS)
        rows = np.where(is_theirs ^ (rng.random() < 0.5), _rows(other), rows)
    kept = rows[3] * (rng.random(STEPS) >= THINNED)
    rows[1] += rng.integers(-TRANSPOSED, TRANSPOSED + 1) / TWO_OCTAVES
    turn = int(rng.integers(1, STEPS)) if rng.random() < TURNED else 0
    rows = np.roll((rows * kept).astype(np.float32), turn, axis=1)
    return {**example, FEATURES: rows[:2].reshape(-1), TARGET: rows[2], MASK: rows[3]}


def _rows(example: Example) -> np.ndarray:
    """(4, S): weights, heights, velocities, mask."""
    weight, height = example[FEATURES].reshape(2, STEPS)
    return np.stack([weight, height, example[TARGET], example[MASK]])


COMPANION = Companion(
    spec=SPECS["dynamics_engine"],
    corpora=CORPORA,
    load=load_dynamics,
    synthetic=synthetic_dynamics,
    loss=dynamics_loss,
    training=TrainingConfig(
        epochs=6,  # more, and it knows the training part's pieces too well
        batch_size=512,
        learning_rate=3e-3,
        weight_decay=0.2,
        scheduler="cosine",
        average_decay=0.995,
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
