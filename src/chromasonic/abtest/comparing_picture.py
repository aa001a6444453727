"""Comparisons as a picture: a line a metric, its interval beside no difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.abtest.comparing import Comparison, MetricComparison
from chromasonic.abtest.comparing_text import digits_of, interval, signed
from chromasonic.abtest.verdicts import Verdict

COLOURS = {
    Verdict.BETTER: "#1b7837",
    Verdict.WORSE: "#b2182b",
    Verdict.EQUIVALENT: "#2166ac",
    Verdict.NO_WORSE: "#2166ac",
}
OTHER = "#666666"
WIDTH_INCHES, LINE_INCHES = 10.0, 0.55


def draw_comparisons(compared: Sequence[Comparison], path: Path) -> None:
    """Draw differences in standard deviations (see `effect`); to the right B is better.

    Args:
        compared: one a kind of model.
        path: a .png file.

    Raises:
        StorageError: the file cannot be written.
    """
    from matplotlib.figure import Figure as Canvas

    heights = [len(one.metrics) + 2.0 for one in compared]
    canvas = Canvas(figsize=(WIDTH_INCHES, LINE_INCHES * sum(heights) + 0.4), layout="constrained")
    panels = canvas.subplots(
        len(compared), 1, squeeze=False, gridspec_kw={"height_ratios": heights}
    )[:, 0]
    for axes, comparison in zip(panels, compared, strict=True):
        _panel(axes, comparison)
    panels[-1].set_xlabel(
        "how much better B is, in standard deviations (of gaps, or of runs), with its 95% interval"
    )
    with files.open_whole(path) as file:
        canvas.savefig(file, format="png", dpi=150, bbox_inches="tight", pad_inches=0.15)


def _panel(axes: Any, comparison: Comparison) -> None:
    axes.axvline(0, color="black", linewidth=0.8)
    labels = []
    for place, metric in enumerate(comparison.metrics):
        says_unit = metric.name.endswith(metric.unit)
        labels.append(metric.name if says_unit else f"{metric.name}\n({metric.unit})")
        _line(axes, place, metric, comparison.margin if place == 0 else None)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    low, high = axes.get_xlim()
    reach = max(abs(low), abs(high), 0.1) * 1.05
    axes.set_xlim(-reach, reach)
    for place, text, side in ((0, "\N{LEFTWARDS ARROW} A better", "left"),
                              (1, "B better \N{RIGHTWARDS ARROW}", "right")):  # fmt: skip
        axes.text(
            place, 1.0, text, transform=axes.transAxes, ha=side, va="bottom", fontsize=8.5,
            color=OTHER,
        )  # fmt: skip
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_title(
        f"A: {comparison.first}\nB: {comparison.second}\n{comparison.corpus}, {comparison.part} "
        f"part, {comparison.pieces} {comparison.unit}s",
        loc="left",
        fontsize=10,
        pad=20,
    )


def _line(axes: Any, place: int, metric: MetricComparison, margin: float | None) -> None:
    gain, digits = metric.gain, digits_of(metric)
    colour = COLOURS.get(metric.verdict, OTHER)
    span = interval(metric.difference, digits)
    said = f"B - A: {signed(metric.difference.value, digits)}{f' ({span})' if span else ''}"
    if metric.verdict is Verdict.UNDEFINED:
        said = "not comparable"
    elif not math.isnan(metric.effect) and metric.effect and not math.isnan(gain.low):
        scale = metric.effect / gain.value  # the metric's unit in deviations
        low, middle, high = (scale * end for end in (gain.low, gain.value, gain.high))
        if margin is not None:
            axes.fill_betweenx(
                [place - 0.35, place + 0.35], -margin * scale, margin * scale, color="#d9e6f2",
                linewidth=0,
            )  # fmt: skip
        axes.plot([low, high], [place, place], color=colour, linewidth=2)
        axes.plot([middle], [place], "o", color=colour, markersize=7)
    else:
        axes.plot([0], [place], "o", color=colour, markersize=7)
    axes.text(
        1.01, place, f"{metric.verdict}\n{said}", transform=axes.get_yaxis_transform(),
        va="center", fontsize=9, color=colour,
    )  # fmt: skip
