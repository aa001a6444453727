"""Gestures in a long recording: where somebody moves, which gesture it is, from when to when.

Two ways, by the network. One that looks at whole movements is asked once about each take (a stretch
of movement between two rests). A causal one is heard all through the take, and its certainty makes
events: several in one take, if the hand does not rest between them. Each take begins anew, so that
nothing that was long ago weighs on it, and memory stays bounded however long the recording is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.gesture.models import GestureModel
from chromasonic.gesture.motion import Motion
from chromasonic.gesture.recognizing import Model
from chromasonic.gesture.spotting_config import SpottingConfig
from chromasonic.gesture.spotting_events import GestureEvent, Spotter, event_of_take
from chromasonic.gesture.spotting_takes import Take, takes_of
from chromasonic.music.movement import Movement

Floats = npt.NDArray[np.floating[Any]]


LONG_SECONDS = 8.0
"""One movement that goes on for so long may be several gestures without a rest."""

SOON = 1e-6
"""Of a frame: an answer that falls on a frame falls on that and no later one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spotting:
    """What was found in a recording.

    Attributes:
        events: in the order of their starts, movements that were no known gesture too.
        takes: where somebody moved.
        efforts: (T,) how fast each frame is: 0 at rest, 1 as fast as gestures usually get.
        times: (A,) in seconds: when the network answered.
        chances: (A, K) its answers; of one that looks at whole movements, one a take.
        rate_hz: frames a second of the recording.
    """

    events: tuple[GestureEvent, ...]
    takes: tuple[Take, ...]
    efforts: Floats
    times: Floats
    chances: Floats
    rate_hz: float

    @property
    def known(self) -> tuple[GestureEvent, ...]:
        """The events that are gestures of the model."""
        return tuple(event for event in self.events if event.is_known)


def spot(model: Model, movement: Movement, config: SpottingConfig | None = None) -> Spotting:
    """Find the gestures of a recording; the same that streaming its frames finds.

    Args:
        model: trained, of the recording's skeleton (`matching.fitted`).
        movement: the recording.
        config: when a movement counts.

    Raises:
        UsageError: the model does not know how fast its gestures are.
    """
    config = config or SpottingConfig()
    motion, model = motion_of(model), acquainted(model, movement)
    efforts = motion.efforts(movement)
    takes = takes_of(efforts, config, rate_hz=movement.rate_hz)
    events: list[GestureEvent] = []
    times: list[Floats] = [np.zeros(0)]
    chances: list[Floats] = [np.zeros((0, len(model.classes)))]
    for take in takes:
        when, answers, found = heard_take(model, movement, take, config, efforts)
        times.append(when)
        chances.append(answers)
        events += found
    return Spotting(
        events=tuple(events),
        takes=tuple(takes),
        efforts=efforts,
        times=np.concatenate(times),
        chances=np.concatenate(chances),
        rate_hz=movement.rate_hz,
    )


def gestures_in(model: Model, movement: Movement, config: SpottingConfig | None = None) -> int:
    """How many gestures seem to be in a recording that is taken for one; 1 where nobody knows.

    What is one movement between two rests, and no longer than a gesture, is not listened to again.

    Args:
        model: trained, of the recording's skeleton.
        movement: the recording.
        config: when a movement counts.
    """
    config = config or SpottingConfig()
    if model.motion is None:
        return 1
    takes = takes_of(model.motion.efforts(movement), config, rate_hz=movement.rate_hz)
    lasting = [len(one) / movement.rate_hz for one in takes]
    if sum(seconds >= config.shortest_seconds for seconds in lasting) < 2 and (
        max(lasting, default=0.0) < LONG_SECONDS
    ):
        return 1
    return max(1, len(spot(model, movement, config).known))


def heard_take(
    model: Model,
    movement: Movement,
    take: Take,
    config: SpottingConfig,
    efforts: Floats,
    *,
    later: int = 0,
) -> tuple[Floats, Floats, list[GestureEvent]]:
    """When the network answered in a take, what (A, K), and the events of that, closed ones.

    Args:
        model: trained.
        movement: the recording, or what is left of it.
        take: in frames of that.
        config: when a movement counts.
        efforts: (T,) of the movement's frames; a model that looks at whole takes needs none.
        later: how many frames came before the recording's first.
    """
    rate = movement.rate_hz
    start, end, heard = ((later + frame) / rate for frame in (take.first, take.end, take.heard))
    if not model.is_causal:
        whole = cut(movement, take.first, take.end)
        answer = np.asarray(model.probabilities(whole))
        events = event_of_take(answer, config, model.classes, start=start, end=end, heard=heard)
        return np.array([heard]), answer[None], events
    answers = np.asarray(model.probabilities(cut(movement, take.first, take.heard)))
    # A network that reads at another rate answers at its own moments.
    since = np.arange(len(answers)) / (model.rate_hz or rate)
    times = start + since
    frames = np.minimum(take.first + np.ceil(since * rate - SOON).astype(int), take.heard - 1)
    spotter = Spotter(config, model.classes, start)
    events = []
    for time, chances, effort in zip(
        times.tolist(), answers, efforts[frames].tolist(), strict=True
    ):
        events += spotter.push(time, chances, effort)
    events += spotter.finish(end, heard)
    return times, answers, [event for event in events if event.is_over]


def acquainted(model: Model, movement: Movement) -> Model:
    """The model, knowing who moves: if it wants to and does not, by the whole recording.

    A take alone would say less of where a performer's landmarks usually are.
    """
    if not isinstance(model, GestureModel) or not model.normalizes_performers:
        return model
    return model if model.knows(movement) else model.with_performers([movement])


def cut(movement: Movement, first: int, end: int) -> Movement:
    """Some frames of a recording."""
    return replace(movement, frames=movement.frames[first:end])


def motion_of(model: Model) -> Motion:
    """The model's measure of speed.

    Raises:
        UsageError: it has none.
    """
    if model.motion is None:
        raise UsageError(
            "This model does not say how fast its gestures are, so rest cannot be told from "
            "movement. Train it anew with this version, or recognize recordings of one gesture."
        )
    return model.motion


def count_matches(
    found: Sequence[GestureEvent], true: Sequence[tuple[str, float, float]], *, overlap: float = 0.3
) -> tuple[int, int, int]:
    """How many found gestures are right: one true one each, of its class, overlapping enough.

    Args:
        found: closed events; unknown ones do not count.
        true: (class, start, end) in seconds.
        overlap: what they have in common, as a share of what they have together, at least.

    Returns:
        Right ones, found ones, true ones: precision, recall and F1 follow.
    """
    known = [event for event in found if event.is_known and event.end is not None]
    pairs = []
    for number, event in enumerate(known):
        assert event.end is not None
        for other, (label, start, end) in enumerate(true):
            common = min(event.end, end) - max(event.start, start)
            together = max(event.end, end) - min(event.start, start)
            if label == event.label and together > 0 and common / together >= overlap:
                pairs.append((common / together, number, other))
    used_found, used_true = set[int](), set[int]()
    for _, number, other in sorted(pairs, reverse=True):
        if number not in used_found and other not in used_true:
            used_found.add(number)
            used_true.add(other)
    return len(used_true), len(known), len(true)
