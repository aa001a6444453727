"""The confusion picture: a cell for each pair of classes, readable from 2 classes to 200.

Up to `FEW` classes stand in their own order with the shares written into the cells. More are put in
the order in which those that are confused are neighbours, the cells are coloured alone, and the
most frequent mistakes are told in words beside the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic import files
from chromasonic.errors import EvaluationError
from chromasonic.gesture.confusion import mistakes, shares_of, similar_order

FEW = 30
INK, FAINT, RIGHT, WRONG = "#222222", "#8A8A8A", "Blues", "Reds"


def draw_confusion(
    counts_KK: npt.ArrayLike,
    classes: Sequence[str],
    save_path: files.PathLike,
    *,
    title: str,
    note: str = "",
) -> Path:
    """Draw the answers (columns) to each class (rows), as shares of a row.

    Right answers are blue, wrong ones red, so that both can be seen where nearly all are right.

    Args:
        counts_KK: answers to each class.
        classes: names of the K.
        save_path: .png, .svg or .pdf.
        title: above the picture.
        note: a line below the title.

    Raises:
        EvaluationError: nothing was answered, or the names do not fit.
    """
    from matplotlib.figure import Figure

    counts = np.asarray(counts_KK, float)
    if counts.shape != (len(classes), len(classes)) or not counts.sum():
        raise EvaluationError(
            f"Confusion counts of shape {counts.shape} with a sum of {counts.sum():g} cannot be "
            f"drawn for {len(classes)} classes; a square with one answer or more is wanted."
        )
    are_few = len(classes) <= FEW
    order = list(range(len(classes))) if are_few else similar_order(counts)
    shares = shares_of(counts)[np.ix_(order, order)]
    names = [classes[number] for number in order]
    longest = max(map(len, names))
    cell = 0.42 if len(classes) <= 12 else 0.34 if are_few else 0.125
    letter = 9.0 if len(classes) <= 12 else 7.5 if are_few else 5.6
    side = cell * len(classes)
    left = 0.55 + longest * letter * 0.0078
    beside = 0.45 if are_few else 3.5
    below, above = left - 0.2, 0.95
    note_width = 0.5 + 0.066 * len(note)  # inches, by the letters of the note
    width, height = max(left + side + beside, 5.2, note_width), below + side + above
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((left / width, below / height, side / width, side / height))
    _paint(axes, shares)
    if are_few:
        _write_cells(axes, shares, letter)
    _label(axes, names, letter)
    figure.text(0.25 / width, 1 - 0.33 / height, title, fontsize=12, weight="bold", color=INK)
    figure.text(0.25 / width, 1 - 0.58 / height, note, fontsize=8.5, color="#555555")
    if not are_few:
        _list_mistakes(figure, counts, classes, (left + side + 0.3) / width, below, side, height)
    path = Path(save_path)
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=150))


def _paint(axes: Any, shares: npt.NDArray[np.float64]) -> None:
    """Right answers and mistakes, each in its own colour."""
    size = len(shares)
    diagonal = np.eye(size, dtype=bool)
    known = np.nan_to_num(shares)
    for colours, kept in ((RIGHT, diagonal), (WRONG, ~diagonal & (known > 0))):
        # The root lifts the rare mistake off the white.
        painted = np.ma.masked_array(np.sqrt(known), ~kept)
        axes.imshow(painted, cmap=colours, vmin=0, vmax=1.15, interpolation="nearest")
    axes.set_xticks(np.arange(size) - 0.5, minor=True)
    axes.set_yticks(np.arange(size) - 0.5, minor=True)
    axes.grid(True, which="minor", color="#EDEDED", lw=0.5 if size <= FEW else 0.25)
    axes.tick_params(which="both", length=0)
    for spine in axes.spines.values():
        spine.set_color("#BBBBBB")


def _write_cells(axes: Any, shares: npt.NDArray[np.float64], letter: float) -> None:
    for row, column in np.argwhere(np.nan_to_num(shares) >= 0.005):
        share = shares[row, column]
        axes.text(
            column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=letter - 0.8,
            color="white" if share > 0.4 else INK,
        )  # fmt: skip


def _label(axes: Any, names: Sequence[str], letter: float) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=letter, color=INK)
    axes.set_yticks(range(len(names)), names, fontsize=letter, color=INK)
    axes.set_xlabel("answered", fontsize=9, color="#555555")
    axes.set_ylabel("done", fontsize=9, color="#555555")


def _list_mistakes(
    figure: Any,
    counts: npt.NDArray[np.float64],
    classes: Sequence[str],
    left: float,
    below: float,
    side: float,
    height: float,
) -> None:
    """The most frequent mistakes in words, down the right side."""
    line = 0.27
    most = int((side - 0.5) / line)
    figure.text(
        left, (below + side - 0.1) / height, "Most frequent mistakes", fontsize=10, weight="bold",
        color=INK,
    )  # fmt: skip
    for place, mistake in enumerate(mistakes(counts, classes, most=most)):
        y = (below + side - 0.45 - place * line) / height
        figure.text(
            left, y, f"{100 * mistake.share:.0f}%  {mistake.true}  →  {mistake.answer}",
            fontsize=8.5, color=INK,
        )  # fmt: skip
