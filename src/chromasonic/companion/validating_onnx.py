"""Is an exported ONNX file what it claims to be, and what was trained?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chromasonic.companion.models import LoadedCompanion
from chromasonic.companion.spec import SPECS
from chromasonic.companion.validating_training import (
    check_with_training,
    compare_outputs,
    not_compared,
    run_beside,
)
from chromasonic.errors import ExportError
from chromasonic.export.document import TOLERANCE, weight_hash
from chromasonic.export.onnx_checking import OnnxCheck, check_onnx, content_of
from chromasonic.export.onnx_running import Interface, RunningModel
from chromasonic.export.reading import read_document
from chromasonic.export.spec import ModelSpec
from chromasonic.export.validation import Check, Validation
from chromasonic.files import PathLike


def validate_companion_onnx(
    path: Path, spec: ModelSpec | None = None, *, against: PathLike | None = None
) -> Validation:
    """Look at an ONNX file: by itself, beside the table of models, its JSON and its training.

    Args:
        path: the file.
        spec: what it should be; None: what it says of itself, if that is a companion model.
        against: as in `validating.validate_companions`.
    """
    try:
        found = check_onnx(path)
    except ExportError as error:
        return Validation(path=path, checks=(Check(name="onnx", passed=False, detail=str(error)),))
    checks = [
        Check(name="onnx", passed=True, detail=f"operator set {found.opset}, {found.title!a}"),
        Check(
            name="golden outputs",
            passed=True,
            detail=f"{found.steps} steps in onnxruntime, at once and one by one: at most "
            f"{found.largest_difference:.1e} apart; allowed {found.tolerance:.0e}",
        ),
    ]
    spec = spec or SPECS.get(found.name)
    if spec is None:
        checks.append(Check(name="parameters", passed=True, detail=f"{found.parameters:,}"))
        checks.append(not_compared(spec, against, None))
        return Validation(path=path, checks=tuple(checks))
    checks += _of_spec(found, spec)
    run = run_beside(path, spec, against)
    is_that_model = all(check.passed for check in checks)
    if is_that_model:
        checks += _beside_json(found, path.with_suffix(".json"))
    if is_that_model and run is not None:
        checks.append(_checkpoint(found, spec, run))
    else:
        checks.append(not_compared(spec, against, run))
    return Validation(path=path, checks=tuple(checks))


def _of_spec(found: OnnxCheck, spec: ModelSpec) -> list[Check]:
    is_named = found.name == spec.name
    told = f"it holds {found.name!a}" + ("" if is_named else f", wanted {spec.name}")
    counts = found.parameters == spec.exported_parameters
    detail = f"{found.parameters:,}" + (
        "" if counts else f"; {spec.title} has {spec.exported_parameters:,}"
    )
    return [
        Check(name="name", passed=is_named, detail=told),
        Check(name="parameters", passed=counts, detail=detail),
    ]


def _beside_json(found: OnnxCheck, path: Path) -> list[Check]:
    """That the RTNeural file beside it, if there is one, holds the same weights."""
    if not path.is_file():
        return []
    try:
        in_json = weight_hash(read_document(path).layers)  # of what is there, not what it says
    except ExportError as error:
        return [Check(name="same as json", passed=False, detail=str(error))]
    same = in_json == found.metadata["weight_hash"]
    detail = f"the weights of {path.name}" if same else f"other weights than {path.name}"
    return [Check(name="same as json", passed=same, detail=detail)]


def _checkpoint(found: OnnxCheck, spec: ModelSpec, run: Path) -> Check:
    def compute(inputs: NDArray[np.float32], resets: tuple[int, ...]) -> NDArray[np.float32]:
        interface = Interface.from_json(found.metadata["interface"])
        running = RunningModel(content_of(found.path), interface, is_trusted=False)
        return running.follow(inputs, resets)

    def compare(loaded: LoadedCompanion) -> tuple[bool, str]:
        return compare_outputs(loaded, compute, allowed=TOLERANCE)

    return check_with_training(spec, run, compare)
