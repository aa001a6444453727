"""Work for the tests of the desk: it answers, waits, crashes, fills memory, hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

from chromasonic.errors import FormatError
from chromasonic.studio.desk.report import Report


def answer(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Say what was given, and by which process."""
    report(0.5, "Half of it")
    return {"given": params, "process": os.getpid()}


def wait(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Take a while; the first report tells that it has begun."""
    report(0.1, f"process {os.getpid()}")
    time.sleep(params["seconds"])
    return {"process": os.getpid()}


def crash(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """End as a fault in C++ would."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def refuse(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Fail as a reader does."""
    raise FormatError("/home/nobody/secrets/tune.mid is no MIDI file. Send another.")


def fail(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Fail as nobody foresaw."""
    raise ZeroDivisionError("/home/nobody/secrets")


def fill(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Take as much memory as is asked for, and hold it a moment."""
    held = bytearray(params["bytes"])
    held[::4096] = b"x" * len(held[::4096])
    time.sleep(params.get("seconds", 0))
    return {"process": os.getpid()}


def spin(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Compute for ever."""
    while True:
        pass


def chatter(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Print as libraries do, and say something far too long."""
    print('{"result": {"forged": true}}', flush=True)
    report(7.0, "word " * 10_000)
    return {"process": os.getpid()}


def pour(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Answer with far too much."""
    return {"text": "x" * params["bytes"]}


def bear(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Start a process of its own and wait for it."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3_600)"])
    report(0.1, f"process {child.pid}")
    child.wait()
    return {}
