"""Single values of a parsed document: taken strictly, or refused with their place in the file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic.export.json_limits import DocumentError, shown

LARGEST_SIZE = 2**20
"""Of a layer, a kernel, a dilation: what a declared number may be before weights prove it."""


def object_of(
    value: Any, where: str, *, required: tuple[str, ...], optional: tuple[str, ...] | None = ()
) -> dict[str, Any]:
    """An object with these keys; `optional` None allows any further ones.

    Raises:
        DocumentError: it is none, lacks a key, or has an unknown one.
    """
    if not isinstance(value, dict):
        raise DocumentError(f"{where}: {shown(value)}, wanted an object")
    for key in required:
        if key not in value:
            raise DocumentError(f"{where}: the key {key!r} is missing")
    if optional is not None and (unknown := value.keys() - {*required, *optional}):
        allowed = ", ".join((*required, *optional))
        raise DocumentError(
            f"{where}: the key {shown(min(unknown))} is unknown; allowed: {allowed}"
        )
    return value


def list_of(value: Any, where: str, *, length: int | None = None, least: int = 0) -> list[Any]:
    """An array of so many values.

    Raises:
        DocumentError: it is none, or has another length.
    """
    if not isinstance(value, list):
        raise DocumentError(f"{where}: {shown(value)}, wanted an array")
    if length is not None and len(value) != length:
        raise DocumentError(f"{where}: {len(value)} values, wanted {length}")
    if len(value) < least:
        raise DocumentError(f"{where}: {len(value)} values, wanted at least {least}")
    return value


def text_of(value: Any, where: str, *, may_be_empty: bool = False) -> str:
    """A string.

    Raises:
        DocumentError: it is none, or empty.
    """
    if not isinstance(value, str):
        raise DocumentError(f"{where}: {shown(value)}, wanted a string")
    if not value and not may_be_empty:
        raise DocumentError(f"{where}: an empty string, wanted a text")
    return value


def integer_of(value: Any, where: str, *, least: int = 1, most: int = LARGEST_SIZE) -> int:
    """A whole number.

    Raises:
        DocumentError: it is none (also true, 3.0), or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise DocumentError(f"{where}: {shown(value)}, wanted a whole number")
    if not least <= value <= most:
        raise DocumentError(f"{where}: {shown(value)}, wanted {least} to {most}")
    return value


def number_of(value: Any, where: str, *, least: float, most: float) -> float:
    """A finite number.

    Raises:
        DocumentError: it is none, or out of range.
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise DocumentError(f"{where}: {shown(value)}, wanted a number")
    if not least <= value <= most:
        raise DocumentError(f"{where}: {shown(value)}, wanted {least:g} to {most:g}")
    return float(value)


def array_of(value: Any, where: str, shape: tuple[int, ...], *, hint: str = "") -> NDArray:
    """An array of finite float32 numbers, of exactly this shape.

    Args:
        value: lists in lists.
        where: in the file, for messages.
        shape: wanted.
        hint: what a wrong number of rows or columns mostly means.

    Raises:
        DocumentError: another shape, anything but a number, or one that float32 cannot hold.
    """
    _check_lengths(value, where, shape, shape, hint)
    rows: list[list[Any]] = [value]
    for _ in shape[1:]:
        rows = [row for outer in rows for row in outer]
    for row in rows:
        if not set(map(type, row)) <= {int, float}:
            wrong = next(item for item in row if type(item) not in (int, float))
            raise DocumentError(f"{where}: {shown(wrong)} among its numbers", check="shapes")
    numbers = np.array(value, dtype=np.float64).reshape(shape)
    with np.errstate(over="ignore"):
        result = numbers.astype(np.float32)
    if not np.isfinite(result).all():
        place = tuple(int(index) for index in np.argwhere(~np.isfinite(result))[0])
        at = "".join(f"[{index}]" for index in place)
        raise DocumentError(
            f"{where}{at}: {numbers[place]:g}, which is beyond float32 (3.4e38)", check="finite"
        )
    return result


AXES = {1: ("numbers",), 2: ("rows", "columns"), 3: ("blocks", "rows", "columns")}
"""What to call the axes of an array."""


def _check_lengths(
    value: Any, where: str, shape: tuple[int, ...], whole: tuple[int, ...], hint: str
) -> None:
    axis = AXES[len(whole)][len(whole) - len(shape)]
    if not isinstance(value, list):
        raise DocumentError(f"{where}: {shown(value)}, wanted {shape[0]} {axis}", check="shapes")
    if len(value) != shape[0]:
        said = f" ({hint})" if hint else ""
        raise DocumentError(
            f"{where}: {len(value)} {axis}, wanted {shape[0]}{said}", check="shapes"
        )
    if len(shape) > 1:
        for place, row in enumerate(value):
            _check_lengths(row, f"{where}[{place}]", shape[1:], whole, hint)
