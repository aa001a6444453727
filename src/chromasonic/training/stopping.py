"""Ending a training from elsewhere: a wish in the run's folder, heard by the process that trains.

RUN/.training-by     who trains there now: a token made for this one training, process, machine
RUN/.training-stop   the wish: that token, and who wishes; it stays until a training begins there

A wish names the token and no process number, so whoever trains there next is not meant by it. The
process that trains looks for it and interrupts itself, exactly as Ctrl-C would.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.errors import StorageError

HOLDER = ".training-by"
WISH = ".training-stop"
LOOK_SECONDS = 0.25
"""Between two looks for a wish."""
MAIN = threading.main_thread()


_beside: ContextVar[Callable[[], None] | None] = ContextVar("beside", default=None)


@contextmanager
def ended_by(stop: Callable[[], None]) -> Iterator[None]:
    """Within the block a training beside the main thread can be ended from elsewhere, too.

    Args:
        stop: called in another thread when that is asked for; it sees to it that the training's own
            thread raises `StopAskedError` soon.
    """
    token = _beside.set(stop)
    try:
        yield
    finally:
        _beside.reset(token)


class StopAskedError(KeyboardInterrupt):
    """A training ends because somebody asked for it from elsewhere; its text is for the user.

    It is an interruption like Ctrl-C and not a failure: whoever lets that one through does the same
    with this.
    """


class Listener:
    """Hears, while a training goes on, that it shall end; the main thread is interrupted then.

    Args:
        folder: of the run, which this process holds.
        go_on: the command that takes the training up again, for who sits at its terminal.
    """

    def __init__(self, folder: Path, go_on: str) -> None:
        self.folder, self.go_on = folder, go_on
        self.asked_by = ""
        self._token = secrets.token_hex(8)
        self._over = threading.Event()
        self._turn = threading.Lock()
        self._handler: Any = None
        self._stop: Callable[[], None] | None = None

    def begin(self) -> None:
        """Say who trains, and listen from now on; an earlier wish is forgotten.

        Only the main thread can be interrupted; a training in another one says whether somebody
        ends it (`ended_by`). Where the folder cannot be written nobody can wish either.
        """
        is_main = threading.current_thread() is MAIN
        self._stop = _interrupt if is_main else _beside.get()
        with suppress(OSError, StorageError):
            (self.folder / WISH).unlink(missing_ok=True)
            files.write_json(
                self.folder / HOLDER,
                {
                    "token": self._token,
                    "pid": os.getpid(),
                    "machine": platform.node(),
                    "began": time.time(),
                    "hears": self._stop is not None,
                },
            )
        if self._stop is None:
            return
        if is_main and signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL):
            # As in a shell's background (`... &`): Ctrl-C does nothing there, a wish still does.
            self._handler = signal.signal(signal.SIGINT, self._interrupted)
        threading.Thread(target=self._listen, name="stop-listener", daemon=True).start()

    def end(self) -> None:
        """Listen no more; from here on nothing is interrupted."""
        try:
            with self._turn:
                self._over.set()
        finally:
            if self._handler is not None:
                signal.signal(signal.SIGINT, self._handler)

    def leave(self) -> None:
        """Take away who trains; the wish that ended it stays, to tell it from one that was cut."""
        with suppress(OSError):
            (self.folder / HOLDER).unlink()
        if not self.asked_by:
            with suppress(OSError):
                (self.folder / WISH).unlink()

    @property
    def words(self) -> str:
        """What the terminal is told of a training that was ended from elsewhere."""
        says = (
            f"Stopped, as was asked in {self.asked_by}. What was finished before is on the disk, "
            "whole."
        )
        return f"{says} Go on with it: {self.go_on}" if self.go_on else says

    def _listen(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            wish = read(self.folder / WISH)
            if wish.get("token") != self._token:
                continue
            with self._turn:
                if not self._over.is_set():
                    self.asked_by = str(wish.get("by") or "another window")
                    assert self._stop is not None
                    self._stop()
            return

    def _interrupted(self, *_: object) -> None:
        if self.asked_by or self._handler is signal.SIG_DFL:
            raise KeyboardInterrupt


@contextmanager
def whole_steps() -> Iterator[Callable[[], None]]:
    """Within the block an interruption waits for the call of what is given: between two steps.

    So whoever is interrupted there stands where a step has ended, and can save that. A second
    interruption does not wait. Only the main thread is interrupted: elsewhere nothing is held up.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not MAIN or not callable(before):
        yield lambda: None
        return
    interrupt: Any = before
    is_waiting = False

    def wait(number: int, frame: Any) -> None:
        nonlocal is_waiting
        if is_waiting:
            interrupt(number, frame)
        is_waiting = True

    def let_through() -> None:
        nonlocal is_waiting
        if is_waiting:
            is_waiting = False
            interrupt(signal.SIGINT, None)

    signal.signal(signal.SIGINT, wait)
    try:
        yield let_through
    finally:
        signal.signal(signal.SIGINT, before)
    let_through()


@contextmanager
def saved_when_stopped(save: Callable[[], None], *, is_saved: bool) -> Iterator[None]:
    """Save before an interruption within the block goes on, where that was not done just now."""
    try:
        yield
    except KeyboardInterrupt:
        if not is_saved:
            save()
        raise


def _interrupt() -> None:
    """Do to this process's main thread what Ctrl-C does."""
    if hasattr(signal, "pthread_kill"):
        assert MAIN.ident is not None
        signal.pthread_kill(MAIN.ident, signal.SIGINT)  # wakes it from waiting, too
        return
    import _thread

    _thread.interrupt_main()


def read(file: Path) -> dict[str, Any]:
    """What one of the two files says; nothing where it is not there or no JSON."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
