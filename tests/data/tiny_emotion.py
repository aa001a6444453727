"""Small folders in the layouts of EMOPIA, VGMIDI and DEAM, and MIDI files byte by byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

QUARTER = 96
MAJOR, MINOR = (0, 4, 7, 12), (0, 3, 7, 12)
STYLES = {1: (MAJOR, 24, 100), 2: (MINOR, 24, 100), 3: (MINOR, 96, 40), 4: (MAJOR, 96, 40)}
"""Quadrant to a chord, a note's length in ticks, and a strength: excited music is fast and loud."""


def midi_bytes(notes: Sequence[tuple[int, int, int]]) -> bytes:
    """A file of one track at 120 a minute: (pitch, length in ticks, velocity), one by one."""
    events = b""
    for pitch, length, velocity in notes:
        events += bytes([0, 0x90, pitch, velocity, length, 0x80, pitch, 0])
    events += bytes([0, 0xFF, 0x2F, 0])
    header = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, QUARTER])
    return header + b"MTrk" + len(events).to_bytes(4, "big") + events


def clip_bytes(quadrant: int, number: int, *, ticks: int = 1152) -> bytes:
    """Six seconds of arpeggios of a quadrant, in a key of their own."""
    chord, length, velocity = STYLES[quadrant]
    root = 55 + number * 5 % 12
    notes = [(root + chord[k % 4], length, velocity) for k in range(ticks // length)]
    return midi_bytes(notes)


def song_name(number: int) -> str:
    """An id of eleven signs, as videos have."""
    return f"song_{number:06d}"


def write_emopia(root: Path, songs: Sequence[int] = (8, 4, 4)) -> Path:
    """EMOPIA with so many songs of train, validation and test; two clips a song."""
    (root / "midis").mkdir(parents=True)
    (root / "split").mkdir()
    number = 0
    for part, count in zip(("train", "val", "test"), songs, strict=True):
        lines = ["fname,label"]
        for _ in range(count):
            quadrant = number % 4 + 1
            for clip in range(2):
                name = f"Q{quadrant}_{song_name(number)}_{clip}"
                (root / "midis" / f"{name}.mid").write_bytes(clip_bytes(quadrant, number + clip))
                lines.append(f"{name},Q{quadrant}")
            number += 1
        (root / "split" / f"{part}.csv").write_text("\n".join(lines) + "\n")
    return root


HEADING = "id,series,console,game,piece,midi,valence,arousal"


def write_vgmidi(root: Path, count: int = 12) -> Path:
    """VGMIDI with whole pieces; the last one has two labelled phrases."""
    (root / "labelled/midi").mkdir(parents=True)
    lines = [HEADING]
    signs = {1: (1, 1), 2: (-1, 1), 3: (-1, -1), 4: (1, -1)}
    for number in range(count):
        quadrant = number % 4 + 1
        valence, arousal = signs[quadrant]
        name = f"Series_NES_Game_Piece {number}"
        (root / f"labelled/midi/{name}.mid").write_bytes(clip_bytes(quadrant, number))
        phrases = 2 if number == count - 1 else 1
        lines += [
            f"{number},Series,NES,Game,Piece {number},labelled/phrases/{name}_{phrase}.mid,"
            f"{valence},{arousal}"
            for phrase in range(phrases)
        ]
    (root / "vgmidi_labelled.csv").write_text("\n".join(lines) + "\n")
    return root


STATIC = "song_id, valence_mean, valence_std, arousal_mean, arousal_std"


def write_deam(root: Path, count: int = 10, *, has_audio: bool = True) -> Path:
    """DEAM as its archives unpack: valence is the height of a tone, arousal its loudness."""
    averaged = root / "annotations/annotations averaged per song"
    (averaged / "song_level").mkdir(parents=True)
    (averaged / "dynamic (per second annotations)").mkdir()
    static, late = [STATIC], [STATIC.replace(", arousal_mean", ", valence_ max_mean, arousal_mean")]
    times = [f"sample_{ms}ms" for ms in range(15_000, 17_000, 500)]
    dynamic = {name: [",".join(["song_id", *times])] for name in ("valence", "arousal")}
    rng = np.random.default_rng(0)
    for number in range(count):
        id = 2 + number if number < count - 2 else 2001 + number
        valence, arousal = rng.uniform(-0.8, 0.8, 2).round(2)
        means = f"{5 + 4 * valence:.2f}", f"{5 + 4 * arousal:.2f}"
        if id < 2000:
            static.append(f"{id},{means[0]},0.8,{means[1]},1.2")
            for name, value in (("valence", valence), ("arousal", arousal)):
                dynamic[name].append(",".join([str(id), *[f"{value:.2f}"] * 3, ""]))
        else:
            late.append(f"{id},{means[0]},0.8,9.0,{means[1]},1.2")
        if has_audio:
            write_tone(root / f"MEMD_audio/{id}.mp3", valence, arousal, rng)
    names = ("1_2000", "2000_2058")
    for name, lines in zip(names, (static, late), strict=True):
        path = averaged / f"song_level/static_annotations_averaged_songs_{name}.csv"
        path.write_text("\n".join(lines) + "\n")
    for name, lines in dynamic.items():
        path = averaged / f"dynamic (per second annotations)/{name}.csv"
        path.write_text("\n".join(lines) + "\n")
    return root


def write_tone(path: Path, valence: float, arousal: float, rng: np.random.Generator) -> None:
    """Four seconds of a tone in a little noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(4 * 44_100) / 44_100
    tone = 10 ** (arousal - 1.2) * np.sin(2 * np.pi * 440 * 2**valence * times)
    samples = tone + rng.normal(0, 1e-3, len(times))
    soundfile.write(path, np.stack([samples, samples], 1), 44_100, format="MP3")
