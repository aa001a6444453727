"""Power Glove recordings (`.sign`): where a hand was, how it was turned, how its fingers bent.

A frame is a line of 15 values: x, y, z, roll, pitch, yaw, the bend of five fingers from the thumb
on, and four words of the glove's own. The glove measures no pitch and yaw (-1) and no little finger
(it repeats the ring finger's value), so they are not read.

Source: Kadous, Australian Sign Language signs, UCI Machine Learning Repository, 1999.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.formats.motion_text import read_bytes
from chromasonic.music.movement import Movement, Skeleton

RATE_HZ = 23.0
"""Frames a second, about: the files carry no time; the glove gave 23 to 25."""

MOST_FRAMES = 1_000_000

POWER_GLOVE = Skeleton(
    name="power-glove",
    nodes=("palm", "thumb", "index", "middle", "ring"),
    edges=((0, 1), (0, 2), (0, 3), (0, 4)),
    channels=("x", "y", "z", "roll", "bend"),
    axes=(0, 1, 2),
)
"""One hand as a star: the palm with its place and roll, and four fingers with their bend.

x (to the right), y (up) and z (towards the screen) are about metres from where the hand rests on
the signer's thigh, in steps of 1/128, and z has another scale than the two. Roll is circular, in
turns from palm down clockwise, in twelve steps, and NaN where the glove gave none. Bend is from 0
(straight) to 0.75 in four steps.
"""

VALUES = 15
ROLL = 3
FINGERS = slice(6, 10)
USED = 10


def read_sign(path: PathLike) -> Movement:
    """A movement from a `.sign` file.

    Raises:
        FormatError: the file is absent, holds no frame, or a line that is none.
    """
    path = Path(path)
    data = read_bytes(path, kind="Power Glove recording")
    return replace(parse_sign(data, name=path.name), id=path.stem)


def parse_sign(data: bytes, *, name: str) -> Movement:
    """A movement out of the content of a `.sign` file, spikes and all.

    Args:
        data: the file.
        name: of the file; becomes the movement's id.

    Raises:
        FormatError: the file holds no frame, or a line that is none.
    """
    lines = [line for line in data.split(b"\n") if not line.isspace() and line]
    if not lines:
        raise FormatError(f"{name} is empty: it holds no frame.")
    if len(lines) > MOST_FRAMES:
        raise FormatError(f"{name} has {len(lines):,} frames; up to {MOST_FRAMES:,} are read.")
    rows = [line.split(b",") for line in lines]
    for number, row in enumerate(rows, 1):
        if len(row) != VALUES:
            raise FormatError(
                f"{name}, line {number} has {len(row)} values; a frame of a .sign file has "
                f"{VALUES}, with commas between them."
            )
    try:
        values = np.array([row[:USED] for row in rows]).astype(np.float64)
    except ValueError as error:
        raise FormatError(f"{name} has a value that is no number: {error}.") from error
    if not np.isfinite(values).all() or np.abs(values).max() > 1:
        place = int(np.flatnonzero(~(np.abs(values) <= 1).all(axis=1))[0]) + 1
        raise FormatError(
            f"{name}, line {place} has a value outside of -1 to 1, which no glove gives."
        )
    frames = np.zeros((len(rows), len(POWER_GLOVE.nodes), len(POWER_GLOVE.channels)), np.float32)
    frames[:, 0, :3] = values[:, :3]
    frames[:, 0, 3] = np.where(values[:, ROLL] < 0, np.nan, values[:, ROLL])
    frames[:, 1:, 4] = values[:, FINGERS]
    return Movement(id=name, skeleton=POWER_GLOVE, frames=frames, rate_hz=RATE_HZ)
