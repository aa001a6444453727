"""Lines of JSON in, lines of JSON out: recognition as a program that others talk to.

In: one frame a line (`formats.landmark_stream.parse_frame`), with its time "t" in seconds or
without; all with, or all without. Out, one object a line: "ready" once, then "answer", "start",
"end" and "unknown" (`streaming.Heard`), "midi" where something is played, "remark" where it was
begun anew after a pause, "error" for a line that is no frame; what comes after it is heard as
before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.formats.landmark_stream import LONGEST_LINE, parse_frame
from chromasonic.gesture.playing_live import LivePlayer
from chromasonic.gesture.recognizing import Model
from chromasonic.gesture.streaming import Heard, Listener

PAUSE_SECONDS = 3.0
"""A shorter gap counts as frames in which nothing was seen; after a longer one all begins anew."""

LONGEST_PAUSE_SECONDS = 86_400.0
"""A jump in time by more is a mistake."""

QUIET_SECONDS = 1.0
"""No line for so long: what sounds as long as a gesture is let go."""

MILLISECONDS = (150.0, 6000.0)
"""Frames between two lines whose times are a thousand times too large: from a rate that is said
too low to several frames lost."""

IN_A_ROW = 3
"""So many gaps like that are no chance."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a frame lies: frames that are missing before it, and what is said of that.

    `missing` is -1 where the place is taken; `is_pause`: too many are missing to count as unseen.
    """

    missing: int
    is_pause: bool = False
    remark: str = ""


class Conversation:
    """Turns lines into lines.

    Frames that carry times are put on the even grid that the model hears: what is missing counts as
    unseen, and of several that fall on one place the first is heard. After a pause all begins anew.
    Times that are plainly in milliseconds are told once, and left aside.

    Args:
        model: trained.
        listener: of the model.
        rate_hz: frames a second.
        answers: whether each frame's answer is told, or events alone.
        player: turns events into MIDI messages, told as "midi"; None plays nothing.
        names: landmark of the lines to landmark of the model, where they are called otherwise.
    """

    def __init__(
        self,
        model: Model,
        listener: Listener,
        rate_hz: float,
        *,
        answers: bool = True,
        player: LivePlayer | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._model, self._listener, self._rate = model, listener, rate_hz
        self._player, self._names = player, names
        self._answers = answers
        self._line = self._next = 0
        self._began: float | None = None
        self._before = 0.0
        self._like_milliseconds = self._behind = 0
        self._has_clock = True
        self._seen: npt.NDArray[np.float32] | None = None

    def greeting(self) -> Iterator[str]:
        """The first lines: what is listened for, and the instruments."""
        skeleton = self._model.skeleton
        yield _text(
            {
                "kind": "ready",
                "skeleton": skeleton.name,
                "landmarks": list(skeleton.nodes),
                "channels": list(skeleton.channels),
                "rate_hz": self._rate,
                "classes": list(self._model.classes),
                "is_causal": self._model.is_causal,
            }
        )
        if self._player is not None:
            for message in self._player.begin():
                yield _text(message.to_dict())

    def hear(self, line: str) -> Iterator[str]:
        """What one line leads to."""
        self._line += 1
        try:
            if len(line) > LONGEST_LINE:
                raise FormatError(
                    f"Line {self._line} is longer than {LONGEST_LINE:,} characters. Write one "
                    "frame a line."
                )
            frame = parse_frame(
                line,
                self._model.skeleton,
                near=self._seen,
                source=f"Line {self._line}",
                names=self._names,
            )
            if frame is None:
                return
            place = self._place(frame.seconds)
        except FormatError as error:
            yield _text({"kind": "error", "line": self._line, "message": str(error)})
            return
        if not np.isnan(frame.values).all():
            self._seen = frame.values
        if place.remark:
            yield _text({"kind": "remark", "line": self._line, "message": place.remark})
        if place.is_pause:
            yield from self._skip(place.missing)
        else:
            unseen = np.full_like(frame.values, np.nan)
            for _ in range(place.missing):
                yield from self._push(unseen)
        if place.missing >= 0:
            yield from self._push(frame.values)
            self._next += 1 + place.missing

    def wait(self, seconds: float) -> Iterator[str]:
        """What is due though no line has come for so many seconds."""
        if self._player is None or not self._next:
            return
        time = self._listener.time + seconds
        for message in self._player.wait(time, is_long=seconds >= QUIET_SECONDS):
            yield _text(message.to_dict())

    def finish(self) -> Iterator[str]:
        """No line comes any more."""
        heard = self._listener.finish()
        yield from self._told(heard)
        if self._player is not None:
            for message in self._player.finish(heard, self._listener.time):
                yield _text(message.to_dict())

    def _push(self, frame: npt.NDArray[np.float32]) -> Iterator[str]:
        heard = self._listener.push(frame)
        yield from self._told(heard)
        if self._player is not None:
            effort, time = self._listener.effort, self._listener.time
            for message in self._player.hear(heard, frame, effort, time):
                yield _text(message.to_dict())

    def _skip(self, frames: int) -> Iterator[str]:
        heard = self._listener.skip(frames)
        self._seen = None
        yield from self._told(heard)
        if self._player is not None:
            for message in self._player.skip(heard, frames, self._listener.time):
                yield _text(message.to_dict())

    def _place(self, seconds: float | None) -> _Place:
        """Where a frame lies.

        Raises:
            FormatError: its time is none, or too far from the last.
        """
        if seconds is None or not self._has_clock:
            return _Place(0)
        if self._began is None:
            self._began = self._before = seconds - self._next / self._rate
        place = (seconds - self._began) * self._rate
        if not abs(place - self._next) <= LONGEST_PAUSE_SECONDS * self._rate:
            raise FormatError(
                f"Line {self._line}: its time is {seconds} s, that of the frame before was about "
                f"{self._began + (self._next - 1) / self._rate:.3f} s. Times are in seconds; "
                "begin anew after a long pause."
            )
        if place < self._next - 1.5:
            self._behind += 1
            if self._behind == IN_A_ROW:
                self._began = self._before = seconds - self._next / self._rate
                self._behind = 0
                return _Place(
                    0, is_pause=True, remark=f"Times went back to {seconds:g} s: begun anew."
                )
            raise FormatError(
                f"Line {self._line}: its time, {seconds} s, lies before that of a frame that was "
                "heard. Send frames in time."
            )
        self._behind = 0
        missing = max(-1, round(place) - self._next)
        low, high = MILLISECONDS
        is_like = low <= (seconds - self._before) * self._rate <= high
        self._like_milliseconds = self._like_milliseconds + 1 if is_like else 0
        step, self._before = seconds - self._before, seconds
        if self._like_milliseconds == IN_A_ROW:
            self._has_clock = False
            return _Place(
                0,
                remark=f"Times grow by about {step:g} a frame, as milliseconds do; 't' is in "
                "seconds, 'timestamp_ms' in milliseconds. From here on frames are heard "
                f"{self._rate:g} a second, whatever their times say.",
            )
        if missing <= PAUSE_SECONDS * self._rate:
            return _Place(missing)
        return _Place(
            missing,
            is_pause=True,
            remark=f"Nothing came for {missing / self._rate:.1f} s: begun anew.",
        )

    def _told(self, heard: list[Heard]) -> Iterator[str]:
        for one in heard:
            if self._answers or one.kind != "answer":
                yield _text(one.to_dict())


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
