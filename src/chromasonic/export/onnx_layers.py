"""The layers of an exported document as ONNX nodes, and back out of a file.

Axes: B examples, T steps, I inputs, O outputs, H features of a recurrent state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic.errors import ExportError
from chromasonic.export.document import RECURRENT, Array, Document, DocumentLayer
from chromasonic.export.onnx_graph import GraphBuilder, StateTensor

ACTIVATIONS = {
    "relu": "Relu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softmax": "Softmax",
    "elu": "Elu",
}
"""RTNeural's names to ONNX's."""

LSTM_GATES = (0, 3, 1, 2)
"""Where ONNX's gates i, o, f, c stand among the document's i, f, c, o."""

PREFIX = "layer_"


def add_layers(graph: GraphBuilder, document: Document) -> tuple[StateTensor, ...]:
    """Put inputs, layers and outputs of a document into a graph.

    Stateless: `features` (B, I) to `output` (B, O). Recurrent: `features` (B, T, I) to `output`
    (B, T, O), and for each recurrent layer `hidden` (and of an LSTM `cell`), each (1, B, H), that
    come out again as `hidden_out` and `cell_out`; where there are several, they are numbered.

    Returns:
        The states.

    Raises:
        ExportError: a layer that ONNX has no exact word for.
    """
    recurrent = [layer for layer in document.layers if layer.type in RECURRENT]
    lead: tuple[int | str, ...] = ("batch", "steps") if recurrent else ("batch",)
    values = graph.input("features", np.float32, (*lead, document.inputs))
    ends: list[tuple[StateTensor, str]] = []
    for number, layer in enumerate(document.layers):
        prefix = f"{PREFIX}{number}"
        if layer.type in RECURRENT:
            place = sum(earlier.type in RECURRENT for earlier in document.layers[:number])
            suffix = "" if len(recurrent) == 1 else f"_{place}"
            values, new = _recurrent(graph, layer, values, prefix, suffix)
            ends += new
        elif layer.type in PLAIN:
            values = PLAIN[layer.type](graph, layer, values, prefix)
        else:
            raise ExportError(
                f"Layer {number} is of type '{layer.type}', which is not written to ONNX here; "
                f"allowed are {', '.join((*PLAIN, 'lstm', 'gru'))}."
            )
        if layer.activation and layer.type not in RECURRENT:
            values = _activated(graph, layer, values, number)
    graph.output("output", np.float32, (*lead, document.outputs), values)
    for state, source in ends:
        graph.output(state.output, np.float32, state.shape, source)
    return tuple(state for state, _ in ends)


def _activated(graph: GraphBuilder, layer: DocumentLayer, values: str, number: int) -> str:
    if layer.activation not in ACTIVATIONS:
        raise ExportError(
            f"Layer {number} has the activation '{layer.activation}'; allowed are "
            f"{', '.join(ACTIVATIONS)} and none."
        )
    options: dict[str, Any] = {"axis": -1} if layer.activation == "softmax" else {}
    return graph.add(ACTIVATIONS[layer.activation], values, **options)


def _dense(graph: GraphBuilder, layer: DocumentLayer, values: str, prefix: str) -> str:
    weight, bias = layer.weights
    product = graph.add("MatMul", values, graph.weight(f"{prefix}.weight", weight))
    return graph.add("Add", product, graph.weight(f"{prefix}.bias", bias))


def _nothing(_graph: GraphBuilder, _layer: DocumentLayer, values: str, _prefix: str) -> str:
    return values


PLAIN: dict[str, Callable[[GraphBuilder, DocumentLayer, str, str], str]] = {
    "dense": _dense,
    "time-distributed-dense": _dense,
    "activation": _nothing,
}
"""Layers without a state."""


def _recurrent(
    graph: GraphBuilder, layer: DocumentLayer, values: str, prefix: str, suffix: str
) -> tuple[str, list[tuple[StateTensor, str]]]:
    """A recurrent layer over (B, T, I), and its states with what they become."""
    size = layer.size
    kernel, recurrence, bias = _onnx_weights(layer)
    names = ("hidden", "cell") if layer.type == "lstm" else ("hidden",)
    states = [
        StateTensor(
            input=f"{name}{suffix}",
            output=f"{name}_out{suffix}",
            type="float32",
            shape=(1, "batch", size),
        )
        for name in names
    ]
    first = [graph.input(state.input, np.float32, state.shape) for state in states]
    inputs = [
        graph.add("Transpose", values, perm=[1, 0, 2]),  # onnxruntime wants the steps first
        graph.weight(f"{prefix}.{layer.type}.weight", kernel),
        graph.weight(f"{prefix}.{layer.type}.recurrence", recurrence),
        graph.weight(f"{prefix}.{layer.type}.bias", bias),
        "",
        *first,
    ]
    # linear_before_reset: r multiplies U h + b, as torch and RTNeural have it.
    options = {"linear_before_reset": 1} if layer.type == "gru" else {}
    results = graph.add_many(
        layer.type.upper(), inputs, 1 + len(states), hidden_size=size, **options
    )
    steps_first = graph.add("Squeeze", results[0], graph.constant([1]))
    sequence = graph.add("Transpose", steps_first, perm=[1, 0, 2])
    return sequence, list(zip(states, results[1:], strict=True))


def _onnx_weights(layer: DocumentLayer) -> tuple[Array, Array, Array]:
    """W (1, gates H, I), R (1, gates H, H), B (1, 2 gates H) as ONNX wants them."""
    kernel, recurrence, bias = layer.weights
    if layer.type == "gru":  # z, r, h: the document's own order, and both biases
        return kernel.T[None], recurrence.T[None], bias.reshape(1, -1)
    # The document has added up the two biases.
    return lstm_weights(kernel.T, recurrence.T, (bias, np.zeros_like(bias)))


def lstm_weights(
    kernel: Array, recurrence: Array, biases: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """ONNX's W (1, 4H, I), R (1, 4H, H), B (1, 8H) of an LSTM layer.

    Args:
        kernel: (4H, I), gates i, f, c, o as torch has them.
        recurrence: (4H, H).
        biases: (4H,) each, of the input and of the state.
    """
    parts = [_reordered(part, LSTM_GATES) for part in (kernel, recurrence, *biases)]
    return parts[0][None], parts[1][None], np.concatenate(parts[2:])[None]


def _reordered(array: NDArray[Any], gates: tuple[int, ...]) -> NDArray[Any]:
    """The gates along the first axis in another order."""
    parts = np.split(array, len(gates))
    return np.concatenate([parts[gate] for gate in gates])


def weights_of(tensors: dict[str, NDArray[Any]]) -> tuple[Array, ...]:
    """The weights of a file's layers as the document had them, in its order.

    Args:
        tensors: the file's constants by name.

    Raises:
        ExportError: they are not those of layers that `add_layers` wrote.
    """
    result: list[Array] = []
    try:
        for name in sorted(
            {key.rpartition(".")[0] for key in tensors if key.startswith(PREFIX)},
            key=lambda name: int(name.removeprefix(PREFIX).partition(".")[0]),
        ):
            weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
            if not name.endswith((".lstm", ".gru")):
                result += [weight, bias]
                continue
            parts = [weight[0], tensors[f"{name}.recurrence"][0], bias[0]]
            if name.endswith(".lstm"):
                half = len(parts[2]) // 2
                if parts[2][half:].any():
                    raise ExportError(f"{name} has a second bias; it was not written here.")
                parts[2] = parts[2][:half]
                back = tuple(int(place) for place in np.argsort(LSTM_GATES))
                parts = [_reordered(part, back) for part in parts]
            else:
                parts[2] = parts[2].reshape(2, -1)
            result += [parts[0].T, parts[1].T, parts[2]]
    except (KeyError, IndexError, ValueError) as error:
        raise ExportError(
            f"The weights of the ONNX file are not those of layers in a row ({error}). "
            "Export the model again."
        ) from error
    return tuple(result)
