"""HTTP connections that are not held open by those who say nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
"""The head of a request has come so long after its first byte or its connection, or never."""


class PatientProtocol(H11Protocol):
    """uvicorn's own protocol, with a limit on how long a request may take to begin.

    Bodies have their limits in `guard_body`; between two requests uvicorn's own holds.
    """

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection has come: its first request is waited for."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: a request is there, or is still waited for."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has gone."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Begin to wait, unless that has begun: bytes that drip do not begin it anew."""
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
