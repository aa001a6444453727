"""The comparison of models as one picture: bars with intervals, and a radar."""

from __future__ import annotations

import math
from typing import Any

from chromasonic import files

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#000000")
"""Okabe and Ito's, which the colour-blind can tell apart."""

SHARES = ("accuracy", "diversity", "coherence", "musicality", "overall_score")
RADAR = {
    "accuracy": "accuracy",
    "perplexity_score": "certainty\n(from perplexity)",
    "diversity": "diversity",
    "coherence": "coherence",
    "musicality": "musicality",
}


HUMAN_LINE: dict[str, Any] = {
    "color": "0.1",
    "linestyle": (0, (4, 2)),
    "linewidth": 1.6,
    "zorder": 4,
}


def plot_comparison(results: dict[str, Any], path: files.PathLike) -> None:
    """Draw `model_comparison.png`.

    Args:
        results: what `ModelComparison.compare_models` returns.
        path: a .png file, written whole.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(results["models"])
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
    figure = Figure(figsize=(13, 9.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 12, height_ratios=(1, 1.1))
    _shares(figure.add_subplot(grid[0, :]), results, colours)
    panels = (
        ("pitch_bits_per_note", "Pitch, durations given", "bits a note (lower is better)"),
        ("rhythm_bits_per_note", "Rhythm", "bits a note (lower is better)"),
    )
    for index, (name, title, unit) in enumerate(panels):
        axes = figure.add_subplot(grid[1, 3 * index : 3 * index + 3])
        _bars(axes, results, colours, name)
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_ylabel(unit)
    _radar(figure.add_subplot(grid[1, 6:], projection="polar"), results, colours)
    handles = [_patch(colour, name) for name, colour in colours.items()]
    if results.get("human"):
        handles.append(_line("human test tunes"))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), 5),
                  frameon=False, fontsize=11)  # fmt: skip
    reference = results["reference"]
    figure.supxlabel(
        f"n = {results['n_tunes']} test tunes; bars: 95% bootstrap intervals over tunes. Coherence "
        f"and musicality: medians of generated tunes among {reference['count']} human tunes "
        f"({reference['name']}).",
        fontsize=9, color="0.35",
    )  # fmt: skip
    files.write_with(path, lambda place: figure.savefig(place, dpi=150))


def _patch(colour: str, label: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(color=colour, label=label)


def _line(label: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, **HUMAN_LINE)


def _shares(axes: Any, results: dict[str, Any], colours: dict[str, str]) -> None:
    """Grouped bars of everything that is 0 to 1."""
    width = 0.8 / len(colours)
    for index, (name, colour) in enumerate(colours.items()):
        for place, metric in enumerate(SHARES):
            x = place - 0.4 + width * (index + 0.5)
            _bar(axes, x, results["models"][name], metric, colour, width * 0.92)
    for place, metric in enumerate(SHARES):
        human = (results.get("human") or {}).get(metric, math.nan)
        if not math.isnan(human):
            axes.plot([place - 0.46, place + 0.46], [human, human], **HUMAN_LINE)
    for border in (0.5, 0.7):
        axes.axhline(border, color="0.8", linewidth=0.8, zorder=0)
    labels = ["next-pitch accuracy", "diversity", "coherence", "musicality", "overall score"]
    axes.set_xticks(range(len(SHARES)), labels, fontsize=11)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([0, 0.25, 0.5, 0.7, 1])
    axes.set_ylabel("0 to 1 (higher is better)")
    axes.set_title("Judged on a scale of 0 to 1", loc="left", fontsize=11)
    _plain(axes)


def _bars(axes: Any, results: dict[str, Any], colours: dict[str, str], metric: str) -> None:
    """One bar a model, in the metric's own unit."""
    tops = []
    for index, (name, colour) in enumerate(colours.items()):
        tops.append(_bar(axes, index, results["models"][name], metric, colour, 0.7))
    axes.set_xticks([])
    finite = [top for top in tops if math.isfinite(top)]
    if finite:
        axes.set_ylim(0, max(finite) * 1.15 or 1)
    _plain(axes)


def _bar(
    axes: Any, x: float, model: dict[str, Any], metric: str, colour: str, width: float
) -> float:
    """A bar with its interval and its value; the height that it takes."""
    value = model[metric]
    if not math.isfinite(value):
        word = "undefined" if math.isnan(value) else "infinite"
        axes.text(x, 0.02, word, rotation=90, ha="center", va="bottom", color=colour, fontsize=9)
        return math.nan
    axes.bar(x, value, width, color=colour, zorder=2)
    interval = model["figures"].get(metric, {})
    low, high = interval.get("low", math.nan), interval.get("high", math.nan)
    top = value
    if not math.isnan(low):
        error = [[max(0.0, value - low)], [max(0.0, high - value)]]
        axes.errorbar(x, value, error, color="0.15", capsize=3, linewidth=1.2, zorder=3)
        top = max(value, high)
    axes.annotate(
        f"{value:.2f}", (x, top), (0, 3), textcoords="offset points", ha="center", fontsize=9
    )
    return top


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", length=0)


def _radar(axes: Any, results: dict[str, Any], colours: dict[str, str]) -> None:
    angles = [2 * math.pi * place / len(RADAR) for place in range(len(RADAR))]
    for name, colour in colours.items():
        values = [results["models"][name][metric] for metric in RADAR]
        closed = [*values, values[0]]
        axes.plot([*angles, angles[0]], closed, color=colour, linewidth=2, marker="o", markersize=4)
        if not any(math.isnan(value) for value in values):
            axes.fill([*angles, angles[0]], closed, color=colour, alpha=0.08)
    axes.set_theta_offset(math.pi / 2)
    axes.set_theta_direction(-1)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.25, 0.5, 0.75, 1], ["", "0.5", "", "1"], fontsize=8, color="0.4")
    axes.set_xticks(angles, [""] * len(RADAR))
    for angle, label in zip(angles, RADAR.values(), strict=True):
        side = math.sin(angle)
        align = "center" if abs(side) < 0.1 else "left" if side > 0 else "right"
        axes.text(angle, 1.1, label, ha=align, va="center", fontsize=10)
    axes.grid(color="0.85")
    axes.spines["polar"].set_color("0.85")
    axes.set_title("Profile (outside is better)", loc="left", x=-0.35, pad=22, fontsize=11)
