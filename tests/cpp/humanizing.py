"""What the tests of groove, dynamics and the host share: MIDI files made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromasonic.formats.midi_drums import DrumFile
from chromasonic.formats.midi_events import MidiNote, parse_midi, variable_length_bytes

Message = tuple[int, bytes]
Metres = Sequence[tuple[float, int, int]]


def midi_bytes(
    *tracks: Sequence[Message], division: int = 480, form: int = 1, ends: bool = True
) -> bytes:
    """A MIDI file of (tick, message) pairs in order of time."""
    parts = [b"MThd" + (6).to_bytes(4, "big")]
    parts += [value.to_bytes(2, "big") for value in (form, len(tracks), division)]
    for messages in tracks:
        content, last = bytearray(), 0
        for tick, message in messages:
            content += variable_length_bytes(tick - last) + message
            last = tick
        content += b"\0\xff\x2f\0" if ends else b""
        parts += [b"MTrk", len(content).to_bytes(4, "big"), bytes(content)]
    return b"".join(parts)


def meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + variable_length_bytes(len(data)) + data


def metre(numerator: int, denominator: int) -> bytes:
    return meta(0x58, bytes((numerator, denominator.bit_length() - 1, 24, 8)))


def note_messages(
    onset: np.ndarray, pitch: np.ndarray, velocity: np.ndarray, *, channel: int, length: int
) -> list[Message]:
    """Notes on and off, in time; offs before ons."""
    messages = []
    for tick, key, strength in zip(onset.tolist(), pitch.tolist(), velocity.tolist(), strict=True):
        messages.append((tick, 1, bytes((0x90 | channel, key, strength))))
        messages.append((tick + length, 0, bytes((0x80 | channel, key, 64))))
    return [(tick, message) for tick, _, message in sorted(messages)]


def drum_file(
    onset: np.ndarray, pitch: np.ndarray, velocity: np.ndarray, metres: Metres, *, division: int
) -> DrumFile:
    """Drums on channel 10 under metres that begin at whole ticks."""
    signatures = [(round(at * division), metre(n, d)) for at, n, d in metres]
    drums = note_messages(onset, pitch, velocity, channel=9, length=3)
    return DrumFile(midi_bytes(signatures, drums, division=division), "made")


def metres_between(file: DrumFile) -> list[tuple[float, int, int]]:
    """The metres of a file, in quarters."""
    ticks = file.ticks_per_quarter
    return [(tick / ticks, n, d) for tick, n, d in file.events.metres]


def notes_of(data: bytes) -> list[MidiNote]:
    """All notes of a file."""
    return parse_midi(data, "file").notes
