"""A trained model as an ONNX file that onnxruntime computes as PyTorch does, or no file at all.

The file holds what the RTNeural document holds: the same numbers under the same weight hash, the
same metadata and golden steps. Recurrent state goes in and comes out by name.

Axes: B examples, T steps, I inputs, O outputs, S golden steps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic import files
from chromasonic.errors import ExportError
from chromasonic.export.document import Document, Metadata
from chromasonic.export.exported import Exported
from chromasonic.export.onnx_checking import check_onnx
from chromasonic.export.onnx_graph import GraphBuilder, chosen_opset
from chromasonic.export.onnx_layers import add_layers
from chromasonic.export.onnx_running import Interface, RunningModel
from chromasonic.export.writing import golden_text, metadata_facts

Reference = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""The trained model in float64, its state beginning at 0: (B, T, I) to (B, T, O)."""

LENGTHS = (1, 2, 7, 64)
"""Steps of the sequences that a written file is compared over, besides the golden ones."""

BATCHES = (1, 3)


def export_onnx(
    document: Document, reference: Reference, path: files.PathLike, *, opset: int | None = None
) -> Exported:
    """Write a model of layers in a row, and prove the file.

    Args:
        document: its layers and metadata, as they go into RTNeural's file.
        reference: the trained model itself, not the document.
        path: of the file; an older one stays unless the new one is right.
        opset: ONNX's operator set; None is the newest that the installed packages know.

    Raises:
        ExportError: a layer has no word in ONNX, the file does not compute what the model does
            (then there is no new file), or the packages are not installed.
        UsageError: there is no such operator set.
        StorageError: the file cannot be written whole.
    """
    metadata = document.metadata
    if metadata is None:
        raise ExportError("The document has no metadata, so nothing could prove the ONNX file.")
    graph = GraphBuilder()
    states = add_layers(graph, document)
    interface = Interface(input="features", output="output", state=states)
    model = graph.model(
        name=metadata.name,
        opset=chosen_opset(opset),
        description=f"{metadata.title} of Chromasonic: one step is {metadata.step}.",
        metadata={**metadata_texts(metadata), "interface": interface.to_json()},
    )
    content = model.SerializeToString()
    largest, steps = 0.0, 0

    def prove(file: Path) -> None:
        nonlocal largest, steps
        check = check_onnx(file)
        found, compared = _compare(file.read_bytes(), interface, document, reference)
        largest, steps = max(check.largest_difference, found), check.steps + compared

    write_proved(path, content, prove)
    return Exported(
        name=metadata.name,
        path=Path(path),
        size_bytes=len(content),
        parameters=document.parameters,
        largest_difference=largest,
        steps=steps,
    )


def write_proved(path: files.PathLike, content: bytes, prove: Callable[[Path], object]) -> None:
    """Write a file that appears under its name only when it has been proved.

    Args:
        path: where it shall be.
        content: its bytes.
        prove: called with the file under a temporary name; raises to refuse it.
    """

    def save(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        prove(temporary)

    files.write_with(path, save)


def _compare(
    content: bytes, interface: Interface, document: Document, reference: Reference
) -> tuple[float, int]:
    """Largest difference from the trained model and steps compared, over lengths and batches.

    Raises:
        ExportError: a difference is above the tolerance, or no number.
    """
    metadata = document.metadata
    assert metadata is not None
    running, chance = RunningModel(content, interface), np.random.default_rng(20)
    largest, steps = 0.0, 0
    for batch in BATCHES:
        for length in LENGTHS:
            # No two inputs alike, so that a matrix the wrong way round cannot pass.
            inputs = chance.uniform(-1, 1.5, (batch, length, document.inputs)).astype(np.float32)
            wanted = reference(inputs.astype(np.float64))
            for what, outputs in _ways(running, inputs).items():
                difference = float(np.abs(outputs - wanted).max())
                if not difference <= metadata.tolerance:
                    raise ExportError(
                        f"The ONNX file of {metadata.title} is {difference:.3g} from the trained "
                        f"model over {length} steps, {batch} at a time, {what}; allowed is "
                        f"{metadata.tolerance:.3g}. It was not kept."
                    )
                largest, steps = max(largest, difference), steps + batch * length
    return largest, steps


def _ways(running: RunningModel, inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Outputs (B, T, O) of whole sequences, and of one step after the other."""
    if not running.has_state:
        flat = inputs.reshape(-1, inputs.shape[-1])
        return {"all at once": running.run(flat)[0].reshape(*inputs.shape[:2], -1)}
    state, outputs = None, []
    for step in range(inputs.shape[1]):
        output, state = running.run(inputs[:, step : step + 1], state)
        outputs.append(output)
    return {
        "all at once": running.run(inputs)[0],
        "step by step": np.concatenate(outputs, axis=1),
    }


def metadata_texts(metadata: Metadata) -> dict[str, str]:
    """The metadata as an ONNX file keeps it: texts as they are, anything else as JSON."""
    return {**texts_of(metadata_facts(metadata)), "golden": golden_text(metadata.golden)}


def texts_of(values: dict[str, Any]) -> dict[str, str]:
    """Texts as they are, anything else as strict JSON."""
    return {
        key: value
        if isinstance(value, str)
        else json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        for key, value in values.items()
    }
