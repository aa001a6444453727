"""Recognition while the movement goes on: frames come one by one, answers and events go out.

The same frames give the same events as a recording of them (`spotting.spot`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chromasonic.errors import DataError
from chromasonic.gesture.recognizing import Model
from chromasonic.gesture.spotting import heard_take, motion_of
from chromasonic.gesture.spotting_config import SpottingConfig
from chromasonic.gesture.spotting_events import GestureEvent, Spotter
from chromasonic.gesture.spotting_takes import Take, TakeFinder
from chromasonic.music.movement import Movement

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is known after a frame.

    Attributes:
        kind: "answer": the likeliest class while somebody moves; "start", "end": of a gesture;
            "unknown": a movement is over that was none.
        time: of the frame, in seconds from the first.
        label: class; "" where unknown.
        certainty: 0 to 1.
        event: the gesture, of all kinds but "answer".
    """

    kind: Literal["answer", "start", "end", "unknown"]
    time: float
    label: str
    certainty: float
    event: GestureEvent | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a line of JSON."""
        head: dict[str, Any] = {"kind": self.kind, "time": round(self.time, 4)}
        if self.event is not None:
            return {**head, **self.event.to_dict()}
        return {**head, "class": self.label, "certainty": round(self.certainty, 4)}


class Listener:
    """Hears frames.

    A causal model answers at each frame while somebody moves. A model that looks at whole movements
    answers once a movement is over: then "start" and "end" come together.

    Args:
        model: trained.
        rate_hz: frames a second that will come, evenly spaced.
        config: when a movement counts as a gesture.
        performer: who moves, for a model that normalizes performers.

    Attributes:
        effort: of the last frame (`motion`).

    Raises:
        UsageError: the model does not know how fast its gestures are, or who moves.
    """

    def __init__(
        self,
        model: Model,
        rate_hz: float,
        config: SpottingConfig | None = None,
        *,
        performer: str = "",
    ) -> None:
        self._model, self._rate, self._config = model, rate_hz, config or SpottingConfig()
        self._performer = performer
        if model.is_causal:
            model.stream(rate_hz, performer=performer)  # what is wrong is said before a frame comes
        motion = motion_of(model)
        self._meter = motion.meter(rate_hz)
        self._finder = TakeFinder(self._config, rate_hz)
        self._past: deque[tuple[Numbers, float]] = deque(maxlen=self._finder.lead + 1)
        self._take: list[Numbers] = []
        self._spotter: Spotter | None = None
        self._stream: Any = None
        self._answers = self._first = 0
        self._frames = 0
        self.effort = 0.0

    def push(self, frame: Numbers) -> list[Heard]:
        """The next frame (N, C), NaN where unseen; what is known by it, in order.

        Raises:
            DataError: the frame has another shape.
        """
        skeleton = self._model.skeleton
        wanted = (len(skeleton.nodes), len(skeleton.channels))
        if frame.shape != wanted:
            raise DataError(
                f"A frame has the shape {frame.shape}; the skeleton '{skeleton.name}' wants "
                f"{wanted}."
            )
        frame = np.asarray(frame, np.float32)
        effort = self.effort = self._meter.push(frame)
        self._finder.push(effort)
        self._past.append((frame, effort))
        self._frames += 1
        found: list[Heard] = []
        is_open = self._finder.first is not None
        if is_open and not self._take:
            found += self._open()
        elif self._take:  # the frame that closes a take is heard with it
            found += self._hear(frame, effort)
        if self._finder.closed:
            found += self._close(self._finder.closed)
        return found

    def skip(self, frames: int) -> list[Heard]:
        """So many frames go by of which nothing is known: what was open ends, and all begins anew.

        Times go on; what is known by it, in order.
        """
        heard = self.finish()
        self._finder.skip(frames)
        self._meter = motion_of(self._model).meter(self._rate)
        self._past.clear()
        self._frames += frames
        return heard

    @property
    def time(self) -> float:
        """Of the last frame, in seconds from the first."""
        return max(self._frames - 1, 0) / self._rate

    def finish(self) -> list[Heard]:
        """No frame comes any more: what was open ends."""
        self._finder.finish()
        return self._close(self._finder.closed) if self._finder.closed else []

    def _open(self) -> list[Heard]:
        first = self._finder.first
        assert first is not None
        self._first, self._answers = first, 0
        if self._model.is_causal:
            self._spotter = Spotter(self._config, self._model.classes, first / self._rate)
            self._stream = self._model.stream(self._rate, performer=self._performer)
        count = self._frames - first
        return [heard for one in list(self._past)[-count:] for heard in self._hear(*one)]

    def _hear(self, frame: Numbers, effort: float) -> list[Heard]:
        self._take.append(frame)
        if self._spotter is None:
            return []
        found: list[Heard] = []
        for answer in self._stream.push(frame):
            time = self._first / self._rate + self._answers / (self._model.rate_hz or self._rate)
            self._answers += 1
            best = int(answer.argmax())
            found.append(
                Heard(
                    kind="answer",
                    time=time,
                    label=self._model.classes[best],
                    certainty=float(answer[best]),
                )
            )
            found += [_told(event, time) for event in self._spotter.push(time, answer, effort)]
        return found

    def _close(self, take: Take) -> list[Heard]:
        now = take.heard / self._rate
        frames, self._take = self._take, []
        if self._spotter is not None:
            spotter, self._spotter, self._stream = self._spotter, None, None
            return [_told(event, now) for event in spotter.finish(take.end / self._rate, now)]
        movement = Movement(
            id="stream",
            skeleton=self._model.skeleton,
            frames=np.stack(frames[: len(take)]),
            rate_hz=self._rate,
            performer=self._performer,
        )
        local = Take(first=0, end=len(take), heard=take.heard - take.first)
        _, _, events = heard_take(
            self._model, movement, local, self._config, np.zeros(0), later=take.first
        )
        return [
            told
            for event in events
            for told in ([_told(event, now, "start")] if event.is_known else [])
            + [_told(event, now)]
        ]


def _told(
    event: GestureEvent, time: float, kind: Literal["start", "end", "unknown"] | None = None
) -> Heard:
    if kind is None:
        kind = "unknown" if not event.is_known else "end" if event.is_over else "start"
    return Heard(kind=kind, time=time, label=event.label, certainty=event.certainty, event=event)
