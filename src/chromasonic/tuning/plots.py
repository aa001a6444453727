"""Pictures of a search: how it went, and which settings mattered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.training.curves import BEST, LEGEND, QUIET, TRAIN, VAL
from chromasonic.tuning.importance import NOTEWORTHY, Importance
from chromasonic.tuning.objectives import Objective
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.study import best_of

FAINT = "#BBBBBB"


def draw_history(
    records: Sequence[TrialRecord], path: files.PathLike, *, title: str, objective: Objective
) -> Path:
    """Draw the loss of each trial, the best so far, and every trial's validation curve.

    Args:
        records: one complete trial at least.
        path: .png, .svg or .pdf.
        title: above the picture.
        objective: what the losses are, as people read them.
    """
    from matplotlib.figure import Figure

    has_curves = any(len(record.curve) > 1 for record in records)
    figure = Figure(figsize=(12, 5.2) if has_curves else (8, 5.2), facecolor="white")
    left = 0.07 if has_curves else 0.1
    figure.subplots_adjust(left=left, right=0.975, top=0.78, bottom=0.12, wspace=0.17)
    panels = figure.subplots(1, 2) if has_curves else [figure.subplots()]
    _draw_trials(panels[0], records, objective)
    if has_curves:
        _draw_curves(panels[1], records, objective)
    for axes in panels:
        _dress(axes)
    figure.text(left, 0.93, title, fontsize=16, weight="bold")
    figure.text(left, 0.875, _summary(records, objective), fontsize=10.5, color="#444444")
    return files.write_with(Path(path), lambda temporary: figure.savefig(temporary, dpi=120))


def _draw_trials(axes: Any, records: Sequence[TrialRecord], objective: Objective) -> None:
    from matplotlib.ticker import MaxNLocator

    done = [record for record in records if record.end == "complete"]
    pruned = [record for record in records if record.end == "pruned" and _is(record.loss)]
    # What a harmonizer's trial reached before it was ended is a reward, not the figure itself.
    is_same = objective.step == "epoch"
    impossible = [record for record in records if record.end == "impossible"]
    show = objective.figure
    low, high = _range(done, pruned if is_same else [])
    axes.set_ylim(*sorted((show(low), show(high))))
    if pruned:
        axes.plot(
            [record.number for record in pruned],
            [show(min(record.loss, high) if is_same else high) for record in pruned],
            "v", color=FAINT, ms=6, clip_on=False,
            label="ended early, at its lowest" if is_same else "ended early",
        )  # fmt: skip
    within = [record for record in done if record.loss <= high]
    axes.plot(
        [record.number for record in within], [show(record.loss) for record in within],
        "o", color=TRAIN, ms=6, label="complete", clip_on=False,
    )  # fmt: skip
    _draw_beyond(axes, [record for record in done if record.loss > high], high, objective)
    if impossible:
        axes.plot(
            [record.number for record in impossible], [show(high)] * len(impossible),
            "x", color=VAL, ms=7, label="could not be trained", clip_on=False,
        )  # fmt: skip
    best = best_of(list(records))
    so_far: list[float] = []
    for record in done:
        so_far.append(min([record.loss, *so_far[-1:]]))
    last = max(record.number for record in records)
    axes.step(
        [*[record.number for record in done], last],
        [show(loss) for loss in [*so_far, *so_far[-1:]]], where="post",
        color=BEST, lw=2, label="best so far",
    )  # fmt: skip
    first = next((record for record in done if record.number == 0), None)
    if first is not None:
        axes.axhline(show(first.loss), color="#444444", lw=1, ls=(0, (4, 3)), zorder=1)
        axes.annotate(
            "the recipe as it was", (1, show(first.loss)), (-2, 3),
            xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
            fontsize=9, color="#444444",
        )  # fmt: skip
    if best is not None:
        axes.plot([best.number], [show(best.loss)], "o", color=BEST, ms=10, zorder=5)
    axes.set_title("Each trial")
    axes.set_xlabel("trial")
    axes.set_ylabel(objective.unit)
    axes.set_xlim(-0.5, last + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    axes.legend(fontsize=9, loc="best", **LEGEND)


def _draw_beyond(
    axes: Any, records: Sequence[TrialRecord], high: float, objective: Objective
) -> None:
    """Complete trials off the scale: an open arrow at its edge, with the figure beside it."""
    if not records:
        return
    is_upward = objective.figure(1.0) > 0
    axes.plot(
        [record.number for record in records], [objective.figure(high)] * len(records),
        "^" if is_upward else "v", mfc="white", mec=TRAIN, ms=8, clip_on=False,
        label="complete, beyond the scale",
    )  # fmt: skip
    for record in records:
        axes.annotate(
            objective.text(record.loss), (record.number, objective.figure(high)),
            (0, -8 if is_upward else 8), textcoords="offset points", ha="center",
            va="top" if is_upward else "bottom", fontsize=8, color=TRAIN, rotation=90, zorder=10,
        )  # fmt: skip
    # The legend looks for a place without points: these stand where the figures are.
    edge, other = axes.get_ylim() if not is_upward else axes.get_ylim()[::-1]
    below = [edge + share * (other - edge) for share in (0.03, 0.06, 0.09, 0.12)]
    for record in records:
        axes.plot([record.number] * len(below), below, ls="none", label="_")


def _draw_curves(axes: Any, records: Sequence[TrialRecord], objective: Objective) -> None:
    from matplotlib.ticker import MaxNLocator

    best, show = best_of(list(records)), objective.figure
    shown = [record for record in records if record.curve]
    finals = [loss for record in shown for loss in record.curve[len(record.curve) // 3 :]]
    for record in shown:
        colour, width, order = FAINT, 0.9, 1
        label = None
        if best is not None and record.number == best.number:
            colour, width, order, label = BEST, 2.4, 4, f"trial {record.number}, the best"
        elif record.number == 0:
            colour, width, order, label = TRAIN, 2.0, 3, "the recipe as it was"
        epochs = range(1, len(record.curve) + 1)
        curve = [show(loss) for loss in record.curve]
        axes.plot(epochs, curve, color=colour, lw=width, zorder=order, label=label)
        if record.end == "pruned":
            axes.plot([len(record.curve)], curve[-1:], "v", color=QUIET, ms=4, zorder=2)
    kept = sorted(loss for loss in finals if _is(loss))
    if kept:
        low, high = kept[0], kept[int(0.97 * (len(kept) - 1))]
        room = max(high - low, 1e-6)
        axes.set_ylim(*sorted((show(low - 0.06 * room), show(high + 0.25 * room))))
    axes.set_title(f"{objective.curve}; triangles: ended there")
    axes.set_xlabel(objective.step)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    if best is not None:
        axes.legend(fontsize=9, loc="best", **LEGEND)


def draw_importance(found: Sequence[Importance], path: files.PathLike, *, title: str) -> Path:
    """Draw the settings by importance; those that chance may explain in grey.

    Args:
        found: from `importances`; empty draws why there is nothing to draw.
        path: .png, .svg or .pdf.
        title: above the picture.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(9, 1.9 + 0.42 * max(3, len(found))), facecolor="white")
    height = figure.get_figheight()
    axes = figure.add_axes((0.26, 0.62 / height, 0.4, 1 - 1.75 / height))
    names = [one.name for one in found][::-1]
    colours = [BEST if one.is_noteworthy else FAINT for one in found][::-1]
    axes.barh(names, [one.share for one in found][::-1], color=colours, height=0.62)
    for place, one in enumerate(reversed(found)):
        chance = "below 1%" if one.by_chance < 0.01 else f"{one.by_chance:.0%}"
        better = f", {one.better} is better" if one.better else ""
        axes.annotate(
            f"{one.share:.0%}, by chance {chance}{better}", (1.03, place),
            xycoords=("axes fraction", "data"), va="center", fontsize=9.5,
            color="#222222" if one.is_noteworthy else QUIET,
        )  # fmt: skip
    if not found:
        axes.text(
            0.5, 0.5, "Too few trials to say.", ha="center", transform=axes.transAxes, color=QUIET
        )
        axes.set_yticks([])
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("share of what told the best quarter from all")
    _dress(axes, "x")
    figure.text(0.04, 1 - 0.42 / height, title, fontsize=15, weight="bold")
    note = (
        f"Green: with losses shuffled among trials any setting would look so important in "
        f"{NOTEWORTHY:.0%} of searches at most."
    )
    if found:
        figure.text(0.04, 1 - 0.72 / height, note, fontsize=9.5, color="#444444")
    return files.write_with(Path(path), lambda temporary: figure.savefig(temporary, dpi=120))


def _dress(axes: Any, grid: str = "both") -> None:
    axes.grid(True, axis=grid, color="#E6E6E6", lw=0.7)
    axes.set_axisbelow(True)
    axes.title.set(fontsize=12, ha="left", position=(0, 1))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _range(done: Sequence[TrialRecord], pruned: Sequence[TrialRecord]) -> tuple[float, float]:
    """The losses worth showing; whatever lies above is drawn at the top."""
    losses = sorted([record.loss for record in done if _is(record.loss)])
    others = [record.loss for record in pruned]
    all_of = sorted([*losses, *others])
    low, high = losses[0], all_of[int(0.9 * (len(all_of) - 1))]
    room = max(high - low, abs(low) * 0.01, 1e-9)
    return low - 0.08 * room, high + 0.35 * room


def _summary(records: Sequence[TrialRecord], objective: Objective) -> str:
    done = sum(record.end == "complete" for record in records)
    pruned = sum(record.end == "pruned" for record in records)
    best = best_of(list(records))
    parts = [f"{done} complete, {pruned} ended early"]
    if best is not None:
        parts.append(f"best: trial {best.number}, {objective.text(best.loss)} {objective.unit}")
    epochs = sum(len(record.curve) for record in records)
    longest = max((len(record.curve) for record in records), default=0)
    if longest > 1:
        parts.append(f"{epochs / (longest * max(1, done + pruned)):.0%} of all training was done")
    return "  ·  ".join(parts)


def _is(value: float) -> bool:
    return math.isfinite(value)
