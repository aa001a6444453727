"""A picture of an experiment: what each pair's votes have left open, vote by vote."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.abtest.counted import counted
from chromasonic.abtest.pair_reading import DECIDED, PairReading
from chromasonic.abtest.reading import Reading
from chromasonic.abtest.reading_words import named
from chromasonic.errors import EvaluationError

BLUE, GREY, GREEN, INK = "#0072B2", "#8A8A8A", "#009E73", "#333333"
MOST_PAIRS = 6


def draw_reading(reading: Reading, save_path: files.PathLike) -> Path:
    """Draw the interval over votes, a panel a pair, and the evidence below.

    Args:
        reading: with at least one vote.
        save_path: .png, .svg or .pdf.

    Raises:
        EvaluationError: no pair has votes that the test has seen.
    """
    from matplotlib.figure import Figure

    pairs = [pair for pair in reading.pairs if pair.looks][:MOST_PAIRS]
    if not pairs:
        raise EvaluationError(
            f"There is nothing to draw yet: no listener of '{reading.design.name}' has finished."
        )
    height = 1.1 + 3.4 * len(pairs)
    figure = Figure(figsize=(8.2, height), facecolor="white")
    outer = figure.add_gridspec(
        len(pairs), 1, hspace=0.3, left=0.1, right=0.97, top=1 - 1.05 / height,
        bottom=0.55 / height,
    )  # fmt: skip
    for row, pair in enumerate(pairs):
        inner = outer[row].subgridspec(2, 1, height_ratios=[2.3, 1], hspace=0.1)
        top = figure.add_subplot(inner[0])
        below = figure.add_subplot(inner[1], sharex=top)
        _draw_interval(top, pair, reading)
        _draw_evidence(below, pair)
        top.tick_params(labelbottom=False)
        if row == len(pairs) - 1:
            below.set_xlabel("votes that count", fontsize=9)
    figure.text(0.02, 1 - 0.3 / height, reading.design.question, fontsize=12, weight="bold")
    votes = counted(reading.votes_cast, "vote")
    listeners = counted(reading.listeners, "listener")
    apart = f", {reading.votes_set_apart} set apart" if reading.votes_set_apart else ""
    figure.text(
        0.02, 1 - 0.55 / height, f"{reading.design.name}: {votes} of {listeners}{apart}",
        fontsize=9.5, color=INK,
    )  # fmt: skip
    path = Path(save_path)
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=130))


def _draw_interval(axes: Any, pair: PairReading, reading: Reading) -> None:
    design = reading.design
    votes = [look.votes for look in pair.looks]
    axes.axhspan(
        50 - 100 * design.margin, 50 + 100 * design.margin, color=GREEN, alpha=0.1, lw=0,
    )  # fmt: skip
    axes.axhline(50, color=GREY, lw=1, ls="--")
    low, high = [100 * look.low for look in pair.looks], [100 * look.high for look in pair.looks]
    axes.fill_between(votes, low, high, color=BLUE, alpha=0.22, lw=0, step=None)
    axes.plot(votes, [100 * look.share for look in pair.looks], color=BLUE, lw=1.8)
    axes.annotate(
        "counts as no difference", (0.995, 50 - 100 * design.margin),
        xycoords=("axes fraction", "data"), xytext=(0, 3), textcoords="offset points",
        ha="right", fontsize=7.5, color=GREEN,
    )  # fmt: skip
    axes.set_ylim(0, 100)
    axes.set_ylabel(f"% for {pair.first}", fontsize=9)
    state = pair.verdict if pair.verdict in DECIDED else "not decided"
    state = state.replace("first", pair.first).replace("second", pair.second)
    level = f"{100 * (1 - pair.alpha):.3g}%"
    axes.set_title(
        f"{named(design, pair.first)} and {named(design, pair.second)}: {state}.  "
        f"{level} always-valid interval",
        fontsize=9.5, loc="left", color=INK,
    )  # fmt: skip
    _plain(axes)


def _draw_evidence(axes: Any, pair: PairReading) -> None:
    values = [max(value, 1e-3) for value in pair.e_values]
    axes.plot(range(1, len(values) + 1), values, color=BLUE, lw=1.4)
    axes.axhline(1 / pair.alpha, color="#D55E00", lw=1.1, ls="--")
    axes.set_yscale("log")
    axes.set_ylim(min(0.1, *values), max(3 / pair.alpha, 2 * max(values)))
    axes.annotate(
        f"{1 / pair.alpha:.0f}: enough", (0.005, 1 / pair.alpha),
        xycoords=("axes fraction", "data"), xytext=(0, 3), textcoords="offset points",
        fontsize=7.5, color="#D55E00",
    )  # fmt: skip
    axes.set_ylabel("e-value", fontsize=9)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}" if value > 0 else "")
    axes.minorticks_off()
    low, high = (math.log10(edge) for edge in axes.get_ylim())
    step = max(1, math.ceil((high - low) / 4))
    powers = range(math.ceil(low), math.floor(high) + 1)
    axes.set_yticks([10.0**power for power in powers if power % step == 0])
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.grid(True, color="#E6E6E6", lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
