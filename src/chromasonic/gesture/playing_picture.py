"""A picture of what was played: speed and gestures, certainty, notes and controllers in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.errors import RenderError, UsageError
from chromasonic.files import PathLike, write_with
from chromasonic.gesture.playing import GestureMusic
from chromasonic.gesture.spotting import Spotting

ENDINGS = (".png", ".svg", ".pdf")
MOST_SECONDS = 3600.0
CHANNEL_COLOURS = ("#1f5fa8", "#c2571a", "#2d7d46", "#8a3a8f", "#7a6a00", "#555555")
UNKNOWN_COLOUR = "#bbbbbb"


def draw_timeline(
    music: GestureMusic, spotting: Spotting, path: PathLike, *, title: str = ""
) -> Path:
    """Draw a recording's gestures and their music, one above the other.

    Args:
        music: what is played.
        spotting: what was found.
        path: a .png, .svg or .pdf.
        title: above the picture.

    Raises:
        UsageError: another ending.
        RenderError: it is longer than an hour.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"A picture is written as {', '.join(ENDINGS)}, not '{path.suffix}'.")
    seconds = max(len(spotting.efforts) / spotting.rate_hz, music.seconds)
    if seconds > MOST_SECONDS:
        raise RenderError(
            f"The recording takes {seconds / 60:.0f} minutes; up to {MOST_SECONDS / 60:.0f} are "
            "drawn. Cut it."
        )
    from matplotlib.figure import Figure

    figure = Figure(figsize=(min(max(9.0, seconds * 0.3), 40.0), 6.4), layout="constrained")
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(1.1, 1.1, 2.0))
    _draw_speed(top, spotting)
    _draw_certainty(middle, spotting)
    _draw_notes(bottom, music)
    bottom.set_xlim(0, seconds)
    bottom.set_xlabel("seconds")
    figure.suptitle(title or "Gestures and what they play", fontsize=11)
    return write_with(path, lambda temporary: figure.savefig(temporary, dpi=110))


def _draw_speed(axes: Any, spotting: Spotting) -> None:
    """Speed, the movements shaded, each with its gesture."""
    times = np.arange(len(spotting.efforts)) / spotting.rate_hz
    axes.plot(times, spotting.efforts, color="#333333", linewidth=0.8)
    most = float(spotting.efforts.max(initial=1.0))
    axes.set_ylim(0, most * 1.35)
    for number, event in enumerate(spotting.events):
        colour = CHANNEL_COLOURS[0] if event.is_known else UNKNOWN_COLOUR
        end = event.start if event.end is None else event.end
        axes.axvspan(event.start, end, color=colour, alpha=0.18, linewidth=0)
        axes.text(
            (event.start + end) / 2, most * (1.31 - 0.13 * (number % 2)), event.label or "?",
            ha="center", va="top", fontsize=8, color=colour if event.is_known else "#777777",
        )  # fmt: skip
    axes.set_ylabel("speed")


def _draw_certainty(axes: Any, spotting: Spotting) -> None:
    """The likeliest class's certainty wherever the network answered, recognitions marked."""
    if len(spotting.times):
        best = spotting.chances.max(axis=1)
        gaps = np.diff(spotting.times, prepend=spotting.times[:1]) > 0.2
        axes.plot(
            np.insert(spotting.times, np.flatnonzero(gaps), np.nan),
            np.insert(best, np.flatnonzero(gaps), np.nan),
            color="#2d7d46", linewidth=1.2, marker=".", markersize=2,
        )  # fmt: skip
    for event in spotting.known:
        axes.plot(event.recognized, event.certainty, "o", color=CHANNEL_COLOURS[1], markersize=5)
    axes.set_ylim(0, 1.08)
    axes.set_ylabel("certainty")


def _draw_notes(axes: Any, music: GestureMusic) -> None:
    """Notes by channel; controllers as lines of their own scale."""
    for note in music.notes:
        axes.barh(
            note.pitch, note.end - note.start, left=note.start, height=0.85,
            color=CHANNEL_COLOURS[note.channel % len(CHANNEL_COLOURS)],
            alpha=0.35 + 0.65 * note.velocity / 127, linewidth=0,
        )  # fmt: skip
    for one in music.events:
        if one.did:
            axes.axvline(one.time, color="#999999", linewidth=0.6, linestyle=":")
    if not music.notes:
        axes.set_ylim(48, 84)
    axes.set_ylabel("MIDI note")
    axes.grid(axis="y", alpha=0.25)
    if music.controls:
        beside = axes.twinx()
        beside.set_ylim(0, 127)
        beside.set_ylabel("controller")
        kinds = sorted({(change.channel, change.controller) for change in music.controls})
        for number, (channel, controller) in enumerate(kinds):
            own = [
                one
                for one in music.controls
                if (one.channel, one.controller) == (channel, controller)
            ]
            beside.step(
                [one.time for one in own], [one.value for one in own], where="post",
                color=CHANNEL_COLOURS[(number + 3) % len(CHANNEL_COLOURS)], linewidth=0.9,
                label=f"controller {controller}",
            )  # fmt: skip
        beside.legend(loc="upper right", fontsize=7, framealpha=0.8)
