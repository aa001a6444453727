"""Landmarks that come one frame a line, while the movement goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.formats.face_features import face_frames
from chromasonic.formats.face_landmarks import FACE_88, FACE_COUNTS
from chromasonic.formats.landmark_json import are_shares, decoded, frame_of
from chromasonic.formats.motion_text import listed
from chromasonic.formats.recorded_landmarks import chosen_body, in_proportion
from chromasonic.music.movement import Skeleton

LONGEST_LINE = 2**20
HEADER = "movement"
"""Key of the line that says what a movement is."""


@dataclass(frozen=True, slots=True, eq=False)
class TimedFrame:
    """One frame of a stream.

    Attributes:
        seconds: when it was; None where the line does not tell.
        values: (N, C) float32 on the skeleton, NaN where unseen.
    """

    seconds: float | None
    values: npt.NDArray[np.float32]


def parse_frame(
    line: str,
    skeleton: Skeleton,
    *,
    near: npt.NDArray[np.float32] | None = None,
    source: str = "the line",
    names: Mapping[str, str] | None = None,
) -> TimedFrame | None:
    """One line of a stream: `{"t": 0.04, "landmarks": {"wrist": [0.1, 0.2, 0.0], ...}}`.

    Landmarks are named, or as many as the skeleton has, in its order; what MediaPipe's tools write
    for a frame is taken too, and a face's 468 or 478 points become the 88 nodes of "face-88". A
    landmark that is left out or null is unseen; an empty list is a frame in which nothing is.

    Args:
        line: JSON text.
        skeleton: what the frame should be.
        near: the values of the last frame in which something was seen; of several hands in a frame
            the one nearest to it is taken. None takes the first, and so does a face.
        source: what the messages call the line.
        names: landmark of the line to landmark of the skeleton, where they are called otherwise.

    Returns:
        The frame; None for an empty line and for the line that says what a movement is.

    Raises:
        FormatError: no JSON, no landmarks, other names, another number of them.
    """
    if not line.strip():
        return None
    check_length(line, source)
    value = decoded(line, source=source)
    if isinstance(value, dict) and HEADER in value:
        return None
    frame = frame_of(value, source=source)
    wanted = (len(skeleton.nodes), len(skeleton.channels))
    values = np.full(wanted, np.nan, dtype=np.float32)
    counts = {key: len(body.points) for key, body in frame.bodies.items() if len(body.points)}
    if not counts:
        return TimedFrame(frame.seconds, values)
    named = next((k for k in counts if frame.bodies[k].names is not None), None)
    key = named or chosen_body(counts, skeleton, source=source)
    body = frame.bodies[key]
    is_point = body.points.shape[1] <= 3 and are_shares(body.points, key)
    aspect = (frame.aspect or 1.0) if is_point else 1.0
    if body.names is None and len(body.points) in FACE_COUNTS and skeleton.name == FACE_88.name:
        return TimedFrame(frame.seconds, face_frames(body.points[None], aspect=aspect)[0])
    if body.points.shape[1] < wanted[1]:
        raise FormatError(
            f"{source}: a landmark has {body.points.shape[1]} numbers; the skeleton "
            f"'{skeleton.name}' wants {wanted[1]}: {listed(skeleton.channels, 40)}."
        )
    if body.names is None and near is not None:
        body = body.nearest(near / (aspect, 1.0, aspect)[: wanted[1]] if is_point else near)
    points = in_proportion(body.points, aspect)[:, : wanted[1]]
    if body.names is None:
        return TimedFrame(frame.seconds, points.astype(np.float32))
    names = names or {}
    # A landmark that has by chance the name that another one is given makes room.
    meant = [
        number
        for number, name in enumerate(body.names)
        if name in names or name not in names.values()
    ]
    own = [names.get(body.names[number], body.names[number]) for number in meant]
    unknown = [name for name in own if name not in skeleton.node_numbers]
    if unknown:
        are = "are no joints" if len(unknown) > 1 else "is no joint"
        raise FormatError(
            f"{source}: {listed(unknown)} {are} of the skeleton '{skeleton.name}'; it has "
            f"{listed(skeleton.nodes, 40)}. Give its landmarks, by these names."
        )
    values[[skeleton.node_numbers[name] for name in own]] = points[meant]
    return TimedFrame(frame.seconds, values)


def check_length(line: str, source: str) -> None:
    """Refuse a line that no frame fills, before it is parsed.

    Raises:
        FormatError: it is longer than `LONGEST_LINE`.
    """
    if len(line) > LONGEST_LINE:
        raise FormatError(
            f"{source} has {len(line):,} characters; up to {LONGEST_LINE:,} are read. Write one "
            "frame a line."
        )
