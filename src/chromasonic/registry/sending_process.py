"""The process that sends a training's spool, as the training sees it: begun, waited for."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chromasonic.registry.pending import remember
from chromasonic.registry.spool import LOG, Spool

NICENESS = 19
"""Of the process that sends: it computes where the training does not."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How tracking ended.

    Attributes:
        state: "sent", "waiting" (it goes on in the background), "kept" (the store cannot be
            written; the run directory keeps it), "lost" (the run directory cannot be written),
            "nothing" (no training began).
        runs: names of the models whose training was tracked.
        trouble: what is wrong, in words.
    """

    state: str
    runs: tuple[str, ...] = ()
    trouble: str = ""


class SendingProcess:
    """Runs `registry.recorder` beside this process.

    Args:
        folder: of the spool.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        remember(folder)
        with contextlib.suppress(OSError), (folder / LOG).open("wb") as log:
            # -P: a file of the working folder shall not stand in for a library.
            module = [sys.executable, "-P", "-m", "chromasonic.registry.recorder"]
            self._child = subprocess.Popen(
                [*module, str(folder), str(os.getpid()), str(NICENESS)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the training
                env={"MLFLOW_DISABLE_TELEMETRY": "true", **os.environ, "OMP_NUM_THREADS": "1"},
            )

    def wait(
        self, seconds: float, on_wait: Callable[[str], None], runs: tuple[str, ...]
    ) -> Outcome:
        """Wait until everything is sent, or it is known that it will not be.

        Args:
            seconds: at most.
            on_wait: told what takes a while.
            runs: what was tracked.
        """
        spool, end, said = Spool(self.folder), time.monotonic() + seconds, ""
        while True:
            sent = spool.sent()
            if spool.is_sent and sent.runs:
                return Outcome(state="sent", runs=runs)
            is_mine = self._child is not None and sent.sender == self._child.pid
            is_over = self._child is None or self._child.poll() is not None
            if (is_mine and sent.trouble) or is_over:
                trouble = (sent.trouble if is_mine else "") or self._last_words()
                return Outcome(state="kept", runs=runs, trouble=trouble)
            if is_mine and sent.note != said:
                said = sent.note
                on_wait(said)
            if time.monotonic() >= end:
                return Outcome(state="waiting", runs=runs)
            time.sleep(0.05)

    def wait_for_end(self) -> None:
        """Wait until the process has ended, however long that takes."""
        if self._child is not None:
            self._child.wait()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, IndexError):
            return (self.folder / LOG).read_text(encoding="utf-8").strip().splitlines()[-1]
        return "the process that sends it did not start"
