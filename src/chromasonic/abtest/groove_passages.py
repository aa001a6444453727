"""Bars that drummers are asked to strike: hits on the grid, and how a person struck them.

Legend: N hits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from chromasonic.companion.groove_pattern import PLAIN, Pattern
from chromasonic.errors import CorpusError, UsageError
from chromasonic.music.drums import STEPS, STEPS_PER_QUARTER

if TYPE_CHECKING:
    from chromasonic.music.drums import DrumTake

BARS = (2, 4)

MOST_OFF = 0.2
"""A passage whose hits lie farther than this share of a step from the grid in the mean swings, or
is in triplets: on a grid of sixteenths it would be another groove."""

FAR, MOST_FAR = 0.3, 0.05
"""Nor may more than 5% of its hits lie farther than 0.3 of a step from theirs."""

FEWEST_HITS = 6
"""In each bar of a passage."""

TEMPO_BPM = (60.0, 190.0)

AS_GENERAL_MIDI = {22: 42, 26: 46, 40: 38, 58: 43}
"""Zones of an electronic kit to what a soundfont has of that drum: the edges of the hat, the rims
of snare and floor tom.

Source: Roland, "TD-11 Data List", default notes; see `music.drums.INSTRUMENTS`.
"""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Strikes(NamedTuple):
    """Hits as they are struck, (N,) each: seconds from the first step, drums, velocities."""

    onset_seconds: Floats
    pitch: Integers
    velocity: Integers


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What every drummer of an item plays.

    Args:
        name: of the item, fit for a file's name.
        pattern: the hits on the grid.
        by_person: the same hits as a person struck them; None where no person did.
    """

    name: str
    pattern: Pattern
    by_person: Strikes | None = None


def passages(count: int, *, bars: int, corpus: str | None, seed: int) -> list[Passage]:
    """So many passages, none twice.

    Args:
        count: how many.
        bars: length of each.
        corpus: of drummers; its test part is taken, which models are judged on and never trained
            on. None: the patterns of `music.drum_patterns`.
        seed: which ones, and in which order.

    Raises:
        UsageError: there are not so many patterns.
        CorpusError: the corpus is not there, or has not so many that fit.
    """
    rng = np.random.default_rng(seed)
    if corpus is None:
        return _of_patterns(count, bars, rng)
    return _of_corpus(count, bars, corpus, rng)


def _of_patterns(count: int, bars: int, rng: np.random.Generator) -> list[Passage]:
    from chromasonic.music.drum_patterns import starts

    written = [start for start in starts() if start["metre"] == "4/4"]  # what models learned from
    if count > len(written):
        raise UsageError(
            f"{count} items were asked for; there are {len(written)} patterns in 4/4. Ask for "
            "fewer, or for bars of a corpus of drummers (groove-midi)."
        )
    chosen = [written[index] for index in rng.permutation(len(written))[:count]]
    return [
        Passage(
            name=_name(number, start["key"], start["tempo"]),
            pattern=Pattern(
                hits=[
                    (step + around * start["bars"] * STEPS, pitch, velocity)
                    for around in range(bars // start["bars"])
                    for step, pitch, velocity in start["hits"]
                ],
                bars=bars,
                tempo_bpm=start["tempo"],
                swing=start["swing"],
                swung=start["swung"],
            ),
        )
        for number, start in enumerate(chosen, start=1)
    ]


def _of_corpus(count: int, bars: int, corpus: str, rng: np.random.Generator) -> list[Passage]:
    from chromasonic.data.loading import load
    from chromasonic.music.drums import DrumTake

    takes = [take for take in load(corpus).part("test") if isinstance(take, DrumTake)]
    if not takes:
        raise CorpusError(
            f"{corpus} has no drums. Name a corpus that has; for drummers: groove-midi."
        )
    found: list[Passage] = []
    played = set()
    for index in rng.permutation(len(takes)):
        take = takes[index]
        groove = (take.style, take.tempo_bpm)  # several drummers may have played the same one
        if len(found) == count:
            return found
        if groove in played or (passage := _of_take(take, bars, rng, len(found) + 1)) is None:
            continue
        played.add(groove)
        found.append(passage)
    if len(found) < count:
        raise CorpusError(
            f"{corpus} has {len(found)} held-out passages of {bars} bars in sixteenths that are "
            f"unlike each other; {count} were asked for. Ask for fewer, or for another corpus."
        )
    return found


def _of_take(take: DrumTake, bars: int, rng: np.random.Generator, number: int) -> Passage | None:
    """Some bars of a take; None where none fit."""
    is_common = (take.numerator, take.denominator, take.beat_type) == (4, 4, "beat")
    if not is_common or not TEMPO_BPM[0] <= take.tempo_bpm <= TEMPO_BPM[1]:
        return None
    name = _name(number, take.style, take.tempo_bpm)
    return next(_windows(take, bars, rng, name), None)


def _windows(take: DrumTake, bars: int, rng: np.random.Generator, name: str) -> Iterator[Passage]:
    """Passages of a take that can be put on the grid, by chance from all over it."""
    position = take.onset_quarters * STEPS_PER_QUARTER
    step = np.floor(position + 0.5).astype(np.int64)
    pitch = np.array([AS_GENERAL_MIDI.get(one, one) for one in take.pitch.tolist()], np.int64)
    length = bars * STEPS
    for first in rng.permutation(max(0, int(step.max()) // STEPS + 2 - bars)) * STEPS:
        mine = (step >= first) & (step < first + length)
        own_step, own_pitch = step[mine] - first, pitch[mine]
        if not _fits(own_step, own_pitch, position[mine] - step[mine], bars):
            continue
        hits = [
            (at, drum, PLAIN)
            for at, drum in zip(own_step.tolist(), own_pitch.tolist(), strict=True)
        ]
        pattern = Pattern(hits=hits, bars=bars, tempo_bpm=take.tempo_bpm)
        onset = (position[mine] - first) * pattern.step_seconds
        yield Passage(
            name=name, pattern=pattern,
            by_person=Strikes(onset, own_pitch, take.velocity[mine]),
        )  # fmt: skip


def _fits(step: Integers, pitch: Integers, offset: Floats, bars: int) -> bool:
    """Whether hits are a groove in sixteenths: enough in each bar, near the grid, no drag."""
    if np.bincount(step // STEPS, minlength=bars).min() < FEWEST_HITS:
        return False
    is_near = np.abs(offset).mean() <= MOST_OFF and (np.abs(offset) > FAR).mean() <= MOST_FAR
    return bool(is_near and len(np.unique(step * 128 + pitch)) == len(step))


def _name(number: int, groove: str, tempo_bpm: float) -> str:
    """Such as 03-funk-groove1-98-bpm."""
    plain = "-".join("".join(one if one.isalnum() else " " for one in groove.lower()).split())
    return f"{number:02}-{plain}-{tempo_bpm:g}-bpm".replace(".", "-")
