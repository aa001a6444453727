"""Who a listener is: a random id in a cookie, signed, so that none can be made up.

The id begins with the second in which it was given out: no vote can have waited longer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

COOKIE = "chromasonic_listener"
KEPT_SECONDS = 60 * 86_400
_SIGNED = re.compile(r"(?P<id>[A-Za-z0-9_-]{22})\.(?P<sign>[0-9a-f]{32})")


def new_listener(secret: bytes, *, now: datetime | None = None) -> str:
    """The cookie of somebody new."""
    second = int((now or datetime.now(UTC)).timestamp())
    number = second.to_bytes(4, "big") + secrets.token_bytes(12)
    listener = base64.urlsafe_b64encode(number).decode().rstrip("=")
    return f"{listener}.{_sign(secret, listener)}"


def listener_in(cookie: str | None, secret: bytes) -> str | None:
    """The id in a cookie; None where there is none that this studio gave out."""
    found = _SIGNED.fullmatch(cookie or "")
    if found is None or not hmac.compare_digest(found["sign"], _sign(secret, found["id"])):
        return None
    return found["id"]


def waited(listener: str, waited_ms: int, *, now: datetime | None = None) -> int:
    """How many milliseconds a vote may have waited in the browser for a connection.

    The page says how long it did; nobody voted before they came.

    Args:
        listener: an id of `listener_in`.
        waited_ms: as the page says.
        now: when the vote came in; left out: now.
    """
    moment = now or datetime.now(UTC)
    second = int.from_bytes(base64.urlsafe_b64decode(listener + "==")[:4], "big")
    came = datetime.fromtimestamp(second, UTC)
    return min(waited_ms, max(0, (moment - came) // timedelta(milliseconds=1)))


def address_of(peer: str, forwarded: str | None, *, is_behind_proxy: bool) -> str:
    """Whence somebody comes, so that many from one place can be told; "" where nobody knows.

    Args:
        peer: the other end of the connection.
        forwarded: the header X-Forwarded-For.
        is_behind_proxy: whether the studio was told that one stands before it. Only one on this
            machine is believed, and only the name that it adds itself: the last one.
    """
    try:
        is_proxy = is_behind_proxy and ip_address(peer).is_loopback
    except ValueError:
        return peer
    return (forwarded or "").rpartition(",")[2].strip() if is_proxy else peer


def _sign(secret: bytes, listener: str) -> str:
    return hmac.new(secret, listener.encode(), hashlib.sha256).hexdigest()[:32]
