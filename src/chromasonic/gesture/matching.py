"""A recording brought onto the skeleton that a model wants, or told why it cannot be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chromasonic.errors import DataError, UsageError
from chromasonic.music.movement import Movement, Skeleton

MOST_TOLD = 8
"""Names that a message lists before it counts the rest."""


def fitted(
    movement: Movement, skeleton: Skeleton, names: Mapping[str, str] | None = None
) -> Movement:
    """The recording with the landmarks and channels of a skeleton, in its order; more are left out.

    Args:
        movement: as read.
        skeleton: the model's.
        names: landmark of the recording to landmark of the skeleton, where they are called
            otherwise.

    Raises:
        DataError: landmarks or channels are missing; the message names them.
        UsageError: `names` speaks of landmarks that are not there.
    """
    own = movement.skeleton
    if own.nodes == skeleton.nodes and own.channels == skeleton.channels and not names:
        return replace(movement, skeleton=skeleton)
    called = _renamed(own, skeleton, names or {})
    missing = [node for node in skeleton.nodes if node not in called]
    if missing:
        raise DataError(_nodes_missing(movement, skeleton, missing))
    absent = [channel for channel in skeleton.channels if channel not in own.channels]
    if absent:
        raise DataError(
            f"The recording {movement.id} is of the skeleton '{own.name}' with the channels "
            f"{listed(own.channels)}; the model wants '{skeleton.name}' with "
            f"{listed(skeleton.channels)}. Missing: {listed(absent)}. Record them, or train a "
            "model on recordings like this one."
        )
    nodes = [called[node] for node in skeleton.nodes]
    channels = [own.channels.index(channel) for channel in skeleton.channels]
    frames = np.ascontiguousarray(movement.frames[:, nodes][:, :, channels])
    return replace(movement, skeleton=skeleton, frames=frames)


def parse_names(pairs: Sequence[str]) -> dict[str, str]:
    """Pairs "mine=theirs" as a table.

    Raises:
        UsageError: one is no pair, or a name stands twice.
    """
    table: dict[str, str] = {}
    for pair in pairs:
        mine, sign, theirs = (part.strip() for part in pair.partition("="))
        if not (mine and sign and theirs):
            raise UsageError(
                f"'{pair}' is no pair of names; write RECORDING=MODEL, such as hand_0=wrist."
            )
        if mine in table or theirs in table.values():
            raise UsageError(f"'{pair}': a landmark is named twice. Name each once.")
        table[mine] = theirs
    return table


def listed(names: Sequence[str]) -> str:
    """Names with commas; of many the first and how many more."""
    head = ", ".join(names[:MOST_TOLD])
    more = len(names) - MOST_TOLD
    return f"{head} and {more} more" if more > 0 else head or "(none)"


def nearest(name: str, known: Sequence[str], count: int = 3) -> list[str]:
    """Those of some names that are most like a name, capitals aside; the nearest first."""
    lower = {other.lower(): other for other in known}
    found = difflib.get_close_matches(name.lower(), lower, n=count, cutoff=0.5)
    return [lower[other] for other in found]


def _renamed(own: Skeleton, skeleton: Skeleton, names: Mapping[str, str]) -> dict[str, int]:
    """Landmark by the model's name to its number in the recording."""
    for mine, theirs in names.items():
        for name, known, whose in (
            (mine, own.nodes, f"recording ('{own.name}')"),
            (theirs, skeleton.nodes, f"model ('{skeleton.name}')"),
        ):
            if name not in known:
                raise UsageError(
                    f"--nodes {mine}={theirs}: '{name}' is no landmark of the {whose}; there are: "
                    f"{listed(nearest(name, known) or known)}."
                )
    return {names.get(node, node): number for number, node in enumerate(own.nodes)}


def _nodes_missing(movement: Movement, skeleton: Skeleton, missing: list[str]) -> str:
    own = movement.skeleton
    spare = [node for node in own.nodes if node not in skeleton.nodes]
    hint = (
        f"If they are there under other names, give --nodes {spare[0]}={missing[0]} and so on "
        f"(the recording also has {listed(spare)})"
        if spare
        else "Record them"
    )
    return (
        f"The recording {movement.id} is of the skeleton '{own.name}' ({len(own.nodes)} "
        f"landmarks); the model wants '{skeleton.name}' ({len(skeleton.nodes)}). Missing: "
        f"{listed(missing)}. {hint}, or train a model on recordings like this one."
    )
