"""A picture of a model's results: every method's figure with its interval, test set by test set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.companion.companion import Row
from chromasonic.errors import EvaluationError

MODEL, BASELINE, GRID = "#0072B2", "#7A7A7A", "#E6E6E6"
MOST_METRICS, MOST_ROWS = 3, 30


def draw_results(rows: Sequence[Row], save_path: files.PathLike, *, title: str) -> Path:
    """Draw a panel for each of the first metrics, a line for each row; further left is not better
    by itself: the panel's title says which side is.

    Args:
        rows: of one model; what goes beyond `MOST_ROWS` is left to the table.
        save_path: .png, .svg or .pdf.
        title: above the picture.

    Raises:
        EvaluationError: no row has a figure.
    """
    from matplotlib.figure import Figure

    shown = _whole_tests(rows)
    metrics = [m for m in _metrics(shown) if any(_value(row, m) is not None for row in shown)]
    if not metrics:
        raise EvaluationError(f"There is no figure to draw in the results of {title}.")
    metrics = metrics[:MOST_METRICS]
    places = _places(shown)
    depth = max(place for place, _ in places) + 1
    height = 1.6 + 0.27 * depth
    names = 0.3 + max(
        0.083 * len(row.test) if begins else 0.075 * len(row.method)
        for row, (_, begins) in zip(shown, places, strict=True)
    )  # inches
    width = names + 3.2 * len(metrics) + 0.2
    figure = Figure(figsize=(width, height), facecolor="white")
    left = names / width
    figure.subplots_adjust(
        left=left, right=0.98, top=1 - 0.95 / height, bottom=0.45 / height, wspace=0.1
    )
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        _draw_panel(axes, shown, places, metric)
    _label(panels[0], shown, places, depth)
    left_out = len(rows) - len(shown)
    more = f"   ({left_out} more rows stand in the table)" if left_out else ""
    figure.text(0.02, 1 - 0.3 / height, title, fontsize=13, weight="bold")
    figure.text(
        0.02, 1 - 0.53 / height, f"95% intervals over pieces; blue is the model{more}",
        fontsize=9, color="#444444",
    )  # fmt: skip
    path = Path(save_path)
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=130))


def _whole_tests(rows: Sequence[Row]) -> list[Row]:
    """As many test sets as fit, each with all its rows."""
    shown: list[Row] = []
    for test in dict.fromkeys(row.test for row in rows):
        group = [row for row in rows if row.test == test]
        if shown and len(shown) + len(group) > MOST_ROWS:
            break
        shown += group
    return shown


def _metrics(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(metric for row in rows for metric in row.figures))


def _places(rows: Sequence[Row]) -> list[tuple[float, bool]]:
    """For each row how far down it stands, and whether a test set begins there."""
    places: list[tuple[float, bool]] = []
    down, before = 0.0, None
    for row in rows:
        begins = row.test != before
        down += (2.0 if places else 1.0) if begins else 1.0
        places.append((down, begins))
        before = row.test
    return places


def _value(row: Row, metric: str) -> float | None:
    figure = row.figures.get(metric)
    return figure.value if figure is not None and figure.is_defined else None


def _draw_panel(
    axes: Any, rows: Sequence[Row], places: Sequence[tuple[float, bool]], metric: str
) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    for row, (place, _) in zip(rows, places, strict=True):
        if _value(row, metric) is None:
            continue
        figure = row.figures[metric]
        colour = BASELINE if row.is_baseline else MODEL
        if figure.low == figure.low:
            axes.plot([figure.low, figure.high], [place, place], color=colour, lw=2.2, alpha=0.55)
        axes.plot(
            [figure.value], [place], "D" if row.is_baseline else "o", color=colour, zorder=3,
            ms=4.5 if row.is_baseline else 7,
        )  # fmt: skip
    better = next((row.better[metric] for row in rows if metric in row.better), "")
    side = {"lower": "\n← better", "higher": "\nbetter →"}.get(better, "\n")
    axes.set_title(f"{metric}{side}", fontsize=9.5, loc="left")
    axes.grid(True, axis="x", color=GRID, lw=0.7)
    axes.set_axisbelow(True)
    axes.margins(x=0.08)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5)
    if "perplexity" in metric:  # a ratio: twice as much is the same step everywhere
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.locator_params(axis="x", nbins=5)
    for side_name in ("top", "right", "left"):
        axes.spines[side_name].set_visible(False)


def _label(
    axes: Any, rows: Sequence[Row], places: Sequence[tuple[float, bool]], depth: float
) -> None:
    """Method names beside the lines, and the test set's name above its first."""
    axes.set_ylim(depth - 0.3, -0.4)
    axes.set_yticks([place for place, _ in places])
    labels = axes.set_yticklabels([row.method for row in rows], fontsize=9)
    for label, row in zip(labels, rows, strict=True):
        label.set_color(BASELINE if row.is_baseline else MODEL)
        label.set_fontweight("normal" if row.is_baseline else "bold")
    for row, (place, begins) in zip(rows, places, strict=True):
        if begins:
            axes.annotate(
                row.test, (0, place - 0.85), xycoords=("axes fraction", "data"),
                xytext=(-6, 0), textcoords="offset points", ha="right", va="center",
                fontsize=9, weight="bold", annotation_clip=False,
            )  # fmt: skip
