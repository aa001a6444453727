"""Whether an ONNX file of ours is whole, and computes what its own metadata says it must.

A file may come from anywhere. It is parsed, never executed, before it has been found to be one
graph of known operators with all its numbers inside, of bounded size.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic.errors import ExportError
from chromasonic.export.json_limits import DocumentError, Limits, printable
from chromasonic.export.onnx_graph import CONSTANT, LOWEST_OPSET, need_onnx
from chromasonic.export.onnx_layers import PREFIX, weights_of
from chromasonic.export.onnx_running import Interface, RunningModel
from chromasonic.export.reading import read_bytes
from chromasonic.files import PathLike, kind_of

LARGEST_FILE_BYTES = 160 * 1024 * 1024
"""The largest of ours, the fused gesture network, has 127 MiB of weights."""
LARGEST_TOLERANCE = 1e-3
"""A file that allows itself more proves nothing."""

MOST_GOLDEN_STEPS = 4096
MOST_NODES = 4096

OPERATORS = frozenset(
    "Add And ArgMax Cast Concat Conv Cos CumSum Div Elu Equal GRU Gather GatherElements Gemm "
    "Greater GreaterOrEqual Identity LSTM LayerNormalization LessOrEqual MatMul Max Min Mod Mul "
    "Neg Pow Range ReduceMax ReduceMean ReduceSum Relu Reshape ScatterElements Shape Sigmoid "
    "Sin Slice Softmax Split Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where".split()
)
"""What files of ours are made of: no loops, no branches, nothing that reads or writes."""

NEEDED = ("name", "title", "version", "tolerance", "weight_hash", "golden", "interface")


@dataclass(frozen=True, kw_only=True)
class OnnxCheck:
    """What was found of a file that is right.

    Attributes:
        path: the file.
        name: of the model.
        title: as people write it.
        opset: the operator set.
        parameters: trained numbers in it.
        steps: golden steps that were computed, whole and one by one.
        largest_difference: farthest that any output was from the golden one.
        tolerance: what the file allows.
        metadata: all of it, as text.
    """

    path: Path
    name: str
    title: str
    opset: int
    parameters: int
    steps: int
    largest_difference: float
    tolerance: float
    metadata: dict[str, str]


def check_onnx(path: PathLike) -> OnnxCheck:
    """Check a file by itself: its form, its weight hash, and its golden steps in onnxruntime.

    Args:
        path: a file that `chromasonic export ... --format onnx` wrote.

    Raises:
        ExportError: it is no such file, is damaged, or computes something else; or onnx or
            onnxruntime is not installed.
    """
    path = Path(path)
    need_onnx()
    content = content_of(path)
    try:
        return _checked(path, content)
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from error


def content_of(path: Path) -> bytes:
    """The bytes of an ordinary file that is not too long; no pipe is waited for.

    Raises:
        ExportError: there is none, it cannot be read, or it is something else.
    """
    try:
        return read_bytes(path, limits=Limits(size_bytes=LARGEST_FILE_BYTES))
    except DocumentError as error:
        raise ExportError(f"{printable(str(path))} {error}. It is none of ours.") from None


def _checked(path: Path, content: bytes) -> OnnxCheck:
    model = _parsed(content)
    tensors = tensors_of(model)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    missing = [key for key in NEEDED if key not in metadata]
    if missing:
        raise ExportError(
            f"the metadata lacks {', '.join(missing)}; only files that 'chromasonic export' wrote "
            "can be proved."
        )
    _check_hash(tensors, metadata["weight_hash"])
    tolerance = _tolerance(metadata["tolerance"])
    interface = Interface.from_json(metadata["interface"])
    inputs, outputs, reset_before = _golden(metadata["golden"])
    running = RunningModel(content, interface, is_trusted=False)
    largest = 0.0
    for what, chunk in (("at once", None), ("one by one", 1)):
        found = running.follow(inputs, reset_before, chunk=chunk)
        if found.shape != outputs.shape:
            raise ExportError(f"gives outputs {found.shape}; the golden ones are {outputs.shape}.")
        difference = float(np.abs(found.astype(np.float64) - outputs).max())
        if not difference <= tolerance:
            raise ExportError(
                f"the golden steps {what} are {difference:.3g} from what they must be; allowed is "
                f"{tolerance:.3g}. The file does not compute what was trained: export it again."
            )
        largest = max(largest, difference)
    return OnnxCheck(
        path=path,
        name=metadata["name"],
        title=metadata["title"],
        opset=model.opset_import[0].version,
        parameters=sum(array.size for array in trained(tensors)),
        steps=len(inputs),
        largest_difference=largest,
        tolerance=tolerance,
        metadata=metadata,
    )


def _parsed(content: bytes) -> Any:
    """The model, of valid form, with known operators only and nothing outside the file."""
    onnx, _ = need_onnx()
    if kind := kind_of(content):
        raise ExportError(
            f"is no ONNX file but {kind}. Give a file that 'chromasonic export' wrote."
        )
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's errors differ by its implementation
        raise ExportError(f"is no ONNX file, or is cut off ({error}). Export it again.") from error
    if len(model.opset_import) != 1 or model.opset_import[0].domain not in ("", "ai.onnx"):
        raise ExportError("uses other operator sets than ONNX's own, so it is none of ours.")
    if model.opset_import[0].version < LOWEST_OPSET:
        raise ExportError(
            f"uses operator set {model.opset_import[0].version}; ours begin at {LOWEST_OPSET}."
        )
    if len(model.functions) or len(model.training_info) or len(model.graph.sparse_initializer):
        raise ExportError("holds functions, training or sparse tensors, so it is none of ours.")
    if len(model.graph.node) > MOST_NODES:
        raise ExportError(
            f"has {len(model.graph.node)} nodes; ours have at most {MOST_NODES}, so it is none."
        )
    for node in model.graph.node:
        if node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx"):
            raise ExportError(f"uses the operator '{node.op_type}', which no file of ours does.")
        if any(a.HasField("g") or a.HasField("t") or len(a.graphs) for a in node.attribute):
            raise ExportError(f"the node '{node.name}' holds a graph; no file of ours does.")
    for tensor in model.graph.initializer:
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ExportError(f"'{tensor.name}' lies in another file; ours hold all they need.")
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # of the checker or of shape inference
        raise ExportError(f"is no valid ONNX file ({error}). Export it again.") from error
    return model


def tensors_of(model: Any) -> dict[str, NDArray[Any]]:
    """A file's constants by name.

    Raises:
        ExportError: one is damaged, or not finite.
    """
    onnx, _ = need_onnx()
    try:
        tensors = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    except (ValueError, TypeError, KeyError) as error:
        raise ExportError(f"a tensor is damaged ({error}). Export it again.") from error
    for name, array in tensors.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ExportError(f"'{name}' holds numbers that are not finite. Export it again.")
    return tensors


def hash_of(tensors: dict[str, NDArray[Any]]) -> str:
    """ "sha256:" and the hash of a file's trained numbers, as little-endian float32.

    Of layers in a row it is the hash of the RTNeural document, whose order and gates it restores;
    of any other graph the tensors are taken by name.
    """
    digest = hashlib.sha256()
    for array in trained(tensors):
        digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
    return f"sha256:{digest.hexdigest()}"


def trained(tensors: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """A file's trained numbers, in the order of its weight hash."""
    if any(name.startswith(PREFIX) for name in tensors):
        return list(weights_of(tensors))
    return [tensors[name] for name in sorted(tensors) if not name.startswith(CONSTANT)]


def _check_hash(tensors: dict[str, NDArray[Any]], said: str) -> None:
    found = hash_of(tensors)
    if found != said:
        raise ExportError(
            f"the weights have the hash {found}, the metadata says {said}. They were changed "
            "after the export: export again."
        )


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= LARGEST_TOLERANCE:
        raise ExportError(
            f"allows itself a tolerance of '{text[:40]}'; it must be above 0 and at most "
            f"{LARGEST_TOLERANCE}."
        )
    return value


def _golden(text: str) -> tuple[NDArray[Any], NDArray[np.float64], tuple[int, ...]]:
    """Golden inputs (S, ...), outputs (S, ...) and resets."""
    try:
        found = json.loads(text)
        inputs, outputs = np.array(found["inputs"]), np.array(found["outputs"], dtype=np.float64)
        reset_before = tuple(found["reset_before"])
        inputs = inputs.astype(np.int64 if inputs.dtype.kind == "i" else np.float32)
        if not 0 < len(inputs) == len(outputs) <= MOST_GOLDEN_STEPS:
            raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs")
        if not all(type(step) is int and 0 <= step < len(inputs) for step in reset_before):
            raise ValueError(f"resets before {reset_before[:5]}")
        if not np.isfinite(outputs).all() or not np.isfinite(inputs).all():
            raise ValueError("numbers that are not finite")
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise ExportError(
            f"the golden steps in the metadata are damaged ({error}). Export it again."
        ) from error
    return inputs, outputs, reset_before
