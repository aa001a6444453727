"""One file from the network: taken within limits, gone on with where it broke off, checked."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chromasonic.data.facts import CorpusFacts, ways_to_get
from chromasonic.data.progress import Progress
from chromasonic.errors import DownloadError

TRIES = 3
CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 20.0
PAUSE_SECONDS = 0.3
CHUNK_BYTES = 1 << 14

# The facts give the size of the download in round figures; what is much larger is something else.
DOWNLOAD_LIMIT_FACTOR = 10


def failure(facts: CorpusFacts, what: str) -> DownloadError:
    """The error of a download that failed: what happened, and what else can be done."""
    return DownloadError(f"Cannot fetch the corpus '{facts.name}': {what}. {ways_to_get(facts)}")


@dataclass(frozen=True)
class Transfer:
    """What is fetched.

    Attributes:
        facts: of the corpus, for messages.
        url: address of the file.
        size_bytes: about how much it is.
        known_hash: "sha256:..." or "md5:...", where a checksum is known.
        label: what the user is told.
    """

    facts: CorpusFacts
    url: str
    size_bytes: int
    known_hash: str | None
    label: str

    @property
    def limit_bytes(self) -> int:
        """More than this is not taken."""
        return DOWNLOAD_LIMIT_FACTOR * self.size_bytes


def fetch_file(what: Transfer, path: Path, on_progress: Progress | None) -> Path:
    """Fetch a file and compare it with its checksum where one is known.

    Raises:
        DownloadError: no network, no such file, too large, or a wrong checksum.
    """
    import pooch
    import requests

    def downloader(url: str, output_file: str, _pooch: Any) -> None:
        _stream(what, url, Path(output_file), on_progress)

    try:
        with _quiet(pooch.get_logger()):
            fetched = pooch.retrieve(
                what.url,
                known_hash=what.known_hash,
                fname=path.name,
                path=path.parent,
                downloader=downloader,
            )
    except requests.RequestException as error:
        raise failure(what.facts, _in_words(error)) from None  # the layers below say no more
    except ValueError as error:  # pooch's word for a checksum that does not match
        raise failure(what.facts, f"what came does not match its checksum ({error})") from error
    return Path(fetched)


def _stream(what: Transfer, url: str, path: Path, on_progress: Progress | None) -> None:
    """Write what an address gives to a file, going on where a broken transfer stopped."""
    import requests

    path.write_bytes(b"")
    for attempt in range(1, TRIES + 1):
        try:
            with path.open("ab") as file:
                _continue(what, url, file, on_progress)
            return
        except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL):
            raise
        except requests.exceptions.ConnectionError:
            # Before the first byte: nobody there, or no network. Trying again only takes time.
            if attempt == TRIES or path.stat().st_size == 0:
                raise
        except requests.exceptions.HTTPError as error:
            if attempt == TRIES or _status(error) < 500:
                raise
        except requests.exceptions.RequestException:
            if attempt == TRIES:
                raise
        time.sleep(PAUSE_SECONDS * attempt)


def _continue(what: Transfer, url: str, file: IO[bytes], on_progress: Progress | None) -> None:
    import requests

    have, limit = file.tell(), what.limit_bytes
    # "identity": lengths and positions are then those of the file itself.
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as answer:
        answer.raise_for_status()
        if have and answer.status_code != 206:  # the server sends it all again
            file.truncate(0)
            file.seek(0)
            have = 0
        length = answer.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        if total is not None and total > limit:
            raise failure(what.facts, f"the archive has {total:,} bytes, over {limit:,}")
        for chunk in answer.iter_content(CHUNK_BYTES):
            have += len(chunk)
            if have > limit:
                raise failure(what.facts, f"more than {limit:,} bytes came")
            file.write(chunk)
            if on_progress is not None:
                on_progress(what.label, have, total)
    if total is not None and have < total:
        raise requests.exceptions.ChunkedEncodingError(f"{have:,} of {total:,} bytes came")


def _status(error: Any) -> int:
    """The status code of an HTTP error; 0 where the library kept no answer."""
    return error.response.status_code if error.response is not None else 0


def _in_words(error: Exception) -> str:
    """What went wrong on the network, without the layers of a library's exception."""
    import requests

    kinds = requests.exceptions
    if isinstance(error, kinds.HTTPError):
        return f"the server answered {_status(error)}"
    if isinstance(error, kinds.Timeout):
        return "the server did not answer in time"
    if isinstance(error, kinds.ChunkedEncodingError):
        return f"the transfer broke off, {TRIES} times ({error})"
    if isinstance(error, kinds.SSLError):
        return f"the server's certificate is not trusted ({error})"
    if isinstance(error, kinds.ProxyError):
        return "the proxy does not let the request through"
    if isinstance(error, kinds.ConnectionError):
        return "no connection to the server (is there a network?)"
    return str(error)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """pooch tells its own log what it does and what hash it met; here the caller is told."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
