"""What the columns of a table of landmarks are, by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from chromasonic.errors import FormatError
from chromasonic.formats.motion_text import MOST_NODES, listed, shown
from chromasonic.formats.recorded_landmarks import KNOWN_SKELETONS, chosen_body
from chromasonic.music.movement import Skeleton

Unit = Literal["s", "ms"]
SECONDS_OF: dict[Unit, float] = {"s": 1.0, "ms": 1e-3}

TIMES: dict[str, Unit] = dict.fromkeys(("time", "t", "seconds", "time_s", "timestamp"), "s")
TIMES |= dict.fromkeys(("timestamp_ms", "time_ms", "milliseconds", "ms"), "ms")
FRAMES = ("frame", "frame_id", "frame_number", "frame_index", "frame_idx", "index", "")
NODES = ("node", "landmark", "joint", "name", "landmark_index", "landmark_id", "point", "marker")
GROUPS = ("type", "part", "body")
TEXTS = {"label": "label", "class": "label", "gesture": "label", "session": "session"}
TEXTS |= dict.fromkeys(("performer", "subject", "participant", "signer"), "performer")
IGNORED = ("row_id", "handedness", "score", "visibility", "presence", "confidence", "v")
MARKS = (".", "/", ":", " ", "_")
_NUMBERED = (re.compile(r"^([xyzv])[_.]?(\d{1,4})$"), re.compile(r"^(\d{1,4})[_.]?([xyzv])$"))


@dataclass(frozen=True, kw_only=True)
class WideColumns:
    """Columns of a table with a row a frame.

    Attributes:
        count: of all columns.
        places: of each landmark's channels, landmark by landmark.
        nodes: names of the landmarks; None where they are numbered.
        node_count: of landmarks.
        channels: names of each one's numbers.
        time: place of the times; None without.
        time_unit: theirs.
        frame: place of the frames' numbers; None without.
        texts: "label", "performer", "session" to their places.
    """

    count: int
    places: tuple[int, ...]
    nodes: tuple[str, ...] | None
    node_count: int
    channels: tuple[str, ...]
    time: int | None = None
    time_unit: Unit = "s"
    frame: int | None = None
    texts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LongColumns:
    """Columns of a table with a row a landmark.

    Attributes:
        count: of all columns.
        places: of the channels.
        channels: their names.
        node: place of the landmarks' names or numbers.
        frame: place of what tells the frames apart: their numbers, or their times.
        is_frame_time: whether those are times.
        time: place of times besides; None without.
        time_unit: of the times.
        group: place of what part of a body it is ("face", "left_hand"); None without.
        texts: "label", "performer", "session" to their places.
    """

    count: int
    places: tuple[int, ...]
    channels: tuple[str, ...]
    node: int
    frame: int
    is_frame_time: bool
    time: int | None = None
    time_unit: Unit = "s"
    group: int | None = None
    texts: dict[str, int] = field(default_factory=dict)


def columns_of(
    names: Sequence[str], skeleton: Skeleton | None, *, source: str
) -> WideColumns | LongColumns:
    """What the columns are.

    Args:
        names: of the first row.
        skeleton: what is wanted, if that is known.
        source: what the messages call the file.

    Raises:
        FormatError: a column is unknown or there twice, there is no landmark, or one lacks a
            channel that others have.
    """
    lowered = [name.strip().lower() for name in names]
    if all(_is_number(name) for name in lowered):
        raise FormatError(
            f"{source} begins with numbers, {listed(names, 4)}; the first row names the columns, "
            "such as time, wrist_x, wrist_y, wrist_z, or time, x0, y0, z0. Write it above them."
        )
    twice = [name for name, count in Counter(lowered).items() if count > 1]
    if twice:
        raise FormatError(f"{source} has the column {listed(twice)} twice; once is allowed.")
    time = next((n for n, name in enumerate(lowered) if name in TIMES), None)
    unit: Unit = "s" if time is None else TIMES[lowered[time]]
    frame = next((n for n, name in enumerate(lowered) if name in FRAMES), None)
    texts = {TEXTS[name]: n for n, name in enumerate(lowered) if name in TEXTS}
    node = next((n for n, name in enumerate(lowered) if name in NODES), None)
    if node is not None and {"x", "y"} <= set(lowered):
        if frame is None and time is None:
            raise FormatError(
                f"{source} has a row for each landmark and no column that tells the frames apart. "
                "Add 'frame' or 'time'."
            )
        group = next((n for n, name in enumerate(lowered) if name in GROUPS), None)
        known = {node, group, frame, time, *texts.values()}
        kept = [n for n, name in enumerate(lowered) if n not in known and name not in IGNORED]
        return LongColumns(
            count=len(names),
            places=tuple(kept),
            channels=tuple(lowered[n] if len(names[n]) == 1 else names[n] for n in kept),
            node=node,
            frame=frame if frame is not None else time or 0,
            is_frame_time=frame is None,
            time=time if frame is not None else None,
            time_unit=unit,
            group=group,
            texts=texts,
        )
    known = {time, frame, *texts.values()}
    rest = [n for n in range(len(names)) if n not in known and lowered[n] not in IGNORED]
    places, nodes, channels = _landmarks(names, rest, skeleton, source)
    return WideColumns(
        count=len(names),
        places=places,
        nodes=nodes,
        node_count=len(places) // len(channels),
        channels=channels,
        time=time,
        time_unit=unit,
        frame=frame,
        texts=texts,
    )


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return not name
    return True


Landmarks = dict[str, dict[str, int]]


def _landmarks(
    names: Sequence[str], rest: list[int], skeleton: Skeleton | None, source: str
) -> tuple[tuple[int, ...], tuple[str, ...] | None, tuple[str, ...]]:
    """Places, names and channels of the landmarks among some columns."""
    found: Landmarks = {}
    for place, (node, channel) in zip(rest, _parted(names, rest, skeleton, source), strict=True):
        found.setdefault(node, {})[channel] = place
    for node in found:
        if {"x", "y"} <= set(found[node]):
            dropped = set(IGNORED) - set(skeleton.channels if skeleton else ())
            found[node] = {c: p for c, p in found[node].items() if c not in dropped}
    found = {node: of for node, of in found.items() if of}
    if not found or len(found) > MOST_NODES:
        raise FormatError(
            f"{source} has {len(found):,} landmarks in its columns {listed(names)}; from 1 to "
            f"{MOST_NODES:,} are wanted, as columns such as wrist_x, wrist_y, wrist_z, or x0, y0, "
            "z0. The first row names the columns."
        )
    found, is_numbered = _by_number(found, skeleton, source)
    channels = tuple(next(iter(found.values())))
    for node, of in found.items():
        if set(of) != set(channels):
            raise FormatError(
                f"{source}: the landmark {shown(node)} has the columns {listed(tuple(of))}, others "
                f"{listed(channels)}. Give all of them the same; leave cells empty where nothing "
                "was seen."
            )
    places = tuple(of[channel] for of in found.values() for channel in channels)
    return places, None if is_numbered else known_names(tuple(found)), channels


def _parted(
    names: Sequence[str], rest: list[int], skeleton: Skeleton | None, source: str
) -> list[tuple[str, str]]:
    """Landmark and channel of each column."""
    picked = [names[place] for place in rest]
    if skeleton is not None:
        own = {
            f"{node}{mark}{channel}": (node, channel)
            for node in skeleton.nodes
            for channel in skeleton.channels
            for mark in MARKS
        }
        if all(name in own for name in picked):
            return [own[name] for name in picked]
    pairs: list[tuple[str, str]] = []
    mark = next((mark for mark in MARKS if all(mark in name for name in picked)), "_")
    for name in picked:
        one, other = (pattern.match(name.lower()) for pattern in _NUMBERED)
        if one:
            pairs.append((one[2], one[1]))
        elif other:
            pairs.append((other[1], other[2]))
        else:
            node, _, channel = name.rpartition(mark)
            if not node or not channel:
                raise FormatError(
                    f"{source}: the column {shown(name)} is no landmark's: NAME_x, x0, or 'time', "
                    "'frame', 'label', 'performer', 'session' are known. Leave it out or rename it."
                )
            pairs.append((node, channel.lower() if len(channel) == 1 else channel))
    return pairs


def _by_number(found: Landmarks, skeleton: Skeleton | None, source: str) -> tuple[Landmarks, bool]:
    """The landmarks that are read, in order; whether they are numbered and not named."""
    order, is_numbered = numbered_order(tuple(found), skeleton, source=source)
    return {node: found[node] for node in order}, is_numbered


def numbered_order(
    nodes: Sequence[str], skeleton: Skeleton | None, *, source: str
) -> tuple[tuple[str, ...], bool]:
    """Landmarks that are numbered, perhaps behind one name (landmark_0), in the numbers' order.

    Of several numbered bodies (face_0, left_hand_0) one is chosen, as `chosen_body` does.

    Args:
        nodes: the landmarks' names.
        skeleton: what is wanted, if that is known.
        source: what the messages call the file.

    Returns:
        The names of those that are read, and whether they are numbered from 0 or 1 without a gap,
        so that the numbers alone say what they are.
    """
    if skeleton is not None and set(skeleton.nodes) <= set(nodes):
        return tuple(nodes), False
    groups: dict[str, list[tuple[int, str]]] = {}
    for node in nodes:
        part = re.fullmatch(r"(.*?)[_. ]?([0-9]{1,4})", node)
        if part is None:
            return tuple(nodes), False
        groups.setdefault(part[1], []).append((int(part[2]), node))
    group = next(iter(groups))
    if len(groups) > 1:
        counts = {group: len(members) for group, members in groups.items()}
        if not set(counts.values()) <= {21, 33, 468, 478}:
            return tuple(nodes), False
        group = chosen_body(counts, skeleton, source=source)
    members = sorted(groups[group])
    numbers = [number for number, _ in members]
    is_whole = numbers[0] in (0, 1) and numbers[-1] - numbers[0] == len(numbers) - 1
    return tuple(node for _, node in members), is_whole


def known_names(nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Names as a known skeleton writes them (WRIST is wrist), where they are one's."""
    lowered = tuple(node.lower() for node in nodes)
    is_known = any(set(lowered) == set(known.nodes) for known in KNOWN_SKELETONS.values())
    return lowered if is_known else nodes
