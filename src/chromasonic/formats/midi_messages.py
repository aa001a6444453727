"""MIDI files of notes, controllers and programs in seconds: what was played, not what was written.

One track a channel, on a fixed grid of ticks at one tempo. A note that is struck again while it
sounds is ended first, so that no note hangs and no note-off ends another note.

Source: MIDI Manufacturers Association, "Standard MIDI Files 1.0" (RP-001).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chromasonic.errors import RenderError
from chromasonic.formats.midi_events import metre_message, variable_length_bytes

TICKS_PER_QUARTER = 960
MAX_SECONDS = 24 * 3600.0
_OFF, _PROGRAM, _CONTROL, _ON = range(4)
"""Order of what falls on one tick: keys are let go, then the instrument, then keys are struck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundedNote:
    """A note: seconds, MIDI pitch 0 to 127, velocity 1 to 127, channel 0 to 15."""

    start: float
    end: float
    pitch: int
    velocity: int
    channel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChange:
    """A controller is set: seconds, number 0 to 119, value 0 to 127, channel 0 to 15."""

    time: float
    controller: int
    value: int
    channel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramChange:
    """The instrument of a channel changes: seconds, program 0 to 127, channel 0 to 15."""

    time: float
    program: int
    channel: int


def without_overlaps(notes: Iterable[SoundedNote]) -> list[SoundedNote]:
    """The notes in time; each ends at the latest where its key is struck again.

    Of notes that strike one key at the same moment the longest is kept.
    """
    ordered = sorted(notes, key=lambda note: (note.start, note.channel, note.pitch, -note.end))
    last: dict[tuple[int, int], int] = {}
    kept: list[SoundedNote] = []
    for note in ordered:
        key = (note.channel, note.pitch)
        before = last.get(key)
        if before is not None:
            if kept[before].start == note.start:
                continue
            if kept[before].end > note.start:
                kept[before] = replace(kept[before], end=note.start)
        last[key] = len(kept)
        kept.append(note)
    return kept


def messages_midi(
    notes: Sequence[SoundedNote],
    *,
    controls: Sequence[ControlChange] = (),
    programs: Sequence[ProgramChange] = (),
    tempo_bpm: float = 120.0,
    title: str = "",
    markers: Sequence[tuple[float, str]] = (),
    seconds: float = 0.0,
    metre: tuple[int, int] = (4, 4),
) -> bytes:
    """The bytes of a MIDI file of format 1.

    Args:
        notes: in any order.
        controls: in any order.
        programs: in any order.
        tempo_bpm: quarters a minute of the grid.
        title: name of the first track.
        markers: (seconds, text).
        seconds: how long the file lasts at least.
        metre: numerator and denominator; 4/4, which no file has to name, is not written.

    Raises:
        RenderError: something lies before the start, after a day, or is out of MIDI's range.
    """
    ticks_a_second = TICKS_PER_QUARTER * tempo_bpm / 60

    def tick(seconds: float) -> int:
        if not 0 <= seconds <= MAX_SECONDS:
            raise RenderError(f"A MIDI event at {seconds} s cannot be written: 0 to 24 hours.")
        return round(seconds * ticks_a_second)

    tracks: dict[int, list[tuple[int, int, bytes]]] = {}

    def add(time: int, order: int, channel: int, status: int, *data: int) -> None:
        if not (0 <= channel <= 15 and all(0 <= value <= 127 for value in data)):
            raise RenderError(f"MIDI has no channel {channel} with the values {data}.")
        event = (time, order, bytes((status | channel, *data)))
        tracks.setdefault(channel, []).append(event)

    # Overlaps are looked for in ticks: what is apart in seconds may fall on one of them.
    timed = [
        replace(note, start=tick(note.start), end=max(tick(note.end), tick(note.start) + 1))
        for note in notes
    ]
    for note in without_overlaps(timed):
        add(int(note.start), _ON, note.channel, 0x90, note.pitch, max(1, note.velocity))
        add(int(note.end), _OFF, note.channel, 0x80, note.pitch, 64)
    for change in controls:
        add(tick(change.time), _CONTROL, change.channel, 0xB0, change.controller, change.value)
    for program in programs:
        add(tick(program.time), _PROGRAM, program.channel, 0xC0, program.program)

    tempo = min(round(60e6 / tempo_bpm), 0xFFFFFF)
    head = [(0, 0, _meta(0x03, title.encode())), (0, 0, _meta(0x51, tempo.to_bytes(3, "big")))]
    if metre != (4, 4):
        head.append((0, 0, metre_message(*metre)))
    head += [(tick(time), 1, _meta(0x06, text.encode())) for time, text in markers]
    chunks = [_chunk(head, tick(seconds)), *(_chunk(tracks[channel]) for channel in sorted(tracks))]
    size = (1).to_bytes(2, "big") + len(chunks).to_bytes(2, "big")
    division = TICKS_PER_QUARTER.to_bytes(2, "big")
    return b"MThd" + (6).to_bytes(4, "big") + size + division + b"".join(chunks)


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + variable_length_bytes(len(data)) + data


def _chunk(events: list[tuple[int, int, bytes]], end: int = 0) -> bytes:
    """A track of (tick, order, message), that ends at a tick at the earliest."""
    body, last = bytearray(), 0
    for time, _, message in sorted(events, key=lambda event: event[:2]):
        body += variable_length_bytes(time - last) + message
        last = time
    body += variable_length_bytes(max(end - last, 0)) + b"\xff\x2f\0"
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)
