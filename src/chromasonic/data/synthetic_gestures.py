"""Made hand gestures: twelve classes by ten made performers, with all that makes real ones hard.

What is known of them, so that a test can say what is possible: the class follows from the movement
alone, without doubt, and a rule of a few lines that measures where the wrist goes and which fingers
bend finds it in every movement that is made without noise; chance is 1 in 12. What varies and says
nothing: each performer's hand, place, tilt, pace and size of movement (`Style`); each take's start,
length, pace and size; noise, spikes and landmarks that go unseen (`Nuisance`).

The performers 1 to 8 are the train part, 9 the validation part, 10 the test part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.data.facts import CorpusFacts
from chromasonic.data.made_hand import Pose, landmarks
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.split import Split
from chromasonic.errors import UsageError
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.music.movement import Movement

Floats = npt.NDArray[np.float64]

NAME = "synthetic-gestures"
RATE_HZ = 30.0
PERFORMERS = 10
PART_OF_PERFORMER = {PERFORMERS - 1: "validation", PERFORMERS: "test"}
FRAMES = (20, 61)
"""Frames of the shortest take, and one more than those of the longest."""

TRAVEL = 0.25
"""How far a swipe goes, and how wide a circle is, as shares of the picture."""


@dataclass(frozen=True, kw_only=True)
class Nuisance:
    """What recording does to a movement.

    Attributes:
        noise: deviation of each coordinate, in shares of the picture.
        spikes: share of landmarks in a frame that jump elsewhere.
        unseen: share of landmarks in a frame that go unseen.
        lost: chance that the whole hand goes unseen for up to a fifth of the take.
    """

    noise: float = 0.004
    spikes: float = 0.002
    unseen: float = 0.02
    lost: float = 0.15

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value <= 0.5:
                raise UsageError(f"{name} is {value}; allowed: 0 (none) to 0.5.")


NO_NUISANCE = Nuisance(noise=0.0, spikes=0.0, unseen=0.0, lost=0.0)


@dataclass(frozen=True, kw_only=True)
class Style:
    """What is a performer's own.

    Attributes:
        size: of the hand from the wrist to the root of the middle finger, in shares of the picture.
        fingers: (5,) factors on the fingers' lengths.
        place: (2,) where the wrist rests.
        tilt_degrees: by which the hand leans to the right.
        pace: factor on the speed of all movements.
        travel: factor on the size of all movements.
        rest: (5,) how far each finger is bent at rest, 0 to 1.
    """

    size: float
    fingers: Floats
    place: Floats
    tilt_degrees: float
    pace: float
    travel: float
    rest: Floats

    @classmethod
    def of(cls, performer: int, seed: int) -> Style:
        """The style of a performer, always the same for one seed."""
        chance = np.random.default_rng([seed, 1, performer])
        return cls(
            size=chance.uniform(0.09, 0.16),
            fingers=chance.uniform(0.85, 1.15, 5),
            place=np.array([0.5, 0.6]) + chance.uniform(-0.08, 0.08, 2),
            tilt_degrees=chance.uniform(-15, 15),
            pace=chance.uniform(0.8, 1.25),
            travel=chance.uniform(0.8, 1.25),
            rest=chance.uniform(0.0, 0.15, 5),
        )


def _bump(way: Floats) -> Floats:
    """There and back again: 0, 1, 0."""
    return np.sin(np.pi * way) ** 2


def _smooth(way: Floats) -> Floats:
    """From 0 to 1 with rest at both ends."""
    return way * way * (3 - 2 * way)


def _swipe(x: float, y: float) -> Callable[[Pose, Floats, float], None]:
    def move(pose: Pose, way: Floats, travel: float) -> None:
        pose.place += np.outer(_smooth(way) - 0.5, (x, y)) * travel

    return move


def _circle(direction: float) -> Callable[[Pose, Floats, float], None]:
    def move(pose: Pose, way: Floats, travel: float) -> None:
        angle = 2 * np.pi * _smooth(way) * direction
        pose.place += 0.4 * travel * np.stack([np.sin(angle), 1 - np.cos(angle)], axis=1)

    return move


def _push(pose: Pose, way: Floats, travel: float) -> None:
    pose.scale *= 1 + 2.6 * travel * _smooth(way)


def _wave(pose: Pose, way: Floats, travel: float) -> None:
    pose.tilt_degrees += 120 * travel * np.sin(6 * np.pi * way) * np.sqrt(_bump(way))


def _pinch(pose: Pose, way: Floats, travel: float) -> None:
    del travel
    pose.pinch += _bump(way)


def _fist(pose: Pose, way: Floats, travel: float) -> None:
    del travel
    pose.bend += (1 - pose.bend) * _smooth(way)[:, None]


def _tap(pose: Pose, way: Floats, travel: float) -> None:
    del travel
    pose.bend[:, 1] += 0.7 * np.sin(2 * np.pi * way) ** 2


def _still(pose: Pose, way: Floats, travel: float) -> None:
    del pose, way, travel


GESTURES: dict[str, Callable[[Pose, Floats, float], None]] = {
    "circle-left": _circle(-1.0),
    "circle-right": _circle(1.0),
    "fist": _fist,
    "pinch": _pinch,
    "push": _push,
    "still": _still,
    "swipe-down": _swipe(0.0, 1.0),
    "swipe-left": _swipe(-1.0, 0.0),
    "swipe-right": _swipe(1.0, 0.0),
    "swipe-up": _swipe(0.0, -1.0),
    "tap": _tap,
    "wave": _wave,
}
"""Class to what it does with a hand at rest, given how far the take is (0 to 1) and the size of
movement. Circles are clockwise (right) and against it as the picture shows them; a push comes
nearer, a wave turns about the wrist three times, a tap bends the index finger twice."""

LABELS = tuple(GESTURES)


def made_gestures(
    count: int, seed: int, *, nuisance: Nuisance | None = None
) -> tuple[Movement, ...]:
    """Make movements of the hand skeleton of 21 landmarks, at 30 frames a second.

    Performers and classes take turns: of the first 12 each is of another class, and of each 120
    every performer has one of each class.

    Args:
        count: how many.
        seed: the same seed, the same movements; movement n is the same whatever `count` is.
        nuisance: what recording does to them; the default is `Nuisance()`.

    Raises:
        UsageError: `count` is below 1.
    """
    if count < 1:
        raise UsageError(f"The number of movements is {count}; it must be 1 or more.")
    styles = {number: Style.of(number, seed) for number in range(1, PERFORMERS + 1)}
    numbers = map(_in_turn, range(count))
    return tuple(_made(number, seed, styles, nuisance or Nuisance()) for number in numbers)


def _in_turn(place: int) -> int:
    """The number of the movement at a place, so that few movements are of all classes.

    Numbers count performers fastest, then classes, then rounds of all; places step both at once.
    """
    of_round, classes = PERFORMERS * len(LABELS), len(LABELS)
    turns, n = divmod(place, of_round)
    label = (n + n // math.lcm(PERFORMERS, classes)) % classes  # the second half meets the rest
    return turns * of_round + label * PERFORMERS + n % PERFORMERS


def _made(number: int, seed: int, styles: dict[int, Style], nuisance: Nuisance) -> Movement:
    performer = 1 + number % PERFORMERS
    label = LABELS[number // PERFORMERS % len(LABELS)]
    style = styles[performer]
    chance = np.random.default_rng([seed, 2, number])
    frames = int(np.clip(chance.integers(*FRAMES) / style.pace, FRAMES[0], FRAMES[1] - 1))
    pose = _at_rest(style, frames, chance)
    begin, end = chance.uniform(0.0, 0.15), chance.uniform(0.85, 1.0)
    way = np.clip((np.linspace(0, 1, frames) - begin) / (end - begin), 0, 1)
    way = way ** chance.uniform(0.8, 1.25)  # sooner or later within its time
    GESTURES[label](pose, way, TRAVEL * style.travel * chance.uniform(0.85, 1.15))
    points = landmarks(pose, style.fingers)
    _record(points, nuisance, chance)
    return Movement(
        id=f"{NAME}/{seed}/{number + 1}",
        skeleton=HAND_21,
        frames=points.astype(np.float32),
        rate_hz=RATE_HZ,
        label=label,
        performer=f"performer {performer}",
        session=f"performer {performer}, round {number // (PERFORMERS * len(LABELS)) + 1}",
    )


def _at_rest(style: Style, frames: int, chance: np.random.Generator) -> Pose:
    """An open hand that sways a little, at a performer's place."""
    sway = 0.004 * np.sin(
        np.outer(np.linspace(0, 2, frames), chance.uniform(2, 4, 2)) + chance.uniform(0, 6, 2)
    )
    return Pose(
        place=style.place + chance.uniform(-0.05, 0.05, 2) + sway,
        scale=np.full(frames, style.size * chance.uniform(0.95, 1.05)),
        tilt_degrees=np.full(frames, style.tilt_degrees + chance.uniform(-6, 6)),
        bend=np.tile(style.rest + chance.uniform(0, 0.05, 5), (frames, 1)),
        pinch=np.zeros(frames),
    )


def _record(points: Floats, nuisance: Nuisance, chance: np.random.Generator) -> None:
    """Noise, spikes and gaps, in place."""
    frames, nodes, _ = points.shape
    points += nuisance.noise * chance.standard_normal(points.shape)
    jumps = chance.random((frames, nodes)) < nuisance.spikes
    points[jumps] += chance.uniform(-0.3, 0.3, (int(jumps.sum()), 3))
    points[chance.random((frames, nodes)) < nuisance.unseen] = np.nan
    if chance.random() < nuisance.lost:
        length = int(chance.integers(1, max(2, frames // 5)))
        start = int(chance.integers(0, frames - length))
        points[start : start + length] = np.nan


def make_reading(count: int, seed: int) -> PieceReading:
    """A corpus of made movements, with its parts by performer."""
    movements = made_gestures(count, seed)
    parts: dict[str, list[str]] = {part: [] for part in ("train", "validation", "test")}
    for place, movement in enumerate(movements):
        parts[PART_OF_PERFORMER.get(1 + place % PERFORMERS, "train")].append(movement.id)
    return PieceReading(
        pieces=movements,
        split=Split(**{part: tuple(ids) for part, ids in parts.items()})
        if all(parts.values())
        else None,
        works=tuple(movement.performer for movement in movements),
    )


FACTS = CorpusFacts(
    name=NAME,
    title="Made hand gestures",
    summary="Twelve gestures of a hand by ten made performers; no network, any number.",
    kind="generated",
    licence="CC0-1.0 (made on the spot)",
    licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
    citation="Chromasonic, made from a seed",
    url="",
    weights_may_ship=True,
    make_pieces=make_reading,
    count=1200,
    noun="movements",
)
