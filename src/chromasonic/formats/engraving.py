"""The engraver's process: one for each call, or one that stays for whoever engraves often."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from chromasonic.formats.engraver import STAY

ENGRAVER = (sys.executable, "-m", "chromasonic.formats.engraver")

MOST_CALLS = 300
"""After so many calls the process is replaced: what C++ has gathered by then goes with it."""


class KeptEngraver:
    """A child process that engraves one list of jobs after the other.

    Args:
        start: starts the process, with pipes to its input and from its output; it takes a JSON list
            a line and answers with a line for each job (`engraver.stay`).
    """

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._start = start
        self._child: subprocess.Popen[bytes] | None = None
        self._calls = 0
        self._lock = threading.Lock()
        atexit.register(self.close)

    def run(self, jobs: list[dict], limit_s: float) -> tuple[bytes, str]:
        """Engrave.

        Args:
            jobs: see `engraver.engrave_one`.
            limit_s: seconds that all of them may take.

        Returns:
            lines of answers, fewer than jobs where one of them ended the process or took too
            long; and how that came.
        """
        with self._lock:
            child = self._ready()
            output, how = _talk(child, jobs, time.monotonic() + limit_s)
            if how:
                self.close()
            return output, how or "it answered less than it was asked"

    def close(self) -> None:
        """End the process; the next call starts another."""
        child, self._child, self._calls = self._child, None, 0
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                assert pipe is not None
                pipe.close()

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._calls >= MOST_CALLS or (
            self._child is not None and self._child.poll() is not None
        ):
            self.close()
        if self._child is None:
            self._child = self._start()
        self._calls += 1
        return self._child


def _talk(child: subprocess.Popen[bytes], jobs: list[dict], deadline: float) -> tuple[bytes, str]:
    """Lines of answers, and what went wrong; "" when nothing did."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(jobs).encode() + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        return b"", f"it ended with code {child.wait()}"
    poll = select.poll()
    poll.register(child.stdout, select.POLLIN | select.POLLHUP)
    output = b""
    while output.count(b"\n") < len(jobs):
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(1_000 * left):
            return output, "it took too long"
        part = child.stdout.read1(1 << 20)  # type: ignore[attr-defined]
        if not part:
            return output, f"it ended with code {child.wait()}"
        output += part
    return output, ""


_kept: KeptEngraver | None = None


def run_engraver(jobs: list[dict], limit_s: float) -> tuple[bytes, str]:
    """Engrave in a child process; see `KeptEngraver.run`.

    Raises:
        OSError: the process cannot be started.
    """
    return (_kept.run if _kept else _once)(jobs, limit_s)


def keep_engraver() -> None:
    """From now on engrave in one child process that stays, rather than in one a score."""
    global _kept
    if _kept is None:
        _kept = KeptEngraver(
            lambda: subprocess.Popen(
                [*ENGRAVER, STAY],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        )


def _environment() -> dict[str, str]:
    source = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def _once(jobs: list[dict], limit_s: float) -> tuple[bytes, str]:
    """What a child of its own says to the jobs, and how it ended."""
    try:
        done = subprocess.run(
            ENGRAVER,
            input=json.dumps(jobs).encode(),
            capture_output=True,
            timeout=limit_s,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", f"it took more than {limit_s:.0f} s"
    how = f"it ended with code {done.returncode}"
    if done.returncode and b"Error" in done.stderr[-400:]:
        how += f" ({done.stderr.decode(errors='replace').strip().splitlines()[-1]})"
    return done.stdout, how
