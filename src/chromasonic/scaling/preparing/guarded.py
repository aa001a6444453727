"""Files read in a process of their own, so that a hostile one ends no more than that process."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from chromasonic.scaling.preparing.outcome import FileOutcome, refused_file
from chromasonic.scaling.preparing.reader import (
    TOO_MUCH_MEMORY,
    read_message,
    write_message,
)
from chromasonic.scaling.preparing.settings import PrepareSettings

TOO_LONG = "takes too long"
PATIENCE = 12
"""A reader that waits (it computes nothing, so its timer stands still) is given up after so many
times the processor time that a file may take."""


class GuardedReader:
    """Reads files in a child process, which is replaced when a file ends it.

    Args:
        settings: filters and limits.
    """

    def __init__(self, settings: PrepareSettings) -> None:
        self.settings = settings
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
            write_message(child.stdin, (name, data))
            answer = self._answer(child)
        except (EOFError, BrokenPipeError):
            code = child.wait()
            self.close()
            return None, code
        if answer is None:
            self.close()
        return answer, None

    def _answer(self, child: subprocess.Popen[bytes]) -> FileOutcome | None:
        """What the child says; None when it says nothing for too long."""
        assert child.stdout is not None
        deadline = time.monotonic() + PATIENCE * self.settings.seconds_per_file
        poll = select.poll()
        poll.register(child.stdout, select.POLLIN)
        if not poll.poll(1000 * max(0.0, deadline - time.monotonic())):
            return None
        answer: FileOutcome = read_message(child.stdout)
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
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
            assert self._child.stdin is not None
            write_message(self._child.stdin, self.settings)
        return self._child

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):
                    assert pipe is not None
                    pipe.close()
            child.wait()


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
        _ALL.pop().close()
