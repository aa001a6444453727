"""JSON text from strangers: bounded before it is parsed, and stricter than Python's own reader.

The limits are counted on the bytes, in time proportional to their number, before anything is built
of them: a short text can ask for gigabytes of lists, or for a depth that overflows the stack.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from chromasonic.errors import ExportError

SHOWN_CHARACTERS = 60
"""Of a value in a message."""

LONGEST_TEXT = 300
"""Characters of a text that is shown, such as a licence."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_KEEP_BRACKETS = bytes(code for code in range(256) if chr(code) not in "[]{}")
_NUMBERS_TO_ZEROS = bytes(
    ord("0") if chr(code) in "+-.0123456789Ee" else ord(" ") for code in range(256)
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a document may hold; the C++ side has much the same limits.

    Attributes:
        size_bytes: of the file.
        depth: of arrays and objects in one another (weights need 7).
        values: numbers, strings and other values together.
        containers: arrays and objects together.
        strings: keys and texts together.
        number_length: characters of one number.
        string_length: bytes of one string, as it is written.
        keys: of one object.
    """

    size_bytes: int = 64 * 2**20
    depth: int = 8
    values: int = 6_000_000
    containers: int = 400_000
    strings: int = 30_000
    number_length: int = 64
    string_length: int = 2**16
    keys: int = 256


class DocumentError(ExportError):
    """A document that cannot be used.

    Attributes:
        check: which kind of fault it is: format, shapes, activations, finite or metadata.
    """

    def __init__(self, message: str, *, check: str = "format") -> None:
        super().__init__(message)
        self.check = check


def shown(value: Any) -> str:
    """A value for a message: short, on one line, without anything that a terminal acts upon."""
    if isinstance(value, (list, dict)):
        return f"{'an array' if isinstance(value, list) else 'an object'} of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = ascii(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


def printable(text: str) -> str:
    """A text from a file as it may be shown: nothing in it moves a cursor or changes a colour."""
    plain = text if text.isprintable() else ascii(text)[1:-1]
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 3] + "..."


def parse_json(data: bytes, limits: Limits) -> Any:
    """The value of a JSON text in UTF-8.

    Stricter than the standard library: no NaN and infinity (nor a number too large to be one), no
    key twice in an object, no byte order mark, no half of a surrogate pair.

    Raises:
        DocumentError: it is no such text, or goes beyond a limit.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        raise DocumentError("begins with a byte order mark; JSON is plain UTF-8 without one")
    if not data.strip(b" \t\r\n\0"):
        raise DocumentError("is empty; wanted: one JSON object")
    check_limits(data, limits)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"is no UTF-8: byte {error.start} is {data[error.start]:#04x}, so it is no JSON; give "
            "a file that 'chromasonic export' wrote"
        ) from None
    try:
        value = json.loads(
            text,
            parse_float=_finite,
            parse_constant=_refuse_constant,
            object_pairs_hook=lambda pairs: _object_of_pairs(pairs, limits.keys),
        )
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"is no whole JSON: {error.msg}, character {error.pos:,} of {len(text):,}"
        ) from None
    except (RecursionError, ValueError) as error:  # beside the limits: for limits chosen too wide
        raise DocumentError(f"cannot be parsed as JSON: {error}") from None
    if _SURROGATE.search(data):
        _refuse_lone_surrogates(value)
    return value


def check_limits(data: bytes, limits: Limits) -> None:
    """Refuse a text that asks for more than the limits allow.

    Quotes are told from quoted ones as JSON does it; where the text is no JSON the parser stops
    before it reaches what was counted wrong.

    Raises:
        DocumentError: which limit, what was met, what is allowed.
    """
    _compare(len(data), limits.size_bytes, "bytes")
    quotes = data
    if b"\\" in data:  # what a backslash quotes cannot end a string
        quotes = data.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    _compare(quotes.count(b'"') // 2, limits.strings, "strings")
    parts = quotes.split(b'"')
    _compare(max(map(len, parts[1::2]), default=0), limits.string_length, "bytes in one string")
    outside = b'""'.join(parts[::2])
    del quotes, parts
    _compare(outside.count(b"[") + outside.count(b"{"), limits.containers, "arrays and objects")
    _compare(outside.count(b"]") + outside.count(b"}"), limits.containers, "closing brackets")
    _compare(outside.count(b",") + outside.count(b":"), limits.values, "values")
    if b"0" * (limits.number_length + 1) in outside.translate(_NUMBERS_TO_ZEROS):
        raise DocumentError(
            f"has a number of more than {limits.number_length} characters; a float32 needs 16"
        )
    brackets = np.frombuffer(outside.translate(None, delete=_KEEP_BRACKETS), dtype=np.uint8)
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    depth = int(np.cumsum(np.where(opens, 1, -1), dtype=np.int32).max(initial=0))
    _compare(depth, limits.depth, "levels of arrays and objects in one another")


def _compare(met: int, allowed: int, what: str) -> None:
    if met > allowed:
        raise DocumentError(f"has {met:,} {what}; allowed: {allowed:,}")


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise DocumentError(
            f"holds {text[:SHOWN_CHARACTERS]}, which no float can hold; allowed: finite numbers",
            check="finite",
        )
    return value


def _refuse_constant(text: str) -> float:
    raise DocumentError(f"holds {text}; allowed: finite numbers", check="finite")


def _object_of_pairs(pairs: list[tuple[str, Any]], most: int) -> dict[str, Any]:
    _compare(len(pairs), most, "keys in one object")
    result = dict(pairs)
    if len(result) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = counts.most_common(1)[0][0]
        raise DocumentError(f"has the key {shown(twice)} twice in one object; allowed: once")
    return result


def _refuse_lone_surrogates(value: Any) -> None:
    """JSON can write half a surrogate pair, UTF-8 cannot; RTNeural's parser refuses it, too."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise DocumentError(f"has half of a surrogate pair ({half!a}) in a string") from None
