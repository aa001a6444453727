"""HTTP connections that are not held open by those who say nothing, or take no answer."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
"""The head of a request has come so long after its first byte or its connection, or never."""
TAKEN_SECONDS = 60.0
"""Of an answer that is under way something is taken in so long, or the rest is not sent."""


class PatientProtocol(H11Protocol):
    """uvicorn's own protocol, with limits on how long a request may take to begin, and on how
    long nothing of an answer may be taken.

    Bodies have their limits in `guard_body`; between two requests uvicorn's own holds.
    """

    _waiting: asyncio.TimerHandle | None = None
    _looking: asyncio.TimerHandle | None = None
    _left = 0

    def connection_made(self, transport: Any) -> None:
        """A connection has come: its first request is waited for."""
        super().connection_made(transport)
        self._wait()
        self._look_later()

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
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """What was written has been taken."""
        self._left = 0
        super().resume_writing()

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

    def _look_later(self) -> None:
        self._looking = self.loop.call_later(TAKEN_SECONDS, self._look)

    def _look(self) -> None:
        """Cut a connection of which nothing has been taken since the last look."""
        left = self.transport.get_write_buffer_size()
        if left and left == self._left:
            self.transport.abort()
            return
        self._left = left
        self._look_later()
