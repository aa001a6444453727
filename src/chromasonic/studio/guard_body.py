"""How much may come, and how slowly: limits on the bodies of requests."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chromasonic.studio.answers import refused
from chromasonic.studio.settings import StudioSettings

JSON_BYTES = 1_000_000
"""The largest body of a route, but for the one that takes files and those of listeners."""
LISTENERS_BYTES = 10_000
"""The largest body that comes from listeners, who have no key: checking it is done at once."""
UPLOADS, LISTENERS = "/api/uploads", "/api/hear/"
PART_SECONDS = 15.0
"""A sender that is silent for so long in the middle of a body is not waited for."""
SLOWEST_BYTES_PER_SECOND = 20_000
"""A body that comes more slowly than this, after a minute's grace, is not waited for either."""
GRACE_SECONDS = 60.0


class Limits:
    """Ends requests whose body is too large or comes too slowly.

    Args:
        app: what the request goes to.
        settings: `upload_bytes`, and nothing else.
        part_seconds: see `PART_SECONDS`.
    """

    def __init__(
        self, app: ASGIApp, settings: StudioSettings, part_seconds: float = PART_SECONDS
    ) -> None:
        self._app, self._settings, self._part_seconds = app, settings, part_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = HTTPConnection(scope)
        most = self._most(scope["path"])
        too_large = f"That is larger than {most / 1e6:g} MB, the most that is taken here."
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > most:
            await refused(request, 413, too_large)(scope, receive, send)
            return
        body = _Body(receive, most, self._part_seconds)
        state = {"begun": False}

        async def answer(message: Message) -> None:
            """What the routes say, unless the body has failed before they said anything."""
            if not state["begun"] and body.failed:
                return
            state["begun"] = True
            await send(message)

        with suppress(BodyFailedError):
            await self._app(scope, body.receive, answer)
        if body.failed and not state["begun"]:
            # A connection that were closed now would be reset, and the answer lost with it: what
            # still comes is read and dropped, for as long as `patience` waits.
            status, words = (413, too_large) if body.failed == "large" else (408, body.words)
            headers = {"Connection": "close"} if status == 408 else None
            await refused(request, status, words, headers)(scope, receive, send)

    def _most(self, path: str) -> int:
        """How large a body to an address may be."""
        if path.startswith(LISTENERS):
            return LISTENERS_BYTES
        return self._settings.upload_bytes if path == UPLOADS else JSON_BYTES


class BodyFailedError(Exception):
    """The rest of a body will not be read."""


class _Body:
    """A body on its way, counted and timed."""

    def __init__(self, receive: Receive, most: int, part_seconds: float) -> None:
        self._receive, self._most, self._part_seconds = receive, most, part_seconds
        self._began, self._size, self._is_whole = time.monotonic(), 0, False
        self.failed = ""
        self.words = "The rest of this did not come in time. Send it again."

    async def receive(self) -> Message:
        if self._is_whole:  # what still comes is the end of the connection: no limit of time
            return await self._receive()
        try:
            async with asyncio.timeout(self._part_seconds):
                message = await self._receive()
        except TimeoutError as error:
            self.failed = "slow"
            raise BodyFailedError from error
        if message["type"] != "http.request":
            return message
        self._size += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        seconds = time.monotonic() - self._began - GRACE_SECONDS
        if self._size > self._most:
            self.failed = "large"
        elif not self._is_whole and seconds * SLOWEST_BYTES_PER_SECOND > self._size:
            self.failed = "slow"
        if self.failed:
            raise BodyFailedError
        return message
