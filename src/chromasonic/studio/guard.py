"""What stands before every route: who may ask, from where, how much; and what answers carry."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chromasonic.errors import ChromasonicError
from chromasonic.studio.answers import refused, without_paths
from chromasonic.studio.desk.desk import BusyError
from chromasonic.studio.guard_body import Limits
from chromasonic.studio.guard_checks import Checks
from chromasonic.studio.settings import StudioSettings
from chromasonic.studio.shelf import NotHereError
from chromasonic.studio.uploads import TooLargeError

logger = logging.getLogger(__name__)

POLICY = (
    "default-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Styles may stand in a page because engraved scores carry theirs; scripts never may."""
FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
"""A file of a piece that is opened by itself, such as a score, is a picture and nothing more."""
CARRIED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), midi=(self)",
}

HTTP_WORDS = {
    400: "What came with this request cannot be read. Send plain JSON, not too deep.",
    404: "There is no such address in the studio.",
    405: "This address takes no such request; the Allow header says which.",
}
"""What the web framework refuses before a route is reached, in the studio's words."""
FAULT_WORDS = {
    "json_invalid": "This is no valid JSON",
    "missing": "This is missing",
    "extra_forbidden": "There is no such value here",
    "float_parsing": "Give a number",
    "float_type": "Give a number",
    "int_parsing": "Give a whole number",
    "int_type": "Give a whole number",
    "int_from_float": "Give a whole number",
    "string_type": "Give a text",
    "list_type": "Give a list",
    "dict_type": "Send a JSON object",
    "model_attributes_type": "Send a JSON object",
}
"""The same for values, by the kind of fault; other faults have words of their own."""

MOST_FAULTS = 50
"""Of the values that do not fit, so many are told."""
MOST_TOLD = 50
"""So many different faults are told with their whole story."""


def guard(app: FastAPI, settings: StudioSettings) -> None:
    """Put the checks and headers on an application."""
    app.add_middleware(Guard, settings=settings)

    @app.exception_handler(BusyError)
    async def busy(request: Request, error: BusyError) -> Response:
        return refused(request, 503, str(error), {"Retry-After": "2"})

    @app.exception_handler(TooLargeError)
    async def too_large(request: Request, error: TooLargeError) -> Response:
        return refused(request, 413, str(error))

    @app.exception_handler(NotHereError)
    async def gone(request: Request, error: NotHereError) -> Response:
        return refused(request, 404, str(error))

    @app.exception_handler(ChromasonicError)
    async def unable(request: Request, error: ChromasonicError) -> Response:
        return refused(request, 400, str(error))

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        words = HTTP_WORDS.get(error.status_code, str(error.detail))
        return refused(request, error.status_code, words, error.headers)

    @app.exception_handler(RequestValidationError)
    async def unfit(_: Request, error: RequestValidationError) -> Response:
        faults = [_fault(one) for one in error.errors()[:MOST_FAULTS]]
        words = "; ".join(f"{one['field']}: {one['words']}" for one in faults[:5])
        return JSONResponse({"error": words, "fields": faults}, status_code=422)


def _fault(found: dict[str, Any]) -> dict[str, str]:
    """A value that does not fit: which, and why; not the value itself."""
    place = [str(part) for part in found["loc"] if part not in ("body", "query", "path")]
    if found["type"] == "json_invalid":
        place = []  # it gives the character
    words = FAULT_WORDS.get(found["type"]) or without_paths(found["msg"])
    return {"field": ".".join(place)[:100] or "request", "words": words}


class Guard:
    """The outermost part of the studio's application.

    Args:
        app: what stands behind it.
        settings: see `StudioSettings`.
    """

    def __init__(self, app: ASGIApp, settings: StudioSettings) -> None:
        self._app, self._checks = app, Checks(settings)
        self._limited = Limits(app, settings)
        self._told: set[object] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request, begun = HTTPConnection(scope), False

        async def carrying(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                _carry(headers, scope["path"])
                if self._checks.is_trustworthy(request):  # elsewhere browsers only warn of it
                    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            await send(message)

        try:
            refusal = self._checks.refusal(request)
            await (refusal or self._limited)(scope, receive, carrying)
        except ClientDisconnect:
            return
        except Exception as error:
            self._log(error, f"{scope['method']} {ascii(scope['path'])[1:-1]}")
            if begun:
                raise
            words = "The studio failed at this; its terminal says more."
            await refused(request, 500, words)(scope, receive, carrying)

    def _log(self, error: Exception, asked: str) -> None:
        """Tell the terminal, with the whole story the first time that it happens at a place."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = (type(error), trace and (trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        is_new = place not in self._told and len(self._told) < MOST_TOLD
        if is_new:
            self._told.add(place)
        logger.error("The studio failed at %s", asked[:200], exc_info=error if is_new else None)


def _carry(headers: MutableHeaders, path: str) -> None:
    """Give an answer the headers that every answer has."""
    for name, value in CARRIED.items():
        headers.setdefault(name, value)
    is_file = path.startswith("/api/")
    headers.setdefault("Content-Security-Policy", FILE_POLICY if is_file else POLICY)
    # Our own scripts and styles are asked for again each time (and are rarely sent again): a new
    # version of the package must not meet an old page.
    headers.setdefault("Cache-Control", "no-cache" if path.startswith("/web/") else "no-store")
