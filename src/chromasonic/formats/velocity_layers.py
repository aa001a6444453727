"""Loudness by velocity for a synthesizer that has none.

symusic's synthesizer plays every note equally loud, whatever its velocity (measured with 0.5.9:
velocity 20 and 120 give the same samples). So notes are played in layers of like velocity, and
each layer is given its loudness before they are added.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from chromasonic.formats.performance_sound import gain_of_velocity

LAYERS = 32
"""Layers at most: neighbours differ by 4 in velocity, less than a listener tells apart."""

Samples = npt.NDArray[np.float32]


def render_layers(
    render: Callable[[npt.NDArray[np.bool_]], Samples], velocity: npt.NDArray[np.int64]
) -> Samples:
    """Play notes in layers and add them.

    Args:
        render: (N,) which notes, to their samples (M,) or (C, M); M may differ.
        velocity: (N,) 1 to 127.
    """
    layer = (velocity - 1) * LAYERS // 127
    total: Samples | None = None
    for number in np.unique(layer):
        mine = layer == number
        gain = np.float32(gain_of_velocity(float(velocity[mine].mean())))
        samples = render(mine) * gain
        if total is None:
            total = samples
        elif samples.shape[-1] > total.shape[-1]:
            samples[..., : total.shape[-1]] += total
            total = samples
        else:
            total[..., : samples.shape[-1]] += samples
    return np.zeros(0, np.float32) if total is None else total
