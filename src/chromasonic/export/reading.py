"""A document from a file: strict about every key, type and shape, and safe with hostile files.

    bytes -> limits -> JSON -> layers -> metadata -> Document

Whatever is wrong is said by its place, such as `layers[2].weights[1]: 255 numbers, wanted 256`.
Unknown keys beside `in_shape`, `layers` and `metadata` are skipped, as RTNeural does.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from chromasonic.errors import ExportError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.fields import object_of
from chromasonic.export.json_limits import DocumentError, Limits, parse_json, printable
from chromasonic.export.layer_reading import layers_of, size_of
from chromasonic.export.metadata_reading import metadata_of
from chromasonic.files import PathLike, kind_of

GIVE = "Give the file of an exported model."
NEXT_STEP = "Export the model anew, or mend what wrote this file."


def read_document(path: PathLike, *, limits: Limits | None = None) -> Document:
    """The model in a file.

    Args:
        path: an ordinary file (or a link to one).
        limits: how much it may hold; None: as `Limits` says.

    Raises:
        ExportError: it cannot be read, or holds no valid document: what is wrong, and where.
    """
    try:
        return parse_document(read_bytes(path, limits=limits), limits=limits)
    except DocumentError as error:
        raise DocumentError(
            f"{printable(str(path))}: {error}. {NEXT_STEP}", check=error.check
        ) from None
    except MemoryError:
        raise ExportError(
            f"{printable(str(path))} needs more memory than there is; free some, or lower limits."
        ) from None


def read_bytes(path: PathLike, *, limits: Limits | None = None) -> bytes:
    """The bytes of an ordinary file that is not too long.

    Raises:
        ExportError: there is none, it cannot be read, or it is a folder, a pipe or a device.
        DocumentError: it is too long.
    """
    limits = limits or Limits()
    path = Path(path)
    try:
        _check_ordinary(path, path.stat().st_mode)  # before it is opened: a pipe would wait
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            _check_ordinary(path, status.st_mode)
            data = b"" if status.st_size > limits.size_bytes else file.read(limits.size_bytes + 1)
            if max(status.st_size, len(data)) > limits.size_bytes:
                raise DocumentError(
                    f"has {max(status.st_size, len(data)):,} bytes; allowed: {limits.size_bytes:,}"
                )
            return data
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = error.strerror if isinstance(error, OSError) else error
        raise ExportError(f"Cannot read {printable(str(path))}: {reason}. {GIVE}") from error


def _check_ordinary(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ExportError(f"{printable(str(path))} is {what}, no ordinary file. {GIVE}")


_BINARY = getattr(os, "O_BINARY", 0)


def parse_document(text: str | bytes, *, limits: Limits | None = None) -> Document:
    """The model in a text.

    Raises:
        DocumentError: it is no valid document: what is wrong, and where.
    """
    value = parse_value(text, limits=limits)
    inputs, layers = structure_of(value)
    metadata = None
    if "metadata" in value:
        metadata = metadata_of(value["metadata"], inputs, layers[-1].size)
    return Document(inputs=inputs, layers=layers, metadata=metadata)


def parse_value(text: str | bytes, *, limits: Limits | None = None) -> dict[str, Any]:
    """The JSON object in a text, nothing in it checked yet.

    Raises:
        DocumentError: it is no JSON object, or goes beyond a limit.
    """
    try:
        data = text.encode("utf-8") if isinstance(text, str) else text
    except UnicodeEncodeError:
        raise DocumentError("has half of a surrogate pair in its text") from None
    if what := _foreign(data):
        raise DocumentError(f"is {what}")
    value = parse_json(data, limits or Limits())
    return object_of(value, "the document", required=("in_shape", "layers"), optional=None)


def _foreign(data: bytes) -> str | None:
    """What is plainly no JSON, with the next step; None: JSON, or who knows."""
    if data.startswith(b"PK"):
        return (
            "a zip archive, as checkpoints of a training (.pt) are; export it first: "
            "chromasonic export FILE"
        )
    if data.startswith(ONNX_START):
        return "no JSON and begins as ONNX does; ONNX files must be called NAME.onnx"
    kind = kind_of(data)
    if kind in (None, "JSON"):
        return None
    return f"{kind}, no JSON; give a file that 'chromasonic export' wrote"


ONNX_START = b"\x08"
"""Of an ONNX file: the number of the field that holds its version. No JSON begins with it."""


def structure_of(value: dict[str, Any]) -> tuple[int, tuple[DocumentLayer, ...]]:
    """Numbers that go in, and the layers, of what `parse_value` gave.

    Files of ours, which have metadata, are held to their exact form; those of other programs may
    write a shape as RTNeural reads it, by its last value.

    Raises:
        DocumentError: the first thing that is wrong.
    """
    exact = "metadata" in value
    inputs = size_of(value["in_shape"], "in_shape", exact=exact)
    return inputs, layers_of(value["layers"], inputs, exact=exact)
