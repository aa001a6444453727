"""`TrainingMetrics`: a training history for a loop of your own, one `update` an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chromasonic import files
from chromasonic.training.history import Epoch, Metric, TrainingHistory
from chromasonic.training.saving import SHARED, CheckpointFiles, Layout


class TrainingMetrics(TrainingHistory):
    """A `TrainingHistory` that is told of its epochs by hand; `training.loop.fit` fills its own."""

    def update(
        self,
        train_loss: float,
        val_loss: float,
        *,
        metrics: Mapping[str, float] | None = None,
        train_metrics: Mapping[str, float] | None = None,
        learning_rate: float = float("nan"),
        seconds: float = 0.0,
    ) -> Epoch:
        """Take in the next epoch.

        Args:
            train_loss: mean over the training part.
            val_loss: mean over the validation part.
            metrics: of the validation part by name; the first becomes the headline.
            train_metrics: of the training part by name.
            learning_rate: in force at the epoch's end.
            seconds: that it took.
        """
        epoch = Epoch(
            epoch=len(self) + 1,
            learning_rate=learning_rate,
            train_loss=float(train_loss),
            val_loss=float(val_loss),
            train=_metrics(train_metrics),
            val=_metrics(metrics),
            seconds=seconds,
        )
        if epoch.val and self.headline not in epoch.val:
            self.headline = next(iter(epoch.val))
        self.epochs.append(epoch)
        return epoch

    def save_all(self, folder: files.PathLike, *, layout: Layout = SHARED) -> dict[str, Path]:
        """Write the history as JSON and CSV, and its pictures.

        Args:
            folder: gets history/NAME_history.json and .csv, plots/NAME_loss.png and _metric.png.
            layout: other sub-folders.

        Returns:
            What to where: "history.json", "history.csv", "loss.png", "metric.png".
        """
        where = CheckpointFiles(Path(folder), self.name, layout)
        tables = ("history.json", "history.csv")
        return {
            **{what: self.save(where.path(what)) for what in tables},
            **{what: self.plot(what.split(".")[0], where.path(what)) for what in layout.curves},
        }


def _metrics(values: Mapping[str, float] | None) -> dict[str, Metric]:
    return {name: Metric(sum=float(value), count=1) for name, value in (values or {}).items()}
