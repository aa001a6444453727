"""A MIDI file with its drum hits apart: move and strike them anew, and keep all the rest.

Whatever is no note of the drums' channel goes back into the file byte for byte at its own time:
tempo, names, other parts, controllers, system exclusive data, chunks of unknown kind.

Legend: N hits, M messages of a track.
"""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError, UsageError
from chromasonic.files import PathLike
from chromasonic.formats.midi_channels import channels_in_use
from chromasonic.formats.midi_events import (
    CHANNEL_DATA_BYTES,
    DRUM_CHANNEL,
    MidiEvents,
    parse_midi,
    variable_length,
    variable_length_bytes,
)

Integers = npt.NDArray[np.int64]

FINEST_TICKS = 32_767
"""The most ticks a quarter that a MIDI file can have."""

LONGEST_TICKS = 2**28 - 1
"""The longest time between two messages that a MIDI file can write."""

BANK_SELECT = (0, 32)
"""Controllers that choose a kit together with a program change."""

_END_OF_TRACK = b"\xff\x2f\x00"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DrumHits:
    """Hits in the order of onsets (then of pitches), as columns of one length N, in ticks.

    Attributes:
        onset: from the start of the file.
        end: when the note is switched off, at or after the onset.
        pitch: MIDI note.
        velocity: 1 to 127.
        track: number of the track in the file.
        earliest, latest: between which ticks a hit may move without passing a change of kit
            (program or bank) on its channel.
    """

    onset: Integers
    end: Integers
    pitch: Integers
    velocity: Integers
    track: Integers
    earliest: Integers
    latest: Integers

    def __len__(self) -> int:
        return len(self.onset)


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class _Track:
    """Messages of a track; those of hits can be given other times and velocities.

    Attributes:
        tick: (M,) from the start.
        begin, end: (M,) where each message stands in the file, without its delta time.
        status: (M,) the first byte, which running status may have left out of the file.
        on, off: for each hit, in file order, the numbers of its two messages; off is -1 where the
            note is never switched off.
        kit_changes: ticks and numbers of messages that choose a kit.
        last_tick: of the end of the track.
    """

    tick: array[int] = field(default_factory=_numbers)
    begin: array[int] = field(default_factory=_numbers)
    end: array[int] = field(default_factory=_numbers)
    status: array[int] = field(default_factory=_numbers)
    on: array[int] = field(default_factory=_numbers)
    off: array[int] = field(default_factory=_numbers)
    kit_changes: list[tuple[int, int]] = field(default_factory=list)
    last_tick: int = 0


class DrumFile:
    """A MIDI file whose drum hits can be changed.

    Attributes:
        source: its name, for messages.
        events: all that it says of notes, tempos and metres.
        hits: of the drums' channel.
        ticks_per_quarter: of the file as it was read.
    """

    def __init__(self, data: bytes, source: str, *, channel: int = DRUM_CHANNEL) -> None:
        """Take a file apart.

        Args:
            data: the whole file.
            source: how to call it in messages.
            channel: of the drums, counted from 0.

        Raises:
            FormatError: see `midi_events.parse_midi`; or the channel has no note.
            UsageError: there is no such channel.
        """
        if not 0 <= channel <= 15:
            raise UsageError(
                f"The drums' channel is {channel + 1}; allowed: 1 to 16 (drums are on 10)."
            )
        self.source, self.channel = source, channel
        self.events: MidiEvents = parse_midi(data, source)
        self.ticks_per_quarter = self.events.ticks_per_quarter
        self._data = data
        self._chunks = list(_chunks(data))
        self._tracks = [
            _read_track(data, begin, end, channel)
            for kind, begin, end in self._chunks
            if kind == b"MTrk"
        ]
        self.hits, self._where = self._all_hits()
        if not len(self.hits):
            used = ", ".join(one.words for one in channels_in_use(self.events))
            raise FormatError(
                f"{source} has no drums on channel {channel + 1}; its notes are on "
                f"{used or 'no channel'}. Drums stand on channel 10 in General MIDI: move them "
                "there, or name the channel that holds them (on the command line with --channel)."
            )

    def _all_hits(self) -> tuple[DrumHits, Integers]:
        """The hits of all tracks, and for each its number in the order of tracks."""
        columns = [_hits_of(track, number, self._data) for number, track in enumerate(self._tracks)]
        table = np.concatenate(columns) if columns else np.zeros((0, 7), np.int64)
        order = np.lexsort((table[:, 2], table[:, 0]))
        return DrumHits(
            **dict(zip(DrumHits.__dataclass_fields__, table[order].T.copy(), strict=True))
        ), order

    @property
    def finest(self) -> int:
        """By how much its resolution can be raised."""
        longest = max((track.last_tick for track in self._tracks), default=0)
        return max(1, min(FINEST_TICKS // self.ticks_per_quarter, LONGEST_TICKS // (longest + 1)))

    def with_hits(
        self, onset: Integers, end: Integers, velocity: Integers, *, finer: int = 1
    ) -> bytes:
        """The file with its hits at other times and of other strength.

        Args:
            onset: (N,) in the order of `hits`, in ticks of the new resolution.
            end: (N,) above the onsets.
            velocity: (N,) 1 to 127.
            finer: by how much the new resolution is finer than the old one.

        Returns:
            The bytes of the new file; all other messages keep their time.
        """
        if not 1 <= finer <= self.finest:
            raise UsageError(
                f"{self.source} cannot be made {finer} times finer; allowed: 1 to {self.finest}."
            )
        if (end <= onset).any() or (onset < 0).any() or ((velocity < 1) | (velocity > 127)).any():
            raise UsageError("Hits begin at 0 or later, last above 0, and have velocity 1 to 127.")
        in_file_order = np.empty((len(self.hits), 3), np.int64)
        in_file_order[self._where] = np.stack([onset, end, velocity], axis=1)
        division = (self.ticks_per_quarter * finer).to_bytes(2, "big")
        header_end = 8 + int.from_bytes(self._data[4:8], "big")
        parts = [self._data[:12], division, self._data[14:header_end]]
        done, tracks, place = 0, iter(self._tracks), header_end
        for kind, begin, stop in self._chunks:
            if kind == b"MTrk":
                track = next(tracks)
                mine = in_file_order[done : done + len(track.on)]
                done += len(track.on)
                content = _track_bytes(self._data, track, mine, finer)
                parts += [b"MTrk", len(content).to_bytes(4, "big"), content]
            else:
                parts.append(self._data[begin - 8 : stop])
            place = stop
        parts.append(self._data[place:])
        return b"".join(parts)


def read_drum_file(path: PathLike, *, channel: int = DRUM_CHANNEL) -> DrumFile:
    """Take a MIDI file apart; see `DrumFile`.

    Raises:
        FormatError: it cannot be read, is damaged, or has no drums there.
        UsageError: there is no such channel.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    return DrumFile(data, path.name, channel=channel)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, begin, end) of each chunk after the header; the file is known to be whole."""
    place = 8 + int.from_bytes(data[4:8], "big")
    while place + 8 <= len(data):
        end = place + 8 + int.from_bytes(data[place + 4 : place + 8], "big")
        yield data[place : place + 4], place + 8, end
        place = end


def _read_track(data: bytes, place: int, stop: int, channel: int) -> _Track:
    """One track's messages; it is known to be undamaged."""
    track = _Track()
    sounding: dict[int, deque[int]] = defaultdict(deque)
    tick, status, count = 0, 0, 0
    while place < stop:
        delta, place = variable_length(data, place)
        tick += delta
        if data[place] >= 0x80:
            status, place = data[place], place + 1
        begin = place
        if status >= 0xF0:
            kind = data[place] if status == 0xFF else -1
            length, place = variable_length(data, place + (status == 0xFF))
            place += length
            if kind == 0x2F:
                break
        else:
            place += CHANNEL_DATA_BYTES[status >> 4]
        if status < 0xF0 and status & 0x0F == channel:
            _note_of_interest(track, sounding, status >> 4, data, begin, tick, count)
        track.tick.append(tick)
        track.begin.append(begin)
        track.end.append(place)
        track.status.append(status)
        count += 1
        status = 0 if status >= 0xF0 else status
    track.last_tick = tick
    return track


def _note_of_interest(
    track: _Track,
    sounding: dict[int, deque[int]],
    kind: int,
    data: bytes,
    begin: int,
    tick: int,
    number: int,
) -> None:
    """Take down a hit's beginning or end, or a change of kit, on the drums' channel."""
    pitch = data[begin] & 0x7F
    if kind == 0x9 and data[begin + 1] & 0x7F:
        sounding[pitch].append(len(track.on))
        track.on.append(number)
        track.off.append(-1)
    elif kind in (0x8, 0x9):
        if sounding[pitch]:
            track.off[sounding[pitch].popleft()] = number
    elif kind == 0xC or (kind == 0xB and pitch in BANK_SELECT):
        track.kit_changes.append((tick, number))


def _hits_of(track: _Track, number: int, data: bytes) -> Integers:
    """(hits, 7): the columns of `DrumHits`, in the order of the track's messages."""
    on, off = np.array(track.on, np.int64), np.array(track.off, np.int64)
    tick, begin = np.array(track.tick, np.int64), np.array(track.begin, np.int64)
    raw = np.frombuffer(data, np.uint8)
    changes = np.array(track.kit_changes, np.int64).reshape(-1, 2)
    which = np.searchsorted(changes[:, 1], on)  # changes before each hit, by order in the track
    bounds = np.concatenate([[0], changes[:, 0], [np.iinfo(np.int64).max // FINEST_TICKS]])
    if not len(on):
        return np.zeros((0, 7), np.int64)
    columns = (
        tick[on],
        np.where(off >= 0, tick[off], track.last_tick),
        raw[begin[on]] & 0x7F,
        raw[begin[on] + 1] & 0x7F,
        np.full(len(on), number),
        bounds[which],
        bounds[which + 1],
    )
    return np.stack(columns, axis=1).astype(np.int64)


def _track_bytes(data: bytes, track: _Track, hits: Integers, finer: int) -> bytes:
    """A track with its hits changed; messages of one tick keep their order.

    A note that was never switched off gets its end.
    """
    tick = np.array(track.tick, np.int64) * finer
    on, off = np.array(track.on, np.int64), np.array(track.off, np.int64)
    velocity = bytearray(len(tick))
    extra: list[tuple[int, bytes]] = []
    if len(on):
        tick[on] = hits[:, 0]
        has_end = off >= 0
        tick[off[has_end]] = hits[has_end, 1]
        for number, strength in zip(on.tolist(), hits[:, 2].tolist(), strict=True):
            velocity[number] = strength
        for number, end in zip(on[~has_end].tolist(), hits[~has_end, 1].tolist(), strict=True):
            off_status = 0x80 | track.status[number] & 0x0F
            extra.append((end, bytes((off_status, data[track.begin[number]] & 0x7F, 64))))
    ticks = np.concatenate([tick, np.array([end for end, _ in extra], np.int64)])
    out, last = bytearray(), 0
    begin, stop, status = track.begin, track.end, track.status
    for number in np.argsort(ticks, kind="stable").tolist():
        now = int(ticks[number])
        out += variable_length_bytes(now - last)
        last = now
        if number >= len(begin):
            out += extra[number - len(begin)][1]
            continue
        out.append(status[number])
        if velocity[number]:
            out.append(data[begin[number]])
            out.append(velocity[number])
        else:
            out += data[begin[number] : stop[number]]
    out += variable_length_bytes(max(track.last_tick * finer - last, 0)) + _END_OF_TRACK
    return bytes(out)
