"""Does a recording have the joints that are wanted? Those, in that order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chromasonic.errors import FormatError
from chromasonic.formats.motion_text import listed
from chromasonic.music.movement import Movement, Skeleton


def fitted(movement: Movement, skeleton: Skeleton) -> Movement:
    """A movement on the skeleton that is wanted.

    Nodes and channels are found by name; those that nobody asked for are left out, so that a
    recording with more joints than a model knows can be used.

    Raises:
        FormatError: a node or a channel is missing.
    """
    own = movement.skeleton
    if own == skeleton:
        return movement
    missing = [node for node in skeleton.nodes if node not in own.node_numbers]
    if missing:
        is_other = len(missing) == len(skeleton.nodes)
        what = "has none of the joints" if is_other else f"lacks {len(missing)} of the joints"
        kind = f": it is another one ('{own.name}')" if is_other else ""
        raise FormatError(
            f"{movement.id} {what} of the skeleton '{skeleton.name}'{kind}. "
            f"Missing: {listed(missing)}; there: {listed(own.nodes)}. Rename the joints "
            "that are there; a joint that was never seen is named all the same, and left empty."
        )
    lacking = [channel for channel in skeleton.channels if channel not in own.channels]
    if lacking:
        raise FormatError(
            f"{movement.id} lacks the channels {listed(lacking)} of the skeleton "
            f"'{skeleton.name}'; there: {listed(own.channels)}. Record or compute them too."
        )
    nodes = [own.node_numbers[node] for node in skeleton.nodes]
    channels = [own.channels.index(channel) for channel in skeleton.channels]
    frames = np.ascontiguousarray(movement.frames[:, nodes][:, :, channels])
    return replace(movement, skeleton=skeleton, frames=frames)
