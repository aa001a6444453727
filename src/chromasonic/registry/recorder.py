"""The process beside a training that brings its spool to the store.

`python -m chromasonic.registry.recorder RUN PID NICENESS`, begun by the training, whose number PID
is (`registry.tracking`); that may be gone before this process can ask for its parent. It ends when
the training has ended and all is sent, or when the store could not be written for a while
afterwards; then the spool stays, and the next training or `chromasonic track sync` sends it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from chromasonic.errors import ChromasonicError
from chromasonic.registry.pending import forget, remembered
from chromasonic.registry.sending import Sender, send_all, sole_sender
from chromasonic.registry.spool import Spool
from chromasonic.registry.store import BusyError, Store, open_store

LOOK_SECONDS = 0.5
TRY_AGAIN_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0)
"""After a failure; the last one again and again while the training goes on."""
AFTERWARDS = 2
"""Failures after the training's end before it is left to the next one."""


def record(folder: Path, pid: int) -> bool:
    """Send a run directory's spool until its training has ended.

    Args:
        folder: the run directory.
        pid: number of the training's process, this one's parent.

    Returns:
        Whether all of it is in the store.
    """
    spool = Spool(folder)
    training = _Training(spool, pid)
    store: Store | None = None
    sender: Sender | None = None
    failures = 0
    while True:
        has_ended = training.has_ended()
        try:
            store = store or open_store(on_wait=lambda text: _say(spool, "note", text))
            sender = sender or Sender(spool, store)
            if has_ended:
                sender.close_lost()
            sender.send()
            failures = 0
            if has_ended and spool.is_sent:
                forget(folder)
                return True
            time.sleep(LOOK_SECONDS)
        except (ChromasonicError, OSError) as error:
            sender, failures = None, failures + 1
            if not isinstance(error, BusyError):
                store = None
            _say(spool, "trouble", str(error))
            if has_ended and failures > AFTERWARDS:
                return False
            _sleep(TRY_AGAIN_SECONDS[min(failures, len(TRY_AGAIN_SECONDS)) - 1], training)


class _Training:
    """The process that began this one."""

    def __init__(self, spool: Spool, pid: int) -> None:
        self._spool, self._pid = spool, pid
        self._read, self._has_closed = 0, False

    def has_ended(self) -> bool:
        """Whether it is gone, or its last word was close."""
        for self._read, event in self._spool.events(self._read):  # noqa: B020 - reads on
            if event.get("process", {}).get("pid") == self._pid:
                self._has_closed = event["event"] == "close"
        return self._has_closed or os.getppid() != self._pid


def _sleep(seconds: float, training: _Training) -> None:
    """Wait before another try; not longer than a second once the training has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
        if training.has_ended():
            time.sleep(min(1.0, max(0.0, end - time.monotonic())))
            return


def _say(spool: Spool, what: Literal["note", "trouble"], text: str) -> None:
    with contextlib.suppress(ChromasonicError, OSError):
        sent = replace(spool.sent(), sender=os.getpid())
        spool.write_sent(
            replace(sent, note=text) if what == "note" else replace(sent, trouble=text)
        )


def main(folder: Path, pid: int, niceness: int) -> None:
    """Send this training's spool, then those of earlier ones that were left."""
    with contextlib.suppress(OSError):
        os.nice(niceness)
    with sole_sender(folder, seconds=60.0) as may_send:
        is_done = may_send and record(folder, pid)
    others = remembered() if is_done else []
    if not others:
        return
    store = open_store()
    for other in others:
        with contextlib.suppress(ChromasonicError, OSError), sole_sender(other) as may_send:
            if may_send:
                send_all(other, store)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
