"""Two examples as one, with a share of both labels (mixup)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from chromasonic.errors import DataError

Example = Mapping[str, np.ndarray]

FEATURES, MASK = "features", "mask"


def draw_share(alpha: float, rng: np.random.Generator) -> float:
    """How much of the first example a mixture takes: from a half to 1, by Beta(alpha, alpha)."""
    share = float(rng.beta(alpha, alpha)) if alpha else 1.0
    return max(share, 1 - share)


def mix(first: Example, second: Example, share: float) -> dict[str, np.ndarray]:
    """An example that is `share` the first and the rest the second.

    The second's features are stretched to the first's length, so that beginnings meet beginnings
    and ends meet ends; the mask is the first's. Every other array is a soft target of one shape in
    both, such as probabilities of classes (K,), and is mixed with the same shares.

    Args:
        first: `features` (T, ...) float32, `mask`, and targets.
        second: the same names; `features` may have another length.
        share: from 0 to 1.

    Raises:
        DataError: the share is none, the names differ, or a target is a number of a class.

    Source: Zhang et al., mixup: Beyond Empirical Risk Minimization (ICLR 2018), equation 1.
    Differs: of two sequences; theirs are images of one size.
    """
    if not 0 <= share <= 1:
        raise DataError(f"The share of the first example is {share}; allowed: 0 to 1.")
    if set(first) != set(second):
        raise DataError(
            f"Two examples to mix have {sorted(first)} and {sorted(second)}; "
            "allowed: the same names in both."
        )
    mixed = {name: np.asarray(value) for name, value in first.items()}
    for name, value in mixed.items():
        other = np.asarray(second[name])
        if name == FEATURES:
            other = stretch(other, len(value))
        elif name == MASK:
            continue
        elif not np.issubdtype(value.dtype, np.floating):
            raise DataError(
                f"The target '{name}' of an example is of {value.dtype}; mixing needs floating "
                "shares of the classes (one-hot)."
            )
        mixed[name] = (share * value + (1 - share) * other).astype(value.dtype)
    return mixed


def stretch(values: np.ndarray, count: int) -> npt.NDArray[np.float32]:
    """Values (T, ...) read at `count` even places from the first to the last."""
    if len(values) == count:
        return values
    places = np.linspace(0, len(values) - 1, count)
    before = places.astype(np.intp)
    after = np.minimum(before + 1, len(values) - 1)
    part = (places - before).astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[before] * (1 - part) + values[after] * part, dtype=np.float32)
