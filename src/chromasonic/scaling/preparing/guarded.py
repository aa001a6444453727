"""Files read in a process of their own, so that a hostile one ends no more than that process."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress

from chromasonic.errors import CorpusError
from chromasonic.scaling.preparing.outcome import FileOutcome, refused_file
from chromasonic.scaling.preparing.reader import (
    TOO_MUCH_MEMORY,
    read_message,
    write_message,
)
from chromasonic.scaling.preparing.settings import PrepareSettings

TOO_LONG = "takes too long"
PATIENCE_SECONDS = 60.0
"""A reader that computes nothing for so long (so that its timer stands still) is given up. One that
computes is ended by the system when its time is over, however busy the machine."""


class ReaderIsOver(Exception):
    """A file is to be read after the end of all work: the thread that asks has been given up."""


class GuardedReader:
    """Reads files in a child process, which is replaced when a file ends it.

    Args:
        settings: filters and limits.
    """

    def __init__(self, settings: PrepareSettings) -> None:
        self.settings = settings
        self._is_over = False
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child that is there."""
        return None if self._child is None else self._child.pid

    def read(self, name: str, data: bytes) -> FileOutcome:
        """What a file gives; see `one_file.outcome_of`.

        A child that is ended from outside (not by its own limits) gets a second try.
        """
        for _ in range(2):
            outcome, code = self._try(name, data)
            if outcome is not None:
                if any(refusal.reason == TOO_MUCH_MEMORY for refusal in outcome.refused):
                    self.close()  # what it still holds would count against the next file
                return outcome
            if code is None or code == -signal.SIGPROF:
                limit = f"the limit is {self.settings.seconds_per_file:g} s of processor time"
                return refused_file(name, TOO_LONG, limit)
        return refused_file(name, "ends the process that reads it", f"twice; exit code {code}")

    def _try(self, name: str, data: bytes) -> tuple[FileOutcome | None, int | None]:
        """The outcome; else None and the child's exit code, None where it had to be ended."""
        child = self._started()
        assert child.stdin is not None
        try:
            write_message(child.stdin, name, data)
            answer = self._answer(child)
        except (EOFError, BrokenPipeError):
            code = child.wait()
            self.close()
            return None, code
        if answer is None:
            self.close()
        return answer, None

    def _answer(self, child: subprocess.Popen[bytes]) -> FileOutcome | None:
        """What the child says; None when it neither says nor computes anything for too long."""
        assert child.stdout is not None
        poll = select.poll()
        poll.register(child.stdout, select.POLLIN)
        computed = -1
        while not poll.poll(1000 * PATIENCE_SECONDS):
            before, computed = computed, _processor_ticks(child.pid)
            if computed == before:
                return None
        return FileOutcome.from_dict(read_message(child.stdout)[0])

    def _started(self) -> subprocess.Popen[bytes]:
        if self._is_over:
            raise ReaderIsOver
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = subprocess.Popen(
                [sys.executable, "-m", "chromasonic.scaling.preparing.reader"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the process that the user started
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
            self._introduce(self._child)
        return self._child

    def _introduce(self, child: subprocess.Popen[bytes]) -> None:
        """Give a new child the settings, and wait until it is ready."""
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            write_message(child.stdin, self.settings.to_dict())
            read_message(child.stdout)
        except (EOFError, BrokenPipeError) as error:
            code = child.wait()
            self.close()
            if self._is_over:
                raise ReaderIsOver from error
            raise CorpusError(
                f"The process that reads files cannot be started (exit code {code}). Is there "
                "memory left? Take fewer workers."
            ) from error

    def close_for_good(self) -> None:
        """End the child; whoever still reads meets `ReaderIsOver`."""
        self._is_over = True
        self.close()

    def close(self) -> None:
        """End the child, if there is one; the next file gets another."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):
                    assert pipe is not None
                    pipe.close()
            child.wait()


def _processor_ticks(pid: int) -> int:
    """Processor time that a process has taken, in the system's ticks; 0 where it does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


_OF_THREAD = threading.local()
_ALL: list[GuardedReader] = []


def reader_of_thread(settings: PrepareSettings) -> GuardedReader:
    """The reader of the thread that asks: one that is there goes on to the next block."""
    reader: GuardedReader | None = getattr(_OF_THREAD, "reader", None)
    if reader is None or reader.settings != settings:
        if reader is not None:
            reader.close()
        reader = _OF_THREAD.reader = GuardedReader(settings)
        _ALL.append(reader)
    return reader


def close_readers() -> None:
    """End the children of all threads of this process."""
    while _ALL:
        _ALL.pop().close_for_good()
