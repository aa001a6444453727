"""Golden vectors: what goes into a model and must come out, step after step and over a reset.

The inputs are such that a wrong export cannot give the right outputs by chance: no two features and
no two steps are alike, values lie on both sides of 0 but not evenly, and 64 steps follow on one
another before the state is cleared.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chromasonic.errors import ExportError
from chromasonic.export.document import Array, Golden
from chromasonic.export.tracing import evaluation_copy

STEPS = 96
RESET_BEFORE = (0, 64)
"""The state is cleared before these steps."""

SEED = 20_240
"""Of the inputs in the file."""

SPARSE_EVERY, ZERO_EVERY = 3, 16
"""Every third step is nearly one-hot, every sixteenth silent."""

REAL = (*range(24, 40), *range(80, 92))
"""Steps that are real features, where there are: two stretches, as a plugin meets them."""


Usual = tuple[Array, Array]
"""Mean and deviation (I,) of what goes into a model, where that is not around 0 and about 1."""


def golden_inputs(
    inputs: int,
    *,
    examples: Array | None = None,
    seed: int = SEED,
    steps: int = STEPS,
    usual: Usual | None = None,
) -> Array:
    """Steps that show every error of an export: dense, sparse, silent and real ones.

    Args:
        inputs: features of a step.
        examples: real features (n, I), one step after the other, which become the steps `REAL`.
        seed: other seed, other steps.
        steps: how many.
        usual: made-up steps lie around this mean, as far as this deviation, so that no feature
            drowns the others.

    Returns:
        (S, I), with three decimals where they are made up.
    """
    random = np.random.default_rng(seed)
    values = np.round(random.uniform(-0.9, 1.3, (steps, inputs)), 3)
    sparse = random.random((steps, inputs)) < min(0.15, 4 / inputs + 0.02)
    values[1::SPARSE_EVERY] = sparse[1::SPARSE_EVERY]
    values[ZERO_EVERY - 1 :: ZERO_EVERY] = 0
    made = values.astype(np.float32)
    if usual is not None:
        made = (usual[0] + usual[1] * made).astype(np.float32)
    if examples is not None and len(examples):
        places = [step for step in REAL if step < steps]
        made[places] = examples[np.arange(len(places)) % len(examples)]
    return made


def golden_of(module: nn.Module, inputs: Array, reset_before: tuple[int, ...]) -> Golden:
    """Inputs and what a module makes of them in float64.

    Args:
        module: as `rtneural.layers_of` takes it.
        inputs: (S, I).
        reset_before: steps before which the state is cleared; the first is 0.

    Raises:
        ExportError: an output is not finite.
    """
    outputs = sequence_outputs(module, inputs, reset_before)
    if not np.isfinite(outputs).all():
        step, index = np.argwhere(~np.isfinite(outputs))[0]
        raise ExportError(
            f"{type(module).__name__} gives {outputs[step, index]} at output {index} of step "
            f"{step} of the golden inputs, in 64-bit floats; nothing is exported. Train it anew."
        )
    return Golden(
        inputs=inputs, outputs=outputs.astype(np.float32), reset_before=tuple(reset_before)
    )


def sequence_outputs(
    module: nn.Module, inputs: Array, reset_before: tuple[int, ...]
) -> NDArray[np.float64]:
    """What a module gives in float64, each stretch from a cleared state.

    Args:
        module: as `rtneural.layers_of` takes it.
        inputs: (S, I).
        reset_before: steps before which the state is cleared; the first is 0.

    Returns:
        (S, O).
    """
    exact = evaluation_copy(module, torch.float64)
    values = torch.from_numpy(inputs.astype(np.float64))
    ends = (*reset_before[1:], len(inputs))
    with torch.no_grad():
        parts = [
            exact(values[None, start:end])[0] for start, end in zip(reset_before, ends, strict=True)
        ]
    return torch.cat(parts).numpy()
