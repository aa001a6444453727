"""What a training went through, epoch by epoch; as JSON, as CSV, and as curves."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.errors import FormatError, UsageError

HISTORY_VERSION = 1
TIMINGS = ("seconds", "tokens_per_second")
"""Fields of an epoch that differ between two runs of the same seed."""
NATS = "nats a target"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric of an epoch as sum and count, so that parts can be added exactly."""

    sum: float
    count: float

    @property
    def value(self) -> float:
        """Sum by count; NaN where nothing was counted."""
        return self.sum / self.count if self.count else math.nan


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch.

    Attributes:
        epoch: its number, from 1.
        learning_rate: rate of its last update.
        train_loss: mean loss of the training part, in nats a target, while the weights still moved
            and with dropout at work; without label smoothing.
        val_loss: mean loss of the validation part after the epoch, without dropout.
        train: metrics of the training part by name.
        val: metrics of the validation part by name.
        gradient_norm: mean length of the gradient before clipping.
        padding_share: share of the training batches' places that held padding.
        updates: updates made.
        targets: training targets seen.
        seconds: time of training and validation.
        tokens_per_second: training targets a second, validation not counted.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    val_loss: float
    train: dict[str, Metric] = field(default_factory=dict)
    val: dict[str, Metric] = field(default_factory=dict)
    gradient_norm: float = math.nan
    padding_share: float = 0.0
    updates: int = 0
    targets: int = 0
    seconds: float = 0.0
    tokens_per_second: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values; each metric as value, sum and count."""
        values = asdict(self)
        for part in ("train", "val"):
            values[part] = {
                name: {"value": metric.value, "sum": metric.sum, "count": metric.count}
                for name, metric in getattr(self, part).items()
            }
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Epoch:
        """The epoch of `to_dict`; null is read as NaN."""
        plain: dict[str, Any] = {
            key: math.nan if value is None else value
            for key, value in values.items()
            if key not in ("train", "val")
        }
        metrics: dict[str, Any] = {
            part: {
                name: Metric(sum=float(item["sum"]), count=float(item["count"]))
                for name, item in values.get(part, {}).items()
            }
            for part in ("train", "val")
        }
        return cls(**plain, **metrics)


@dataclass
class TrainingHistory:
    """All epochs of a training.

    Attributes:
        name: the model's.
        epochs: in order.
        headline: the metric that the curves show as accuracy.
        end: why it ended: "epochs" (all were made), "patience" (stopped early), "" (still runs or
            was interrupted).
        loss_unit: what a loss of 1 is.
        title: above its pictures; its name where there is none.
    """

    name: str = "model"
    epochs: list[Epoch] = field(default_factory=list)
    headline: str = "accuracy"
    end: str = ""
    loss_unit: str = NATS
    title: str = ""

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def train_losses(self) -> list[float]:
        """Training loss of each epoch."""
        return [epoch.train_loss for epoch in self.epochs]

    @property
    def val_losses(self) -> list[float]:
        """Validation loss of each epoch."""
        return [epoch.val_loss for epoch in self.epochs]

    @property
    def learning_rates(self) -> list[float]:
        """Learning rate of each epoch."""
        return [epoch.learning_rate for epoch in self.epochs]

    @property
    def generalization_gaps(self) -> list[float]:
        """Training loss minus validation loss of each epoch: below 0 the model over-fits."""
        return [epoch.train_loss - epoch.val_loss for epoch in self.epochs]

    @property
    def train_accuracies(self) -> list[float]:
        """The headline metric on the training part."""
        return self.metric(self.headline, "train")

    @property
    def val_accuracies(self) -> list[float]:
        """The headline metric on the validation part."""
        return self.metric(self.headline, "val")

    @property
    def best(self) -> Epoch | None:
        """The epoch of the lowest validation loss (the first of equals); None before the first."""
        return min(self.epochs, key=lambda epoch: epoch.val_loss) if self.epochs else None

    @property
    def best_val_loss(self) -> float:
        """Lowest validation loss; infinite before the first epoch."""
        return self.best.val_loss if self.best else math.inf

    @property
    def best_epoch(self) -> int:
        """Its epoch, from 1; 0 before the first."""
        return self.best.epoch if self.best else 0

    def metric(self, name: str, part: str = "val") -> list[float]:
        """A metric of each epoch; NaN where an epoch has none.

        Args:
            name: for instance "pitch_accuracy".
            part: "train" or "val".
        """
        missing = Metric(sum=math.nan, count=1)
        return [getattr(epoch, part).get(name, missing).value for epoch in self.epochs]

    def metric_names(self) -> list[str]:
        """Every metric that some epoch has, in order of appearance."""
        names: dict[str, None] = {}
        for epoch in self.epochs:
            names.update(dict.fromkeys((*epoch.train, *epoch.val)))
        return list(names)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and checkpoints."""
        return {
            "format_version": HISTORY_VERSION,
            "name": self.name,
            "headline": self.headline,
            "end": self.end,
            "loss_unit": self.loss_unit,
            "title": self.title,
            "best_epoch": self.best_epoch,
            "best_val_loss": self.best_val_loss,
            "epochs": [epoch.to_dict() for epoch in self.epochs],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainingHistory:
        """The history of `to_dict`."""
        return cls(
            name=values["name"],
            epochs=[Epoch.from_dict(epoch) for epoch in values["epochs"]],
            headline=values.get("headline", "accuracy"),
            end=values.get("end", ""),
            loss_unit=values.get("loss_unit", NATS),
            title=values.get("title", ""),
        )

    def save(self, path: files.PathLike) -> Path:
        """Write it as JSON, or as CSV where the path ends so."""
        path = Path(path)
        if path.suffix == ".csv":
            return files.write_text(path, self.csv_text())
        return files.write_json(path, self.to_dict())

    @classmethod
    def load(cls, path: files.PathLike) -> TrainingHistory:
        """Read a history that was saved as JSON.

        Raises:
            FormatError: the file is absent, no JSON, or no history.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise FormatError(
                f"Cannot read the history {path}: {error.strerror}. "
                "It stands beside the checkpoints as NAME_history.json."
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(
                f"{path} is no training history ({type(error).__name__}: {error}). "
                "Give the NAME_history.json of a run; a resumed run writes it anew."
            ) from error

    def csv_text(self) -> str:
        """One row an epoch, one column a figure; a metric has its value and its count."""
        names = self.metric_names()
        plain = [
            "epoch", "learning_rate", "train_loss", "val_loss", "generalization_gap",
            "gradient_norm", "padding_share", "updates", "targets", *TIMINGS,
        ]  # fmt: skip
        measured = [f"{part}_{name}" for part in ("train", "val") for name in names]
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow([*plain, *measured, *(f"{column}_count" for column in measured)])
        missing = Metric(sum=math.nan, count=0)
        for epoch in self.epochs:
            values = {**asdict(epoch), "generalization_gap": epoch.train_loss - epoch.val_loss}
            metrics = [
                getattr(epoch, part).get(name, missing)
                for part in ("train", "val")
                for name in names
            ]
            cells = [values[column] for column in plain] + [metric.value for metric in metrics]
            cells += [metric.count for metric in metrics]
            rows.writerow(["" if cell != cell else cell for cell in cells])
        return out.getvalue()

    def plot_curves(self, save_path: files.PathLike, *, title: str | None = None) -> Path:
        """Draw loss, accuracy, learning rate and generalization gap as a picture.

        Args:
            save_path: .png, .svg or .pdf.
            title: above the picture; the model's name by default.
        """
        return self.plot("curves", save_path, title=title)

    def plot(self, what: str, save_path: files.PathLike, *, title: str | None = None) -> Path:
        """Draw one picture of the training.

        Args:
            what: "curves" (all four panels), "loss" or "metric" (the headline metric).
            save_path: .png, .svg or .pdf.
            title: above the picture; the model's name by default.
        """
        from chromasonic.training.curves import DRAWINGS

        return DRAWINGS[what](self, save_path, title=title)


def check_more(asked: int, done: Iterable[int], *, unit: str = "epoch") -> None:
    """Refuse a number in all that leaves a run that shall go on nothing to do.

    Args:
        asked: epochs in all.
        done: epochs that each of its models made; 0 where one has not begun.
        unit: what they are called.

    Raises:
        UsageError: a model made more of them already, or none would make another.
    """
    made = list(done)
    if made and (asked < max(made) or asked <= min(made)):
        if min(made) < asked:
            raise UsageError(
                f"One of the models made {max(made):,} {unit}s already, more than {asked:,}. Give "
                f"{max(made):,} or more."
            )
        is_one = max(made) == 1
        raise UsageError(
            f"{max(made):,} {unit}{'' if is_one else 's'} {'is' if is_one else 'are'} done, so "
            f"{asked:,} in all leave nothing to learn. Give more than {max(made):,}, or leave the "
            "number out to end what was planned."
        )


def epochs_done(run: files.PathLike, names: Iterable[str]) -> list[int]:
    """How many epochs models of a run directory made; 0 where one has no history (yet).

    Args:
        run: the directory; histories lie in it or in a folder of it.
        names: of the histories.
    """
    made = {}
    for file in (*Path(run).glob("*history.json"), *Path(run).glob("*/*history.json")):
        with suppress(FormatError):
            history = TrainingHistory.load(file)
            made[history.name] = len(history)
    return [made.get(name, 0) for name in names]
