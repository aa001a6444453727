"""Which recordings share frames: windows cut from one recording, and copies.

Windows with a hop shorter than themselves hold the same frames twice. Drawn at random, half of a
test window stands in the training part, and what is measured there is memory. So recordings that
share a stretch of frames, bit by bit, are one group, and a group is never parted.

Legend: T frames, W frames of a stretch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chromasonic.music.movement import Movement

STRETCH_FRAMES = 16
"""So many equal frames in a row are no chance, if they move."""

_HASHES = np.random.default_rng(0x6E5)
_FRAME_FACTORS = _HASHES.integers(1, 2**63, 8192, dtype=np.uint64) | np.uint64(1)
_STRETCH_FACTORS = _HASHES.integers(1, 2**63, STRETCH_FRAMES, dtype=np.uint64) | np.uint64(1)


def groups_of(movements: Sequence[Movement]) -> list[str]:
    """For each movement the key of its group: the smallest id among those that share frames.

    Two movements share frames where `STRETCH_FRAMES` frames in a row (all of a shorter recording)
    are equal in every number, and at least half of them differ from the frame before: a hand that
    lies still is no copy. What shares with one of a group belongs to the group.

    Args:
        movements: of one corpus, each id once.

    Returns:
        A key for each, in their order; the key does not hang on the order.
    """
    owners = list(range(len(movements)))

    def owner_of(number: int) -> int:
        while owners[number] != number:
            owners[number] = owners[owners[number]]
            number = owners[number]
        return number

    first: dict[int, int] = {}
    for number, movement in enumerate(movements):
        for stretch in _stretches(movement).tolist():
            other = first.setdefault(stretch, number)
            if other != number:
                owners[owner_of(number)] = owner_of(other)
    smallest: dict[int, str] = {}
    for number, movement in enumerate(movements):
        owner = owner_of(number)
        smallest[owner] = min(smallest.get(owner, movement.id), movement.id)
    return [smallest[owner_of(number)] for number in range(len(movements))]


def _stretches(movement: Movement) -> npt.NDArray[np.uint64]:
    """Hashes of a movement's stretches that move, each once."""
    frames = np.ascontiguousarray(movement.frames, np.float32).reshape(len(movement), -1)
    bits_TC = frames.view(np.uint32).astype(np.uint64)
    factors = np.resize(_FRAME_FACTORS, bits_TC.shape[1])
    hashes_T = (bits_TC * factors).sum(axis=1, dtype=np.uint64)
    hashes_T ^= hashes_T >> np.uint64(31)
    length = min(STRETCH_FRAMES, len(movement))
    windows_TW = np.lib.stride_tricks.sliding_window_view(hashes_T, length)
    moves_TW = windows_TW[:, 1:] != windows_TW[:, :-1]
    keys = (windows_TW * _STRETCH_FACTORS[:length]).sum(axis=1, dtype=np.uint64)
    keys += np.uint64(length)  # a short recording is a copy of one as short, not of a longer's part
    return np.unique(keys[moves_TW.sum(axis=1) * 2 >= length])
