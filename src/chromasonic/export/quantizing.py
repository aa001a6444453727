"""Weights as the C++ side holds them at fewer bits: the same rounding, so that what it costs can be
measured here, on any metric.

float32 is as in the file. float16 is the nearest IEEE half. int8 is a whole number from -127 to 127
times one float32 for each output of a matrix: its largest weight / 127. Ties go to even. Only the
matrices of dense and LSTM layers are rounded; biases stay float32, and so does all arithmetic.

Legend: I inputs, O outputs of a matrix.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Literal, TypeVar, get_args

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.errors import ExportError
from chromasonic.export.document import Array, Document, DocumentLayer

Module = TypeVar("Module", bound=nn.Module)

Precision = Literal["float32", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

BYTES: dict[Precision, int] = {"float32": 4, "float16": 2, "int8": 1}
"""Of a weight; int8 has 4 more for each output of a matrix."""

MATRICES = {"dense": 1, "time-distributed-dense": 1, "lstm": 2}
"""Type of a layer to how many of its first arrays are matrices."""

HALF_OVERFLOW = 65_520.0
"""From here on the nearest half is infinite."""

TINY = np.finfo(np.float32).tiny
"""The smallest normal float32; a scale below it counts as 0."""


def held(matrix: Array, precision: Precision) -> Array:
    """A matrix as it is held.

    Args:
        matrix: (I, O).
        precision: float32, float16 or int8.

    Returns:
        (I, O) float32.

    Raises:
        ExportError: there is no such precision; a weight is not finite; or float16 cannot hold it.
    """
    if precision not in PRECISIONS:
        raise ExportError(f"precision is '{precision}'; allowed: {', '.join(PRECISIONS)}.")
    weights = np.asarray(matrix, dtype=np.float32)
    if weights.ndim != 2:
        raise ExportError(
            f"A matrix of shape {weights.shape} was given; allowed: (inputs, outputs)."
        )
    if not np.isfinite(weights).all():
        raise ExportError("A weight is NaN or infinite; every weight must be finite. Train anew.")
    if precision == "float32":
        return weights.copy()
    if precision == "int8":
        scales = int8_scales(weights)
        return int8_numbers(weights, scales) * scales
    largest = float(np.abs(weights).max(initial=0))
    if largest >= HALF_OVERFLOW:
        raise ExportError(
            f"A weight is {largest:g} in size, and float16 ends at 65504; use float32 or int8."
        )
    return weights.astype(np.float16).astype(np.float32)


def int8_scales(weights: Array) -> Array:
    """(I, O) to what the whole numbers of each output are times, (O,); 0 where all weights are."""
    scales = np.abs(weights).max(axis=0, initial=0).astype(np.float32) / np.float32(127)
    return np.where(scales < TINY, np.float32(0), scales).astype(np.float32)


def int8_numbers(weights: Array, scales: Array) -> Array:
    """(I, O) and (O,) to whole numbers from -127 to 127, (I, O), as float32."""
    shares = np.divide(weights, scales, out=np.zeros_like(weights), where=scales > 0)
    return np.clip(np.rint(shares), -127, 127)


def rounded_document(document: Document, precision: Precision) -> Document:
    """The same document with its matrices as they are held; its metadata is left as it was.

    Raises:
        ExportError: as in `held`, or a layer is neither dense nor LSTM.
    """
    return replace(document, layers=tuple(_rounded(layer, precision) for layer in document.layers))


def _rounded(layer: DocumentLayer, precision: Precision) -> DocumentLayer:
    if not layer.weights:
        return layer
    if layer.type not in MATRICES:
        raise ExportError(
            f"A layer is of type {layer.type}; fewer bits are for {', '.join(MATRICES)}."
        )
    count = MATRICES[layer.type]
    matrices = tuple(held(matrix, precision) for matrix in layer.weights[:count])
    return replace(layer, weights=(*matrices, *layer.weights[count:]))


def rounded_module(module: Module, precision: Precision) -> Module:
    """A copy of a module of linear and LSTM layers, with its matrices as they are held.

    Raises:
        ExportError: as in `held`, or another layer has weights.
    """
    copied = deepcopy(module)
    for name, part in copied.named_modules():
        own = dict(part.named_parameters(recurse=False))
        if not own:
            continue
        if not isinstance(part, nn.Linear | nn.LSTM):
            raise ExportError(
                f"{name or type(part).__name__} is a {type(part).__name__}; fewer bits are for "
                "Linear and LSTM."
            )
        for key, values in own.items():
            if key.startswith("weight"):
                _round_in_place(values, precision)
    return copied


@torch.no_grad()
def _round_in_place(weight: Tensor, precision: Precision) -> None:
    """(O, I), as torch has it."""
    matrix = weight.detach().cpu().numpy().astype(np.float32).T
    weight.copy_(torch.from_numpy(np.ascontiguousarray(held(matrix, precision).T)))
