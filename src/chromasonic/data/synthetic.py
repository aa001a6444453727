"""Made tunes: random walks, and tunes with a structure that can be learned.

Random walks teach a model nothing but their steps, which is what they are for: tests, and a
floor. The structured tunes have form (AABA), sequences, rhythms typical of their metre and
cadences on the tonic, so that a model that learns can be told from one that does not.

Only `random.Random.random` is drawn from: its stream is the same on every machine and version.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from chromasonic.data.facts import CorpusFacts
from chromasonic.errors import UsageError
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

T = TypeVar("T")
EIGHTH = TICKS_PER_QUARTER // 2

WALK_STEPS = (-2, -1, -1, 0, 1, 1, 2)
WALK_DEGREES = range(-3, 11)
"""Scale steps from the tonic between which a walk stays."""

# For each metre: rhythms of a bar, and of a bar that ends a phrase, in eighth notes.
RHYTHMS: dict[Metre, tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]] = {
    Metre(4, 4): (
        ((2, 2, 2, 2), (2, 1, 1, 2, 2), (3, 1, 2, 2), (1, 1, 1, 1, 2, 2), (2, 2, 3, 1)),
        ((2, 2, 4), (2, 1, 1, 4)),
    ),
    Metre(3, 4): (
        ((2, 2, 2), (3, 1, 2), (2, 1, 1, 2), (2, 2, 1, 1)),
        ((4, 2), (2, 4)),
    ),
    Metre(6, 8): (
        ((1, 1, 1, 1, 1, 1), (2, 1, 2, 1), (2, 1, 1, 1, 1), (1, 1, 1, 2, 1)),
        ((1, 1, 1, 3), (2, 1, 3)),
    ),
    Metre(2, 4): (
        ((1, 1, 1, 1), (2, 1, 1), (1, 1, 2)),
        ((2, 2), (1, 1, 2)),
    ),
}
FORMS = ("AaBa", "AaBa", "AaBAa", "Aa")
"""Letters are phrases; a small one ends on the tonic, a capital on the fifth."""

ATTEMPTS = 1000


def random_walk_tunes(
    count: int, seed: int, *, min_length: int = 16, max_length: int = 64
) -> tuple[Tune, ...]:
    """Tunes that wander over the steps of a scale.

    Args:
        count: how many.
        seed: the same seed, the same tunes; tune n is the same whatever `count` is.
        min_length: sounding notes of the shortest.
        max_length: sounding notes of the longest.

    Raises:
        UsageError: `count` is below 1, or the lengths leave nothing to choose.
    """
    _check(count, min_length, max_length)

    def make(chance: random.Random) -> tuple[Bar, ...]:
        key = Key.of_pitch_class(int(chance.random() * 12), _pick(chance, ("major", "minor")))
        length = min_length + int(chance.random() * (max_length - min_length + 1))
        degree, bars, notes = 0, [], []
        room = 8
        for _ in range(length):
            eighths = min(room, _pick(chance, (1, 1, 2, 2, 2, 4)))
            notes.append(Note(eighths * EIGHTH, _pitch(key, degree)))
            room -= eighths
            if not room:
                bars.append(Bar(tuple(notes), Metre(4, 4), key))
                notes, room = [], 8
            step = _pick(chance, WALK_STEPS)
            degree += step if degree + step in WALK_DEGREES else -step
        if notes:  # the last note lasts to the end of its bar
            notes[-1] = Note(notes[-1].duration + room * EIGHTH, notes[-1].pitch)
            bars.append(Bar(tuple(notes), Metre(4, 4), key))
        return tuple(bars)

    return _many("synthetic", "Random walk", count, seed, make)


def structured_tunes(
    count: int, seed: int, *, min_length: int = 16, max_length: int = 128
) -> tuple[Tune, ...]:
    """Tunes of repeated phrases, sequences, typical rhythms, and cadences on the tonic.

    Args:
        count: how many.
        seed: the same seed, the same tunes; tune n is the same whatever `count` is.
        min_length: sounding notes of the shortest.
        max_length: sounding notes of the longest.

    Raises:
        UsageError: `count` is below 1, or no tune of this kind has such a length.
    """
    _check(count, min_length, max_length)

    def make(chance: random.Random) -> tuple[Bar, ...]:
        for _ in range(ATTEMPTS):
            bars = _structured_bars(chance)
            if min_length <= sum(len(bar.notes) for bar in bars) <= max_length:
                return bars
        raise UsageError(
            f"No structured tune with {min_length} to {max_length} notes came up in {ATTEMPTS} "
            "trials: they have about 16 to 120 notes. Widen the range."
        )

    return _many("synthetic-structured", "Made tune", count, seed, make)


def _structured_bars(chance: random.Random) -> tuple[Bar, ...]:
    metre = _pick(chance, tuple(RHYTHMS))
    mode = _pick(chance, ("major", "major", "minor", "dorian", "mixolydian"))
    key = Key.of_pitch_class(int(chance.random() * 12), mode)
    form = _pick(chance, FORMS)
    phrase_bars = _pick(chance, (2, 4, 4))
    phrases = {letter: _phrase(chance, metre, phrase_bars) for letter in "AB"}
    cadences = {True: _cadence(chance, metre, 0), False: _cadence(chance, metre, 4)}
    bars: list[Bar] = []
    for letter in form:
        figures = [*phrases[letter.upper()], cadences[letter.islower()]]
        bars += (
            Bar(tuple(Note(e * EIGHTH, _pitch(key, d)) for d, e in figure), metre, key)
            for figure in figures
        )
    return tuple(bars)


Figure = list[tuple[int, int]]
"""A bar as (scale step above the tonic, eighths) for each note."""


def _phrase(chance: random.Random, metre: Metre, bar_count: int) -> list[Figure]:
    """All bars of a phrase but its cadence: a motif and its sequences, step by step."""
    rhythm = _pick(chance, RHYTHMS[metre][0])
    degree = _pick(chance, (0, 2, 4))
    motif: Figure = []
    for eighths in rhythm:
        motif.append((degree, eighths))
        step = _pick(chance, (-1, -1, 1, 1, 2, -2))
        degree += step if -2 <= degree + step <= 7 else -step
    shift = _pick(chance, (-1, 1))
    return [[(d + shift * place, e) for d, e in motif] for place in range(bar_count - 1)]


def _cadence(chance: random.Random, metre: Metre, goal: int) -> Figure:
    """A bar that walks down or up by step to its goal."""
    rhythm = _pick(chance, RHYTHMS[metre][1])
    direction = _pick(chance, (1, 1, -1))
    last = len(rhythm) - 1
    return [(goal + direction * (last - place), e) for place, e in enumerate(rhythm)]


def _pitch(key: Key, degree: int) -> int:
    """MIDI number of a scale step; step 0 is the tonic from C4 (60) to B4 (71)."""
    octave, place = divmod(degree, 7)
    return 60 + key.tonic_pitch_class + 12 * octave + MODES[key.mode][place]


def _many(
    name: str, title: str, count: int, seed: int, make: Callable[[random.Random], tuple[Bar, ...]]
) -> tuple[Tune, ...]:
    return tuple(
        Tune(
            id=f"{name}/{seed}/{number}",
            title=f"{title} {number}",
            bars=make(random.Random(f"{name} {seed} {number}")),
            source=f"{name}, seed {seed}",
        )
        for number in range(1, count + 1)
    )


def _pick(chance: random.Random, choices: Sequence[T]) -> T:
    return choices[int(chance.random() * len(choices))]


def _check(count: int, min_length: int, max_length: int) -> None:
    if count < 1:
        raise UsageError(f"The number of tunes is {count}; it must be 1 or more.")
    if not 1 <= min_length <= max_length:
        raise UsageError(
            f"Lengths from {min_length} to {max_length} notes leave nothing to choose: "
            "1 <= shortest <= longest is wanted."
        )


def _generated(
    name: str, title: str, summary: str, make: Callable[[int, int], tuple[Tune, ...]]
) -> CorpusFacts:
    return CorpusFacts(
        name=name,
        title=title,
        summary=summary,
        kind="generated",
        licence="CC0-1.0 (made on the spot)",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        citation="Chromasonic, made from a seed",
        url="",
        weights_may_ship=True,
        make=make,
        count=1000,
    )


RANDOM_WALK_FACTS = _generated(
    "synthetic",
    "Random walks",
    "Random walks over scale steps: for tests and debugging, not musical.",
    random_walk_tunes,
)
STRUCTURED_FACTS = _generated(
    "synthetic-structured",
    "Made tunes with structure",
    "Phrases, sequences and cadences that a model can learn; no network, any number.",
    structured_tunes,
)
