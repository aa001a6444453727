"""One piece of long work, from its submission to its end."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

ENDED = ("done", "failed", "cancelled")


@dataclass(kw_only=True, eq=False)
class Job:
    """Work that was asked for.

    Args:
        kind: a key of `table.WORK`.
        params: what its function is given.
        state: waiting, running, done, failed or cancelled.
        progress: share done, 0 to 1.
        message: what is being done.
        result: what the function gave, when done.
        error: why it failed, in words for the user.
        size: bytes of the result as text.
    """

    kind: str
    params: dict[str, Any]
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    state: str = "waiting"
    progress: float = 0.0
    message: str = ""
    result: dict[str, Any] | None = None
    error: str | None = None
    size: int = 0
    created: float = field(default_factory=time.time)
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    def update(self, **values: Any) -> None:
        """Set values and wake whoever watches."""
        for name, value in values.items():
            setattr(self, name, value)
        event, self.changed = self.changed, asyncio.Event()
        event.set()

    def told(self) -> dict[str, Any]:
        """What the page is told."""
        names = ("id", "kind", "state", "progress", "message", "result", "error")
        return {name: getattr(self, name) for name in names}
