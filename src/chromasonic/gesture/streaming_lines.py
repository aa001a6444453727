"""Lines of JSON in, lines of JSON out: recognition as a program that others talk to.

In: one frame a line (`formats.landmark_stream.parse_frame`), with its time "t" in seconds or
without; all with, or all without. Out, one object a line: "ready" once, then "answer", "start",
"end" and "unknown" (`streaming.Heard`), "midi" where something is played, "error" for a line that
is no frame; what comes after it is heard as before.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.formats.landmark_stream import LONGEST_LINE, parse_frame
from chromasonic.gesture.playing_live import LivePlayer
from chromasonic.gesture.recognizing import Model
from chromasonic.gesture.streaming import Heard, Listener

MOST_MISSING = 100_000
"""Frames that a jump in time may leave out."""


class Conversation:
    """Turns lines into lines.

    Frames that carry times are put on the even grid that the model hears: what is missing counts as
    unseen, and of several that fall on one place the first is heard.

    Args:
        model: trained.
        listener: of the model.
        rate_hz: frames a second.
        answers: whether each frame's answer is told, or events alone.
        player: turns events into MIDI messages, told as "midi"; None plays nothing.
    """

    def __init__(
        self,
        model: Model,
        listener: Listener,
        rate_hz: float,
        *,
        answers: bool = True,
        player: LivePlayer | None = None,
    ) -> None:
        self._model, self._listener, self._rate = model, listener, rate_hz
        self._player = player
        self._answers = answers
        self._line = self._next = 0
        self._began: float | None = None
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
                line, self._model.skeleton, near=self._seen, source=f"Line {self._line}"
            )
            if frame is None:
                return
            missing = self._missing(frame.seconds)
        except FormatError as error:
            yield _text({"kind": "error", "line": self._line, "message": str(error)})
            return
        if not np.isnan(frame.values).all():
            self._seen = frame.values
        unseen = np.full_like(frame.values, np.nan)
        for _ in range(max(missing, 0)):
            yield from self._push(unseen)
        if missing >= 0:
            yield from self._push(frame.values)
            self._next += 1 + missing

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

    def _missing(self, seconds: float | None) -> int:
        """Frames that are missing before one; -1: its place is taken.

        Raises:
            FormatError: its time is none, or too far from the last.
        """
        if seconds is None:
            return 0
        if self._began is None:
            self._began = seconds - self._next / self._rate
        place = (seconds - self._began) * self._rate
        if not abs(place - self._next) <= MOST_MISSING:
            raise FormatError(
                f"Line {self._line}: its time is {seconds} s, that of the frame before was about "
                f"{self._began + (self._next - 1) / self._rate:.3f} s. Times are in seconds; "
                "begin anew after a long pause."
            )
        if place < self._next - 1.5:
            raise FormatError(
                f"Line {self._line}: its time, {seconds} s, lies before that of a frame that was "
                "heard. Send frames in time."
            )
        return max(-1, round(place) - self._next)

    def _told(self, heard: list[Heard]) -> Iterator[str]:
        for one in heard:
            if self._answers or one.kind != "answer":
                yield _text(one.to_dict())


def read_lines(source: IO[str]) -> Iterator[str]:
    """Lines as they come; of one that is too long its beginning, and never the whole in memory."""
    while line := source.readline(LONGEST_LINE + 2):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith("\n"):
            line = source.readline(LONGEST_LINE + 2)
            if not line:
                return


class UntilInterrupted:
    """Lines until they end or somebody presses Ctrl-C, which never falls into the midst of a frame.

    Args:
        lines: as they come.

    Attributes:
        was_interrupted: whether Ctrl-C ended them.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._waits = lines, False
        self.was_interrupted = False

    def __iter__(self) -> Iterator[str]:
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            while not self.was_interrupted:
                self._waits = True
                try:
                    line = next(self._lines, None)
                except KeyboardInterrupt:
                    return
                finally:
                    self._waits = False
                if line is None:
                    return
                yield line
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupt(self, *_: object) -> None:
        self.was_interrupted = True
        if self._waits:
            raise KeyboardInterrupt


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
