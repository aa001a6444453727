"""That an exported file computes what the trained module computes.

The file is read again from the disk, by a reader and an interpreter that share no code with the
exporter, and compared with PyTorch in 64-bit floats: on the golden steps, which are in the file,
and on others, which are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from chromasonic.errors import ExportError
from chromasonic.export.document import Array, Document, Golden, weight_hash
from chromasonic.export.golden import Usual, golden_inputs, sequence_outputs
from chromasonic.export.golden_strength import EXACT, fitting_mutants, scaled
from chromasonic.export.interpreter import compute
from chromasonic.export.reading import read_document

OTHER_SEED = 51_966
OTHER_RESETS = (0, 71)
"""Of the steps that are not in the file."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far a file and its module are apart.

    Attributes:
        largest_difference: of any output, absolute.
        steps: how many were compared.
        blind_to: errors on purpose that the golden vectors in the file do not show.
    """

    largest_difference: float
    steps: int
    blind_to: tuple[str, ...] = ()


def compare_with_module(
    path: Path, title: str, module: nn.Module, golden: Golden, *, usual: Usual | None = None
) -> Agreement:
    """Read a file again and compare all that it computes with the module it came from.

    Args:
        path: what was written.
        title: of the model, for the message.
        module: as it was trained.
        golden: what the file should hold.
        usual: mean and deviation of what goes in, for the other steps.

    Raises:
        ExportError: the file cannot be read, holds other golden vectors, or computes something
            else; the message names the model, step, output and both values.
    """
    try:
        document = read_document(path)
    except ExportError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise ExportError(f"{title}: what was written is not valid: {reason}") from error
    _check_golden(document, title, golden)
    others = golden_inputs(document.inputs, seed=OTHER_SEED, steps=len(golden.inputs), usual=usual)
    differences = [
        _compare(document, title, module, golden.inputs, golden.reset_before),
        _compare(document, title, module, others, OTHER_RESETS),
    ]
    blind_to, _ = fitting_mutants(document, golden, scaled(EXACT, golden.outputs))
    return Agreement(
        largest_difference=max(differences),
        steps=len(golden.inputs) + len(others),
        blind_to=tuple(blind_to),
    )


def _check_golden(document: Document, title: str, golden: Golden) -> None:
    held = document.metadata
    if held is None or held.weight_hash != weight_hash(document.layers):
        raise ExportError(
            f"{title}: the written file does not hold the weights that it names. No file is kept."
        )
    if (
        not np.array_equal(held.golden.inputs, golden.inputs)
        or not np.array_equal(held.golden.outputs, golden.outputs)
        or held.golden.reset_before != golden.reset_before
    ):
        raise ExportError(
            f"{title}: the written file holds other golden vectors than were made. No file is kept."
        )


def _compare(
    document: Document, title: str, module: nn.Module, inputs: Array, resets: tuple[int, ...]
) -> float:
    wanted = sequence_outputs(module, inputs, resets)
    given = compute(document, inputs, resets)
    if given.shape != wanted.shape:
        raise ExportError(
            f"{title}: the written file gives outputs of shape {given.shape}, the model of "
            f"{wanted.shape}. The export is wrong; no file is kept."
        )
    return _largest(title, given, wanted)


def _largest(title: str, given: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    allowed = scaled(EXACT, wanted)
    apart = np.abs(given - wanted)
    wrong = ~(apart <= allowed)  # so that NaN is wrong
    if wrong.any():
        step, output = (int(place) for place in np.argwhere(wrong)[0])
        raise ExportError(
            f"{title}: the written file does not compute what was trained. Step {step}, output "
            f"{output}: the file gives {given[step, output]:.9g}, the model "
            f"{wanted[step, output]:.9g} ({int(wrong.sum()):,} of {wrong.size:,} outputs are more "
            f"than {allowed:.1g} apart). No file is kept."
        )
    return float(apart.max(initial=0.0))
