"""Music while the movement goes on: MIDI messages, each when it is due."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.gesture.mapping import Mapping
from chromasonic.gesture.playing import Player
from chromasonic.gesture.playing_follow import Follower
from chromasonic.gesture.playing_rooms import Rooms
from chromasonic.gesture.streaming import Heard
from chromasonic.music.movement import Skeleton

REMEMBERED_SECONDS = 60.0
"""How long ago the speed of a movement is still known."""


class RecentEfforts:
    """Efforts of the last frames, by the numbers of all frames.

    Args:
        rate_hz: frames a second.

    Attributes:
        rate_hz: likewise.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._most = math.ceil(REMEMBERED_SECONDS * rate_hz)
        self._kept: list[float] = []
        self._gone = 0

    @property
    def efforts(self) -> RecentEfforts:
        """Itself: what can be sliced."""
        return self

    def push(self, effort: float) -> None:
        """The next frame's."""
        self._kept.append(effort)
        if len(self._kept) > 2 * self._most:
            self._gone += len(self._kept) - self._most
            self._kept = self._kept[-self._most :]

    def skip(self, frames: int) -> None:
        """So many frames go by of which nothing is known."""
        self._gone += len(self._kept) + frames
        self._kept = []

    def __getitem__(self, frames: slice) -> npt.NDArray[np.float64]:
        first, end = (max(0, (place or 0) - self._gone) for place in (frames.start, frames.stop))
        return np.array(self._kept[first:end])


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMessage:
    """A MIDI message: when it was due, in seconds, and its bytes."""

    time: float
    data: bytes

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a line of JSON."""
        return {"kind": "midi", "time": round(self.time, 4), "bytes": list(self.data)}


class LivePlayer:
    """Plays what a listener hears.

    Args:
        mapping: what gestures do; see `Mapping.check`.
        skeleton: of the frames.
        rate_hz: frames a second.
        rooms: the other models; None loads those that the mapping names.

    Raises:
        UsageError, CheckpointError: another model cannot be used.
        ConfigError: a chord is none of the key, or a controller follows without a range.
    """

    def __init__(
        self, mapping: Mapping, skeleton: Skeleton, rate_hz: float, *, rooms: Rooms | None = None
    ) -> None:
        self._efforts = RecentEfforts(rate_hz)
        self._player = Player(mapping, self._efforts, rooms or Rooms.of(mapping), math.inf)
        self._followers = [Follower(one, skeleton, rate_hz) for one in mapping.follows]
        self._mapping = mapping
        self._open = ""
        self._waiting: list[int] = []
        self._sounding: dict[tuple[int, int], int] = {}
        self._known = 0

    def begin(self) -> list[DueMessage]:
        """What comes before the first frame: instruments."""
        return [
            DueMessage(time=0.0, data=bytes((0xC0 | channel - 1, program)))
            for channel, program in self._mapping.instruments.items()
        ]

    def hear(
        self, heard: Sequence[Heard], frame: npt.NDArray[np.float32], effort: float, time: float
    ) -> list[DueMessage]:
        """What is due by a frame.

        Args:
            heard: what the listener said of it.
            frame: (N, C).
            effort: of it.
            time: of it, in seconds.
        """
        self._efforts.push(effort)
        self._act(heard, time)
        for follower in self._followers:
            during = follower.follow.during
            self._player.controls += follower.push(
                frame, time, counts=not during or during == self._open
            )
        return list(self._due(time))

    def wait(self, time: float, *, is_long: bool) -> list[DueMessage]:
        """What is due though no frame comes: keys are let go, and drums and phrases go on.

        Args:
            time: that it would be, in seconds.
            is_long: whether what sounds as long as a gesture is let go too.
        """
        if is_long:
            self._player.release(time)
        return list(self._due(time))

    def skip(self, heard: Sequence[Heard], frames: int, time: float) -> list[DueMessage]:
        """What is due when so many frames went by of which nothing is known.

        Args:
            heard: what the listener said of it.
            frames: how many.
            time: of the last of them, in seconds.
        """
        self._efforts.skip(frames)
        for follower in self._followers:
            follower.forget()
        self._act(heard, time)
        return list(self._due(time))

    def finish(self, heard: Sequence[Heard], time: float) -> list[DueMessage]:
        """No frame comes any more: what is open ends, and every key is let go."""
        self._act(heard, time)
        self._player.release(time)
        found = list(self._due(time))
        found += [self._off(key, time) for key in list(self._sounding)]
        return found

    def _act(self, heard: Sequence[Heard], time: float) -> None:
        for one in heard:
            if one.kind == "start" and one.event is not None:
                self._open = one.label
                goes_on = one.event if one.event.is_over else replace(one.event, end=math.inf)
                self._player.take(goes_on)
            elif one.kind == "end":
                self._open = ""
                self._player.release(time)

    def _due(self, time: float) -> Iterator[DueMessage]:
        """Messages in the order of a MIDI file: keys let go, instruments, controllers, keys."""
        notes = self._player.sounding
        self._waiting += range(self._known, len(notes))
        self._known = len(notes)
        for key, number in list(self._sounding.items()):
            if notes[number].end <= time:
                yield self._off(key, notes[number].end)
        for program in self._player.programs:
            yield DueMessage(
                time=program.time, data=bytes((0xC0 | program.channel, program.program))
            )
        self._player.programs.clear()
        later = []
        for change in self._player.controls:
            if change.time > time:
                later.append(change)
                continue
            data = bytes((0xB0 | change.channel, change.controller, change.value))
            yield DueMessage(time=change.time, data=data)
        self._player.controls = later
        for number in [one for one in self._waiting if notes[one].start <= time]:
            self._waiting.remove(number)
            note = notes[number]
            if note.end <= note.start:
                continue
            key = (note.channel, note.pitch)
            if key in self._sounding:
                yield self._off(key, time)
            self._sounding[key] = number
            yield DueMessage(
                time=note.start,
                data=bytes((0x90 | note.channel, note.pitch, max(1, note.velocity))),
            )

    def _off(self, key: tuple[int, int], time: float) -> DueMessage:
        del self._sounding[key]
        channel, pitch = key
        return DueMessage(time=time, data=bytes((0x80 | channel, pitch, 64)))
