"""Recordings of single gestures put one after the other: long recordings whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.music.movement import Movement

Numbers = npt.NDArray[np.float32]
Between = Literal["away", "back", "nothing"]
BETWEEN: tuple[Between, ...] = ("away", "back", "nothing")

REST_SECONDS = 0.5
"""How long a performer rests after a gesture, and before the next."""

WAY_SECONDS = 0.4
"""How long the hand is away, or on its way back."""


def sequence_of(
    gestures: Sequence[Movement], *, between: Between = "away", id: str = "sequence"
) -> tuple[Movement, list[tuple[str, float, float]]]:
    """One recording of several gestures, and what they are: (class, start, end) in seconds.

    Args:
        gestures: of one skeleton and rate.
        between: "away": the hand rests, is out of sight, and rests where the next one begins.
            "back": it rests, goes straight to where the next one begins, and rests: that way is a
            movement too, though no gesture. "nothing": the next one begins at once.
        id: of the recording.

    Raises:
        UsageError: there is no gesture, or they do not go together.
    """
    if not gestures or len({(one.rate_hz, one.skeleton) for one in gestures}) > 1:
        raise UsageError(
            f"{len(gestures)} gestures were given; one or more of one skeleton and rate are needed."
        )
    first = gestures[0]
    rest, way = (round(seconds * first.rate_hz) for seconds in (REST_SECONDS, WAY_SECONDS))
    jitter = _jitter(gestures)
    chance = np.random.default_rng(0)

    def _held(frame: Numbers, frames: int) -> Numbers:
        """(T, N, C): the landmarks stay, and the sensor is as unsteady as it is."""
        shape = (frames, *frame.shape)
        return (frame + jitter * chance.standard_normal(shape)).astype(np.float32)

    parts: list[Numbers] = [_held(_first_seen(first.frames), rest)]
    truth: list[tuple[str, float, float]] = []
    count = rest
    for number, one in enumerate(gestures):
        start, count = count, count + len(one)
        truth.append((one.label, start / first.rate_hz, count / first.rate_hz))
        parts.append(one.frames)
        if number + 1 < len(gestures) and between == "nothing":
            continue
        last = _first_seen(one.frames[::-1])
        pause = [_held(last, rest)]
        if number + 1 < len(gestures):
            after = _first_seen(gestures[number + 1].frames)
            pause += [_between(last, after, way, between), _held(after, rest)]
        parts += pause
        count += sum(map(len, pause))
    return replace(first, id=id, label="", frames=np.concatenate(parts)), truth


def _between(before: Numbers, after: Numbers, frames: int, between: Between) -> Numbers:
    """(T, N, C): out of sight, or straight on."""
    if between == "away":
        return np.full((frames, *before.shape), np.nan, np.float32)
    share = np.linspace(0, 1, frames, dtype=np.float32)[:, None, None]
    return before * (1 - share) + after * share


def _jitter(gestures: Sequence[Movement]) -> Numbers:
    """(N, C) deviation of a sensor's noise: second differences of movements hold little else.

    By their median, as spikes are rare; of noise each holds 1 + 4 + 1 = 6 variances.
    """
    seconds = np.abs(np.concatenate([np.diff(one.frames, n=2, axis=0) for one in gestures]))
    found = np.zeros(gestures[0].frames.shape[1:], np.float32)
    for place in np.ndindex(found.shape):
        known = seconds[:, *place][np.isfinite(seconds[:, *place])]
        if len(known):
            found[place] = 1.4826 * np.median(known) / np.sqrt(6)
    return found


def _first_seen(frames: Numbers) -> Numbers:
    """(N, C) each number as it was seen first; NaN where it never was."""
    flat = frames.reshape(len(frames), -1)
    first = np.isfinite(flat).argmax(axis=0)
    seen: Numbers = flat[first, np.arange(flat.shape[1])]
    return seen.reshape(frames.shape[1:])
