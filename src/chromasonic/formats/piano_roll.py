"""Drums as a picture: what was written above what is played, and how early or late each hit comes.

Colour and height of a hit are its velocity; in the lower roll a thin line stands where it was
written. The third panel enlarges what is too small to see in the rolls: milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic import files
from chromasonic.errors import RenderError, UsageError
from chromasonic.music.drums import GROUP_OF_PITCH, instrument_name

ENDINGS = (".png", ".svg", ".pdf")
QUARTERS_SHOWN = 8.0
"""Two bars of 4/4: more would make a millisecond too narrow to see."""

INK, PALE, STRAIGHT = "#222222", "#8A8A8A", "#D55E00"
MARKERS = {0: ("o", "#0072B2"), 1: ("s", "#D55E00"), 2: ("^", "#009E73"), 3: ("D", "#7A4FA3")}
"""Group of drums to the form and colour of its dots: told apart without colour too."""

GROUP_TITLES = ("kick", "snare", "hats, cymbals", "toms, other")
WIDTH_OF_HIT = 0.15


@dataclass(frozen=True, eq=False, kw_only=True)
class RolledHits:
    """Hits to draw.

    Attributes:
        pitch: (N,) MIDI note.
        quarters, new_quarters: (N,) when it is written and when it is struck, in quarter notes.
        velocity, new_velocity: (N,) 1 to 127.
        shift_ms: (N,) how much later it is struck.
    """

    pitch: npt.NDArray[np.int64]
    quarters: npt.NDArray[np.float64]
    new_quarters: npt.NDArray[np.float64]
    velocity: npt.NDArray[np.int64]
    new_velocity: npt.NDArray[np.int64]
    shift_ms: npt.NDArray[np.float64]


def draw_drum_roll(
    hits: RolledHits,
    path: files.PathLike,
    *,
    title: str = "Drums",
    first_quarter: float = 0.0,
    quarters: float = QUARTERS_SHOWN,
) -> Path:
    """Draw hits as written and as played.

    Args:
        hits: of the whole music.
        path: .png, .svg or .pdf.
        title: above the picture.
        first_quarter: where the picture begins, in quarter notes.
        quarters: how much it shows.

    Raises:
        UsageError: another ending.
        RenderError: there is no hit in that time.
        StorageError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"A drum roll is written as {' '.join(ENDINGS)}, not '{path.suffix}'.")
    shown = (hits.quarters > first_quarter - 0.125) & (
        hits.quarters < first_quarter + quarters - 0.125
    )
    if not shown.any():
        raise RenderError(
            f"There is no hit within {quarters:g} quarter notes from quarter {first_quarter:g} on."
        )
    drums = _rows(hits.pitch[shown])
    height = 0.42 * len(drums)
    figure = Figure(figsize=(12, 2 * height + 4.2), facecolor="white")  # no pyplot: no global state
    panels = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": [height, height, 1.7], "hspace": 0.24}
    )
    figure.subplots_adjust(left=0.135, right=0.905, top=1 - 0.85 / (2 * height + 4.2), bottom=0.085)
    before = hits.quarters[shown], hits.velocity[shown]
    after = hits.new_quarters[shown], hits.new_velocity[shown]
    pitch = hits.pitch[shown]
    _draw_roll(panels[0], drums, pitch, *before)
    _draw_roll(panels[1], drums, pitch, *after, written=before[0])
    _draw_shift(panels[2], pitch, before[0], hits.shift_ms[shown])
    for axes, name in zip(panels, ("as written", "humanized", "early or late"), strict=True):
        axes.set_title(name, loc="left", fontsize=12, color=INK, weight="bold", pad=5)
        _dress(axes, first_quarter, quarters)
    _label_beats(panels[2], first_quarter, quarters)
    _draw_scale(figure)
    figure.text(0.02, 1 - 0.42 / (2 * height + 4.2), title, fontsize=16, weight="bold", color=INK)
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=100))


ORDER = (49, 57, 55, 52, 51, 59, 53, 46, 26, 42, 22, 44, 50, 48, 47, 45, 43, 58, 41, 39, 37, 40, 38)
"""From top to bottom as a drummer's eye goes over the kit; the kick is below all."""


def _rows(pitch: npt.NDArray[np.int64]) -> list[int]:
    """The drums that are struck, from bottom to top."""
    rank = {drum: number for number, drum in enumerate(ORDER)}
    kicks = {35: 99, 36: 98}
    used = [int(drum) for drum in np.unique(pitch)]
    return sorted(used, key=lambda drum: -kicks.get(drum, rank.get(drum, 50 + drum / 128)))


def _draw_roll(
    axes: Any,
    drums: Sequence[int],
    pitch: npt.NDArray[np.int64],
    quarters: npt.NDArray[np.float64],
    velocity: npt.NDArray[np.int64],
    *,
    written: npt.NDArray[np.float64] | None = None,
) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    colours = colormaps["YlGnBu"]
    row = np.array([drums.index(int(drum)) for drum in pitch])
    for where in range(len(drums)):
        axes.axhline(where - 0.42, color="#E4E4E4", linewidth=0.8, zorder=0)
    order = np.lexsort((quarters, -velocity))  # soft hits over loud ones, so that both are seen
    for number in order:
        share = velocity[number] / 127
        axes.add_patch(
            Rectangle(
                (quarters[number], row[number] - 0.42),
                WIDTH_OF_HIT,
                0.82 * share,
                facecolor=colours(0.18 + 0.82 * share),
                edgecolor=INK,
                linewidth=0.6,
                zorder=2,
            )
        )
    if written is not None:
        axes.vlines(written, row - 0.42, row + 0.44, color=STRAIGHT, linewidth=1.1, zorder=3)
    axes.set_yticks(range(len(drums)), [instrument_name(drum) for drum in drums], fontsize=10)
    axes.set_ylim(-0.55, len(drums) - 0.4)
    axes.tick_params(axis="y", length=0)


def _draw_shift(
    axes: Any,
    pitch: npt.NDArray[np.int64],
    quarters: npt.NDArray[np.float64],
    shift_ms: npt.NDArray[np.float64],
) -> None:
    axes.axhline(0, color=INK, linewidth=0.9, zorder=1)
    group = GROUP_OF_PITCH[pitch]
    for number in sorted(MARKERS):
        mine = group == number
        if mine.any():
            marker, colour = MARKERS[number]
            # Drums of one step lie side by side.
            place = quarters[mine] + 0.035 * (number - 1)
            axes.vlines(place, 0, shift_ms[mine], color=colour, linewidth=1.2, zorder=2)
            axes.plot(
                place, shift_ms[mine], marker, color=colour, markersize=5.5, zorder=3,
                label=GROUP_TITLES[number],
            )  # fmt: skip
    most = max(5.0, 1.25 * float(np.abs(shift_ms).max()))
    axes.set_ylim(-most, most)
    axes.set_ylabel("ms", fontsize=10, color=INK)
    axes.annotate("late", (1.006, 0.86), xycoords="axes fraction", fontsize=10, color=PALE)
    axes.annotate("early", (1.006, 0.06), xycoords="axes fraction", fontsize=10, color=PALE)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=4, frameon=False, fontsize=10,
        handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip


def _dress(axes: Any, first: float, quarters: float) -> None:
    """The grid: beats strong, sixteenths thin."""
    for step in range(int(quarters * 4) + 1):
        is_bar, is_beat = step % 16 == 0, step % 4 == 0
        axes.axvline(
            first + step / 4,
            color="#9A9A9A" if is_bar else "#C4C4C4" if is_beat else "#ECECEC",
            linewidth=1.2 if is_bar else 0.9 if is_beat else 0.7,
            zorder=0,
        )
    axes.set_xlim(first - 0.14, first + quarters + 0.06)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="x", length=0)


def _label_beats(axes: Any, first: float, quarters: float) -> None:
    """Beats counted from the music's start, in quarter notes."""
    ticks = np.arange(int(np.ceil(quarters)))
    axes.set_xticks(first + ticks, [f"{first + tick + 1:g}" for tick in ticks], fontsize=10)
    axes.set_xlabel("quarter note", fontsize=10, color=INK)


def _draw_scale(figure: Any) -> None:
    """What colour and height mean."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    colours = LinearSegmentedColormap.from_list(
        "velocity", colormaps["YlGnBu"](np.linspace(0.18, 1, 64))
    )
    axes = figure.add_axes((0.93, 0.45, 0.012, 0.4))
    bar = figure.colorbar(ScalarMappable(Normalize(0, 127), colours), cax=axes)
    bar.set_ticks([1, 32, 64, 96, 127])
    bar.ax.tick_params(labelsize=9, length=2)
    bar.ax.set_title("velocity", fontsize=10, color=INK, pad=8)
    bar.outline.set_visible(False)
