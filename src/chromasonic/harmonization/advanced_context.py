"""What the advanced agent sees: fields of a voicing and of the melody ahead, and tables of them.

A voicing on its beat, with a glance at the two notes that follow, is described by a few small
numbers (fields). A table has one value for each combination of some fields; all of it is relative
to the tonic or to the melody, or is the place of a voice in its range, so that what is learnt in
one key serves in all. A row is the number of one combination; the tables lie end to end, and a
row is the sum of a part that the voicing decides and a part that the melody decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import TABLE, VOCABULARY
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.voicings import (
    ALTO,
    BASS,
    RANGES,
    SOPRANO,
    TENOR,
    Voicings,
    admissible,
)

Integers = npt.NDArray[np.int64]

DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")
"""Semitones above the tonic as scale degrees."""

WIDEST_STEP = 7
"""Melodic steps ahead beyond a fifth, in semitones, count as a fifth."""

NONE = "none"
"""Word for what would come after the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicingField:
    """A small number that tells something of a voicing.

    Attributes:
        text: what it tells.
        values: a word for each of its numbers, in order.
        of: N voicings to its (N,) numbers.
    """

    text: str
    values: tuple[str, ...]
    of: Callable[[Voicings], Integers]


@dataclass(frozen=True, slots=True, kw_only=True)
class MelodyField:
    """A small number that tells something of the melody from a beat on.

    Attributes:
        text: what it tells.
        values: a word for each of its numbers, in order.
        of: B beats to its (B,) numbers.
    """

    text: str
    values: tuple[str, ...]
    of: Callable[[Beats], Integers]


# Fields of a voicing.

_FIRST_SONORITY = np.concatenate([[0], np.cumsum(TABLE.size)])[:-1]


def _sonority_names() -> tuple[str, ...]:
    """Chords of all modes in all inversions; a name that recurs tells the chord's semitones."""
    found: dict[str, None] = {}
    for chord in VOCABULARY:
        for member in range(len(chord.intervals)):
            name = f"{chord.mode} {chord.figured(member)}"
            if name in found:
                name += f" [{'-'.join(map(str, chord.intervals))}]"
            found[name] = None
    return tuple(found)


SONORITIES = _sonority_names()
"""Names of chords in their inversions, such as "major V6/5"."""


def _sonority(voicings: Voicings) -> Integers:
    return _FIRST_SONORITY[voicings.chord] + np.maximum(voicings.member[:, BASS], 0)


def _gap(upper: int, lower: int, widest: int) -> VoicingField:
    def gap(voicings: Voicings) -> Integers:
        return np.clip(voicings.pitches[:, upper] - voicings.pitches[:, lower], 0, widest)

    voices = (*RANGES,)
    return VoicingField(
        text=f"semitones from {voices[upper]} down to {voices[lower]}",
        values=_numbers(0, widest),
        of=gap,
    )


def _pitch(voice: int) -> VoicingField:
    name = (*RANGES,)[voice]
    low, high = RANGES[name]
    return VoicingField(
        text=f"MIDI number of the {name}",
        values=_numbers(low, high),
        of=lambda voicings: np.clip(voicings.pitches[:, voice], low, high) - low,
    )


def _numbers(first: int, last: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(first, last + 1))


# Fields of the melody.

_STRENGTHS = ("weak", "strong", "down")
_KINDS = ("", "held", "opens", "closes", "final")

PLACES = (*(f"{strength} {kind}".strip() for strength in _STRENGTHS for kind in _KINDS), NONE)
"""Where the next note stands: its strength, then what it does in its phrase."""


def _kind(beats: Beats) -> Integers:
    """(B,) 0 plain, 1 held over, 2 opens a phrase, 3 closes one, 4 closes the piece."""
    kind = np.where(beats.begins_phrase, 2, beats.is_held.astype(np.int64))
    kind = np.where(beats.ends_phrase, 3, kind)
    return np.where(beats.is_last, 4, kind)


def _ahead(values: Integers, count: int, after_end: int) -> Integers:
    """(B,) values `count` beats later."""
    return np.concatenate([values[count:], np.full(min(count, len(values)), after_end)])


def _degree_ahead(count: int) -> Callable[[Beats], Integers]:
    def degree(beats: Beats) -> Integers:
        ahead = _ahead(beats.pitch, count, -1)
        return np.where(ahead < 0, 12, (ahead - beats.tonic) % 12)

    return degree


def _place(beats: Beats) -> Integers:
    return _ahead(beats.strength * len(_KINDS) + _kind(beats), 1, len(PLACES) - 1)


def _close(beats: Beats) -> Integers:
    return _ahead(np.maximum(_kind(beats) - 2, 0), 2, 3)


def _step(beats: Beats) -> Integers:
    step = np.clip(_ahead(beats.pitch, 1, 0) - beats.leaving, -WIDEST_STEP, WIDEST_STEP)
    step += WIDEST_STEP
    step[-1] = 2 * WIDEST_STEP + 1
    return step


def _key(beats: Beats) -> Integers:
    ahead = _ahead(beats.tonic, 1, -1)
    return np.where(ahead < 0, 12, (ahead - beats.tonic) % 12)


FIELDS: dict[str, VoicingField | MelodyField] = {
    "chord": VoicingField(text="mode, numeral and inversion", values=SONORITIES, of=_sonority),
    "alto_gap": _gap(SOPRANO, ALTO, 12),
    "tenor_gap": _gap(ALTO, TENOR, 12),
    "bass_gap": _gap(TENOR, BASS, 24),
    "alto": _pitch(ALTO),
    "tenor": _pitch(TENOR),
    "bass": _pitch(BASS),
    "next": MelodyField(
        text="next note, as a degree above the tonic of now",
        values=(*DEGREES, NONE),
        of=_degree_ahead(1),
    ),
    "place": MelodyField(
        text="strength of the next beat, and what it does in its phrase", values=PLACES, of=_place
    ),
    "after": MelodyField(
        text="the note after the next, as a degree above the tonic of now",
        values=(*DEGREES, NONE),
        of=_degree_ahead(2),
    ),
    "close": MelodyField(
        text="whether the note after the next closes a phrase or the piece",
        values=("plain", "closes", "final", NONE),
        of=_close,
    ),
    "key": MelodyField(
        text="semitones from the tonic of now up to that of the next beat",
        values=(*_numbers(0, 11), NONE),
        of=_key,
    ),
    "step": MelodyField(
        text=f"semitones that the melody moves to its next note, {WIDEST_STEP} at most",
        values=(*_numbers(-WIDEST_STEP, WIDEST_STEP), NONE),
        of=_step,
    ),
}
"""All fields by name."""

Tables = tuple[tuple[str, ...], ...]

TABLES: Tables = (
    ("place",),
    ("next", "place"),
    ("next", "place", "after", "close"),
    ("chord",),
    ("chord", "place"),
    ("chord", "next", "place"),
    ("chord", "next", "after", "close"),
    ("chord", "next", "key"),
    ("alto_gap", "tenor_gap", "bass_gap", "step"),
    ("bass", "step"),
    ("alto", "tenor", "step"),
)
"""Fields of each table: the melody alone, harmony from coarse to fine, the lie of the voices."""


def size_of(table: tuple[str, ...]) -> int:
    """How many rows a table has."""
    return prod(len(FIELDS[name].values) for name in table)


def first_rows(tables: Tables = TABLES) -> Integers:
    """(K + 1,) where each of K tables begins when they lie end to end, and where they end."""
    return np.cumsum([0, *(size_of(table) for table in tables)])


def voicing_rows(voicings: Voicings, tables: Tables = TABLES) -> Integers:
    """(N, K) the voicings' part of the rows of K tables."""
    values = {n: f.of(voicings) for n, f in FIELDS.items() if isinstance(f, VoicingField)}
    return _rows(values, len(voicings), tables) + first_rows(tables)[:-1]


def melody_rows(beats: Beats, tables: Tables = TABLES) -> Integers:
    """(B, K) the melody's part of the rows of K tables."""
    values = {n: f.of(beats) for n, f in FIELDS.items() if isinstance(f, MelodyField)}
    return _rows(values, len(beats), tables)


def _rows(values: dict[str, Integers], count: int, tables: Tables) -> Integers:
    """(count, K) sums of the fields that there are, each times its place value."""
    rows = np.zeros((count, len(tables)), np.int64)
    for number, table in enumerate(tables):
        place_value = 1
        for name in reversed(table):
            if name in values:
                rows[:, number] += values[name] * place_value
            place_value *= len(FIELDS[name].values)
    return rows


@lru_cache(maxsize=2048)
def rows_of_admissible(soprano: int, tonic: int, mode: str, tables: Tables = TABLES) -> Integers:
    """(N, K) `voicing_rows` of `admissible(soprano, tonic, mode)`."""
    return voicing_rows(admissible(soprano, tonic, mode), tables)
