"""Training: one loop for every task, with its checkpoints, history, curves and their reading.

The names below are imported when they are asked for: reading a history needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chromasonic.training.checkpoint_manager import CheckpointManager
    from chromasonic.training.config import TrainingConfig
    from chromasonic.training.early_stopping import EarlyStopping
    from chromasonic.training.history import TrainingHistory
    from chromasonic.training.loop import fit
    from chromasonic.training.metrics import TrainingMetrics

__all__ = [
    "CheckpointManager",
    "EarlyStopping",
    "TrainingConfig",
    "TrainingHistory",
    "TrainingMetrics",
    "fit",
]

_MODULES = {
    "CheckpointManager": "checkpoint_manager",
    "EarlyStopping": "early_stopping",
    "TrainingConfig": "config",
    "TrainingHistory": "history",
    "TrainingMetrics": "metrics",
    "fit": "loop",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
