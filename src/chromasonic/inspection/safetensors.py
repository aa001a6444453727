"""Reads .safetensors by hand: eight bytes of length, a JSON header, then the numbers.

Source: the format's description at https://github.com/huggingface/safetensors (Format).
"""

from __future__ import annotations

import json
import math
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from chromasonic.errors import CheckpointError
from chromasonic.inspection.plain import printable

LARGEST_HEADER_BYTES = 100 * 10**6
"""The format's own limit."""
LARGEST_MAPPED_BYTES = 4 * 2**30

DTYPES: dict[str, torch.dtype] = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8,
    "BOOL": torch.bool, "C64": torch.complex64,
}  # fmt: skip


def is_safetensors(start: bytes, size_bytes: int) -> bool:
    """Whether a file begins as one.

    Args:
        start: its first nine bytes.
        size_bytes: of the file.
    """
    return len(start) > 8 and start[8:9] == b"{" and _header_size(start) <= size_bytes - 8


def _header_size(start: bytes) -> int:
    return int(struct.unpack("<Q", start[:8])[0])


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, mapped from the disk and not yet read, and the file's own remarks.

    Of files above `LARGEST_MAPPED_BYTES` names and shapes alone.

    Raises:
        CheckpointError: the header is no header, or its tensors do not fill the file exactly.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header_size = _header_size(file.read(8))
        if header_size > min(LARGEST_HEADER_BYTES, size - 8):
            raise _broken(path, f"its header of {header_size:,} bytes does not fit into it")
        text = file.read(header_size)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(path, "its header is no JSON") from error
    if not isinstance(header, dict):
        raise _broken(path, "its header is no JSON object")
    remarks = header.pop("__metadata__", {})
    first = 8 + header_size
    entries = {name: _entry(path, name, entry) for name, entry in header.items()}
    _check_extents(path, entries, size - first)
    if size > LARGEST_MAPPED_BYTES:  # names and shapes need no memory
        return {
            name: torch.empty(shape, dtype=dtype, device="meta")
            for name, (dtype, shape, _, _) in entries.items()
        }, _texts(remarks)
    if not entries:
        return {}, _texts(remarks)
    whole = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8)
    return {
        name: _view(whole[first + begin : first + end], dtype, shape)
        for name, (dtype, shape, begin, end) in entries.items()
    }, _texts(remarks)


def _entry(path: Path, name: str, entry: Any) -> tuple[torch.dtype, tuple[int, ...], int, int]:
    try:
        dtype = DTYPES[entry["dtype"]]
        shape = tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        numbers = (*shape, begin, end)
        is_right = all(type(number) is int and 0 <= number < 2**62 for number in numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, f"the entry of {printable(name)!r} is not understood") from error
    if not is_right or math.prod(shape) * dtype.itemsize != end - begin:
        raise _broken(path, f"shape and bytes of {printable(name)!r} do not agree")
    return dtype, shape, begin, end


def _check_extents(path: Path, entries: dict[str, Any], available: int) -> None:
    """Tensors stand one after the other and fill the file."""
    extents = sorted((begin, end) for _, _, begin, end in entries.values())
    borders = [(0, 0), *extents, (available, available)]
    for (_, end), (begin, _) in pairwise(borders):
        if begin != end:
            raise _broken(path, "its tensors overlap, leave a gap, or go beyond its end")


def _view(data: Tensor, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    if data.numel() == 0:
        return torch.empty(shape, dtype=dtype)
    if data.storage_offset() % dtype.itemsize:  # not aligned: torch cannot view it in place
        data = data.clone()
    return data.view(dtype).view(shape)


def _texts(remarks: Any) -> dict[str, str]:
    if not isinstance(remarks, dict):
        return {}
    return {printable(key): printable(value) for key, value in list(remarks.items())[:100]}


def _broken(path: Path, why: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is no whole .safetensors file: {why}. Copy or download it again."
    )
