"""Events: which gesture, how certain, from when to when; and how certainty becomes events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.gesture.spotting_config import SpottingConfig

Floats = npt.NDArray[np.floating[Any]]

UNKNOWN = ""
"""Label of a movement that no class was believed to be."""

_SOON = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class GestureEvent:
    """A gesture in time. Times are in seconds from the start of the recording.

    Attributes:
        label: class; `UNKNOWN` for a movement that was none with enough certainty.
        certainty: mean from when it was recognized to its end, 0 to 1.
        start: when the movement began.
        recognized: when it was known which; music that is played live begins here.
        end: when it was over; None while it goes on.
        nearest: of an unknown movement the likeliest class, else the label.
    """

    label: str
    certainty: float
    start: float
    recognized: float
    end: float | None
    nearest: str

    @property
    def is_known(self) -> bool:
        """Whether a class was believed."""
        return self.label != UNKNOWN

    @property
    def is_over(self) -> bool:
        """Whether the gesture has ended."""
        return self.end is not None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, times to a tenth of a millisecond."""
        return {
            "class": self.label or None,
            "certainty": round(self.certainty, 4),
            "start": round(self.start, 4),
            "recognized": round(self.recognized, 4),
            "end": None if self.end is None else round(self.end, 4),
            "nearest": self.nearest,
        }


class Spotter:
    """Events from the answers (K,) of a network that answers while one take goes on.

    A class counts once it was likeliest and certain enough for `hold_seconds`; it ends when its
    certainty has been below `release` for as long, when another class counts, or with the take. So
    a wavering network starts nothing, and a short doubt ends nothing. Where nothing counted before
    a take's end, what was certain enough when the movement ended counts then.

    Args:
        config: the limits.
        classes: names of the K classes.
        start: when the take began, in seconds.
    """

    def __init__(self, config: SpottingConfig, classes: Sequence[str], start: float) -> None:
        self._config, self._classes, self._start = config, classes, start
        self._current: int | None = None
        self._candidate: int | None = None
        self._candidate_since = self._doubt_since = start
        self._event: GestureEvent | None = None
        self._certainties: list[float] = []
        self._has_spoken, self._free = False, start
        self._best = self._final = (0.0, 0)

    def push(self, time: float, chances: Floats, effort: float = 1.0) -> list[GestureEvent]:
        """The network's answer at a time; gives the events that ended or began by it, in order.

        Args:
            time: in seconds, not before the last one.
            chances: (K,) probabilities.
            effort: of the frame: who rests begins no gesture.
        """
        best = int(chances.argmax())
        certainty = float(chances[best])
        self._best = max(self._best, (certainty, best))
        if effort >= self._config.still:
            self._final = (certainty, best)
        if certainty < self._config.certainty or effort < self._config.still:
            self._candidate = None
        elif best != self._candidate:
            self._candidate, self._candidate_since = best, time
        if self._current is not None:
            own = float(chances[self._current])
            if own >= self._config.release:
                self._doubt_since = time
            self._certainties.append(own)
        return self._changes(time, certainty)

    def _changes(self, time: float, certainty: float) -> list[GestureEvent]:
        hold = self._config.hold_seconds - _SOON
        found = []
        is_believed = (
            self._candidate is not None
            and self._candidate != self._current
            and time - self._candidate_since >= hold
            and time - self._start >= self._config.shortest_seconds - _SOON
        )
        if self._current is not None and (
            is_believed or time - self._doubt_since >= max(hold, _SOON)
        ):
            found.append(self._ended(self._candidate_since if is_believed else time))
        if is_believed:
            assert self._candidate is not None
            label = self._classes[self._candidate]
            self._event = GestureEvent(
                label=label,
                certainty=certainty,
                start=max(self._candidate_since, self._free) if self._has_spoken else self._start,
                recognized=time,
                end=None,
                nearest=label,
            )
            self._current, self._certainties = self._candidate, [certainty]
            self._doubt_since, self._has_spoken = time, True
            found.append(self._event)
        return found

    def finish(self, end: float, heard: float) -> list[GestureEvent]:
        """The take is over: the event that was open ends, or one is known late, or none.

        Args:
            end: when the movement came to rest, in seconds.
            heard: when that was known.
        """
        if self._current is not None:
            return [self._ended(end)]
        if self._has_spoken or end - self._start < self._config.shortest_seconds - _SOON:
            return []
        is_known = self._final[0] >= self._config.certainty
        certainty, best = self._final if is_known else self._best
        late = GestureEvent(
            label=self._classes[best] if is_known else UNKNOWN,
            certainty=certainty,
            start=self._start,
            recognized=heard,
            end=end,
            nearest=self._classes[best],
        )
        return [replace(late, end=None), late] if is_known else [late]

    def _ended(self, end: float) -> GestureEvent:
        event = self._event
        assert event is not None
        self._current, self._free = None, max(end, event.recognized)
        return GestureEvent(
            label=event.label,
            certainty=float(np.mean(self._certainties)),
            start=event.start,
            recognized=event.recognized,
            end=self._free,
            nearest=event.label,
        )


def event_of_take(
    chances: Floats,
    config: SpottingConfig,
    classes: Sequence[str],
    *,
    start: float,
    end: float,
    heard: float,
) -> list[GestureEvent]:
    """The event of a whole take, by a network that answers once: none where it was too short.

    Args:
        chances: (K,) of the take.
        config: the limits.
        classes: names of the K classes.
        start: when it began, in seconds.
        end: when it came to rest.
        heard: when that was known.
    """
    if end - start < config.shortest_seconds - _SOON:
        return []
    best = int(chances.argmax())
    certainty = float(chances[best])
    is_known = certainty >= config.certainty
    return [
        GestureEvent(
            label=classes[best] if is_known else UNKNOWN,
            certainty=certainty,
            start=start,
            recognized=heard,
            end=end,
            nearest=classes[best],
        )
    ]
