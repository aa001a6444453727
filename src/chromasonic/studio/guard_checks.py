"""Who may ask, and from where: host names, origins, types of content, the token."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import socket
import time
from collections import deque
from urllib.parse import urlencode, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from chromasonic.studio.answers import refused
from chromasonic.studio.settings import StudioSettings

SAFE = ("GET", "HEAD", "OPTIONS")
BODIES = ("application/json", "application/octet-stream")
"""What an unsafe request may carry: what no form of another site can send."""
OPEN_TO_LISTENERS = ("/hear", "/api/hear", "/web/hear", "/web/kit", "/favicon.ico", "/robots.txt")
WRONG_TOKENS, WRONG_SECONDS = 10, 60.0
"""So many wrong tokens of one address in so many seconds, then it has to wait."""
MOST_WATCHED = 10_000
PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+/?|/")
"""Where the way in may lead: never to another host."""


class Checks:
    """The checks that need no more than a request's head.

    Args:
        settings: host, token and public address.
    """

    def __init__(self, settings: StudioSettings) -> None:
        self._settings = settings
        self._names = _own_names(settings)
        self._wrong: dict[str, deque[float]] = {}

    def refusal(self, request: HTTPConnection) -> Response | None:
        """The answer to a request that must not reach the routes; None when it may."""
        return (
            self._wrong_path(request)
            or self._wrong_host(request)
            or self._wrong_origin(request)
            or self._wrong_body(request)
            or self._wrong_token(request)
        )

    def is_trustworthy(self, request: HTTPConnection) -> bool:
        """Whether browsers take the address for safe: encrypted, or this machine's own."""
        announced = self._settings.public_address or ""
        if announced.startswith("https:") or request.scope.get("scheme") == "https":
            return True
        name = _host_name(request.headers.get("host", ""))
        address = _ip_address(name)
        return name == "localhost" or bool(address and address.is_loopback)

    def _wrong_path(self, request: HTTPConnection) -> Response | None:
        """No address of the studio has such parts; what looks for files by them finds none."""
        path: str = request.scope["path"]
        parts = path.split("/")
        if "\\" in path or "\0" in path or any(part in (".", "..") for part in parts):
            return refused(request, 404, "There is no such address in the studio.")
        return None

    def _wrong_host(self, request: HTTPConnection) -> Response | None:
        """A page of another name that was made to point at this machine reads nothing here."""
        name = _host_name(request.headers.get("host", ""))
        address = _ip_address(name)
        if name in self._names or (address and (address.is_loopback or self._settings.token)):
            return None
        return refused(
            request,
            421,
            "The studio does not answer under this name. Open it at the address that was printed "
            "when it started.",
        )

    def _wrong_origin(self, request: HTTPConnection) -> Response | None:
        """What a page of another origin asks for is not done, and the interfaces are not read."""
        headers, path = request.headers, request.scope["path"]
        is_safe = request.scope["method"] in SAFE
        if is_safe and not path.startswith("/api/"):
            return None
        site = headers.get("sec-fetch-site")
        if site is not None:
            is_own = site in ("same-origin", "none")
        else:
            origin = headers.get("origin")
            is_own = origin is None or _site_of(origin) == headers.get("host", "")
        return None if is_own else refused(request, 403, "This was asked from another site.")

    def _wrong_body(self, request: HTTPConnection) -> Response | None:
        headers = request.headers
        if request.scope["method"] in SAFE:
            return None
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if not has_body or kind in BODIES:
            return None
        return refused(
            request, 415, f"Send {' or '.join(BODIES)}; this is {kind[:60] or 'of no type'}."
        )

    def _wrong_token(self, request: HTTPConnection) -> Response | None:
        token, path = self._settings.token, request.scope["path"]
        if not token:
            return None
        given = request.query_params.get("token")
        if given is not None and request.scope["method"] == "GET" and not path.startswith("/api/"):
            return self._enter(request, given)
        if any(path == one or path.startswith(f"{one}/") for one in OPEN_TO_LISTENERS):
            return None
        cookie = request.cookies.get(_cookie_name(request))
        if cookie is not None and hmac.compare_digest(cookie.encode(), _proof(token).encode()):
            return None
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer:
            return None if self._is_token(bearer) else self._failed(request)
        return refused(
            request,
            401,
            "Open it by the whole link that was printed where it was started; the link's last part "
            "is the key. If you came to listen, ask for the link of the listening test.",
        )

    def _enter(self, request: HTTPConnection, given: str) -> Response:
        """A page that leaves the proof in a cookie and leads on, without the token in its address.

        It leads on by itself rather than by a redirection: a strict cookie does not travel with
        the redirection of a link that was opened from another site.
        """
        if not self._is_token(given):
            return self._failed(request)
        from chromasonic.studio.place import TEMPLATES

        left = [one for one in request.query_params.multi_items() if one[0] != "token"]
        path = request.scope["path"] if PLAIN_PATH.fullmatch(request.scope["path"]) else "/"
        onward = path + ("?" + urlencode(left) if left else "")
        answer = TEMPLATES.TemplateResponse(
            request,  # type: ignore[arg-type]
            "ground/entry.html",
            {"onward": onward},
        )
        answer.set_cookie(
            _cookie_name(request),
            _proof(self._settings.token or ""),
            httponly=True,
            samesite="strict",
            secure=(self._settings.public_address or "").startswith("https:"),
            max_age=30 * 86_400,
        )
        return answer

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._settings.token or "").encode())

    def _failed(self, request: HTTPConnection) -> Response:
        """Count a wrong token; an address that sends many has to wait."""
        client = request.client.host if request.client else ""
        now = time.monotonic()
        if len(self._wrong) >= MOST_WATCHED:
            self._wrong.clear()
        tries = self._wrong.setdefault(client, deque(maxlen=WRONG_TOKENS))
        is_waiting = len(tries) == WRONG_TOKENS and now - tries[0] < WRONG_SECONDS
        if is_waiting:
            return refused(
                request,
                429,
                "Too many wrong keys came from here. Wait a minute.",
                {"Retry-After": f"{WRONG_SECONDS:.0f}"},
            )
        tries.append(now)
        return refused(
            request, 401, "This key does not open the studio. Was the link copied whole?"
        )


def _own_names(settings: StudioSettings) -> frozenset[str]:
    """Names, in lower case, under which this studio may be asked."""
    names = {"localhost", settings.host.lower()}
    if settings.token:
        own = socket.gethostname().lower()
        names |= {own, f"{own}.local", own.removesuffix(".local"), own.partition(".")[0]}
    if settings.public_address:
        names.add((urlsplit(settings.public_address).hostname or "").lower())
    return frozenset(names - {"", "0.0.0.0", "::"})


def _host_name(host: str) -> str:
    """The name or address in a Host header, without port and brackets; "" where it is none."""
    if host.startswith("["):
        name, bracket, _ = host[1:].partition("]")
        return name.lower() if bracket else ""
    return host.partition(":")[0].rstrip(".").lower()


def _site_of(origin: str) -> str | None:
    """Host and port of an Origin header; None where it is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _ip_address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _cookie_name(request: HTTPConnection) -> str:
    """Cookies are shared by all ports of a host: the name tells studios apart."""
    try:
        port = urlsplit(f"//{request.headers.get('host', '')}").port
        return f"chromasonic_{port or 80}"
    except ValueError:
        return "chromasonic_80"


def _proof(token: str) -> str:
    """What the cookie holds: it proves the token and is not the token."""
    return hashlib.sha256(f"chromasonic studio {token}".encode()).hexdigest()
