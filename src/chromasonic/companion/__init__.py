"""Companion models: five small networks that listen and play along in real time."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chromasonic.companion.catalogue import COMPANIONS
    from chromasonic.companion.evaluating import evaluate_companions
    from chromasonic.companion.models import load_companion
    from chromasonic.companion.scoring import evaluate_model
    from chromasonic.companion.synthetic import (
        SyntheticDynamicsDataset,
        SyntheticEmotionDataset,
        SyntheticGrooveDataset,
        SyntheticHarmonyDataset,
        SyntheticMelodyDataset,
    )
    from chromasonic.companion.training import (
        train_all_models,
        train_dynamics_engine,
        train_emotion_recognizer,
        train_groove_predictor,
        train_harmony_predictor,
        train_melody_transformer,
    )
    from chromasonic.training import (
        CheckpointManager,
        EarlyStopping,
        TrainingHistory,
        TrainingMetrics,
    )

_TRAINING = "chromasonic.companion.training"
_SYNTHETIC = "chromasonic.companion.synthetic"
_SHARED = "chromasonic.training"

# Name to its page: imported when it is first asked for, as any of the pages imports this one first.
_PAGES = {
    "COMPANIONS": "chromasonic.companion.catalogue",
    "evaluate_companions": "chromasonic.companion.evaluating",
    "load_companion": "chromasonic.companion.models",
    "evaluate_model": "chromasonic.companion.scoring",
    "SyntheticDynamicsDataset": _SYNTHETIC,
    "SyntheticEmotionDataset": _SYNTHETIC,
    "SyntheticGrooveDataset": _SYNTHETIC,
    "SyntheticHarmonyDataset": _SYNTHETIC,
    "SyntheticMelodyDataset": _SYNTHETIC,
    "train_all_models": _TRAINING,
    "train_dynamics_engine": _TRAINING,
    "train_emotion_recognizer": _TRAINING,
    "train_groove_predictor": _TRAINING,
    "train_harmony_predictor": _TRAINING,
    "train_melody_transformer": _TRAINING,
    "CheckpointManager": _SHARED,
    "EarlyStopping": _SHARED,
    "TrainingHistory": _SHARED,
    "TrainingMetrics": _SHARED,
}

__all__ = [
    "COMPANIONS",
    "CheckpointManager",
    "EarlyStopping",
    "SyntheticDynamicsDataset",
    "SyntheticEmotionDataset",
    "SyntheticGrooveDataset",
    "SyntheticHarmonyDataset",
    "SyntheticMelodyDataset",
    "TrainingHistory",
    "TrainingMetrics",
    "evaluate_companions",
    "evaluate_model",
    "load_companion",
    "train_all_models",
    "train_dynamics_engine",
    "train_emotion_recognizer",
    "train_groove_predictor",
    "train_harmony_predictor",
    "train_melody_transformer",
]


def __getattr__(name: str) -> Any:
    """A name of `__all__`, from its page."""
    if name not in _PAGES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(_PAGES[name]), name)
