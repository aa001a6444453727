"""The reward history of a training: one float64 an episode, and its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import DataError, UsageError
from chromasonic.files import open_whole, write_with

Doubles = npt.NDArray[np.float64]
LINE, CLOUD, QUIET = "#0072B2", "#9ecae1", "#7A7A7A"


def write_history(path: Path, rewards: npt.ArrayLike) -> Path:
    """Write (E,) rewards, one an episode, as .npy.

    Raises:
        UsageError: they are not one finite number an episode.
        StorageError: the file cannot be written.
    """
    history = np.asarray(rewards, np.float64)
    if history.ndim != 1 or not np.isfinite(history).all():
        raise UsageError(
            f"A reward history is one finite number an episode, not {history.shape} with "
            f"{(~np.isfinite(history)).sum()} that are not finite."
        )
    with open_whole(path) as file:
        np.save(file, history, allow_pickle=False)
    return Path(path)


def read_history(path: Path) -> Doubles:
    """(E,) rewards, one an episode.

    Raises:
        DataError: the file is absent, or no history.
    """
    again = "Train the model again to get its history."
    try:
        history = np.load(path, allow_pickle=False)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}. {again}") from error
    except (ValueError, EOFError) as error:
        raise DataError(f"{path} is no NumPy array ({error}). {again}") from error
    if not isinstance(history, np.ndarray) or history.ndim != 1 or history.dtype != np.float64:
        raise DataError(f"{path} is no reward history: one float64 an episode. {again}")
    return history


def smoothed(history: Doubles, episodes: int) -> Doubles:
    """(E,) mean of the last `episodes` rewards at each episode (of those there are, at first)."""
    sums = np.cumsum(np.insert(history, 0, 0.0))
    end = np.arange(1, len(history) + 1)
    start = np.maximum(end - episodes, 0)
    return (sums[end] - sums[start]) / (end - start)


def draw_history(history: Doubles, path: Path, *, title: str, unit: str) -> Path:
    """Draw a reward history: every episode as a cloud, the running mean as a line.

    Args:
        history: (E,) at least one.
        path: .png, .svg or .pdf.
        title: above the picture.
        unit: what one number is, for the axis.

    Raises:
        UsageError: no episode.
        StorageError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    if not len(history):
        raise UsageError("There is no episode to draw. Train for one at least.")
    window = max(1, len(history) // 50)
    mean = smoothed(history, window)
    figure = Figure(figsize=(9, 5), facecolor="white")  # no pyplot: no global state
    figure.subplots_adjust(left=0.09, right=0.86, top=0.84, bottom=0.12)
    axes = figure.subplots()
    episodes = np.arange(1, len(history) + 1)
    axes.plot(episodes, history, ".", color=CLOUD, markersize=2, alpha=0.6, rasterized=True)
    axes.plot(episodes, mean, color=LINE, linewidth=2)
    low, high = np.percentile(history, [1, 100])
    axes.set_ylim(low - 0.05 * (high - low or 1.0), high + 0.05 * (high - low or 1.0))
    axes.set_xlim(1, max(len(history), 2))
    axes.annotate(
        f"mean of {window:,}:\n{mean[-1]:.2f}",
        (len(history), mean[-1]), (8, 0), textcoords="offset points", color=LINE, va="center",
    )  # fmt: skip
    axes.set_xlabel("episode")
    axes.set_ylabel(unit)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6")
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    figure.text(0.09, 0.94, title, fontsize=14, weight="bold", va="top")
    figure.text(
        0.09, 0.88,
        f"{len(history):,} episodes; mean {history.mean():.2f}, best {history.max():.2f}",
        fontsize=10, color=QUIET, va="top",
    )  # fmt: skip
    return write_with(path, lambda temporary: figure.savefig(temporary, dpi=120))
