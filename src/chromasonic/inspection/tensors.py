"""The tensors of a state dict: shape, type, whether trained, shared, strided oddly, not finite."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from chromasonic.inspection.plain import printable

MOST_READ_BYTES = 4 * 2**30
"""Of values; in larger files they are not read."""

AT_ONCE = 2**24
"""Numbers that are looked at together."""

BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "position_ids", "inv_freq")
"""Last parts of names that PyTorch's own layers and common models give to what is not trained."""


@dataclass(frozen=True, kw_only=True)
class TensorFacts:
    """One entry of a state dict.

    Attributes:
        name: without wrappers' prefixes.
        shape: its axes.
        dtype: such as "float32".
        elements: how many numbers it has.
        bytes: of them.
        is_buffer: whether it is not trained, by its name or because it holds integers.
        same_as: the name of an earlier entry that is the same storage; "" where it has its own.
        is_odd: whether it claims more numbers than are stored (an axis of stride 0).
        nan: how many of its numbers are NaN; None where values were not read.
        infinite: how many are infinite.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    elements: int
    bytes: int
    is_buffer: bool
    same_as: str = ""
    is_odd: bool = False
    nan: int | None = None
    infinite: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "elements": self.elements,
            "is_buffer": self.is_buffer,
            "same_as": self.same_as,
        }


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counts over a state dict.

    Attributes:
        state_dict: every number of every entry, buffers included.
        trainable: without buffers.
        buffers: the rest.
        distinct: each storage once; smaller than `state_dict` where entries share one.
        bytes: of the state dict.
        tensors: entries.
    """

    state_dict: int
    trainable: int
    buffers: int
    distinct: int
    bytes: int
    tensors: int

    @classmethod
    def of(cls, tensors: tuple[TensorFacts, ...]) -> Totals:
        """Count."""
        whole = sum(t.elements for t in tensors)
        buffers = sum(t.elements for t in tensors if t.is_buffer)
        return cls(
            state_dict=whole,
            trainable=whole - buffers,
            buffers=buffers,
            distinct=sum(t.elements for t in tensors if not t.same_as),
            bytes=sum(t.bytes for t in tensors),
            tensors=len(tensors),
        )


def describe_tensors(weights: dict[str, Tensor]) -> tuple[tuple[TensorFacts, ...], str]:
    """Facts of each entry, and a fingerprint of all values ("" where they were not read)."""
    places: dict[tuple[Any, ...], str] = {}
    found = []
    for name, tensor in weights.items():
        place = _place(tensor)
        same_as = places.setdefault(place, name) if place is not None else name
        found.append(_facts(name, tensor, "" if same_as == name else same_as))
    # Views of one storage are read as often as they are named: the limit is on what is read.
    whole = sum(facts.bytes for facts in found if not facts.is_odd and not facts.same_as)
    if whole > MOST_READ_BYTES or not found:
        return tuple(found), ""
    digest = hashlib.sha256()
    pairs = zip(found, weights.values(), strict=True)
    read = tuple(_with_values(facts, tensor, digest) for facts, tensor in pairs)
    return read, digest.hexdigest()


def _facts(name: str, tensor: Tensor, same_as: str) -> TensorFacts:
    elements = math.prod(tensor.shape)
    return TensorFacts(
        name=printable(name, 200),
        shape=tuple(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        elements=elements,
        bytes=elements * tensor.dtype.itemsize,
        is_buffer=_is_buffer(name, tensor),
        same_as=printable(same_as, 200),
        is_odd=_is_plain(tensor) and elements > _stored_bytes(tensor) // tensor.dtype.itemsize,
    )


def _is_buffer(name: str, tensor: Tensor) -> bool:
    is_counted = not (tensor.is_floating_point() or tensor.is_complex() or tensor.is_quantized)
    return name.rpartition(".")[2] in BUFFERS or is_counted


def _is_plain(tensor: Tensor) -> bool:
    is_dense = tensor.layout == torch.strided and not tensor.is_quantized
    return is_dense and not tensor.is_nested and tensor.device.type == "cpu"


def _stored_bytes(tensor: Tensor) -> int:
    if not _is_plain(tensor):
        return 0
    return int(tensor.untyped_storage().nbytes())


def _place(tensor: Tensor) -> tuple[Any, ...] | None:
    """Where its numbers lie; equal for tensors that are one. None where it has none."""
    if not _is_plain(tensor) or tensor.numel() == 0:
        return None
    return (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)


def _with_values(facts: TensorFacts, tensor: Tensor, digest: Any) -> TensorFacts:
    """Read the numbers, once: what is not finite, and the fingerprint."""
    digest.update(f"{facts.name}:{facts.dtype}:{facts.shape}".encode())
    if not _is_plain(tensor) or facts.is_odd or facts.same_as or tensor.numel() == 0:
        return facts
    values = tensor.detach().resolve_conj().resolve_neg().contiguous().view(-1)
    nan = infinite = 0
    for part in values.split(AT_ONCE):
        digest.update(part.view(torch.uint8).numpy())
        if not (part.is_floating_point() or part.is_complex()):
            continue
        if part.dtype.itemsize == 1:  # float8 knows few operations
            part = part.to(torch.float32)
        if not bool(torch.isfinite(part.sum())):  # it may also just have overflowed
            nan += int(torch.isnan(part).sum())
            infinite += int(torch.isinf(part).sum())
    return replace(facts, nan=nan, infinite=infinite)
