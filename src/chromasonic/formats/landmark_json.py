"""A frame of landmarks in JSON: this project's own, and what MediaPipe's tools write.

One frame is an object with its landmarks under one of the keys of `BODIES`, or the landmarks alone.
They are an object of names, or a list; each is [x, y, z], or an object with "x", "y", "z"; null and
NaN are unseen. Several hands or faces are a list of such lists.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.formats.motion_text import LARGEST, MOST_NODES, listed, shown

_WORDS = (
    *(("landmarks",), ("landmark",), ("face", "landmarks"), ("multi", "face", "landmarks")),
    *(("right", "hand", "landmarks"), ("left", "hand", "landmarks"), ("hand", "landmarks")),
    *(("multi", "hand", "landmarks"), ("pose", "landmarks"), ("world", "landmarks")),
    *(("right", "hand", "world", "landmarks"), ("left", "hand", "world", "landmarks")),
    *(("hand", "world", "landmarks"), ("multi", "hand", "world", "landmarks")),
    ("pose", "world", "landmarks"),
)
BODIES = tuple(
    name
    for words in _WORDS
    for name in dict.fromkeys(("_".join(words), words[0] + "".join(w.title() for w in words[1:])))
)
"""Keys of a frame under which landmarks stand, in Python's and in JavaScript's spelling; of those
that fit, the first is taken: the picture's own before the estimate in metres (world)."""

SECONDS = ("t", "time", "seconds", "time_s")
SIZE_KEYS = (("width", "height"), ("image_width", "image_height"), ("imageWidth", "imageHeight"))
MILLISECONDS = ("timestamp_ms", "timestampMs", "timestampInMilliseconds", "time_ms")
MOST_BODIES = 8
"""Of one kind in a frame; what comes behind them is not looked at."""

NO_POINTS: npt.NDArray[np.float64] = np.zeros((0, 3))


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The landmarks of one hand, face or body in one frame.

    Attributes:
        points: (M, C) float64, NaN where unseen; none where nothing was found.
        names: of the landmarks; None where they are numbered.
        others: more of its kind in the same frame: the second hand.
    """

    points: npt.NDArray[np.float64]
    names: tuple[str, ...] | None = None
    others: tuple[Body, ...] = ()

    def nearest(self, near: npt.NDArray[np.floating[Any]] | None) -> Body:
        """Of this one and the others, the one that a body of the frame before has become.

        Args:
            near: that body's points (M, C); None takes the first.
        """
        if near is None or not self.others:
            return self
        count, width = near.shape
        alike = [
            body
            for body in (self, *self.others)
            if len(body.points) == count and body.points.shape[1] >= width
        ]
        means = [_mean_distance(body.points[:, :width], near) for body in alike]
        return alike[int(np.argmin(means))] if alike else self


def _mean_distance(one: npt.NDArray[np.float64], other: npt.NDArray[np.floating[Any]]) -> float:
    """Between the landmarks that both have; infinite where they share none."""
    distances = np.linalg.norm(one - other, axis=1)
    seen = distances[np.isfinite(distances)]
    return float(seen.mean()) if seen.size else math.inf


@dataclass(frozen=True, slots=True, eq=False)
class JsonFrame:
    """One frame.

    Attributes:
        bodies: key to what stands under it; several where a tool finds several.
        seconds: its time; None where the frame does not tell.
        timestamp: a time of unknown unit ("timestamp"); None likewise.
        aspect: width over height of the picture; None likewise.
    """

    bodies: dict[str, Body]
    seconds: float | None = None
    timestamp: float | None = None
    aspect: float | None = None


def decoded(text: str, *, source: str) -> Any:
    """The value of a JSON text.

    Raises:
        FormatError: it is none, is nested too deeply, or repeats without end.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise FormatError(
            f"{source} is nested too deeply to be landmarks; four levels are enough."
        ) from error
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{source} is no whole JSON: {error.msg}, line {error.lineno}, character "
            f"{error.colno}. It is cut short or damaged: write it again."
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise FormatError(f"{source} cannot be read as JSON: {shown(str(error))}.") from error


def frame_of(value: Any, *, source: str) -> JsonFrame:
    """One frame of decoded JSON.

    Args:
        value: an object, or a list of landmarks; null is a frame in which nothing was seen.
        source: what the messages call it ("hand.jsonl, line 3").

    Raises:
        FormatError: no landmarks are there, or they are none.
    """
    if value is None:
        return JsonFrame({"landmarks": Body(NO_POINTS)})
    if isinstance(value, list):
        return JsonFrame({"landmarks": _body(value, source)})
    if not isinstance(value, dict):
        raise FormatError(
            f"{source}: a frame is {shown(value)}; an object or a list of landmarks is wanted."
        )
    bodies = {key: _body(value[key], source) for key in BODIES if key in value}
    if not bodies:
        others = [str(key) for key in value if key not in (*SECONDS, *MILLISECONDS, "timestamp")]
        if not others:
            raise FormatError(
                f"{source}: a frame has no landmarks. Where nothing was seen write an empty list: "
                '"landmarks": [].'
            )
        raise FormatError(
            f"{source}: a frame has no landmarks: its keys are {listed(list(map(str, value)))}; "
            f"wanted: one of {', '.join(BODIES[:10])}, ... Rename the key."
        )
    timestamp = _time(value.get("timestamp"), source)
    return JsonFrame(bodies, _seconds(value, source), timestamp, told_aspect(value))


def told_aspect(info: dict[str, Any]) -> float | None:
    """Width over height of the picture that an object tells of ("width", "height"), else None."""
    for wide, high in SIZE_KEYS:
        width, height = info.get(wide), info.get(high)
        if isinstance(width, (int, float)) and isinstance(height, (int, float)):
            return width / height if 0 < width < 1e6 and 0 < height < 1e6 else None
    return None


def are_shares(points: npt.NDArray[np.float64], key: str) -> bool:
    """Whether points (..., C) are shares of a picture's sides, and not pixels or metres.

    Args:
        points: where the landmarks are.
        key: under which they stood in the file.
    """
    plane = points[..., :2]
    return "world" not in key.lower() and not (np.abs(plane[np.isfinite(plane)]) > 4).any()


def _seconds(frame: dict[str, Any], source: str) -> float | None:
    for keys, factor in ((SECONDS, 1.0), (MILLISECONDS, 0.001)):
        for key in keys:
            if (time := _time(frame.get(key), source)) is not None:
                return time * factor
    return None


def _time(value: Any, source: str) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not abs(value) < 1e15:
        raise FormatError(f"{source}: a time is {shown(value)}; a number is wanted.")
    return float(value)


def _body(value: Any, source: str, *, is_one: bool = False) -> Body:
    """Landmarks, with names or without, of one hand or face or several.

    Args:
        value: decoded JSON.
        source: what the messages call it.
        is_one: whether it is known to be one hand or face.
    """
    if isinstance(value, dict) and "landmark" in value:  # a protobuf message as JSON
        value = value["landmark"]
    items = list(value.values()) if isinstance(value, dict) else value
    if value is None or (isinstance(items, list) and all(item is None for item in items)):
        return Body(NO_POINTS)
    if isinstance(value, dict):
        if len(value) > MOST_NODES:
            raise FormatError(f"{source} has {len(value):,} landmarks; up to {MOST_NODES:,}.")
        return Body(_array(list(value.values()), source), tuple(map(str, value)))
    if not isinstance(value, list):
        raise FormatError(
            f"{source}: the landmarks are {shown(value)}; a list or an object is wanted."
        )
    first = next((item for item in value if item is not None), None)
    is_several = (isinstance(first, dict) and "landmark" in first) or (
        isinstance(first, list)
        and isinstance(next((x for x in first if x is not None), []), (list, dict))
    )
    if is_several and not is_one:
        bodies = [_body(item, source, is_one=True) for item in value[:MOST_BODIES]]
        bodies = [body for body in bodies if len(body.points)]
        if not bodies:
            return Body(NO_POINTS)
        return Body(bodies[0].points, bodies[0].names, tuple(bodies[1:]))
    if len(value) > MOST_NODES:
        raise FormatError(f"{source} has {len(value):,} landmarks; up to {MOST_NODES:,}.")
    return Body(_array(value, source))


def _array(points: list[Any], source: str) -> npt.NDArray[np.float64]:
    """(M, C) numbers of landmarks."""
    rows = [_point(point, source) for point in points]
    widths = {len(row) for row in rows if row is not None}
    if len(widths) > 1:
        raise FormatError(
            f"{source}: landmarks have {' and '.join(map(str, sorted(widths)))} numbers; all of a "
            "frame need as many."
        )
    width = max(widths)
    if not 1 <= width <= MOST_NODES:
        raise FormatError(f"{source}: a landmark has {width:,} numbers; 2 or 3 are usual.")
    empty = [math.nan] * width
    try:
        result = np.array([empty if row is None else row for row in rows], dtype=np.float64)
        is_wrong = bool((np.abs(result) > LARGEST).any()) or result.ndim != 2
    except (ValueError, TypeError, OverflowError):
        is_wrong = True
    if is_wrong:
        wrong = next((x for row in rows if row for x in row if not _is_number(x)), rows)
        raise FormatError(
            f"{source}: {shown(wrong)} is no coordinate; allowed: numbers up to {LARGEST:,.0f}, "
            "null where a landmark was not seen."
        )
    return result


def _point(point: Any, source: str) -> list[Any] | None:
    if type(point) is list:
        return [math.nan if number is None else number for number in point]
    if type(point) is dict:
        if "x" in point and "y" in point:
            row = [point["x"], point["y"], point.get("z", 0.0)]
            return [math.nan if number is None else number for number in row]
        raise FormatError(
            f"{source}: a landmark has the keys {listed(list(point))}; 'x', 'y' and 'z' are wanted."
        )
    if point is None:
        return None
    raise FormatError(
        f"{source}: a landmark is {shown(point)}; [x, y, z] or an object with x, y, z is wanted."
    )


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and not abs(value) > LARGEST
