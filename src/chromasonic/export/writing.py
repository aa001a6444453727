"""A document as text: one line of JSON, each number as short as it can be.

A number's text gives back the same 32-bit float, read as one or read as a 64-bit float and then
rounded (which is what most JSON readers do). So what was trained is what is loaded, to the bit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic import files
from chromasonic.errors import ExportError
from chromasonic.export.document import FORMAT, Document, DocumentLayer, Golden, Metadata
from chromasonic.export.spec import Block

AS_LISTS = ("kernel_size", "dilation")
"""Options that RTNeural reads as the last of a list."""


def number_texts(values: NDArray[Any]) -> list[str]:
    """The shortest decimal text of each 32-bit float.

    Args:
        values: any shape, finite.

    Returns:
        One text a value, in the array's order; each is a JSON number.

    Raises:
        ExportError: a value is not finite.
    """
    flat = np.ascontiguousarray(values, dtype=np.float32).ravel()
    if not np.isfinite(flat).all():
        raise ExportError(
            f"{np.count_nonzero(~np.isfinite(flat)):,} of {flat.size:,} numbers are not finite, "
            "and JSON cannot hold them; nothing is written. Train the model anew."
        )
    # NumPy's texts are the shortest that read as the same 32-bit float.
    joined = "\n".join([*flat.astype(str).tolist(), ""])
    joined = joined.replace(".0\n", "\n").replace("-0\n", "-0.0\n")  # -0 would be an integer
    joined = joined.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    texts = joined.split("\n")[:-1]
    read = np.array(list(map(float, texts)), dtype=np.float64).astype(np.float32)
    for place in np.flatnonzero(read != flat):  # rounded twice, it would be another
        texts[place] = _text_that_survives_rounding_twice(flat[place])
    return texts


def _text_that_survives_rounding_twice(value: np.float32) -> str:
    """The shortest text whose nearest 64-bit float is nearest to no other 32-bit float."""
    exact = float(value)
    texts = (f"{exact:.{digits}g}" for digits in range(6, 17))
    return next((text for text in texts if np.float32(float(text)) == value), repr(exact))


def array_text(values: NDArray[Any]) -> str:
    """A 32-bit array as nested JSON lists, without a space."""
    texts = number_texts(values)
    for size in reversed(values.shape):
        texts = [f"[{','.join(texts[at : at + size])}]" for at in range(0, len(texts), size)]
    return texts[0]


def document_text(document: Document) -> str:
    """A document as one line of JSON, with a newline at its end.

    Raises:
        ExportError: a number is not finite.
    """
    parts = [
        f'"in_shape":{_json([None, None, document.inputs])}',
        f'"layers":[{",".join(_layer_text(layer) for layer in document.layers)}]',
    ]
    if document.metadata is not None:
        parts.append(f'"metadata":{_metadata_text(document.metadata)}')
    return "{" + ",".join(parts) + "}\n"


def write_document(path: files.PathLike, document: Document) -> Path:
    """Write a document whole.

    Raises:
        ExportError: a number is not finite.
        StorageError: the file cannot be written.
    """
    return files.write_text(path, document_text(document))


def _layer_text(layer: DocumentLayer) -> str:
    facts = {"type": layer.type, "shape": [None, None, layer.size], "activation": layer.activation}
    options = {key: [value] if key in AS_LISTS else value for key, value in layer.options.items()}
    weights = ",".join(array_text(array) for array in layer.weights)
    return f'{_json({**facts, **options})[:-1]},"weights":[{weights}]}}'


def metadata_facts(metadata: Metadata) -> dict[str, Any]:
    """All metadata but the golden vectors, as plain values under the file's keys."""
    return {
        "format": FORMAT,
        "name": metadata.name,
        "title": metadata.title,
        "version": metadata.version,
        "corpora": list(metadata.corpora),
        "is_synthetic": metadata.is_synthetic,
        "feature_page": {
            "inputs": _blocks(metadata.inputs),
            "outputs": _blocks(metadata.outputs),
        },
        "state_policy": metadata.state_policy,
        "step": metadata.step,
        "parameters": metadata.parameters,
        "tolerance": metadata.tolerance,
        "weight_hash": metadata.weight_hash,
        "training": metadata.training,
    }


def golden_text(golden: Golden) -> str:
    """Golden vectors as a JSON object."""
    return (
        f'{{"inputs":{array_text(golden.inputs)},"outputs":{array_text(golden.outputs)},'
        f'"reset_before":{_json(list(golden.reset_before))}}}'
    )


def _metadata_text(metadata: Metadata) -> str:
    try:
        facts = _json(metadata_facts(metadata))
    except ValueError as error:
        raise ExportError(
            f"The metadata of {metadata.name} hold a number that is not finite, and JSON cannot "
            "hold it; give None (null) instead."
        ) from error
    return f'{facts[:-1]},"golden":{golden_text(metadata.golden)}}}'


def _blocks(blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
    return [{"name": b.name, "size": b.size, "meaning": b.meaning} for b in blocks]


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
