"""That a softmax which subtracts no maximum, as RTNeural's, neither overflows nor vanishes.

What goes into each layer is bounded by interval arithmetic: an LSTM's, a GRU's, a tanh's output
lies in (-1, 1) whatever comes in. Where that proves nothing, the golden steps are measured. A
constant added to all logits changes no softmax, so a bias may be shifted to where both fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chromasonic.errors import ExportError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.interpreter import LARGEST_SUM, SMALLEST_SUM, compute

UNKNOWN = 1e30
"""Inputs are taken to lie within plus and minus this; a bound above it bounds nothing."""

NEGLIGIBLE = 2e-7
"""A shift that was not needed on the golden steps may round a bias so far, and no farther."""

HAS_LOGITS = ("dense", "conv1d")
"""Layers whose bias can be shifted."""

Interval = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Least and largest value of each number."""


@dataclass(frozen=True, kw_only=True)
class GuardedLayers:
    """Layers whose softmax is safe, and what a user must know of it.

    Attributes:
        layers: as before, but for the bias of a layer before a softmax that had to be shifted.
        remarks: where it is measured, not proven.
    """

    layers: tuple[DocumentLayer, ...]
    remarks: tuple[str, ...] = ()


def guard_softmax(document: Document, inputs: NDArray[np.float32]) -> GuardedLayers:
    """Bound what goes into each softmax; shift the bias before it where that helps.

    Args:
        document: the layers.
        inputs: (S, I), steps to measure over, all from one cleared state.

    Raises:
        ExportError: it overflows or vanishes on those steps, and no shift helps.
    """
    layers, remarks = list(document.layers), []
    bounds = _input_bounds(document.inputs)
    for place, layer in enumerate(layers):
        logits = _outputs_before_activation(layer, bounds)
        if layer.activation == "softmax":
            before = replace(document, layers=tuple(layers[:place]), metadata=None)
            layers[place], remark = _guard_layer(layer, logits, before, inputs)
            remarks += [remark] if remark else []
        bounds = _activated(layer.activation, logits)
    return GuardedLayers(layers=tuple(layers), remarks=tuple(remarks))


def _guard_layer(
    layer: DocumentLayer, logits: Interval, before: Document, inputs: NDArray[np.float32]
) -> tuple[DocumentLayer, str]:
    """The layer, shifted where it must be, and a remark where nothing is proven."""
    proven = _sum_bounds(logits)
    may_shift = layer.type in HAS_LOGITS
    if _fits(proven):
        return layer, ""
    shift = _shift_of(proven) if may_shift else None
    if shift is not None and _rounding(layer, shift) <= NEGLIGIBLE:
        return _shifted(layer, shift), _told(shift)
    measured, shift = _measured(layer, before, inputs), None
    if not _fits(measured):
        shift = _shift_of(measured) if may_shift else None
        if shift is None:
            raise ExportError(
                f"The softmax of layer {len(before.layers)} would overflow or vanish in RTNeural, "
                "which subtracts no maximum: the logarithm of its sum of exponentials goes from "
                f"{measured[0]:.4g} to {measured[1]:.4g} on the golden steps; allowed: "
                f"{SMALLEST_SUM:g} to {LARGEST_SUM:g}. Train with weight decay, or export as ONNX."
            )
        layer = _shifted(layer, shift)
        measured = measured[0] - shift, measured[1] - shift
    remark = (
        "RTNeural's softmax subtracts no maximum and is right while the logarithm of its sum of "
        f"exponentials lies between {SMALLEST_SUM:g} and {LARGEST_SUM:g}: on the golden steps it "
        f"goes from {measured[0]:.3g} to {measured[1]:.3g}; no bound for all inputs could be proven"
    )
    return layer, remark if shift is None else f"{_told(shift)}. {remark}"


def _told(shift: float) -> str:
    return (
        f"the bias before its softmax is lowered by {shift:g}, which changes no probability and "
        "keeps RTNeural's exponentials in range"
    )


def _fits(sums: tuple[float, float]) -> bool:
    return sums[0] >= SMALLEST_SUM and sums[1] <= LARGEST_SUM


def _shift_of(sums: tuple[float, float]) -> float | None:
    """What to take off all logits so that they lie in the middle; None: they do not fit."""
    if sums[1] - sums[0] > LARGEST_SUM - SMALLEST_SUM:
        return None
    return round((sums[0] + sums[1]) / 2 - (SMALLEST_SUM + LARGEST_SUM) / 2)


def _shifted(layer: DocumentLayer, shift: float) -> DocumentLayer:
    weights, bias = layer.weights
    moved = (bias.astype(np.float64) - shift).astype(np.float32)
    return replace(layer, weights=(weights, moved))


def _rounding(layer: DocumentLayer, shift: float) -> float:
    """How far a shifted bias is from the sum, as 32-bit floats lie wider the larger they are."""
    moved, bias = _shifted(layer, shift).weights[1], layer.weights[1]
    return float(np.abs(moved.astype(np.float64) - (bias.astype(np.float64) - shift)).max())


def _sum_bounds(logits: Interval) -> tuple[float, float]:
    """Of the logarithm of the sum of exponentials: from the largest least one on."""
    low, high = logits
    return float(low.max()), float(high.max()) + math.log(len(high))


def _measured(
    layer: DocumentLayer, before: Document, inputs: NDArray[np.float32]
) -> tuple[float, float]:
    """Least and largest logarithm of the sum of exponentials over some steps."""
    linear = () if layer.type == "activation" else (replace(layer, activation=""),)
    logits = compute(replace(before, layers=(*before.layers, *linear)), inputs)
    sums = np.logaddexp.reduce(logits, axis=-1)
    return float(sums.min()), float(sums.max())


def _input_bounds(size: int) -> Interval:
    return np.full(size, -UNKNOWN), np.full(size, UNKNOWN)


def _outputs_before_activation(layer: DocumentLayer, bounds: Interval) -> Interval:
    low, high = bounds
    match layer.type:
        case "dense" | "time-distributed-dense":
            weights, bias = (array.astype(np.float64) for array in layer.weights)
            return _affine(weights, bias, low, high)
        case "conv1d":
            return _convolved(layer, low, high)
        case "lstm" | "gru":
            return -np.ones(layer.size), np.ones(layer.size)
        case "batchnorm":
            gamma, beta, mean, variance = (array.astype(np.float64) for array in layer.weights)
            factor = gamma / np.sqrt(variance + layer.options["epsilon"])
            return _affine(np.diag(factor), beta - factor * mean, low, high)
        case "prelu":
            slope = layer.weights[0][0].astype(np.float64)
            ends = [np.where(x > 0, x, slope * x) for x in (low, high, np.clip(0, low, high))]
            return np.min(ends, axis=0), np.max(ends, axis=0)
    return low, high


def _affine(
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> Interval:
    """Of x @ weights + bias."""
    rises, falls = np.maximum(weights, 0), np.minimum(weights, 0)
    return low @ rises + high @ falls + bias, high @ rises + low @ falls + bias


def _convolved(
    layer: DocumentLayer, low: NDArray[np.float64], high: NDArray[np.float64]
) -> Interval:
    """Each step that a convolution sees lies in the interval, or is a 0 before the first."""
    kernel, bias = (array.astype(np.float64) for array in layer.weights)
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    groups = layer.options.get("groups", 1)
    outputs = layer.size // groups
    parts = [
        _affine(
            kernel[tap][:, group * outputs : (group + 1) * outputs],
            np.zeros(outputs),
            np.array_split(low, groups)[group],
            np.array_split(high, groups)[group],
        )
        for tap in range(len(kernel))
        for group in range(groups)
    ]
    one, other = (
        np.sum([np.concatenate([part[side] for part in parts[at : at + groups]])
                for at in range(0, len(parts), groups)], axis=0)
        for side in (0, 1)
    )  # fmt: skip
    return one + bias, other + bias


def _activated(activation: str, bounds: Interval) -> Interval:
    """All of RTNeural's activations rise, so ends go to ends."""
    low, high = bounds
    match activation:
        case "relu":
            return np.maximum(low, 0), np.maximum(high, 0)
        case "tanh":
            return np.tanh(low), np.tanh(high)
        case "sigmoid":
            return _sigmoid(low), _sigmoid(high)
        case "elu":
            return np.maximum(low, np.expm1(np.minimum(low, 0))), np.maximum(
                high, np.expm1(np.minimum(high, 0))
            )
        case "softmax":
            return np.zeros(len(low)), np.ones(len(high))
    return low, high


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * (1 + np.tanh(values / 2))
