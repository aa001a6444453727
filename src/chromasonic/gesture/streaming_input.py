"""Lines that a program is given while it runs: as they come, with a clock, until Ctrl-C."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterator
from typing import IO, Generic, TypeVar

from chromasonic.formats.landmark_stream import LONGEST_LINE

Line = TypeVar("Line")


def read_lines(source: IO[str]) -> Iterator[str]:
    """Lines as they come; of one that is too long its beginning, and never the whole in memory."""
    while line := source.readline(LONGEST_LINE + 2):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith("\n"):
            line = source.readline(LONGEST_LINE + 2)
            if not line:
                return


class Arriving:
    """Lines as they come, and None wherever none has come for a while.

    Args:
        descriptor: of the file that they are read from, by a thread of its own.
        tick_seconds: how long a while is.
    """

    def __init__(self, descriptor: int, *, tick_seconds: float = 0.02) -> None:
        self._tick, self._is_over = tick_seconds, False
        self._arrived: queue.Queue[str | None] = queue.Queue(maxsize=1024)
        threading.Thread(target=self._read, args=(descriptor,), daemon=True).start()

    def __iter__(self) -> Iterator[str | None]:
        return self

    def __next__(self) -> str | None:
        if self._is_over:
            raise StopIteration
        try:
            line = self._arrived.get(timeout=self._tick)
        except queue.Empty:
            return None
        if line is None:
            self._is_over = True
            raise StopIteration
        return line

    def _read(self, descriptor: int) -> None:
        # A reader of its own: at exit nobody waits for standard input's, which it may hold.
        source = open(descriptor, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        try:
            for line in read_lines(source):
                self._arrived.put(line)
        finally:
            self._arrived.put(None)


class UntilInterrupted(Generic[Line]):
    """Lines until they end or somebody presses Ctrl-C, which never falls into the midst of a frame.

    Args:
        lines: as they come.

    Attributes:
        was_interrupted: whether Ctrl-C ended them.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines, self._waits = lines, False
        self.was_interrupted = False

    def __iter__(self) -> Iterator[Line]:
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            while not self.was_interrupted:
                try:
                    self._waits = True
                    line = next(self._lines)
                except (KeyboardInterrupt, StopIteration):
                    return
                finally:
                    self._waits = False
                yield line
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupt(self, *_: object) -> None:
        self.was_interrupted = True
        if self._waits:
            raise KeyboardInterrupt
