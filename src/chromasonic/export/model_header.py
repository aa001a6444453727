"""A C++ header that holds a model as a type of RTNeural's compile-time interface, ModelT.

The header needs RTNeural and nlohmann's JSON only. RTNeural's own reading of a file stops the
program at some faults and computes something else at others, without a word; so the header checks
the file first, against constants of its own, and then plays the file's golden vectors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import chromasonic
from chromasonic import files
from chromasonic.errors import ExportError
from chromasonic.export.document import FORMAT, TOLERANCE
from chromasonic.export.model_header_text import TEMPLATE
from chromasonic.export.spec import Layer, ModelSpec

ACTIVATION_TYPES = {
    "relu": "ReLuActivationT",
    "tanh": "TanhActivationT",
    "sigmoid": "SigmoidActivationT",
    "softmax": "SoftmaxActivationT",
}
"""RTNeural's names of what follows a dense layer."""

IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""A name that C++, too, can call a namespace."""

STACK_LIMIT = 4 * 1024 * 1024
"""Bytes: the EIGEN_STACK_ALLOCATION_LIMIT that a header asks for, if its model needs no more."""


def model_header(spec: ModelSpec) -> str:
    """The whole text of NAME_model.hpp.

    Args:
        spec: of the model; the weights come from NAME.json when the program loads them.

    Raises:
        ExportError: its name is no C++ name, or it has no layers.
    """
    if IDENTIFIER.fullmatch(spec.name) is None:
        raise ExportError(
            f"The model is called '{spec.name}', which C++ cannot call a namespace; allowed: small "
            "letters, digits and single underscores, a letter first. Rename it in its spec."
        )
    if not spec.layers:
        raise ExportError(
            f"{spec.title} has no layers, so there is nothing to compute; a header wants one at "
            "least. Give its spec layers."
        )
    needed = largest_matrix_bytes(spec)
    words = {
        "VERSION": chromasonic.__version__,
        "NAME": spec.name,
        "TITLE": spec.title,
        "STEP": spec.step,
        "INPUTS": str(spec.inputs),
        "OUTPUTS": str(spec.outputs),
        "PARAMETERS": str(spec.exported_parameters),
        "STATE": spec.state,
        "FORMAT": str(FORMAT),
        "TOLERANCE": repr(TOLERANCE),
        "NEEDED": str(needed),
        "STACK_LIMIT": str(max(STACK_LIMIT, needed)),
        "TYPES": ",\n".join(f"    {line}" for line in _types(spec)),
        "FACTS": "\n".join(f"    {line}," for line in _facts(spec)),
    }
    return re.sub(r"@([A-Z_]+)@", lambda match: words[match[1]], TEMPLATE)


def write_model_headers(specs: Iterable[ModelSpec], folder: files.PathLike) -> tuple[Path, ...]:
    """Write NAME_model.hpp of each model, whole.

    Args:
        specs: of the models.
        folder: where; made if need be.

    Returns:
        The files, in the order of the specs.

    Raises:
        ExportError: a model cannot be a header.
        StorageError: a file cannot be written.
    """
    texts = {f"{spec.name}_model.hpp": model_header(spec) for spec in specs}
    return tuple(files.write_text(Path(folder) / name, text) for name, text in texts.items())


def largest_matrix_bytes(spec: ModelSpec) -> int:
    """What the largest matrix takes that RTNeural, on Eigen, holds by value in a layer.

    Eigen refuses to compile one beyond EIGEN_STACK_ALLOCATION_LIMIT. A layer's biases are a column
    of its matrix, and the recurrent weights of an LSTM stand beside the others.
    """
    sizes = []
    for inputs, layer in _with_inputs(spec):
        if layer.kind == "lstm":
            sizes.append(4 * layer.size * (inputs + layer.size + 1))
        else:
            sizes.append(layer.size * (inputs + 1))
    return 4 * max(sizes)


def _with_inputs(spec: ModelSpec) -> list[tuple[int, Layer]]:
    """Each layer, and how many numbers go into it."""
    sizes = [spec.inputs, *(layer.size for layer in spec.layers)]
    return list(zip(sizes, spec.layers, strict=False))


def _types(spec: ModelSpec) -> list[str]:
    """The layers as template arguments; an activation is a layer of its own."""
    types = []
    for inputs, layer in _with_inputs(spec):
        name = "LSTMLayerT" if layer.kind == "lstm" else "DenseT"
        types.append(f"rt::{name}<float, {inputs}, {layer.size}>")
        if layer.kind == "dense" and layer.activation:
            types.append(f"rt::{ACTIVATION_TYPES[layer.activation]}<float, {layer.size}>")
    return types


def _facts(spec: ModelSpec) -> list[str]:
    """The layers as they stand in the file."""
    return [
        f'{{"{layer.kind}", {inputs}, {layer.size}, "{layer.activation}"}}'
        for inputs, layer in _with_inputs(spec)
    ]
