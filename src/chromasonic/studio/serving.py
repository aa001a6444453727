"""Serving the studio until it is interrupted."""

from __future__ import annotations

import errno
import socket
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chromasonic.errors import ChromasonicError
from chromasonic.studio.settings import LOOPBACK, SIGN, StudioSettings

SECONDS_TO_END = 1
"""How long answers that are under way may take when the studio is interrupted."""
SECONDS_BETWEEN_REQUESTS = 20
MOST_CONNECTIONS = 1_000
LONGEST_HEAD = 32_768


class StudioError(ChromasonicError):
    """The studio cannot start."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a studio can be opened.

    Args:
        own: for the person who started it, in a browser of this machine; with the token if any.
        shared: for others on the network, without the token; None where it is not shared.
    """

    own: str
    shared: str | None


def serve(settings: StudioSettings, *, on_open: Callable[[Addresses], object]) -> None:
    """Serve until interrupted.

    Args:
        settings: see `StudioSettings`.
        on_open: called once, when the studio answers.

    Raises:
        StudioError: the port is taken, the address is not one of this machine, or nothing can be
            kept in the studio's folder.
    """
    listener = _listening(settings)
    _check_folder(settings.folder)
    addresses = _addresses(settings, listener.getsockname()[1])
    _allow_many_connections()
    import uvicorn

    from chromasonic.studio.app import create_app
    from chromasonic.studio.patience import PatientProtocol

    class Server(uvicorn.Server):
        """uvicorn's, which says when it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_open(addresses)

    config = uvicorn.Config(
        create_app(settings, shared_address=addresses.shared),
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",  # what goes wrong in an answer is logged by the guard
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        timeout_keep_alive=SECONDS_BETWEEN_REQUESTS,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    with suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])


def _check_folder(folder: Path) -> None:
    """Whether something can be kept there is found now, and not with the first tune."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StudioError(
            f"The studio cannot keep anything in {folder}: {error.strerror or error}. Give another "
            "folder with --folder, or set CHROMASONIC_STUDIO."
        ) from error


def _listening(settings: StudioSettings) -> socket.socket:
    """A socket that listens where the settings say."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named, as asyncio lets only sockets that name it send small parts at once:
    # else each answer waits some 40 ms for the other side's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise StudioError(_why_not(settings, error)) from error
    return listener


def _why_not(settings: StudioSettings, error: OSError) -> str:
    """Why the studio cannot listen, and what to do."""
    place = f"{_bracketed(settings.host)}:{settings.port}"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{settings.host} is no address of this machine. Leave --host out, or give one that "
            "is; --share opens the studio to the network."
        )
    if error.errno == errno.EADDRINUSE:
        step = "Choose another with --port, or --port 0 for any free one."
        if is_studio(settings.port):
            there = f"http://localhost:{settings.port}/"
            return f"A studio is open already at {there} : use that one, or start another. {step}"
        return f"Port {settings.port} is taken by another program. {step}"
    if error.errno == errno.EACCES:
        return f"Port {settings.port} may not be used here: {error.strerror}. Take one above 1023."
    return f"Cannot listen on {place}: {error.strerror or error}. Choose another with --port."


def is_studio(port: int) -> bool:
    """Whether a studio answers on a port of this machine."""
    with suppress(OSError, ValueError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/robots.txt", timeout=1) as answer:
            return answer.read(1000).startswith(SIGN.encode())
    return False


def _addresses(settings: StudioSettings, port: int) -> Addresses:
    """The addresses to tell, for a port that may have been chosen by the system."""
    is_any = settings.host in ("0.0.0.0", "::")
    own = "localhost" if is_any or settings.host in LOOPBACK else _bracketed(settings.host)
    if settings.host == "127.0.0.1":
        own = "127.0.0.1"
    shared = None
    if settings.token:
        host = address_of_this_machine() if is_any else settings.host
        shared = (settings.public_address or f"http://{_bracketed(host)}:{port}").rstrip("/")
    key = f"?token={settings.token}" if settings.token else ""
    return Addresses(own=f"http://{own}:{port}/{key}", shared=shared)


def address_of_this_machine() -> str:
    """The address under which the network sees this machine; nothing is sent to find it."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # kept for documentation (RFC 5737): leads nowhere
        return probe.getsockname()[0]
    return socket.gethostname()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _allow_many_connections() -> None:
    """Raise the number of files that may be open, as far as the system lets a user."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 8_192 if hard == resource.RLIM_INFINITY else min(8_192, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
