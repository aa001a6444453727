"""Values from strangers' files as plain ones: bounded in depth and number, safe to print."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor

LONGEST_TEXT = 300
DEEPEST = 24
MOST_VALUES = 200_000
"""Of one plain value; what goes beyond is told as cut off."""

CUT = "... (cut off)"


def printable(text: object, longest: int = LONGEST_TEXT) -> str:
    """A text without what would move a terminal's cursor or colour it, and not too long."""
    found = str(text)
    shown = "".join(char if char.isprintable() else "�" for char in found[:longest])
    return shown + ("..." if len(found) > longest else "")


def shape_text(shape: Iterable[int]) -> str:
    """For instance "512 x 31"; "one number" where there is no axis."""
    return " x ".join(map(str, shape)) or "one number"


def number_text(value: object) -> str:
    """A number as it is told: whole ones with commas, others with every digit that counts."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return printable(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{value:.6g}"
    return repr(value)


def value_text(value: object) -> str:
    """A fact's value as people write it: "Yes", "No", or a number with every digit."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return number_text(value)


def short_number(value: object, digits: int = 6) -> str:
    """A value as people write it, a number that is not whole to so many figures."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.{digits}g}"
    return value_text(value)


def side_by_side(values: Sequence[object]) -> list[str]:
    """Values of one thing, numbers as short as they can be told apart by; "-" for None."""
    different = len({repr(value) for value in values})
    for digits in (6, 9, 12):
        texts = ["-" if value is None else short_number(value, digits) for value in values]
        if len(set(texts)) == different:
            return texts
    return ["-" if value is None else value_text(value) for value in values]


def percent(value: float) -> str:
    """For instance "11.22%"."""
    return f"{100 * value:.2f}%"


def to_plain(value: Any) -> Any:
    """Dicts, lists, texts and numbers only; tensors as a text of their shape.

    Args:
        value: anything that a safe reader makes. It may hold itself, and may name one list a
            million times: what is deeper than `DEEPEST` or beyond `MOST_VALUES` is cut off.
    """
    return _Plain().of(value, 0)


class _Plain:
    """Counts what it has told, so that a small file cannot ask for a large answer."""

    def __init__(self) -> None:
        self.left = MOST_VALUES

    def of(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            return CUT
        if value is None or isinstance(value, bool | int):
            bits = int(value or 0).bit_length()
            return value if bits < 64 else f"an integer of {bits:,} bits"
        if isinstance(value, float):
            return value
        if isinstance(value, Tensor):
            return tensor_text(value)
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._several(value, depth)
        plain = getattr(value, "plain_value", None)  # of the stand-ins
        return self.of(plain, depth + 1) if plain is not None else printable(value)

    def _several(self, value: Any, depth: int) -> Any:
        if depth >= DEEPEST:
            return CUT
        if isinstance(value, Mapping):
            told: dict[str, Any] = {}
            for key, item in value.items():
                if self.left <= 0:
                    told[CUT] = len(value) - len(told)
                    break
                told[printable(key)] = self.of(item, depth + 1)
            return told
        told_items = []
        for item in value:
            if self.left <= 0:
                told_items.append(CUT)
                break
            told_items.append(self.of(item, depth + 1))
        return told_items


def tensor_text(tensor: Tensor) -> str:
    """A number where the tensor is one, else its shape and type."""
    if tensor.ndim == 0 and tensor.layout.__str__() == "torch.strided" and not tensor.is_quantized:
        return number_text(tensor.item())
    return f"tensor {shape_text(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def as_number(value: Any) -> float | None:
    """A number, also where it is a tensor of one or a stand-in; None for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(value) if abs(value) < 2**1000 else None
    if isinstance(value, float):
        return value
    if isinstance(value, Tensor):
        is_one = value.numel() == 1 and not value.is_quantized and not value.is_complex()
        return float(value.item()) if is_one and not value.is_sparse else None
    plain = getattr(value, "plain_value", None)
    return as_number(plain) if isinstance(plain, int | float) else None


def is_finite(value: float | None) -> bool:
    """Whether there is a number, and an ordinary one."""
    return value is not None and math.isfinite(value)
