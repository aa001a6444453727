"""The learning curves of a training as one picture: loss, accuracy, learning rate, gap."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic import files
from chromasonic.errors import EvaluationError, UsageError

if TYPE_CHECKING:
    from chromasonic.training.history import TrainingHistory

# Okabe and Ito's palette: told apart by colour-blind readers and in grey.
TRAIN, VAL, BEST, QUIET = "#0072B2", "#D55E00", "#009E73", "#7A7A7A"
THIN_STYLES = ("--", ":", "-.")
LEGEND = {"edgecolor": "none", "framealpha": 0.9}  # over the line of the best epoch
FORMATS = (".png", ".svg", ".pdf")


def draw_curves(
    history: TrainingHistory, save_path: files.PathLike, *, title: str | None = None
) -> Path:
    """Draw loss, accuracy, learning rate and generalization gap, the best epoch marked.

    Args:
        history: one epoch at least.
        save_path: .png, .svg or .pdf.
        title: above the picture; the model's name by default.

    Raises:
        EvaluationError: the history has no epoch.
        UsageError: the path has another ending.
    """
    from matplotlib.figure import Figure

    path = _checked(history, save_path)
    figure = Figure(figsize=(12, 8.4), facecolor="white")  # no pyplot: no global state
    figure.subplots_adjust(
        left=0.075, right=0.975, top=0.85, bottom=0.075, hspace=0.34, wspace=0.19
    )
    panels = figure.subplots(2, 2).flat
    _draw_loss(panels[0], history)
    _draw_accuracy(panels[1], history)
    _draw_rate(panels[2], history)
    _draw_gap(panels[3], history)
    for axes in panels:
        _dress(axes, history)
    figure.text(0.075, 0.95, title or history.title or history.name, fontsize=17, weight="bold")
    figure.text(0.075, 0.915, _summary(history), fontsize=11, color="#444444")
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=120))


def draw_loss(
    history: TrainingHistory, save_path: files.PathLike, *, title: str | None = None
) -> Path:
    """Draw the loss of the training and of the validation part; see `draw_curves`."""
    return _draw_one(history, save_path, _draw_loss, title)


def draw_metric(
    history: TrainingHistory, save_path: files.PathLike, *, title: str | None = None
) -> Path:
    """Draw the headline metric of the training and of the validation part; see `draw_curves`."""
    return _draw_one(history, save_path, _draw_metric, title)


DRAWINGS: dict[str, Callable[..., Path]] = {
    "curves": draw_curves,
    "loss": draw_loss,
    "metric": draw_metric,
}
"""The pictures of a training by name."""


def _checked(history: TrainingHistory, save_path: files.PathLike) -> Path:
    path = Path(save_path)
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path} has no ending for a picture; allowed: {', '.join(FORMATS)}.")
    if not history.epochs:
        raise EvaluationError(
            f"The history of {history.name} has no epoch yet, so there is nothing to draw."
        )
    return path


def _draw_one(
    history: TrainingHistory,
    save_path: files.PathLike,
    draw: Callable[[Any, TrainingHistory], None],
    title: str | None,
) -> Path:
    """One panel as a picture of its own."""
    from matplotlib.figure import Figure

    path = _checked(history, save_path)
    figure = Figure(figsize=(8, 5), facecolor="white")
    axes = figure.add_axes((0.1, 0.12, 0.865, 0.68))
    draw(axes, history)
    _dress(axes, history)
    figure.text(0.1, 0.92, title or history.title or history.name, fontsize=15, weight="bold")
    figure.text(0.1, 0.872, _summary(history), fontsize=10, color="#444444")
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=120))


def _draw_metric(axes: Any, history: TrainingHistory) -> None:
    """The headline metric, whatever its range; it is marked where the loss was best."""
    from matplotlib.ticker import PercentFormatter

    epochs, marker, name = _numbers(history), _marker(history), history.headline
    for part, colour, label in (("train", TRAIN, "training"), ("val", VAL, "validation")):
        values = history.metric(name, part)
        axes.plot(epochs, values, color=colour, marker=marker, ms=4, label=label)
    said = name.replace("_", " ")
    axes.set_title(said[:1].upper() + said[1:])
    axes.set_ylabel(said)
    value = history.best.val[name].value if history.best and name in history.best.val else math.nan
    if math.isnan(value):
        axes.text(0.5, 0.5, "not measured in this training", ha="center", transform=axes.transAxes)
        return
    if name.endswith("accuracy"):
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    shown = _said(name, value)
    label = f"where the loss is lowest: {shown} in epoch {history.best_epoch}"
    axes.plot([history.best_epoch], [value], "o", color=BEST, ms=9, zorder=5, label=label)
    axes.legend(**LEGEND)


def _said(name: str, value: float) -> str:
    """A metric's value as people read it: an accuracy in percent."""
    return f"{100 * value:.1f}%" if name.endswith("accuracy") else _short(value)


def _short(value: float) -> str:
    """Three places, or three figures of what is small."""
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.3g}"


def _numbers(history: TrainingHistory) -> list[int]:
    return [epoch.epoch for epoch in history.epochs]


def _marker(history: TrainingHistory) -> str | None:
    """Few epochs are dots as well: one alone would make no line."""
    return "o" if len(history) <= 15 else None


def _draw_loss(axes: Any, history: TrainingHistory) -> None:
    epochs, marker = _numbers(history), _marker(history)
    axes.plot(epochs, history.train_losses, color=TRAIN, marker=marker, ms=4, label="training")
    axes.plot(epochs, history.val_losses, color=VAL, marker=marker, ms=4, label="validation")
    axes.plot(
        [history.best_epoch], [history.best_val_loss], "o", color=BEST, ms=9, zorder=5,
        label=f"best: {_short(history.best_val_loss)} in epoch {history.best_epoch}",
    )  # fmt: skip
    axes.set_title("Loss")
    axes.set_ylabel(history.loss_unit)
    axes.legend(**LEGEND)


def _draw_accuracy(axes: Any, history: TrainingHistory) -> None:
    from matplotlib.ticker import PercentFormatter

    epochs, marker = _numbers(history), _marker(history)
    headline = history.headline
    name = headline.removesuffix("_accuracy").replace("_", " ")
    of = "" if name == "accuracy" else f"{name}, "
    for part, colour, label in (("train", TRAIN, "training"), ("val", VAL, "validation")):
        values = history.metric(headline, part)
        axes.plot(epochs, values, color=colour, marker=marker, ms=4, label=f"{of}{label}")
    others = [
        other
        for other in history.metric_names()
        if other.endswith("_accuracy") and other != headline
    ]
    for other, style in zip(others, THIN_STYLES, strict=False):
        label = f"{other.removesuffix('_accuracy').replace('_', ' ')}, validation"
        axes.plot(epochs, history.metric(other), style, color=QUIET, lw=1.2, label=label)
    axes.set_title("Accuracy" if not of else f"Accuracy of the next {name}, others apart")
    axes.set_ylabel("share right")
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    values = history.metric(headline)
    if all(math.isnan(value) for value in values):
        axes.text(0.5, 0.5, "not measured for this task", ha="center", transform=axes.transAxes)
    else:
        axes.legend(**LEGEND)


def _draw_rate(axes: Any, history: TrainingHistory) -> None:
    rates = history.learning_rates
    axes.plot(
        _numbers(history), rates, color="#444444", drawstyle="steps-mid", marker=_marker(history),
        ms=4,
    )  # fmt: skip
    if min(rates) > 0 and max(rates) / min(rates) > 20:
        axes.set_yscale("log")
    else:
        axes.set_ylim(0, max(rates) * 1.1)
        axes.yaxis.set_major_formatter(lambda rate, _: f"{rate:.3g}")
    axes.set_title("Learning rate")
    axes.set_ylabel("at the epoch's end")


def _draw_gap(axes: Any, history: TrainingHistory) -> None:
    epochs, gaps = _numbers(history), history.generalization_gaps
    axes.axhline(0, color="#444444", lw=0.8)
    axes.fill_between(
        epochs, gaps, 0, where=[gap < 0 for gap in gaps], interpolate=True, color=VAL, alpha=0.18,
        lw=0, label="validation is the worse",
    )  # fmt: skip
    axes.plot(epochs, gaps, color="#444444", marker=_marker(history), ms=4)
    axes.set_title("Generalization gap: training loss − validation loss")
    axes.set_ylabel(history.loss_unit)
    note = "Training loss is measured with dropout on, so a healthy gap may lie above 0."
    axes.text(0.02, 0.03, note, transform=axes.transAxes, fontsize=8.5, color=QUIET)
    low, high = min([*gaps, 0]), max([*gaps, 0])
    room = max(high - low, 0.05)
    axes.set_ylim(low - 0.22 * room, high + 0.12 * room)
    if low < 0:
        axes.legend(loc="upper right", **LEGEND)


def _dress(axes: Any, history: TrainingHistory) -> None:
    """What all panels share: whole epochs below, a quiet grid, the best epoch."""
    from matplotlib.ticker import MaxNLocator

    axes.axvline(history.best_epoch, color=BEST, lw=1.2, ls=(0, (4, 3)), zorder=1)
    axes.set_xlabel("epoch")
    axes.set_xlim(0.5, max(len(history), 2) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    axes.grid(True, color="#E6E6E6", lw=0.7)
    axes.set_axisbelow(True)
    axes.title.set(fontsize=12, ha="left", position=(0, 1))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _summary(history: TrainingHistory) -> str:
    """Best epoch and what it reached, in one line."""
    best = history.best
    assert best is not None
    parts = [
        f"best epoch {best.epoch} of {len(history)} (dashed)",
        f"validation loss {_short(best.val_loss)} {history.loss_unit}",
    ]
    if history.headline in best.val:
        name = history.headline.replace("_", " ")
        parts.append(f"{name} {_said(history.headline, best.val[history.headline].value)}")
    if "pitch_bits" in best.val:
        parts.append(f"{best.val['pitch_bits'].value:.2f} pitch bits a note")
    if history.end == "patience":
        parts.append("stopped early")
    return "  ·  ".join(parts)
