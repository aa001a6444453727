"""A model of any spec as an exported file: weights by chance, golden outputs from NumPy."""

from __future__ import annotations

import numpy as np

from chromasonic.export.document import (
    TOLERANCE,
    Document,
    DocumentLayer,
    Golden,
    Metadata,
    weight_hash,
)
from chromasonic.export.interpreter import compute
from chromasonic.export.spec import Block, ModelSpec
from chromasonic.export.writing import document_text

STEPS, RESETS = 96, (0, 64)


def exported_text(spec: ModelSpec, *, seed: int = 3) -> str:
    """The text of its file."""
    draw = np.random.default_rng(seed)
    layers, size = [], spec.inputs
    for layer in spec.layers:
        columns = 4 * layer.size if layer.kind == "lstm" else layer.size
        shapes = [(size, columns), (columns,)]
        if layer.kind == "lstm":
            shapes.insert(1, (layer.size, columns))
        weights = tuple(draw.normal(0, 0.7, shape).astype(np.float32) for shape in shapes)
        layers.append(
            DocumentLayer(
                type=layer.kind, size=layer.size, activation=layer.activation, weights=weights
            )
        )
        size = layer.size
    document = Document(inputs=spec.inputs, layers=tuple(layers))
    inputs = draw.uniform(-1, 1.5, (STEPS, spec.inputs)).astype(np.float32)
    golden = Golden(
        inputs=inputs,
        outputs=compute(document, inputs, RESETS).astype(np.float32),
        reset_before=RESETS,
    )
    metadata = Metadata(
        name=spec.name, title=spec.title, version="0.1.0", corpora=(), is_synthetic=True,
        inputs=(Block("in", spec.inputs, "anything"),),
        outputs=(Block("out", spec.outputs, "anything"),),
        state_policy=spec.state, step=spec.step, parameters=document.parameters,
        tolerance=TOLERANCE, weight_hash=weight_hash(document.layers), golden=golden,
    )  # fmt: skip
    return document_text(Document(inputs=spec.inputs, layers=document.layers, metadata=metadata))
