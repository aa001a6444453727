"""Text files of motion, as strangers write them: bounded, decoded, their numbers checked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.files import PathLike, kind_of

MOST_BYTES = 512 * 2**20
"""Of a file of motion; a text of 100,000 frames of a whole body is about 80 MB."""

MOST_FRAMES = 1_000_000
"""Of one movement: more than two hours at 120 frames a second."""

MOST_NODES = 1_000
"""Of one skeleton; a face mesh has 478."""

LARGEST = 1e9
"""A coordinate or an angle beyond this is damage, whatever its unit."""


def read_bytes(path: PathLike, *, kind: str) -> bytes:
    """The bytes of a file that strangers made.

    Args:
        path: the file.
        kind: what it should be, for the messages ("BVH file").

    Raises:
        FormatError: it is absent, empty, or larger than `MOST_BYTES`.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():  # a device may have no end
            raise FormatError(f"Cannot read {path}: it is a folder or a device. Give a {kind}.")
        size_bytes = path.stat().st_size
        if size_bytes > MOST_BYTES:
            raise FormatError(
                f"{path.name} has {size_bytes:,} bytes; up to {MOST_BYTES:,} are read as a {kind}. "
                "Cut the recording."
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise FormatError(
            f"Cannot read {path}: {reason}. Give the path of a {kind} that is there."
        ) from error
    if not data.strip(b" \t\r\n\0"):
        raise FormatError(f"{path.name} is empty; a {kind} is wanted. Export or copy it again.")
    return data


def text_of(data: bytes, *, name: str, kind: str) -> str:
    """The text of a file's bytes: UTF-8 or UTF-16 by its mark, else Latin-1 (old exporters).

    Raises:
        FormatError: the bytes are no text (a NUL is among them).
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) % 2 == 0:
        with suppress(UnicodeDecodeError):
            return data.decode("utf-16")
    if b"\0" in data:
        known = kind_of(data)
        raise FormatError(
            f"{name} is {known or 'binary'}, not the text of a {kind}. Export the motion again as "
            f"a {kind}."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def numbers_of(words: Sequence[str], *, place: str) -> npt.NDArray[np.float64]:
    """Numbers written as words.

    Args:
        words: decimal numbers.
        place: where they stand, for the message ("wave.bvh, frame 3").

    Raises:
        FormatError: one is no number, not finite, or beyond `LARGEST`.
    """
    try:
        values = np.array(words, dtype=np.float64)
        is_wrong = not (np.abs(values) <= LARGEST).all()
    except (ValueError, OverflowError):
        is_wrong = True
    if is_wrong or "_" in "".join(words):
        wrong = next(word for word in words if not _is_number(word))
        raise FormatError(
            f"{place}: {shown(wrong)} is not a number from -{LARGEST:,.0f} to {LARGEST:,.0f}. "
            "Export the motion again."
        )
    return values


def _is_number(word: str) -> bool:
    try:
        return abs(float(word)) <= LARGEST and "_" not in word
    except ValueError:
        return False


def shown(text: object) -> str:
    """A piece of a file for a message: short, on one line, nothing that a terminal acts upon."""
    quoted = ascii(text)
    return quoted if len(quoted) <= 40 else quoted[:37] + "..."


def listed(names: Sequence[str], most: int = 8) -> str:
    """Some names for a message: the first few, and how many more there are."""
    first = ", ".join(shown(name)[1:-1] for name in names[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most} more"
