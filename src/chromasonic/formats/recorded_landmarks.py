"""What a file of landmarks holds, before anyone has said on which skeleton: and then the movement.

Shapes: T frames, M landmarks, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.formats.body_skeletons import HAND_21, POSE_33
from chromasonic.formats.face_features import face_frames
from chromasonic.formats.face_landmarks import FACE_88, FACE_COUNTS
from chromasonic.formats.fitting_skeletons import fitted
from chromasonic.formats.frame_times import evenly
from chromasonic.formats.motion_text import MOST_NODES, shown
from chromasonic.music.movement import Movement, Skeleton

Floats = npt.NDArray[np.float64]

KNOWN_SKELETONS = {skeleton.name: skeleton for skeleton in (HAND_21, POSE_33, FACE_88)}
"""Skeletons that a file's landmarks are recognized as, by their names or their number."""

POINT_CHANNELS = ("x", "y", "z")


@dataclass(frozen=True, kw_only=True, eq=False)
class Recorded:
    """Landmarks as a file has them.

    Attributes:
        name: of the file, for the messages.
        id: of the movement.
        points: (T, M, C), NaN where unseen.
        nodes: names of the landmarks; None where they are only numbered.
        channels: names of the C numbers of each; None where the file only has numbers.
        times: (T,) seconds, where the file tells.
        rate_hz: frames a second, where the file tells.
        skeleton: where the file tells.
        aspect: width over height of the picture whose sides are 1 in x and in y; 1 where the
            coordinates have one unit, and for landmarks of more than x, y, z.
        label: as in a Movement.
        performer: as in a Movement.
        session: as in a Movement.
    """

    name: str
    id: str
    points: Floats
    nodes: tuple[str, ...] | None
    channels: tuple[str, ...] | None = None
    times: Floats | None = None
    rate_hz: float | None = None
    skeleton: Skeleton | None = None
    aspect: float = 1.0
    label: str = ""
    performer: str = ""
    session: str = ""


def movement_of(
    recorded: Recorded, *, skeleton: Skeleton | None = None, rate_hz: float | None = None
) -> Movement:
    """The movement that a file holds.

    Args:
        recorded: what was read.
        skeleton: what it should be; None takes the file's word, else what the landmarks' names or
            number say.
        rate_hz: frames a second, evenly spaced; None takes the file's times or its rate.

    Raises:
        FormatError: no frame, nothing seen, no rate to be found, or another skeleton.
    """
    if not recorded.points.size or np.isnan(recorded.points).all():
        raise FormatError(
            f"{recorded.name} has {len(recorded.points)} frames and no landmark seen in them; one "
            "or more are needed. Record again, with the whole hand, face or body in the picture."
        )
    points, rate = _timed(recorded, rate_hz)
    own = recorded.skeleton or _own_skeleton(recorded, skeleton)
    if own is FACE_88 and points.shape[1] in FACE_COUNTS:
        frames = face_frames(points, aspect=recorded.aspect)
    else:
        frames = in_proportion(points, recorded.aspect).astype(np.float32)
    movement = Movement(
        id=recorded.id,
        skeleton=own,
        frames=frames,
        rate_hz=rate,
        label=recorded.label,
        performer=recorded.performer,
        session=recorded.session,
    )
    return movement if skeleton is None else fitted(movement, skeleton)


def in_proportion(points: Floats, aspect: float) -> Floats:
    """Points (..., C) whose x and z are shares of a picture's width, as shares of its height."""
    return points if aspect == 1.0 else points * np.array((aspect, 1.0, aspect))[: points.shape[-1]]


def _own_skeleton(recorded: Recorded, skeleton: Skeleton | None) -> Skeleton:
    """What the landmarks are, where the file does not say it itself."""
    _, count, width = recorded.points.shape
    nodes, channels = recorded.nodes, recorded.channels
    if skeleton is not None and channels is None and width == len(skeleton.channels):
        channels = skeleton.channels
        if nodes is None and count == len(skeleton.nodes):
            return skeleton  # numbers alone, as many as are wanted: they are in its order
    if channels is None:
        channels = tuple("xyz"[n] if n < 3 else f"c{n}" for n in range(width))
    return skeleton_for(nodes, count, channels)


def _timed(recorded: Recorded, rate_hz: float | None) -> tuple[Floats, float]:
    """The frames evenly spaced, and their rate: the caller's word, else times, else the file's."""
    if rate_hz is not None:
        return recorded.points, rate_hz
    if recorded.times is not None and len(recorded.times) > 1:
        return evenly(recorded.times, recorded.points, source=recorded.name)
    if recorded.rate_hz is not None:
        if not 0 < recorded.rate_hz < 100_000:
            raise FormatError(
                f"{recorded.name} says {recorded.rate_hz} frames a second; allowed: above 0, below "
                "100,000."
            )
        return recorded.points, recorded.rate_hz
    raise FormatError(
        f"{recorded.name} does not say how fast its {len(recorded.points):,} frames came: it has "
        "no times. Add a column or key 'time' in seconds, or give the rate (rate_hz=, --rate)."
    )


def skeleton_for(nodes: Sequence[str] | None, count: int, channels: Sequence[str]) -> Skeleton:
    """The skeleton of landmarks that a file does not name.

    Args:
        nodes: the landmarks' names; None where they are numbered.
        count: how many there are.
        channels: names of each one's numbers.

    Returns:
        One of `KNOWN_SKELETONS` where names or number say so, else one without edges.

    Raises:
        FormatError: there are more than any skeleton has.
    """
    if count > MOST_NODES:
        raise FormatError(f"{count:,} landmarks in a frame; allowed: up to {MOST_NODES:,}.")
    is_points = tuple(channels)[:2] == ("x", "y") and set(channels) <= set(POINT_CHANNELS)
    if nodes is None and count in FACE_COUNTS and tuple(channels) == POINT_CHANNELS:
        return FACE_88
    for known in KNOWN_SKELETONS.values():
        is_named = nodes is not None and tuple(nodes) == known.nodes
        if is_named and tuple(channels) == known.channels:
            return known
        if is_points and (is_named or (nodes is None and count == len(known.nodes) < 88)):
            return _with_channels(known, tuple(channels))
    return Skeleton(
        name="landmarks",
        nodes=tuple(nodes) if nodes is not None else tuple(map(str, range(count))),
        edges=(),
        channels=tuple(channels),
        axes=tuple(n for n, channel in enumerate(channels) if channel in POINT_CHANNELS),
    )


def _with_channels(known: Skeleton, channels: tuple[str, ...]) -> Skeleton:
    if channels == known.channels:
        return known
    return Skeleton(
        name=known.name,
        nodes=known.nodes,
        edges=known.edges,
        channels=channels,
        axes=tuple(range(len(channels))),
    )


def chosen_body(counts: dict[str, int], skeleton: Skeleton | None, *, source: str) -> str:
    """Which of several bodies of a frame is meant (MediaPipe's Holistic finds four).

    Args:
        counts: name of each to its number of landmarks.
        skeleton: what is wanted, if that is known.
        source: what the messages call the file.

    Returns:
        The one of the skeleton's number of landmarks; without a skeleton, a face, else the first.

    Raises:
        FormatError: none fits.
    """
    if skeleton is None:
        return next(
            (name for name, count in counts.items() if count in FACE_COUNTS), next(iter(counts))
        )
    wanted = FACE_COUNTS if skeleton.name == FACE_88.name else (len(skeleton.nodes),)
    for name, count in counts.items():
        if count in wanted:
            return name
    there = ", ".join(f"{shown(name)[1:-1]} with {count}" for name, count in counts.items())
    raise FormatError(
        f"{source} has no landmarks of the skeleton '{skeleton.name}' "
        f"({' or '.join(map(str, wanted))} of them); there: {there}. Give a recording of that kind."
    )
