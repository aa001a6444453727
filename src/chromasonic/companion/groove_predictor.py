"""The GroovePredictor: a drum bar's onsets to how loud and how early or late each step is struck.

The target of a step is its loudest hit. Loss and metrics leave out every step without an onset.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn

from chromasonic.companion.companion import Companion, CompanionData, DataRequest
from chromasonic.companion.groove_evaluation import evaluate_groove
from chromasonic.companion.groove_features import (
    FULL_VELOCITY,
    TARGET,
    TIMING_MAE,
    VELOCITY_MAE,
    DrumBarExample,
    groove_examples,
)
from chromasonic.companion.spec import SPECS
from chromasonic.companion.splitting import resplit
from chromasonic.companion.synthetic import synthetic_groove
from chromasonic.data.loading import load
from chromasonic.music.drums import STEPS
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK, Example
from chromasonic.training.task import BatchLoss

CORPUS = "groove-midi"

CROSSED = 0.8
"""Share of training bars of which a part is taken from another bar of the same take."""

TURNED = 0.2
"""Share of training bars (of 16 steps) whose halves change places."""

TIMING_WEIGHT = 0.7
"""Of timing beside velocity in the loss, chosen on validation: with 0.1 the network has no features
of its own for timing (0.147 of a step instead of 0.144), with 2.0 too few for velocity (23.1 MIDI
units instead of 22.5)."""

CUTS = (4, 8, 12)
"""Steps at which a bar may be cut: the beats."""


def load_groove(request: DataRequest) -> CompanionData:
    """Groove MIDI's bars, by its own split or a new one of train and validation.

    Raises:
        CorpusError: it is not there, or half there.
    """
    corpus = load(
        CORPUS,
        data_dir=request.data_dir,
        download=request.download,
        on_progress=request.on_progress,
    )
    train, validation = corpus.split.train, corpus.split.validation
    if request.validation_split is not None:
        works = {take.id: take.work for take in corpus.pieces}
        train, validation = resplit(
            train, validation, works, request.validation_split, request.seed
        )
    by_id = corpus.by_id
    return CompanionData(
        train=groove_examples(by_id[id] for id in train),
        validation=groove_examples((by_id[id] for id in validation), judged=True),
        test=lambda: groove_examples(corpus.part("test"), judged=True),
        manifests=(corpus.manifest,),
        remarks=corpus.manifest.remarks,
    )


def groove_loss(model: nn.Module, tensors: Mapping[str, Tensor]) -> BatchLoss:
    """Absolute errors, so that the model says the median, which no stray hit can move.

    Velocity (0 to 1) and timing (share of a step, times `TIMING_WEIGHT`) are added.
    """
    errors = (model(tensors[FEATURES]) - tensors[TARGET]).abs() * tensors[MASK]
    velocity, timing = errors[:, :STEPS].sum(), errors[:, STEPS:].sum()
    total = velocity + TIMING_WEIGHT * timing
    steps = tensors[MASK][:, :STEPS].sum()
    return BatchLoss(
        objective_sum=total,
        loss_sum=total,
        metrics={
            VELOCITY_MAE: (velocity * FULL_VELOCITY, steps),
            TIMING_MAE: (timing, steps),
        },
    )


def groove_augment(example: Example, rng: np.random.Generator) -> Example:
    """Another bar that the same drummer might have played in the same take.

    A part up to or from one of the beats comes from another bar of the take; now and then the bar's
    halves change places. Neither makes a hit louder or later than it was. Without this a network
    learns the bars of the 897 takes by heart.
    """
    if not isinstance(example, DrumBarExample):
        return example
    table = example.table
    if example.take and rng.random() < CROSSED:
        other = example.take[int(rng.integers(len(example.take)))].table
        cut = int(rng.choice(CUTS))
        first, second = (table, other) if rng.random() < 0.5 else (other, table)
        table = np.concatenate([first[:, :cut], second[:, cut:]], axis=1)
    if example.fills_grid and rng.random() < TURNED:
        table = np.concatenate([table[:, STEPS // 2 :], table[:, : STEPS // 2]], axis=1)
    return DrumBarExample.of(table)


COMPANION = Companion(
    spec=SPECS["groove_predictor"],
    corpora=(CORPUS,),
    load=load_groove,
    synthetic=synthetic_groove,
    loss=groove_loss,
    # Chosen on validation; what was tried stands in docs/groove.md.
    training=TrainingConfig(
        epochs=60,
        batch_size=128,
        learning_rate=3e-3,
        scheduler="cosine",
        warmup_steps=100,
        average_decay=0.999,
        patience=20,
        checkpoint_every=0,
    ),
    dropout=0.0,
    headline=VELOCITY_MAE,
    evaluate=evaluate_groove,
    augment=groove_augment,
    facts={
        "target": "loudest hit of each sixteenth: velocity / 127, offset as a share of a step",
        "bars": "one example a bar; longer ones in pieces of 16 steps, shorter ones fill the first",
    },
)
