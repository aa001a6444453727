"""A small corpus in Groove MIDI's layout: takes that are early, late, swung, or have a flam."""

from __future__ import annotations

from pathlib import Path

from chromasonic.formats.midi_events import DRUM_CHANNEL
from chromasonic.formats.midi_messages import SoundedNote, messages_midi

HEADER = (
    "drummer,session,id,style,bpm,beat_type,time_signature,midi_filename,audio_filename,duration,"
    "split\n"
)
BAR = [(0, 36), (0, 42), (2, 42), (4, 38), (4, 42), (6, 22), (8, 36), (8, 42), (10, 42)]
BAR += [(12, 40), (12, 42), (14, 26)]
"""(step, drum), zones of an electronic kit among them."""


def take_bytes(*, bars: int = 6, tempo: float, late: float = 0.05, swing: float = 0.0) -> bytes:
    """A beat as somebody plays it: hits late by a share of a step, offbeat ones by swing too."""
    notes = []
    for bar in range(bars):
        for number, (step, pitch) in enumerate(BAR):
            own = late * (1 + number % 3) / 2 + (swing if step % 4 == 2 else 0.0)
            at = ((bar + 1) * 16 + step + own) * 15 / tempo  # a bar of rest: none comes before 0
            notes.append(
                SoundedNote(
                    start=at, end=at + 0.05, pitch=pitch, velocity=60 + 5 * number,
                    channel=DRUM_CHANNEL,
                )
            )  # fmt: skip
    return messages_midi(notes, tempo_bpm=tempo, seconds=(bars + 1) * 240 / tempo)


def write_grooves_corpus(corpora: Path) -> Path:
    """`CORPORA/groove-midi`: four test takes, two of them alike, one swung; a training take."""
    root = corpora / "groove-midi"
    (root / "drummer1").mkdir(parents=True)
    takes = [
        ("1", "funk/groove1", 100, "test", {"late": 0.05}),
        ("2", "funk/groove1", 100, "test", {"late": 0.06}),
        ("3", "rock", 120, "test", {"late": -0.04}),
        ("4", "jazz", 110, "test", {"swing": 0.6}),
        ("5", "soul", 90, "train", {}),
    ]
    lines = [HEADER]
    for number, style, tempo, part, how in takes:
        file = f"drummer1/{number}.mid"
        (root / file).write_bytes(take_bytes(tempo=tempo, **how))  # type: ignore[arg-type]
        lines.append(f"drummer1,s,{number},{style},{tempo},beat,4-4,{file},,9,{part}\n")
    (root / "info.csv").write_text("".join(lines), encoding="utf-8")
    return root
