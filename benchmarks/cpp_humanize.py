"""Hear and see the C++ side work: a drummer's part and a piano, straight and humanized.

The drums are eight bars of a take of Groove MIDI's test part, every hit put on its sixteenth and
made equally loud; the piano is written for them here, as straight. What `chromasonic-humanize`
makes of it stands beside it. Run:

    chromasonic export runs/companion --output exported
    cmake -S cpp -B build/cpp && cmake --build build/cpp --target chromasonic-humanize
    python benchmarks/cpp_humanize.py build/cpp/chromasonic-humanize exported [--data-dir DIR]

It writes docs/media/host-straight.mid .mp3, docs/media/host-humanized.mid .mp3 and
docs/images/host.png.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic import files
from chromasonic.data import load
from chromasonic.formats.drum_audio import write_midi_audio
from chromasonic.formats.midi_events import parse_midi, variable_length_bytes
from chromasonic.formats.midi_performance import performance_of
from chromasonic.music.drums import GROUP_OF_PITCH, STEPS, drum_grid
from chromasonic.music.performance import PlayedNotes

DOCS = Path(__file__).parents[1] / "docs"
TAKE = "drummer1/eval_session/5"
FIRST_BAR, BARS = 1, 8
STRAIGHT = 80
"""Velocity of every note before."""

CHORDS = ((65, 69, 72, 76), (65, 69, 71, 76), (65, 69, 72, 76), (61, 67, 70, 72))
"""The right hand's chords: D minor, G, D minor, A, a bar each."""

STABS = ((3, 1), (6, 2), (12, 1), (15, 1))
ROOTS = (38, 43, 38, 45)
BASS = ((0, 2, 0), (3, 1, 7), (6, 1, 10), (7, 1, 12), (10, 2, 0), (14, 1, 10))
"""Sixteenth, length and semitones above the root."""

RIFFS = {
    1: ((8, 1, 81), (9, 1, 79), (10, 2, 77), (12, 1, 74)),
    3: ((4, 2, 81), (6, 1, 82), (7, 1, 81), (8, 2, 79), (10, 2, 76), (13, 1, 73), (14, 2, 74)),
}
"""In every second bar: sixteenth, length, note."""

DIVISION = 480
SHOWN = 7.9
"""Quarter notes in the picture, of which the last sixteenth's early hit still is one."""

GROUPS = ("kick", "snare", "hats, cymbals", "toms, other")
INK, PALE = "#222222", "#D55E00"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("host", type=Path, help="the program chromasonic-humanize")
    parser.add_argument("models", type=Path, help="a folder of exported models")
    parser.add_argument("--data-dir", help="a folder with groove-midi in it")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where media/ and images/ are")
    arguments = parser.parse_args()
    media, images = arguments.docs / "media", arguments.docs / "images"
    straight, humanized = media / "host-straight.mid", media / "host-humanized.mid"
    files.write_bytes(straight, straight_file(arguments.data_dir))
    command = [arguments.host, straight, humanized, "--models", arguments.models]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for path in (straight, humanized):
        print(write_midi_audio(path.read_bytes(), path.with_suffix(".mp3")))
    print(draw(straight.read_bytes(), humanized.read_bytes(), images / "host.png"))


def straight_file(data_dir: str | None) -> bytes:
    """The drums and the piano as a program would play them, as the bytes of a MIDI file."""
    takes = load("groove-midi", data_dir=data_dir, download=False).part("test")
    take = next(take for take in takes if take.id == TAKE)
    grid = drum_grid(take.onset_quarters, take.pitch, take.velocity)
    steps = grid.first_step[grid.hit_bar] + grid.hit_step
    step = DIVISION // 4
    struck = zip(steps - FIRST_BAR * STEPS, take.pitch, strict=True)
    hits = {(int(s), int(p)) for s, p in struck if 0 <= s < BARS * STEPS}
    drums = [(s * step, step // 2, p) for s, p in sorted(hits)]
    piano = []
    for bar in range(BARS):
        rows = [(at, length, note) for note in CHORDS[bar % 4] for at, length in STABS]
        rows += [(at, length, ROOTS[bar % 4] + above) for at, length, above in BASS]
        riff = RIFFS.get(bar % 4, ())
        rows = [row for row in rows if not riff or row[2] < 60 or row[0] < riff[0][0]]
        for at, length, note in [*rows, *riff]:
            piano.append(((bar * STEPS + at) * step, length * step - 20, note))
    for note in (38, *CHORDS[0]):  # and all together at the end
        piano.append((BARS * STEPS * step, 3 * DIVISION, note))
    tempo = b"\xff\x51\x03" + round(60e6 / take.tempo_bpm).to_bytes(3, "big")
    tracks = [_track([(0, tempo)]), _notes(piano, channel=0), _notes(drums, channel=9)]
    header = b"MThd" + (6).to_bytes(4, "big") + b"\0\1\0\3" + DIVISION.to_bytes(2, "big")
    return header + b"".join(tracks)


def _notes(rows: list[tuple[int, int, int]], *, channel: int) -> bytes:
    """A track of (onset, length, pitch) in ticks."""
    messages = []
    for onset, length, pitch in rows:
        messages.append((onset, bytes((0x90 | channel, pitch, STRAIGHT))))
        messages.append((onset + length, bytes((0x80 | channel, pitch, 64))))
    return _track(sorted(messages))


def _track(messages: list[tuple[int, bytes]]) -> bytes:
    content, last = b"", 0
    for tick, message in messages:
        content += variable_length_bytes(tick - last) + message
        last = tick
    content += b"\0\xff\x2f\0"
    return b"MTrk" + len(content).to_bytes(4, "big") + content


def draw(straight: bytes, humanized: bytes, path: Path) -> Path:
    """Two bars before and after: the piano's and the drums' velocities, and the drums' timing."""
    from matplotlib.figure import Figure

    before, after = (
        performance_of(parse_midi(data, "file"), source="file").notes
        for data in (straight, humanized)
    )
    figure = Figure(figsize=(12, 10.2), facecolor="white")
    panels = figure.subplots(5, 1, sharex=True, height_ratios=[2, 1.6, 1.5, 1.5, 1.3])
    figure.subplots_adjust(left=0.105, right=0.9, top=0.925, bottom=0.055, hspace=0.3)
    titles = (
        "piano, as written: every note at velocity 80",
        "piano, humanized (DynamicsEngine): velocity of each note",
        "drums, as written", "drums, humanized (GroovePredictor)", "drums, early or late (ms)",
    )  # fmt: skip
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title, loc="left", fontsize=12, weight="bold", color=INK, pad=4)
        for beat in range(9):
            axes.axvline(beat, color="#9A9A9A" if beat % 4 == 0 else "#DDDDDD", lw=0.8, zorder=0)
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, labelsize=10)
    _draw_piano(panels[0], before[before.channel == 0])
    _draw_velocities(panels[1], after[after.channel == 0])
    drums = before[before.channel == 9], after[after.channel == 9]
    for axes, notes in zip(panels[2:4], drums, strict=True):
        _draw_drums(axes, notes, drums[0])
    _draw_shift(panels[4], *drums)
    panels[4].set_xticks(range(9), [*(f"{beat + 1}" for beat in range(8)), ""])
    panels[4].set_xlim(-0.15, 8.02)
    panels[4].set_xlabel("quarter note", fontsize=10)
    _draw_scale(figure)
    figure.text(0.02, 0.965, "chromasonic-humanize: two of eight bars", fontsize=16, weight="bold")
    return files.write_with(path, lambda temporary: figure.savefig(temporary, dpi=90))


def _colours() -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("v", colormaps["YlGnBu"](np.linspace(0.12, 1, 64)))


def _draw_piano(axes: Any, notes: PlayedNotes) -> None:
    """A roll: place and length of each note."""
    from matplotlib.patches import Rectangle

    length = (notes.end_seconds - notes.onset_seconds) * _quarters_a_second(notes)
    for onset, last, pitch in zip(notes.onset_quarters, length, notes.pitch, strict=True):
        if onset < SHOWN:
            axes.add_patch(
                Rectangle(
                    (onset, pitch - 0.9),
                    last,
                    1.8,
                    facecolor=_colours()(STRAIGHT / 127),
                    edgecolor=INK,
                    linewidth=0.5,
                )
            )
    axes.set_ylim(36, 84)
    axes.set_yticks([38, 50, 62, 74], ["D2", "D3", "D4", "D5"])


def _draw_velocities(axes: Any, notes: PlayedNotes) -> None:
    """How far each note's velocity is from the one that was written, which is a line."""
    shown = notes[notes.onset_quarters < SHOWN]
    axes.axhline(STRAIGHT, color=PALE, linewidth=1, zorder=1)
    parts = (
        (shown.pitch < 60, "#0072B2", "o", "left hand"),
        (shown.pitch >= 60, "#009E73", "^", "right hand"),
    )
    for mask, colour, marker, label in parts:
        place, velocity = shown.onset_quarters[mask] + 0.02, shown.velocity[mask]
        axes.vlines(place, STRAIGHT, velocity, color=colour, linewidth=1.1, zorder=2)
        axes.plot(place, velocity, marker, color=colour, markersize=5, label=label, zorder=3)
    axes.set_ylim(62, 97)
    axes.set_yticks([70, 80, 90])
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=2, frameon=False, fontsize=10,
        handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip


def _quarters_a_second(notes: PlayedNotes) -> float:
    return float(notes.onset_quarters[-1] / notes.onset_seconds[-1])


def _draw_drums(axes: Any, notes: PlayedNotes, written: PlayedNotes) -> None:
    from matplotlib.patches import Rectangle

    rows = GROUP_OF_PITCH[notes.pitch]
    for onset, row, velocity in zip(notes.onset_quarters, rows, notes.velocity, strict=True):
        if onset < SHOWN:
            axes.add_patch(
                Rectangle(
                    (onset, row - 0.42),
                    0.14,
                    0.84 * velocity / 127,
                    facecolor=_colours()(velocity / 127),
                    edgecolor=INK,
                    linewidth=0.5,
                    zorder=2,
                )
            )
    shown = written.onset_quarters < SHOWN
    rows = GROUP_OF_PITCH[written.pitch[shown]]
    axes.vlines(written.onset_quarters[shown], rows - 0.42, rows + 0.42, color=PALE, lw=1, zorder=3)
    used = sorted(set(rows.tolist()))
    axes.set_ylim(-0.55, max(used) + 0.55)
    axes.set_yticks(used, [GROUPS[row] for row in used])


def _draw_shift(axes: Any, before: PlayedNotes, after: PlayedNotes) -> None:
    """How much later each hit is struck; both files have the hits of a drum in the same order."""
    axes.axhline(0, color=INK, linewidth=0.8)
    labelled: set[int] = set()
    for pitch in np.unique(before.pitch):
        old, new = before[before.pitch == pitch], after[after.pitch == pitch]
        shown = old.onset_quarters < SHOWN
        shift = 1000 * (new.onset_seconds - old.onset_seconds)[shown]
        group = int(GROUP_OF_PITCH[pitch])
        colour, marker = ("#0072B2", "#D55E00", "#009E73", "#7A4FA3")[group], "os^D"[group]
        place = old.onset_quarters[shown] + 0.03 * (group - 1)
        axes.vlines(place, 0, shift, color=colour, linewidth=1.1)
        label = None if group in labelled else GROUPS[group]
        labelled.add(group)
        axes.plot(place, shift, marker, color=colour, markersize=5, label=label)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=4, frameon=False, fontsize=10,
        handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip


def _draw_scale(figure: Any) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axes = figure.add_axes((0.925, 0.45, 0.012, 0.4))
    bar = figure.colorbar(ScalarMappable(Normalize(0, 127), _colours()), cax=axes)
    bar.set_ticks([1, 32, 64, 96, 127])
    bar.ax.tick_params(labelsize=9, length=2)
    bar.ax.set_title("velocity", fontsize=10, pad=8)
    bar.outline.set_visible(False)


if __name__ == "__main__":
    main()
