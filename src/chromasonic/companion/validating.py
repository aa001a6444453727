"""Are exported companion models what they claim to be, and what was trained?

To the checks of any exported file come the table of models, the page of features, and, where the
training lies beside the file, its best checkpoint: a file that is right in itself may still be the
export of an older training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chromasonic.companion.features import INPUTS, OUTPUTS
from chromasonic.companion.spec import SPECS
from chromasonic.companion.validating_folder import files_of, one_model
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.golden_strength import EXACT
from chromasonic.export.interpreter import compute
from chromasonic.export.spec import Block, ModelSpec
from chromasonic.export.validation import Check, Validation, examine, further_checks
from chromasonic.files import PathLike

if TYPE_CHECKING:
    from chromasonic.companion.models import LoadedCompanion

CHECKPOINTS = "checkpoints"
"""Where a training keeps them, in its output folder."""

STEPS, RESETS, SEED = 160, (0, 90), 3
"""What is computed to compare a file with its checkpoint."""

ROUNDING = 1e-6
"""How far a weight may be from the checkpoint's: an LSTM's two biases are added up."""


def validate_companions(
    paths: Sequence[PathLike],
    *,
    name: str | None = None,
    against: PathLike | None = None,
    with_golden: bool = True,
) -> tuple[Validation, ...]:
    """Look at files, and at all exported files of folders.

    Args:
        paths: of .json and .onnx files, and of folders (see `validating_folder.files_of`).
        name: the model that the one file must hold, however it is called; without, what it is
            called decides.
        against: an output folder of a training, or its checkpoints: the files must compute what
            the best checkpoints there compute. Without, the checkpoints beside a file are taken.
        with_golden: whether metadata and golden vectors must be there.

    Returns:
        One validation a file, and one for each file that is missing.

    Raises:
        UsageError: there is no such model; or `name` comes with several files or a folder.
    """
    spec = None if name is None else one_model(name, [Path(path) for path in paths])
    found: list[Validation] = []
    for path in map(Path, paths):
        for file in files_of(path):
            found.append(validate_companion(file, spec, against=against, with_golden=with_golden))
    return tuple(found)


def validate_companion(
    path: PathLike,
    spec: ModelSpec | None = None,
    *,
    against: PathLike | None = None,
    with_golden: bool = True,
) -> Validation:
    """Look at one file from all sides.

    Args:
        path: a .json or .onnx file.
        spec: what it should be, however it is called; None: what its name says, or, where that
            names no model, what it says of itself.
        against: as in `validate_companions`.
        with_golden: whether metadata and golden vectors must be there.
    """
    path = Path(path)
    compare_file_name = spec is None
    if path.suffix.lower() == ".onnx":
        from chromasonic.companion.validating_onnx import validate_companion_onnx

        return validate_companion_onnx(path, spec or SPECS.get(path.stem), against=against)
    if compare_file_name and not path.exists():
        return Validation(path=path, checks=(_missing(path),))
    examined = examine(path, with_golden=with_golden)
    document = examined.document
    metadata = document.metadata if document is not None else None
    if spec is None:
        spec = SPECS.get(path.stem) or SPECS.get(metadata.name if metadata is not None else "")
    checks = [
        *examined.checks,
        *further_checks(examined, spec, compare_file_name=compare_file_name),
    ]
    if document is not None:
        if metadata is not None and spec is not None:
            checks.append(feature_page(metadata.inputs, metadata.outputs, spec.name))
        is_that_model = all(check.passed for check in checks if check.name == "model")
        run = None if spec is None else run_beside(path, spec, against)
        if spec is not None and run is not None and is_that_model:
            checks.append(checkpoint(document, spec, run))
        else:
            checks.append(not_compared(spec, against, run))
    return Validation(path=path, checks=tuple(checks))


def not_compared(spec: ModelSpec | None, against: PathLike | None, run: Path | None) -> Check:
    """Why a file was not compared with a training; wrong only where `against` asked for it."""
    if spec is None:
        why = "only the five companion models can be compared with a training"
        if against is not None:
            return Check(name="checkpoint", passed=False, detail=f"{why}; leave out --against")
        return Check(name="checkpoint", passed=None, detail=why)
    why = "another model" if run is not None else "no training beside it: --against RUN"
    return Check(name="checkpoint", passed=None, detail=why)


def _missing(path: Path) -> Check:
    what = f"{SPECS[path.stem].title} is missing" if path.stem in SPECS else "there is no such file"
    return Check(name="file", passed=False, detail=f"{what}; write it with chromasonic export RUN")


def feature_page(inputs: tuple[Block, ...], outputs: tuple[Block, ...], name: str) -> Check:
    """That the numbers mean what this version's features mean."""
    reworded = 0
    pages = (("inputs", inputs, INPUTS[name]), ("outputs", outputs, OUTPUTS[name]))
    for what, found, wanted in pages:
        if (theirs := _told(found)) != _told(wanted):
            return Check(
                name="feature page",
                passed=False,
                detail=f"its {what} are {theirs!a}; this version's are {_told(wanted)}",
            )
        reworded += sum(a.meaning != b.meaning for a, b in zip(found, wanted, strict=True))
    told = f"{len(inputs)} + {len(outputs)} blocks as in this version"
    if reworded:
        told += f"; {reworded} described in other words"
    return Check(name="feature page", passed=True, detail=told)


def _told(page: tuple[Block, ...]) -> str:
    return ", ".join(f"{block.name} {block.size}" for block in page)


def run_beside(path: Path, spec: ModelSpec, against: PathLike | None) -> Path | None:
    """Where to look for a file's checkpoint; None: nowhere."""
    if against is not None:
        return Path(against)
    beside = path.parent / CHECKPOINTS
    return beside if (beside / f"{spec.name}_best.pt").is_file() else None


def checkpoint(document: Document, spec: ModelSpec, run: Path) -> Check:
    """That a document computes what the best checkpoint of a training computes."""

    def compare(loaded: LoadedCompanion) -> tuple[bool, str]:
        passed, detail = compare_outputs(
            loaded, lambda inputs, resets: compute(document, inputs, resets), allowed=EXACT
        )
        if passed and (differ := _other_weights(document, loaded)):
            return False, f"its weights are not those that were trained: {differ}"
        return passed, f"{detail}; the same weights" if passed else detail

    return check_with_training(spec, run, compare)


def check_with_training(
    spec: ModelSpec, run: Path, compare: Callable[[LoadedCompanion], tuple[bool, str]]
) -> Check:
    """A comparison with the best checkpoint of a training; that it cannot be read is a failure."""
    from chromasonic.companion.models import checkpoint_folder, load_companion

    try:
        loaded = load_companion(run, spec.name)
    except (CheckpointError, UsageError) as error:
        folder, why = checkpoint_folder(run), str(error)
        if folder.is_dir() and not (folder / f"{spec.name}_best.pt").exists():
            why = (
                f"there is no {spec.name}_best.pt in {folder}; give --against the output folder "
                f"of the training of this {spec.title}"
            )
        return Check(name="checkpoint", passed=False, detail=why)
    passed, detail = compare(loaded)
    epoch = loaded.info.get("epoch")
    of = loaded.checkpoint.name + (f", epoch {epoch}" if isinstance(epoch, int) else "")
    return Check(name="checkpoint", passed=passed, detail=f"{detail} ({of})")


def compare_outputs(
    loaded: LoadedCompanion,
    run: Callable[[NDArray[np.float32], tuple[int, ...]], NDArray[np.floating]],
    *,
    allowed: float,
) -> tuple[bool, str]:
    """Compare what a file computes with the trained network in float64, over `STEPS` steps.

    Args:
        loaded: the trained model.
        run: what the file makes of inputs (S, I) with resets before some steps: (S, O).
        allowed: difference of outputs up to 1; beyond, times the largest.
    """
    draw = np.random.default_rng(SEED)
    inputs = draw.uniform(-1, 1.5, (STEPS, loaded.spec.inputs)).astype(np.float32)
    wanted = _trained_outputs(loaded, inputs)
    apart = np.abs(run(inputs, RESETS) - wanted).max()
    if not apart <= allowed * max(1.0, float(np.abs(wanted).max())):
        return False, (
            f"it does not compute what was trained: outputs are up to {apart:.2g} apart. It is "
            "the export of another training; write it anew with chromasonic export"
        )
    return True, f"{STEPS} steps as the trained model, at most {apart:.0e} apart"


def _trained_outputs(loaded: LoadedCompanion, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the trained network gives, in float64."""
    from copy import deepcopy

    import torch

    network = deepcopy(loaded.network).double()
    values = torch.from_numpy(inputs).double()
    parts = [values[None, start:end] for start, end in pairwise((*RESETS, STEPS))]
    return np.concatenate([network.predict(part)[0].numpy() for part in parts])


def _other_weights(document: Document, loaded: LoadedCompanion) -> str:
    """Where weights differ by more than rounding; "" if nowhere."""
    for place, (layer, module) in enumerate(
        zip(document.layers, loaded.network.layers, strict=True)
    ):
        for number, (found, wanted) in enumerate(
            zip(layer.weights, _trained(layer, module), strict=True)
        ):
            apart = found.astype(np.float64) - wanted
            if layer.activation == "softmax" and found.ndim == 1:
                apart = apart - np.median(apart)  # a shift of all logits changes nothing
            if wrong := int((np.abs(apart) > ROUNDING * np.maximum(1, np.abs(found))).sum()):
                return f"{wrong:,} of {found.size:,} in layers[{place}].weights[{number}]"
    return ""


def _trained(layer: DocumentLayer, module: object) -> list[NDArray[np.float64]]:
    """A trained layer's weights in the file's order."""
    values = {
        name: tensor.detach().double().numpy()
        for name, tensor in module.named_parameters()  # type: ignore[attr-defined]
    }
    if layer.type == "lstm":
        both = values["bias_ih_l0"] + values["bias_hh_l0"]
        return [values["weight_ih_l0"].T, values["weight_hh_l0"].T, both]
    return [values["weight"].T, values["bias"]]
