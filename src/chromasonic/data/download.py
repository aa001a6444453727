"""A corpus from the network: fetched, checked, unpacked beside its place, then moved there.

Nothing that was interrupted, shortened or forged ever lies where a corpus is looked for. Of an
archive only the files that the facts name are taken out, under the names that the facts give them.
"""

from __future__ import annotations

import filecmp
import logging
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from chromasonic import files
from chromasonic.data.facts import Collection, CorpusFacts
from chromasonic.data.locate import SUFFIX, Progress, ways_to_get
from chromasonic.errors import DownloadError, StorageError

TRIES = 3
CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 20.0
PAUSE_SECONDS = 0.3
CHUNK_BYTES = 1 << 14

# The facts give the size of the download in round figures; what is much larger is something else.
DOWNLOAD_LIMIT_FACTOR = 10
UNPACKED_LIMIT_FACTOR = 40

# What zipfile raises on damage, on a method it does not know, on a password, on a place before the
# beginning of the file.
BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


def fetch(facts: CorpusFacts, target: Path, *, on_progress: Progress | None = None) -> Path:
    """Download a corpus and put its files into a folder, whole or not at all.

    Args:
        facts: of the corpus: address, size, checksums.
        target: the folder that shall hold one sub-folder a collection; an older one is replaced.
        on_progress: told how many bytes have come.

    Raises:
        DownloadError: no network, no such file, a wrong checksum, or an archive that is broken or
            hostile; says what else can be done.
        StorageError: the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise StorageError(
            f"Cannot write to {target.parent}: {error.strerror}. Set CHROMASONIC_CACHE to a folder "
            "that can be written."
        ) from error
    try:
        archive = _download(facts, work, on_progress)
        unpacked = work / "unpacked"
        _unpack(facts, archive, unpacked)
        _put_in_place(unpacked, target, work)
    except OSError as error:
        raise StorageError(
            f"Cannot store the corpus '{facts.name}' in {target}: {error.strerror or error}. "
            "Free some space, or set CHROMASONIC_CACHE to another folder."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _failure(facts: CorpusFacts, what: str) -> DownloadError:
    return DownloadError(f"Cannot fetch the corpus '{facts.name}': {what}. {ways_to_get(facts)}")


def _download(facts: CorpusFacts, work: Path, on_progress: Progress | None) -> Path:
    """The archive as a file, checked against its checksum where one is known."""
    import pooch
    import requests

    def downloader(url: str, output_file: str, _pooch: Any) -> None:
        _stream(facts, url, Path(output_file), on_progress)

    try:
        with _quiet(pooch.get_logger()):
            path = pooch.retrieve(
                facts.url,
                known_hash=facts.archive_sha256,
                fname="archive",
                path=work,
                downloader=downloader,
            )
    except requests.RequestException as error:
        raise _failure(facts, _in_words(error)) from None  # the layers below say no more
    except ValueError as error:  # pooch's word for a checksum that does not match
        raise _failure(facts, f"what came does not match its checksum ({error})") from error
    return Path(path)


def _stream(facts: CorpusFacts, url: str, path: Path, on_progress: Progress | None) -> None:
    """Write what an address gives to a file, going on where a broken transfer stopped."""
    import requests

    limit = DOWNLOAD_LIMIT_FACTOR * facts.size_bytes
    path.write_bytes(b"")
    for attempt in range(1, TRIES + 1):
        try:
            with path.open("ab") as file:
                _continue(facts, url, file, limit, on_progress)
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


def _continue(
    facts: CorpusFacts, url: str, file: IO[bytes], limit: int, on_progress: Progress | None
) -> None:
    import requests

    have = file.tell()
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
            raise _failure(facts, f"the archive has {total:,} bytes, over {limit:,}")
        for chunk in answer.iter_content(CHUNK_BYTES):
            have += len(chunk)
            if have > limit:
                raise _failure(facts, f"more than {limit:,} bytes came")
            file.write(chunk)
            if on_progress is not None:
                on_progress(f"fetching {facts.name}", have, total)
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


def _unpack(facts: CorpusFacts, archive: Path, folder: Path) -> None:
    """Take the corpus's files out of an archive and check each."""
    try:
        with zipfile.ZipFile(archive) as opened:
            contents = _contents(facts, opened)
    except BROKEN_ARCHIVE as error:
        raise _failure(facts, f"what came is no whole zip archive ({error})") from error
    for collection, found in zip(facts.collections, contents, strict=True):
        _check(facts, collection, found)
        into = folder / collection.folder
        into.mkdir(parents=True)
        for name, data in found.items():
            (into / name).write_bytes(data)


def _contents(facts: CorpusFacts, archive: zipfile.ZipFile) -> list[dict[str, bytes]]:
    """For each collection its files in an archive: name to bytes."""
    limit = UNPACKED_LIMIT_FACTOR * facts.size_bytes
    members = [info for info in archive.infolist() if not info.is_dir()]
    for info in members:
        _refuse_hostile(facts, info)
    contents: list[dict[str, bytes]] = []
    for collection in facts.collections:
        found: dict[str, bytes] = {}
        for info in members:
            name = _wanted_name(collection, info)
            if name is not None:
                found[name] = _read_member(facts, archive, info, limit)
                limit -= len(found[name])
        contents.append(found)
    return contents


def _refuse_hostile(facts: CorpusFacts, info: zipfile.ZipInfo) -> None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in info.filename:
        raise _failure(
            facts, f"the archive is hostile: it names a file outside itself, '{info.filename}'"
        )


def _wanted_name(collection: Collection, info: zipfile.ZipInfo) -> str | None:
    """The name under which a member is stored, or None where it is not one of the corpus."""
    path = PurePosixPath(info.filename)
    if len(path.parts) < 2 or path.parts[-2] != collection.folder:
        return None
    wanted = path.name in collection.sha256 or (not collection.sha256 and path.suffix == SUFFIX)
    return path.name if wanted else None


def _read_member(
    facts: CorpusFacts, archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int
) -> bytes:
    """A member's bytes, read no further than the limit whatever its header promises."""
    with archive.open(info) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _failure(facts, f"the archive unpacks to far more than a corpus ({info.filename})")
    return data


def _check(facts: CorpusFacts, collection: Collection, found: dict[str, bytes]) -> None:
    if len(found) < collection.file_count:
        raise _failure(
            facts,
            f"the archive holds {len(found)} of {collection.file_count} files of "
            f"{collection.title}",
        )
    for name, digest in collection.sha256.items():
        met = files.sha256_of_bytes(found[name])
        if met != digest:
            raise _failure(
                facts,
                f"{name} does not match its checksum (SHA-256 {met[:12]}..., wanted "
                f"{digest[:12]}...)",
            )


def _put_in_place(unpacked: Path, target: Path, work: Path) -> None:
    """Move the unpacked files to their place; an older, damaged folder makes way."""
    try:
        os.rename(unpacked, target)
    except OSError:
        if not target.is_dir():
            raise
        if _holds_the_same(target, unpacked):  # another process was faster
            return
        os.rename(target, work / "old")
        os.rename(unpacked, target)


def _holds_the_same(target: Path, unpacked: Path) -> bool:
    """Whether every unpacked file lies in the target already."""
    pairs = [(f, target / f.relative_to(unpacked)) for f in unpacked.rglob("*") if f.is_file()]
    return all(there.is_file() and filecmp.cmp(here, there, shallow=False) for here, there in pairs)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """pooch tells its own log what it does and what hash it met; here the caller is told."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
