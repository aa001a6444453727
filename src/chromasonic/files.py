"""Files written whole, and checksums.

A file appears under its name complete or not at all: it is written to a temporary name in the same
folder, flushed to the disk, then renamed over the old one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

from chromasonic.errors import StorageError

PathLike = str | os.PathLike[str]

_waits_for_disk: ContextVar[bool] = ContextVar("waits_for_disk", default=True)


@contextmanager
def passing() -> Iterator[None]:
    """Within this block files are written for the moment only: nothing waits for the disk.

    For folders that are thrown away after their files have been read back.
    """
    token = _waits_for_disk.set(False)
    try:
        yield
    finally:
        _waits_for_disk.reset(token)


@contextmanager
def open_whole(path: PathLike, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that appears under `path` only when the block ends without error.

    Args:
        path: where the file shall be; missing folders are made.
        mode: "wb" or "w" (UTF-8, newline untouched).

    Raises:
        StorageError: the disk is full, or the folder cannot be written; nothing is left behind.
    """
    path = Path(path)
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"
        )
        encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
        with os.fdopen(handle, mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            if _waits_for_disk.get():
                os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


_NEXT_STEPS = {
    "Free some space, or choose another folder": (errno.ENOSPC, errno.EDQUOT),
    "Choose a folder that may be written": (errno.EACCES, errno.EPERM, errno.EROFS),
    "A folder has that name: move it away, or choose another name": (errno.EISDIR,),
    "A part of that path is a file: choose another folder": (errno.ENOTDIR, errno.EEXIST),
    "Choose a shorter name": (errno.ENAMETOOLONG,),
}
"""What to do about a failed write, and the errors that it helps against."""


def _cannot_write(path: Path, error: OSError) -> StorageError:
    """The error to raise, with the next step that fits it."""
    step = next(
        (step for step, numbers in _NEXT_STEPS.items() if error.errno in numbers),
        "Choose another folder",
    )
    return StorageError(
        f"Cannot write {path}: {error.strerror or error}. {step}; nothing was left half-written."
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: PathLike, text: str) -> Path:
    """Write a text file whole, as UTF-8."""
    with open_whole(path, "w") as file:
        file.write(text)
    return Path(path)


def write_bytes(path: PathLike, data: bytes) -> Path:
    """Write a binary file whole."""
    with open_whole(path) as file:
        file.write(data)
    return Path(path)


def write_json(path: PathLike, value: Any) -> Path:
    """Write a JSON document whole; NaN becomes null, so that any reader takes it."""
    return write_text(path, json_text(value) + "\n")


def json_text(value: Any) -> str:
    """Strict JSON text of a value: NaN and infinities are null (JSON has no word for them)."""
    return json.dumps(_strict(value), indent=2, ensure_ascii=False, allow_nan=False)


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # NumPy and torch numbers and arrays
        return _strict(value.tolist())
    raise TypeError(f"{type(value).__name__} has no JSON form")


def write_with(path: PathLike, save: Callable[[Path], object]) -> Path:
    """Let a library that wants a path write a file whole.

    Args:
        path: where the file shall be; its ending is kept for the temporary name.
        save: called once with the temporary path.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=f".tmp{path.suffix}"
        )
        os.close(handle)
        temporary = Path(name)
        try:
            save(temporary)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error
    return path


_KINDS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"MThd", "a MIDI file"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"RIFF", "a sound (WAV)"),
    (b"fLaC", "a sound (FLAC)"),
    (b"OggS", "a sound (Ogg)"),
    (b"ID3", "a sound (MP3)"),
    (b"%PDF", "a PDF"),
    (b"<", "XML or HTML"),
    (b"{", "JSON"),
)
"""How files begin that people mistake for one another."""


def kind_of(data: bytes) -> str | None:
    """What a file is by its first bytes, such as "a MIDI file"; None: something else."""
    return next((kind for start, kind in _KINDS if data.startswith(start)), None)


def sha256_of_file(path: PathLike) -> str:
    """SHA-256 of a file's bytes, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()
