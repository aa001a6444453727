"""Batch norms worked into the layers before them, as they compute after training.

Axes: O outputs, I inputs of a layer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]
Folded = tuple[Array, Array]
"""Weight and bias."""


def exact(tensor: Tensor) -> Array:
    """A parameter's numbers as 64-bit floats."""
    return tensor.detach().cpu().double().numpy()


def folded(weight: Tensor, bias: Tensor | None, norm: nn.BatchNorm1d) -> Folded:
    """A layer and the batch norm after it as one layer: (O, I, ...) and (O,).

    The norm takes the mean off, divides by the deviation, then scales and shifts; all of that is a
    factor and a constant for each output.
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    factor = exact(norm.weight) / np.sqrt(exact(norm.running_var) + norm.eps)
    before = 0.0 if bias is None else exact(bias)
    shaped = factor.reshape(-1, *[1] * (weight.ndim - 1))
    return (
        exact(weight) * shaped,
        (before - exact(norm.running_mean)) * factor + exact(norm.bias),
    )
