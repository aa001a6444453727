"""Small MIDI files of played notes, written byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Played = tuple[float, float, int, int]
"""Seconds, end in seconds, pitch, velocity."""

TICKS_A_SECOND = 960  # 480 a quarter at the 120 quarters a minute that hold without a tempo


def midi_bytes(notes: Sequence[Played], *, tempo: bool = True) -> bytes:
    """A file of one track; without a tempo event it means 120 quarters a minute as well."""
    events = []
    for start, end, pitch, velocity in notes:
        events.append((round(start * TICKS_A_SECOND), 1, bytes([0x90, pitch, velocity])))
        events.append((round(end * TICKS_A_SECOND), 0, bytes([0x80, pitch, 64])))
    track = b"\x00\xff\x51\x03\x07\xa1\x20" if tempo else b""
    now = 0
    for at, _, message in sorted(events):
        track += _variable(at - now) + message
        now = at
    track += b"\x00\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480)
    return header + b"MTrk" + struct.pack(">I", len(track)) + track


def _variable(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | (value & 0x7F))
    return bytes(reversed(groups))


SCALE: list[Played] = [
    (0.5 * number, 0.5 * number + 0.4, 60 + number, 50 + number) for number in range(12)
]
"""Twelve notes, two a second."""
