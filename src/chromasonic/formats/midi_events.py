"""Standard MIDI files as plain events, read byte by byte.

Read here and not by a library because a damaged file must give a message: fast C++ readers were
found to crash the whole process on a few flipped bytes.

Source: MIDI Manufacturers Association, "Standard MIDI Files 1.0" (RP-001).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import NamedTuple

from chromasonic.errors import FormatError

DRUM_CHANNEL = 9
SUSTAIN = 64
"""Number of the sustain pedal's controller; from 64 on its value means down."""

MAX_NOTES = 2_000_000
CHANNEL_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}


class MidiNote(NamedTuple):
    """One sounding note: onset and end in the file's ticks, velocity 1 to 127.

    A tuple, as a file has thousands: it is made in a quarter of the time of a frozen dataclass.
    """

    onset: int
    end: int
    pitch: int
    channel: int
    track: int
    velocity: int
    program: int


@dataclass(slots=True)
class MidiEvents:
    """What a MIDI file says of its notes; lists are ordered by time.

    Attributes:
        ticks_per_quarter: ticks of a quarter note, above 0.
        tempos: (tick, microseconds a quarter).
        metres: (tick, numerator, denominator).
        keys: (tick, sharps or minus flats, whether minor).
        markers: (tick, text).
        track_names: track number to name.
        pedals: (tick, channel, whether down): where a sustain pedal changes.
    """

    ticks_per_quarter: int
    notes: list[MidiNote] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    metres: list[tuple[int, int, int]] = field(default_factory=list)
    keys: list[tuple[int, int, bool]] = field(default_factory=list)
    markers: list[tuple[int, str]] = field(default_factory=list)
    track_names: dict[int, str] = field(default_factory=dict)
    pedals: list[tuple[int, int, bool]] = field(default_factory=list)


def metre_message(numerator: int, denominator: int) -> bytes:
    """The message of a time signature; the denominator is a power of two.

    A metronome's click falls on each beat: a dotted quarter in 6/8, 9/8 and 12/8.
    """
    is_compound = denominator >= 8 and numerator % 3 == 0
    clocks = 96 // denominator * (3 if is_compound else 1)
    return bytes((0xFF, 0x58, 4, numerator, denominator.bit_length() - 1, clocks, 8))


def parse_midi(data: bytes, source: str) -> MidiEvents:
    """Read the bytes of a standard MIDI file of format 0 or 1.

    Args:
        data: the whole file.
        source: how to call it in messages.

    Raises:
        FormatError: no MIDI file, cut short, SMPTE time, 0 ticks a quarter, format 2, or more
            than `MAX_NOTES` notes.
    """
    events = MidiEvents(_ticks_per_quarter(data, source))
    place, track = 8 + int.from_bytes(data[4:8], "big"), 0
    while place < len(data):
        if place + 8 > len(data):
            break  # a few stray bytes after the last chunk: many programs pad
        kind, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "big")
        place += 8
        if place + length > len(data):
            raise FormatError(
                f"{source} is cut short: track {track + 1} should have {length} bytes, "
                f"only {len(data) - place} are there. Copy or export the file again."
            )
        if kind == b"MTrk":
            try:
                _read_track(data[place : place + length], track, events, source)
            except IndexError:
                raise FormatError(
                    f"{source} is damaged: track {track + 1} ends in the middle of an event. "
                    "Export the file again."
                ) from None
            track += 1
        place += length
    if track == 0:
        raise FormatError(f"{source} has no track. Export the file again.")
    events.notes.sort(key=attrgetter("onset"))
    for values in (events.tempos, events.metres, events.keys, events.markers, events.pedals):
        values.sort(key=itemgetter(0))
    return events


def _ticks_per_quarter(data: bytes, source: str) -> int:
    if not data:
        raise FormatError(f"{source} is empty: a MIDI file has at least a header of 14 bytes.")
    if data[:4] != b"MThd":
        raise FormatError(
            f"{source} is no MIDI file: it begins with {data[:4]!r}, not with b'MThd'."
        )
    if len(data) < 14 or int.from_bytes(data[4:8], "big") < 6:
        raise FormatError(f"{source} is cut short: {len(data)} bytes, the header alone has 14.")
    form, division = int.from_bytes(data[8:10], "big"), int.from_bytes(data[12:14], "big")
    if form > 1:
        raise FormatError(
            f"{source} is a MIDI file of format {form}; 0 and 1 are read. Export it as format 1."
        )
    if division & 0x8000:
        raise FormatError(
            f"{source} counts time in SMPTE frames, which have no beats. "
            "Export it with ticks a quarter note."
        )
    if division == 0:
        raise FormatError(f"{source} has 0 ticks a quarter note; at least 1 is needed.")
    return division


def _read_track(data: bytes, track: int, events: MidiEvents, source: str) -> None:
    """Add one track's events; an IndexError means that the bytes ended too early."""
    place, tick, status = 0, 0, 0
    sounding: dict[int, list[tuple[int, int, int]]] = defaultdict(list)  # by channel * 128 + pitch
    programs, is_down = [0] * 16, [False] * 16
    size = len(data)
    while place < size:
        delta, place = data[place], place + 1
        if delta >= 0x80:  # most times take one byte: no call for those
            delta, place = variable_length(data, place - 1)
        tick += delta
        byte = data[place]
        if byte >= 0x80:
            status, place = byte, place + 1
        if 0x80 <= status < 0xA0:  # a key goes down or up: most of a file
            pitch, velocity = data[place] & 0x7F, data[place + 1] & 0x7F
            place += 2
            channel = status & 0x0F
            begun = sounding[channel << 7 | pitch]
            if status >= 0x90 and velocity:
                begun.append((tick, velocity, programs[channel]))
                if len(events.notes) + len(begun) > MAX_NOTES:
                    raise FormatError(
                        f"{source} has more than {MAX_NOTES:,} notes. Music has fewer: cut it."
                    )
            elif begun:
                onset, struck, program = begun.pop(0)
                events.notes.append(MidiNote(onset, tick, pitch, channel, track, struck, program))
            continue
        if status < 0x80:
            raise FormatError(
                f"{source} is damaged: track {track + 1} has data without a status byte."
            )
        if status >= 0xF0:
            kind = data[place] if status == 0xFF else -1
            length, place = variable_length(data, place + (status == 0xFF))
            if place + length > size:
                raise IndexError
            if kind == 0x2F:
                break
            if status == 0xFF:
                _read_meta(kind, data[place : place + length], tick, track, events)
            place, status = place + length, 0
            continue
        count = CHANNEL_DATA_BYTES[status >> 4]
        first, second = data[place] & 0x7F, data[place + count - 1] & 0x7F
        place += count
        channel = status & 0x0F
        if status >> 4 == 0xC:
            programs[channel] = first
        if status >> 4 == 0xB and first == SUSTAIN and (second >= 64) != is_down[channel]:
            is_down[channel] = second >= 64
            events.pedals.append((tick, channel, is_down[channel]))
    for key, begun in sounding.items():  # never switched off: they end with the track
        events.notes += [
            MidiNote(onset, tick, key & 0x7F, key >> 7, track, struck, program)
            for onset, struck, program in begun
        ]


def _read_meta(kind: int, data: bytes, tick: int, track: int, events: MidiEvents) -> None:
    """Add one meta event; one that is too short for its kind says nothing and is passed over."""
    if kind == 0x03:
        events.track_names.setdefault(track, _text(data))
    elif kind == 0x06:
        events.markers.append((tick, _text(data)))
    elif kind == 0x51 and len(data) >= 3:
        events.tempos.append((tick, int.from_bytes(data[:3], "big")))
    elif kind == 0x58 and len(data) >= 2:
        events.metres.append((tick, data[0], 1 << min(data[1], 16)))
    elif kind == 0x59 and len(data) >= 2:
        fifths = data[0] - 256 if data[0] > 127 else data[0]
        events.keys.append((tick, fifths, data[1] == 1))


def variable_length(data: bytes, place: int) -> tuple[int, int]:
    """A variable-length number, and the place after it."""
    value = 0
    for _ in range(4):
        byte = data[place]
        place += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place
    raise IndexError


def variable_length_bytes(ticks: int) -> bytes:
    """A number from 0 to 268,435,455 as MIDI files write times and lengths."""
    if ticks < 0x80:
        return bytes((ticks,))
    groups = [ticks & 0x7F]
    while ticks := ticks >> 7:
        groups.append(ticks & 0x7F | 0x80)
    return bytes(reversed(groups))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return data.decode("latin-1").strip("\0 ")
