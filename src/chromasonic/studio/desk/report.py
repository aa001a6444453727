"""How work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable


class Report:
    """Handed to the function that does a job.

    Args:
        send: takes the share done, 0 to 1, and what is being done.
    """

    def __init__(self, send: Callable[[float, str], None]) -> None:
        self._send = send

    def __call__(self, share: float, message: str = "") -> None:
        """Say that `share` (0 to 1) of the work is done, and what comes now."""
        self._send(min(1.0, max(0.0, share)), message)


def unheard() -> Report:
    """A report that nobody listens to, for tests and direct calls."""
    return Report(lambda _share, _message: None)
