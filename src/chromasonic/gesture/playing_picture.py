"""A picture of what was played: speed and gestures, certainty, notes, controllers, one below the
other in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.errors import RenderError, UsageError
from chromasonic.files import PathLike, write_with
from chromasonic.formats.midi_messages import SoundedNote
from chromasonic.gesture.playing import GestureMusic
from chromasonic.gesture.spotting import Spotting

ENDINGS = (".png", ".svg", ".pdf")
MOST_SECONDS = 3600.0
CHANNEL_COLOURS = ("#1f5fa8", "#c2571a", "#2d7d46", "#8a3a8f", "#7a6a00", "#555555")
UNKNOWN_COLOUR = "#bbbbbb"
SOON = 1e-6
SHADE = "#1f5fa8"
CERTAINTY_COLOUR = "#2d7d46"
RECOGNIZED_COLOUR = "#e08a00"
CONTROLLER_COLOURS = ("#00808a", "#b03060", "#6b6b00", "#444444")
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
DRUM_CHANNEL = 9


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

    heights = (1.1, 1.1, 2.0, 1.0) if music.controls else (1.1, 1.1, 2.0)
    size = (min(max(9.0, seconds * 0.3), 40.0), 1.5 * sum(heights))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    _draw_speed(panels[0], spotting)
    _draw_certainty(panels[1], spotting)
    _draw_notes(panels[2], music)
    if music.controls:
        _draw_controllers(panels[3], music)
    panels[0].set_xlim(0, seconds)
    panels[-1].set_xlabel("seconds")
    figure.suptitle(title or "Gestures and what they play", fontsize=11)
    return write_with(path, lambda temporary: figure.savefig(temporary, dpi=110))


def _draw_speed(axes: Any, spotting: Spotting) -> None:
    """Speed, the movements shaded, each with its gesture."""
    times = np.arange(len(spotting.efforts)) / spotting.rate_hz
    axes.plot(times, spotting.efforts, color="#333333", linewidth=0.8)
    most = float(spotting.efforts.max(initial=1.0))
    axes.set_ylim(0, most * 1.35)
    for number, event in enumerate(spotting.events):
        colour = SHADE if event.is_known else UNKNOWN_COLOUR
        end = event.start if event.end is None else event.end
        axes.axvspan(event.start, end, color=colour, alpha=0.18, linewidth=0)
        axes.text(
            (event.start + end) / 2, most * (1.31 - 0.13 * (number % 2)), event.label or "?",
            ha="center", va="top", fontsize=8, color=colour if event.is_known else "#777777",
        )  # fmt: skip
    axes.set_ylabel("speed\n(0 rest, 1 fast)")


def _draw_certainty(axes: Any, spotting: Spotting) -> None:
    """The likeliest class's certainty wherever the network answered, recognitions marked."""
    if len(spotting.times):
        best = spotting.chances.max(axis=1)
        gaps = np.diff(spotting.times, prepend=spotting.times[:1]) > 0.2
        axes.plot(
            np.insert(spotting.times, np.flatnonzero(gaps), np.nan),
            np.insert(best, np.flatnonzero(gaps), np.nan),
            color=CERTAINTY_COLOUR, linewidth=1.2, marker=".", markersize=2,
            label="likeliest class",
        )  # fmt: skip
    if spotting.known and len(spotting.times):
        when = np.array([event.recognized for event in spotting.known])
        answers = np.searchsorted(spotting.times, when + SOON, side="right") - 1
        best = spotting.chances.max(axis=1)[np.maximum(answers, 0)]
        axes.plot(
            when, best, "o", color=RECOGNIZED_COLOUR, markersize=5, label="gesture recognized"
        )
    _legend(axes)
    axes.set_ylim(0, 1.08)
    axes.set_ylabel("certainty")


def _draw_notes(axes: Any, music: GestureMusic) -> None:
    """Notes by name, each channel in its colour, the stronger the louder."""
    channels = sorted({note.channel for note in music.notes})
    instruments = {one.channel: one.program for one in reversed(music.programs)}
    for number, channel in enumerate(channels):
        own = [note for note in music.notes if note.channel == channel]
        name = f"channel {channel + 1}"
        if channel == DRUM_CHANNEL:
            name += ", drums"
        elif channel in instruments:
            name += f", instrument {instruments[channel]}"
        _draw_channel(axes, own, CHANNEL_COLOURS[number % len(CHANNEL_COLOURS)], name)
    for one in music.events:
        if one.did:
            axes.axvline(one.time, color="#999999", linewidth=0.6, linestyle=":", zorder=0)
    pitches = [note.pitch for note in music.notes] or [55, 77]
    axes.set_ylim(min(pitches) - 2, max(pitches) + 3)
    step = 12 if max(pitches) - min(pitches) > 14 else 4
    ticks = range(-(-(min(pitches) - 2) // step) * step, max(pitches) + 4, step)
    axes.set_yticks(ticks, [f"{NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in ticks])
    axes.set_ylabel("notes")
    axes.grid(axis="y", alpha=0.25)
    _legend(axes)


def _draw_channel(axes: Any, notes: list[SoundedNote], colour: str, name: str) -> None:
    axes.plot([], [], color=colour, linewidth=5, label=name)
    for note in notes:
        axes.barh(
            note.pitch, note.end - note.start, left=note.start, height=0.85,
            color=colour, alpha=0.35 + 0.65 * note.velocity / 127, linewidth=0,
        )  # fmt: skip


def _draw_controllers(axes: Any, music: GestureMusic) -> None:
    """Each controller as a line from 0 to 127."""
    kinds = sorted({(change.channel, change.controller) for change in music.controls})
    for number, kind in enumerate(kinds):
        own = [one for one in music.controls if (one.channel, one.controller) == kind]
        axes.step(
            [one.time for one in own] + [max(music.seconds, own[-1].time)],
            [one.value for one in own] + [own[-1].value], where="post",
            color=CONTROLLER_COLOURS[number % len(CONTROLLER_COLOURS)], linewidth=1.0,
            label=f"controller {kind[1]}, channel {kind[0] + 1}",
        )  # fmt: skip
    axes.set_ylim(-6, 134)
    axes.set_yticks([0, 64, 127])
    axes.set_ylabel("controllers")
    _legend(axes)


def _legend(axes: Any) -> None:
    """Beside the panel, so that it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles, labels, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8,
            frameon=False, borderaxespad=0.3,
        )  # fmt: skip
