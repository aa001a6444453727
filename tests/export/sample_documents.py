"""Documents made by hand for tests: random layers, their JSON, and metadata with golden vectors.

The JSON is put together here once more, apart from the package's own writer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from chromasonic.export.document import Document, DocumentLayer, Golden, Metadata, weight_hash
from chromasonic.export.interpreter import compute
from chromasonic.export.spec import Block, Layer, ModelSpec

TINY_SPEC = ModelSpec(
    name="tiny", title="Tiny", inputs=3, parameters=3 * 5 + 5 + 4 * 4 * (5 + 4 + 2) + 4 * 4 + 4,
    layers=(
        Layer(kind="dense", size=5, activation="tanh"),
        Layer(kind="lstm", size=4),
        Layer(kind="dense", size=4, activation="softmax"),
    ),
    state="carry", step="each test",
)  # fmt: skip
"""Small, but with a square matrix, a recurrent layer and a softmax."""


def random_layer(
    kind: str, inputs: int, size: int, *, activation: str = "", seed: int = 0, **options: Any
) -> DocumentLayer:
    """A layer of asymmetric random weights, in the file's order."""
    draw = np.random.default_rng(seed)
    shapes: dict[str, list[tuple[int, ...]]] = {
        "dense": [(inputs, size), (size,)],
        "time-distributed-dense": [(inputs, size), (size,)],
        "lstm": [(inputs, 4 * size), (size, 4 * size), (4 * size,)],
        "gru": [(inputs, 3 * size), (size, 3 * size), (2, 3 * size)],
        "conv1d": [
            (options.get("kernel_size", 1), inputs // options.get("groups", 1), size), (size,),
        ],
        "batchnorm": [(size,)] * 4,
        "prelu": [(1, size)],
        "activation": [],
    }  # fmt: skip
    weights = [draw.normal(0, 0.6, shape).astype(np.float32) for shape in shapes[kind]]
    if kind == "batchnorm":
        weights[3] = np.abs(weights[3]) + np.float32(0.1)
    return DocumentLayer(
        type=kind, size=size, activation=activation, weights=tuple(weights), options=options
    )


def golden_inputs(steps: int, inputs: int, *, seed: int = 7) -> np.ndarray:
    """Asymmetric random inputs: dense and sparse steps in turn."""
    draw = np.random.default_rng(seed)
    values = draw.uniform(-1, 1.5, (steps, inputs))
    values[::3] *= draw.random(values[::3].shape) < 0.3
    return values.astype(np.float32)


def with_metadata(document: Document, spec: ModelSpec, **changes: Any) -> Document:
    """The document with all metadata, the golden vectors being what it computes itself."""
    inputs, resets = golden_inputs(96, document.inputs), (0, 64)
    outputs = compute(document, inputs, resets).astype(np.float32)
    metadata = Metadata(
        name=spec.name, title=spec.title, version="0.1.0",
        corpora=(
            {"name": "made_up", "title": "Made up", "licence": "CC0-1.0", "licence_url": "",
             "fingerprint": "ab"},
        ),
        is_synthetic=True,
        inputs=(Block("a", 1, "one number"), Block("b", spec.inputs - 1, "the others")),
        outputs=(Block("out", spec.outputs, "what comes out"),),
        state_policy=spec.state, step=spec.step, parameters=document.parameters,
        tolerance=1e-5, weight_hash=weight_hash(document.layers),
        golden=Golden(inputs=inputs, outputs=outputs, reset_before=resets),
        training={"epoch": 3},
    )  # fmt: skip
    return replace(document, metadata=replace(metadata, **changes))


def random_document(spec: ModelSpec, *, seed: int = 0) -> Document:
    """A model of this spec with random weights and all metadata."""
    layers, size = [], spec.inputs
    for place, layer in enumerate(spec.layers):
        layers.append(
            random_layer(
                layer.kind, size, layer.size, activation=layer.activation, seed=seed + place
            )
        )
        size = layer.size
    return with_metadata(Document(inputs=spec.inputs, layers=tuple(layers)), spec)


def numbers(array: np.ndarray) -> Any:
    """Nested lists of the shortest decimals that give the same float32."""
    if array.ndim > 1:
        return [numbers(part) for part in array]
    return [float(str(value)) for value in array]


def value_of(document: Document) -> dict[str, Any]:
    """The JSON value of a document."""
    layers = []
    for layer in document.layers:
        options = {
            key: [value] if key in ("kernel_size", "dilation") else value
            for key, value in layer.options.items()
        }
        layers.append(
            {"type": layer.type, "shape": [None, None, layer.size],
             "activation": layer.activation,
             "weights": [numbers(array) for array in layer.weights], **options}
        )  # fmt: skip
    value: dict[str, Any] = {"in_shape": [None, None, document.inputs], "layers": layers}
    if (metadata := document.metadata) is not None:
        value["metadata"] = metadata_value(metadata)
    return value


def metadata_value(metadata: Metadata) -> dict[str, Any]:
    """The JSON value of metadata."""
    page = {
        key: [{"name": b.name, "size": b.size, "meaning": b.meaning} for b in blocks]
        for key, blocks in (("inputs", metadata.inputs), ("outputs", metadata.outputs))
    }
    golden = {
        "inputs": numbers(metadata.golden.inputs), "outputs": numbers(metadata.golden.outputs),
        "reset_before": list(metadata.golden.reset_before),
    }  # fmt: skip
    plain = ("name", "title", "version", "is_synthetic", "state_policy", "step", "parameters",
             "tolerance", "weight_hash", "training")  # fmt: skip
    return {
        "format": 1, **{key: getattr(metadata, key) for key in plain},
        "corpora": [dict(corpus) for corpus in metadata.corpora],
        "feature_page": page, "golden": golden,
    }  # fmt: skip


def text_of(document: Document) -> str:
    """The JSON text of a document."""
    return dumped(value_of(document))


def dumped(value: Any) -> str:
    """Compact JSON; NaN and infinities as Python writes them, to see them refused."""
    return json.dumps(value, separators=(",", ":"))


def changed(document: Document, change: Callable[[dict[str, Any]], object]) -> str:
    """The text of a document after a change to its JSON value."""
    value = value_of(document)
    change(value)
    return dumped(value)


def same(one: Document, other: Document) -> bool:
    """Whether two documents hold the same, to the last bit of each weight."""
    return text_of(one) == text_of(other)
