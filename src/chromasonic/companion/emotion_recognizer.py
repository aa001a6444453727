"""The EmotionRecognizer: what is heard to where on the plane of valence and arousal it lies.

It hears 10 frames of 128 mel bands a second and gives, after each, a distribution over 8 x 8 cells.
Its state goes on from frame to frame. A clip's answer is the mean of its distributions after the
first two seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.companion.companion import Companion
from chromasonic.companion.emotion_data import (
    CORPORA,
    EMOTION,
    RENDERINGS,
    WARM_UP_FRAMES,
    RenderedExample,
    load_examples,
    mask_of,
)
from chromasonic.companion.emotion_evaluation import evaluate_emotion
from chromasonic.companion.emotion_frames import as_frames
from chromasonic.companion.emotion_hints import HINTS, SIZE, TOLD, hint_loss, hints_of, listening
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_emotion
from chromasonic.formats import log_mel
from chromasonic.music.emotion import CENTRES, SIDE
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK, Example
from chromasonic.training.task import BatchLoss

QUADRANT_ACCURACY = "quadrant accuracy"
VALENCE_MAE, AROUSAL_MAE = "valence MAE", "arousal MAE"

EXCERPT_FRAMES = 100
"""Ten seconds: what training hears of a clip at a time, from anywhere in it."""

GAIN = 0.15
"""Standard deviation of the loudness that training adds to an excerpt, in `log_mel.UNIT_DB`."""

HINT_WEIGHT = 1.0
"""Of what hidden units are told, beside the emotion; see `emotion_hints`."""


def emotion_loss(model: nn.Module, tensors: Mapping[str, Tensor]) -> BatchLoss:
    """Cross-entropy with the target distribution at each frame after the warm-up.

    Metrics: of whole sequences the share whose mean answer has most mass in the target's quadrant;
    mean absolute errors of valence and arousal, frame by frame.
    """
    mask, target = tensors[MASK], tensors[EMOTION]
    with listening(model) as heard:
        logits = model(tensors[FEATURES])
    total = -((functional.log_softmax(logits, dim=-1) * target).sum(-1) * mask).sum()
    objective = total
    if HINTS in tensors and heard and model.training:
        hint = hint_loss(heard, tensors[HINTS], tensors[TOLD])
        objective = total + HINT_WEIGHT * hint * mask.sum()
    return BatchLoss(
        objective_sum=objective, loss_sum=total, metrics=_metrics(logits.detach(), target, mask)
    )


def _metrics(logits: Tensor, target: Tensor, mask: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    answer = logits.softmax(-1)
    frames = mask.sum()
    counts = mask.sum(-1)
    masses = [_quadrants((cells * mask[..., None]).sum(-2)) for cells in (answer, target)]
    is_right = (masses[0].argmax(-1) == masses[1].argmax(-1)) & (counts > 0)
    metrics = {QUADRANT_ACCURACY: (is_right.sum(), (counts > 0).sum())}
    centres = torch.as_tensor(CENTRES, dtype=answer.dtype, device=answer.device)
    gaps = (answer - target).unflatten(-1, (SIDE, SIDE))
    for name, axis in ((VALENCE_MAE, -2), (AROUSAL_MAE, -1)):
        error = (gaps.sum(axis) * centres).sum(-1).abs()
        metrics[name] = ((error * mask).sum(), frames)
    return metrics


def _quadrants(cells: Tensor) -> Tensor:
    """(..., 64) to (..., 4) masses of the four quarters of the plane, in any fixed order."""
    halves = cells.unflatten(-1, (2, SIDE // 2, 2, SIDE // 2))
    return halves.sum((-1, -3)).flatten(-2)


def emotion_augment(example: Example, rng: np.random.Generator) -> Example:
    """An excerpt from anywhere, in another key, a little faster or slower, louder or softer.

    Other keys and tempi are renderings of their own (see `emotion_frames.ways`); loudness is added
    to what is above silence. Where the notes are known, hints go with the excerpt.
    """
    if not isinstance(example, RenderedExample):
        return example
    way = int(rng.integers(len(example.renderings)))
    stored = example.renderings[way]
    first = int(rng.integers(max(1, len(stored) - EXCERPT_FRAMES + 1)))
    stored = stored[first : first + EXCERPT_FRAMES]
    frames = as_frames(stored)
    louder = np.maximum(frames + np.float32(rng.normal(0, GAIN)), np.float32(log_mel.LOWEST))
    frames = np.where(stored > 0, louder, frames)
    count = len(frames)
    # Another tempo moves a label over time by less than a second: its own frames are near enough.
    target = example[EMOTION]
    places = np.minimum(np.arange(first, first + count), len(target) - 1)
    has_notes = bool(example.sounding)
    return {
        FEATURES: frames,
        EMOTION: target[places],
        MASK: mask_of(count),
        HINTS: hints_of(example.sounding[way], first, count)
        if has_notes
        else np.zeros((count, SIZE), np.float32),
        TOLD: np.full(count, has_notes, np.float32),
    }


COMPANION = Companion(
    spec=SPECS["emotion_recognizer"],
    corpora=CORPORA,
    load=load_examples,
    synthetic=synthetic_emotion,
    loss=emotion_loss,
    training=TrainingConfig(
        epochs=65,
        batch_size=32,
        learning_rate=4e-3,
        weight_decay=0.05,
        scheduler="cosine",
        min_learning_rate=4e-5,
        warmup_steps=50,
        average_decay=0.99,
        patience=25,
        checkpoint_every=0,
    ),
    dropout=0.2,
    headline=QUADRANT_ACCURACY,
    evaluate=evaluate_emotion,
    augment=emotion_augment,
    facts={
        "frames": (
            f"128 log-mel bands, {log_mel.FRAMES_PER_SECOND} a second, from {log_mel.LOWEST_HZ} to "
            f"{log_mel.HIGHEST_HZ:.0f} Hz at {log_mel.RATE_HZ} Hz, window {log_mel.WINDOW}, "
            f"({log_mel.MIDDLE_DB:.0f} dB is 0, each {log_mel.UNIT_DB:.0f} dB 1)"
        ),
        "renderings": RENDERINGS,
        "warm_up_frames": WARM_UP_FRAMES,
        "answer": "mean of the distributions of a clip's frames after the warm-up",
    },
)
