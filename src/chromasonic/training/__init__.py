"""Training: one loop for every task, with its checkpoints, history, curves and their reading."""

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
