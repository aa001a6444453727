"""A recording read for a model: on its skeleton, its landmarks under the model's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chromasonic.errors import FormatError, UsageError
from chromasonic.files import PathLike
from chromasonic.formats.fitting_skeletons import fitted
from chromasonic.formats.movements import read_movement
from chromasonic.gesture.names import did_you_mean
from chromasonic.music.movement import Movement, Skeleton


def read_for(
    path: PathLike,
    skeleton: Skeleton,
    *,
    names: Mapping[str, str] | None = None,
    rate_hz: float | None = None,
) -> Movement:
    """A recording with the landmarks and channels of a skeleton; what it has besides is left out.

    Args:
        path: a recording in any format of `formats.movements`.
        skeleton: the model's.
        names: landmark of the recording to landmark of the skeleton, where they are called
            otherwise.
        rate_hz: frames a second; None takes the file's word.

    Raises:
        FormatError: it cannot be read, or lacks landmarks; the message names them.
        UsageError: `names` speaks of landmarks that are not there.
    """
    if not names:
        try:
            return read_movement(path, skeleton=skeleton, rate_hz=rate_hz)
        except FormatError as error:
            if "the joints of the skeleton" not in str(error):
                raise
            raise FormatError(
                f"{error} If they are there under other names: --nodes RECORDING=MODEL, once each."
            ) from error
    movement = read_movement(path, rate_hz=rate_hz)
    return fitted(renamed(movement, skeleton, names), skeleton)


def renamed(movement: Movement, skeleton: Skeleton, names: Mapping[str, str]) -> Movement:
    """The recording with some landmarks under the names that a skeleton has for them.

    Raises:
        UsageError: a name is none of the recording's, or none of the skeleton's.
    """
    own = movement.skeleton
    check_names(names, skeleton)
    for mine, theirs in names.items():
        _check_name(mine, own, f"--nodes {mine}={theirs}", "recording")
    # A landmark of that name which is not meant makes room.
    taken = set(names.values()) - names.keys()
    nodes = tuple(
        names.get(node, f"{node} (of the recording)" if node in taken else node)
        for node in own.nodes
    )
    return replace(movement, skeleton=replace(own, nodes=nodes))


def check_names(names: Mapping[str, str], skeleton: Skeleton) -> None:
    """Refuse names that the model's skeleton does not have.

    Raises:
        UsageError: there is one.
    """
    for mine, theirs in names.items():
        _check_name(theirs, skeleton, f"--nodes {mine}={theirs}", "model")


def _check_name(name: str, skeleton: Skeleton, pair: str, whose: str) -> None:
    if name not in skeleton.nodes:
        raise UsageError(
            f"{pair}: '{name}' is no landmark of the {whose} ('{skeleton.name}'). "
            f"{did_you_mean(name, skeleton.nodes)}"
        )


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
                f"--nodes {pair}: that is no pair of names; write RECORDING=MODEL, such as "
                "hand_0=wrist."
            )
        if mine in table or theirs in table.values():
            raise UsageError(f"--nodes {pair}: a landmark is named twice. Name each once.")
        table[mine] = theirs
    return table
