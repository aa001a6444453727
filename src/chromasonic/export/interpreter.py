"""What an exported model computes, in NumPy and float64: a second opinion beside torch and C++.

It is written from the format alone, layer by layer over whole runs of steps, where RTNeural goes
step by step through all layers; both are the same numbers. Nothing here knows torch.

Source: RTNeural (dense, LSTM, GRU, conv1d, batch normalization, PReLU, activations).
Differs: softmax subtracts the largest logit first, which changes no result but cannot overflow;
`softmax_range` says how near RTNeural's own, which does not, comes to overflowing.

Legend: S steps, I inputs, O outputs of a layer, H of a recurrent layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chromasonic.errors import ExportError
from chromasonic.export.document import RECURRENT, Document, DocumentLayer

Values = NDArray[np.float64]

LARGEST_SUM, SMALLEST_SUM = 88.0, -80.0
"""Between these logarithms the exponentials of a softmax that subtracts no maximum, and their sum,
are float32 with all their digits (float32 overflows above 88.72; below -87.33 digits, and with them
time, are lost)."""


def compute(
    document: Document, inputs: ArrayLike, reset_before: tuple[int, ...] = (0,)
) -> NDArray[np.float64]:
    """The outputs of a model, (S, O) float64.

    Args:
        document: the model.
        inputs: (S, I), one step after the other; the state goes on from step to step.
        reset_before: steps before which the state is cleared; it always is before the first.

    Raises:
        ExportError: the inputs have another shape, or a step is none of theirs.
    """
    return _run(document, inputs, reset_before, None)


@dataclass(frozen=True, kw_only=True)
class SoftmaxRange:
    """Where the softmax of a model works, over some steps.

    Attributes:
        largest: log of the largest sum of exponentials; float32 overflows above 88.72.
        smallest: log of the smallest such sum; it vanishes in float32 below -87.33.
    """

    largest: float
    smallest: float


def softmax_range(
    document: Document, inputs: ArrayLike, reset_before: tuple[int, ...] = (0,)
) -> SoftmaxRange | None:
    """How near a softmax that subtracts no maximum comes to overflowing; None: there is none.

    Raises:
        ExportError: as in `compute`.
    """
    sums: list[Values] = []
    _run(document, inputs, reset_before, sums)
    if not sums:
        return None
    return SoftmaxRange(
        largest=max(float(part.max()) for part in sums),
        smallest=min(float(part.min()) for part in sums),
    )


def _run(
    document: Document,
    inputs: ArrayLike,
    reset_before: tuple[int, ...],
    softmax_sums: list[Values] | None,
) -> Values:
    values = np.asarray(inputs, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != document.inputs:
        raise ExportError(
            f"The model was given inputs of shape {values.shape}; it wants (steps, "
            f"{document.inputs})."
        )
    steps = len(values)
    if any(not 0 <= step < max(steps, 1) for step in reset_before):
        raise ExportError(f"reset_before is {reset_before}; allowed: steps from 0 to {steps - 1}.")
    ends = sorted({0, *reset_before, steps})
    parts = []
    for start, end in pairwise(ends):
        part = values[start:end]
        for layer in document.layers:
            with np.errstate(over="ignore", invalid="ignore"):  # what is not finite stays visible
                part = LAYERS[layer.type](layer, part)
                if layer.activation == "softmax" and softmax_sums is not None:
                    softmax_sums.append(_log_sums(part))
                if layer.type not in RECURRENT:  # RTNeural ignores it there
                    part = ACTIVATIONS[layer.activation](part)
        parts.append(part)
    return np.concatenate(parts) if parts else np.zeros((0, document.outputs))


def _weights(layer: DocumentLayer) -> tuple[Values, ...]:
    return tuple(array.astype(np.float64) for array in layer.weights)


def _dense(layer: DocumentLayer, values: Values) -> Values:
    kernel, bias = _weights(layer)
    return values @ kernel + bias


def _lstm(layer: DocumentLayer, values: Values) -> Values:
    """Gates i, f, c, o: c = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c)."""
    kernel, recurrent, bias = _weights(layer)
    size = layer.size
    fed = values @ kernel + bias
    hidden, cell = np.zeros(size), np.zeros(size)
    result = np.empty((len(values), size))
    for step, row in enumerate(fed):
        gates = row + hidden @ recurrent
        let_in, keep, new, let_out = (
            gates[:size],
            gates[size : 2 * size],
            gates[2 * size : 3 * size],
            gates[3 * size :],
        )
        cell = _sigmoid(keep) * cell + _sigmoid(let_in) * np.tanh(new)
        hidden = _sigmoid(let_out) * np.tanh(cell)
        result[step] = hidden
    return result


def _gru(layer: DocumentLayer, values: Values) -> Values:
    """Gates z, r, c: h = (1 - z) tanh(W x + b0 + r (U h + b1)) + z h."""
    kernel, recurrent, (bias, recurrent_bias) = _weights(layer)
    size = layer.size
    fed = values @ kernel + bias
    hidden = np.zeros(size)
    result = np.empty((len(values), size))
    for step, row in enumerate(fed):
        back = hidden @ recurrent + recurrent_bias
        update = _sigmoid(row[:size] + back[:size])
        reset = _sigmoid(row[size : 2 * size] + back[size : 2 * size])
        new = np.tanh(row[2 * size :] + reset * back[2 * size :])
        hidden = (1 - update) * new + update * hidden
        result[step] = hidden
    return result


def _conv1d(layer: DocumentLayer, values: Values) -> Values:
    """y[t] = sum over k of K[k] x[t - (kernel - 1 - k) dilation] + b; x is 0 before the start."""
    kernel, bias = _weights(layer)
    dilation, groups = layer.options["dilation"], layer.options["groups"]
    steps, each_out = len(values), layer.size // groups
    each_in = values.shape[1] // groups
    result = np.tile(bias, (steps, 1))
    for tap, matrix in enumerate(kernel):
        back = (len(kernel) - 1 - tap) * dilation
        if back >= steps:
            continue
        for group in range(groups):
            outs = slice(group * each_out, (group + 1) * each_out)
            ins = slice(group * each_in, (group + 1) * each_in)
            result[back:, outs] += values[: steps - back, ins] @ matrix[:, outs]
    return result


def _batchnorm(layer: DocumentLayer, values: Values) -> Values:
    gamma, beta, mean, variance = _weights(layer)
    return gamma * (values - mean) / np.sqrt(variance + layer.options["epsilon"]) + beta


def _prelu(layer: DocumentLayer, values: Values) -> Values:
    (slopes,) = _weights(layer)
    return np.where(values > 0, values, slopes * values)


def _same(_: DocumentLayer, values: Values) -> Values:
    return values


def _sigmoid(values: Values) -> Values:
    small = np.exp(-np.abs(values))  # never overflows
    return np.where(values >= 0, 1.0, small) / (1.0 + small)


def _softmax(values: Values) -> Values:
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _log_sums(values: Values) -> Values:
    largest = values.max(axis=-1)
    return largest + np.log(np.exp(values - largest[:, None]).sum(axis=-1))


LAYERS: dict[str, Callable[[DocumentLayer, Values], Values]] = {
    "dense": _dense,
    "time-distributed-dense": _dense,
    "lstm": _lstm,
    "gru": _gru,
    "conv1d": _conv1d,
    "batchnorm": _batchnorm,
    "prelu": _prelu,
    "activation": _same,
}
"""RTNeural's types: (layer, (S, I)) to (S, O), from a cleared state."""

ACTIVATIONS: dict[str, Callable[[Values], Values]] = {
    "": lambda values: values,
    "tanh": np.tanh,
    "relu": lambda values: np.maximum(values, 0.0),
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "elu": lambda values: np.where(values > 0, values, np.expm1(np.minimum(values, 0.0))),
}
"""RTNeural's spelling to function."""
