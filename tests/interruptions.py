"""Ctrl-C as a terminal sends it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ctrl_c_works() -> Iterator[None]:
    """Within the block SIGINT interrupts, though a shell switches it off for `pytest &`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
