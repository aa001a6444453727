"""Landmarks as JSON: one frame a line (`.jsonl`), or a whole document (`.json`).

The lines that `write_jsonl` writes begin with one that says what the movement is; without it the
frames alone are enough.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic import files
from chromasonic.errors import DataError, FormatError
from chromasonic.files import PathLike
from chromasonic.formats.landmark_json import (
    BODIES,
    JsonFrame,
    are_shares,
    decoded,
    frame_of,
    told_aspect,
)
from chromasonic.formats.landmark_stream import HEADER, check_length
from chromasonic.formats.motion_text import MOST_FRAMES, read_bytes, shown, text_of
from chromasonic.formats.recorded_landmarks import Recorded, chosen_body, movement_of
from chromasonic.music.movement import Movement, Skeleton

KIND = "JSON file of landmarks"
FRAMES_AT_ONCE = 4096
MOST_JSON_BYTES = 256 * 2**20
FRAMES_KEYS = ("frames", "results", "data", "detections")
RATE_KEYS = ("rate_hz", "fps", "frame_rate", "frameRate")

Floats = npt.NDArray[np.float64]


def read_jsonl(
    path: PathLike, *, skeleton: Skeleton | None = None, rate_hz: float | None = None
) -> Movement:
    """Read a file of one frame a line.

    Args:
        path: the file.
        skeleton: what it should be; None takes what the file's landmarks say.
        rate_hz: frames a second; None takes the file's times or rate.

    Raises:
        FormatError: no frame, a line that is none, another skeleton, or no rate to be found.
    """
    path = Path(path)
    text = text_of(read_bytes(path, kind=KIND), name=path.name, kind=KIND)
    return _lines(text, path, skeleton, rate_hz)


def _lines(text: str, path: Path, skeleton: Skeleton | None, rate_hz: float | None) -> Movement:
    header: dict[str, Any] = {}
    frames: list[JsonFrame] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        source = f"{path.name}, line {number}"
        check_length(line, source)
        value = decoded(line, source=source)
        if isinstance(value, dict) and isinstance(value.get(HEADER), dict) and not frames:
            header = value[HEADER]
            continue
        frames.append(frame_of(value, source=source))
        if len(frames) > MOST_FRAMES:
            raise FormatError(f"{path.name} has more than {MOST_FRAMES:,} frames. Cut it.")
    return movement_of(
        _recorded(frames, header, path, skeleton), skeleton=skeleton, rate_hz=rate_hz
    )


def read_json(
    path: PathLike, *, skeleton: Skeleton | None = None, rate_hz: float | None = None
) -> Movement:
    """Read a whole JSON document: a list of frames, an object with "frames", or one frame.

    Args:
        path: the file.
        skeleton: what it should be; None takes what the file's landmarks say.
        rate_hz: frames a second; None takes the file's times or rate ("fps").

    Raises:
        FormatError: as `read_jsonl`.
    """
    path = Path(path)
    data = read_bytes(path, kind=KIND)
    if len(data) > MOST_JSON_BYTES:
        raise FormatError(
            f"{path.name} has {len(data):,} bytes; up to {MOST_JSON_BYTES:,} are read as one JSON "
            "document. Write one frame a line, as .jsonl."
        )
    text = text_of(data, name=path.name, kind=KIND)
    try:
        value = decoded(text, source=path.name)
    except FormatError:
        if "\n" not in text.strip() or not text.split("\n", 1)[0].rstrip().endswith(("}", "]")):
            raise
        return _lines(text, path, skeleton, rate_hz)  # one frame a line, under another ending
    items, info = _items(value)
    if len(items) > MOST_FRAMES:
        raise FormatError(f"{path.name} has {len(items):,} frames; up to {MOST_FRAMES:,}.")
    frames = [
        frame_of(item, source=f"{path.name}, frame {n}") for n, item in enumerate(items, start=1)
    ]
    return movement_of(_recorded(frames, info, path, skeleton), skeleton=skeleton, rate_hz=rate_hz)


def _items(value: Any) -> tuple[list[Any], dict[str, Any]]:
    """The frames of a document, and what it says besides."""
    if isinstance(value, dict):
        for key in FRAMES_KEYS:
            if isinstance(value.get(key), list):
                info = value[HEADER] if isinstance(value.get(HEADER), dict) else value
                return value[key], info
        return [value], value
    if not isinstance(value, list):
        return [value], {}
    first = next((item for item in value if item), None)
    is_one = (isinstance(first, dict) and "x" in first) or (
        isinstance(first, list) and not isinstance(first[0], (list, dict))
    )
    return ([value] if is_one else value), {}


def _recorded(
    frames: Sequence[JsonFrame], info: dict[str, Any], path: Path, skeleton: Skeleton | None
) -> Recorded:
    counts: dict[str, int] = {}
    for frame in frames:
        for key, body in frame.bodies.items():
            if len(body.points):
                counts[key] = max(counts.get(key, 0), len(body.points))
    counts = {key: counts[key] for key in BODIES if key in counts}
    if not counts:
        raise FormatError(
            f"{path.name} has {len(frames)} frames and no landmark seen in them; one or more are "
            "needed. Record again, with the whole hand, face or body in the picture."
        )
    is_named = any(f.bodies[k].names is not None for f in frames for k in counts if k in f.bodies)
    key = next(iter(counts)) if is_named else chosen_body(counts, skeleton, source=path.name)
    points, nodes = _stacked(frames, key, path.name)
    told = _told_skeleton(info, points, nodes, path.name)
    nodes = told.nodes if told else nodes
    aspect = told_aspect(info) or next((f.aspect for f in frames if f.aspect), None)
    return Recorded(
        name=path.name,
        id=_text(info, "id") or path.stem,
        points=points,
        nodes=nodes,
        channels=told.channels if told else None,
        times=_times(frames, path.name),
        rate_hz=_rate(info, path.name),
        skeleton=told,
        aspect=(aspect or 1.0) if points.shape[2] <= 3 and are_shares(points, key) else 1.0,
        label=_text(info, "label"),
        performer=_text(info, "performer"),
        session=_text(info, "session"),
    )


def _stacked(
    frames: Sequence[JsonFrame], key: str, name: str
) -> tuple[Floats, tuple[str, ...] | None]:
    """One body's points through all frames (T, M, C), and their names."""
    seen = [(n, f.bodies[key]) for n, f in enumerate(frames) if key in f.bodies]
    seen = [(n, body) for n, body in seen if len(body.points)]
    first_number, first = seen[0]
    order = {node: place for _, body in seen for place, node in enumerate(body.names or ())}
    numbers = {node: place for place, node in enumerate(order)}
    count = len(numbers) if first.names is not None else len(first.points)
    width = first.points.shape[1]
    if len(frames) * count * width * 8 > MOST_JSON_BYTES * 8:
        raise FormatError(f"{name} has {len(frames):,} frames of {count:,} landmarks: too many.")
    points = np.full((len(frames), count, width), np.nan)
    last: Floats | None = None
    for number, bodies in seen:
        body = bodies.nearest(last)
        is_other = (body.names is None) != (first.names is None)
        is_other |= body.names is None and len(body.points) != count
        if is_other or body.points.shape[1] != width:
            raise FormatError(
                f"{name}, frame {number + 1}: {body.points.shape[0]} landmarks of "
                f"{body.points.shape[1]} numbers; frame {first_number + 1} has {len(first.points)} "
                f"of {width}. All frames need the same."
            )
        places = None if body.names is None else [numbers[node] for node in body.names]
        points[number, slice(None) if places is None else places] = body.points
        last = body.points
    return points, tuple(numbers) if first.names is not None else None


def _told_skeleton(
    info: dict[str, Any], points: Floats, nodes: tuple[str, ...] | None, name: str
) -> Skeleton | None:
    """The skeleton that a file's first line describes; its points are put in its order in place."""
    told = info.get("skeleton")
    if not isinstance(told, dict):
        return None
    try:
        skeleton = Skeleton(
            name=str(told["name"]),
            nodes=tuple(map(str, told["nodes"])),
            edges=tuple((int(a), int(b)) for a, b in told["edges"]),
            channels=tuple(map(str, told["channels"])),
            axes=tuple(map(int, told["axes"])),
        )
    except (DataError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(
            f"{name}: the skeleton in its first line cannot be read: {shown(str(error))}. Leave "
            "the line out, or write the file again."
        ) from error
    there = set(nodes) if nodes is not None else set(skeleton.nodes)
    if there != set(skeleton.nodes) or points.shape[1:] != (len(there), len(skeleton.channels)):
        raise FormatError(
            f"{name}: its first line tells of {len(skeleton.nodes)} joints with "
            f"{len(skeleton.channels)} numbers; the frames have {points.shape[1]} with "
            f"{points.shape[2]}, or others. Write the file again."
        )
    if nodes is not None:
        points[:] = points[:, [nodes.index(node) for node in skeleton.nodes]]
    return skeleton


def _times(frames: Sequence[JsonFrame], name: str) -> Floats | None:
    """Seconds of all frames; None where they do not tell."""
    times = [frame.seconds for frame in frames]
    if all(time is None for time in times):
        times = [frame.timestamp for frame in frames]
        if None in times:
            return None
        stamps = np.array(times, dtype=np.float64)
        step = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0
        return stamps * (1.0 if step < 1 else 1e-3 if step < 2000 else 1e-6)
    if None in times:
        raise FormatError(
            f"{name}, frame {times.index(None) + 1}: it has no time, others have. Give all or none."
        )
    return np.array(times, dtype=np.float64)


def _rate(info: dict[str, Any], name: str) -> float | None:
    value = next((info[key] for key in RATE_KEYS if info.get(key) is not None), None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 100_000:
        raise FormatError(f"{name}: its rate is {shown(value)}; a number above 0 is wanted.")
    return float(value)


def _text(info: dict[str, Any], key: str) -> str:
    value = info.get(key)
    return value[:200] if isinstance(value, str) else ""


def write_jsonl(movement: Movement, path: PathLike) -> Path:
    """Write a movement as one frame a line, after a line that says what it is.

    Raises:
        StorageError: it cannot be written.
    """
    skeleton = movement.skeleton
    header = {
        "id": movement.id,
        "label": movement.label,
        "performer": movement.performer,
        "session": movement.session,
        "rate_hz": movement.rate_hz,
        "skeleton": {
            "name": skeleton.name,
            "nodes": skeleton.nodes,
            "edges": skeleton.edges,
            "channels": skeleton.channels,
            "axes": skeleton.axes,
        },
    }
    with files.open_whole(path, "w") as file:
        file.write(json.dumps({HEADER: header}, ensure_ascii=False) + "\n")
        names = [json.dumps(node, ensure_ascii=False) for node in skeleton.nodes]
        unseen = f"[{', '.join(['null'] * len(skeleton.channels))}]"
        for start in range(0, len(movement), FRAMES_AT_ONCE):
            block = movement.frames[start : start + FRAMES_AT_ONCE]
            cells = block.astype("U32")  # the shortest text that is the same number
            cells[~np.isfinite(block)] = "null"
            for number, frame in enumerate(cells.tolist(), start=start):
                points = (f"[{', '.join(point)}]" for point in frame)
                landmarks = ", ".join(
                    f"{name}: {'null' if point == unseen else point}"
                    for name, point in zip(names, points, strict=True)
                )
                seconds = round(number / movement.rate_hz, 6)
                file.write(f'{{"t": {seconds}, "landmarks": {{{landmarks}}}}}\n')
    return Path(path)
