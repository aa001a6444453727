"""Does an exported file compute what the best checkpoint of a training computes?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chromasonic.errors import CheckpointError, UsageError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.golden_strength import EXACT, scaled
from chromasonic.export.interpreter import compute
from chromasonic.export.spec import ModelSpec
from chromasonic.export.validation import Check
from chromasonic.files import PathLike

if TYPE_CHECKING:
    from chromasonic.companion.models import LoadedCompanion

CHECKPOINTS = "checkpoints"
"""Where a training keeps them, in its output folder."""

STEPS, RESETS, SEED = 160, (0, 90), 3
"""What is computed to compare a file with its checkpoint."""

ROUNDING = 1e-6
"""How far a weight may be from the checkpoint's: an LSTM's two biases are added up."""


def not_compared(spec: ModelSpec | None, against: PathLike | None, run: Path | None) -> Check:
    """Why a file was not compared with a training; wrong only where `against` asked for it."""
    if spec is None:
        why = "only the five companion models can be compared with a training"
        if against is not None:
            return Check(name="checkpoint", passed=False, detail=f"{why}; leave out --against")
        return Check(name="checkpoint", passed=None, detail=why)
    why = "another model" if run is not None else "no training beside it: --against RUN"
    return Check(name="checkpoint", passed=None, detail=why)


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
    if not apart <= scaled(allowed, wanted):
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
