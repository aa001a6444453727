"""Melodies as the MelodyTransformer meets them: notes with where they begin, over which chord."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chromasonic.music.chord_symbols import parse_symbol
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Tune

SIXTEENTH_TICKS = TICKS_PER_QUARTER // 4
UNKNOWN = -1
"""Of a place in the bar and of a tonic."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MelodyLine:
    """The N sounding notes of a melody, in time.

    Attributes:
        id: of the tune or clip.
        corpus: that it is from.
        pitch: (N,) MIDI numbers.
        place: (N,) the sixteenth of the bar on which each note begins, 0 to 15 (see
            `place_in_bar`), or `UNKNOWN`.
        length: (N,) how long each note sounds, in sixteenths.
        after_rest: (N,) whether silence stands before the note; true of the first note.
        chord: (N, 12) 1 for each pitch class of the chord that sounds when the note begins; all 0
            where none is known.
        key: (N, 12) 1 for each pitch class of the scale, likewise.
        tonic: (N,) pitch class, or `UNKNOWN`.
        valence, arousal: of the whole, -1 to 1; 0 is unknown.
    """

    id: str
    corpus: str
    pitch: npt.NDArray[np.int64]
    place: npt.NDArray[np.int8]
    length: npt.NDArray[np.float32]
    after_rest: npt.NDArray[np.bool_]
    chord: npt.NDArray[np.uint8]
    key: npt.NDArray[np.uint8]
    tonic: npt.NDArray[np.int8]
    valence: float = 0.0
    arousal: float = 0.0

    def __len__(self) -> int:
        return len(self.pitch)

    @property
    def has_chords(self) -> bool:
        """Whether a chord is known anywhere."""
        return bool(self.chord.any())

    def without_chords(self) -> MelodyLine:
        """The same notes, the chords unknown."""
        return replace(self, chord=np.zeros_like(self.chord))


def place_in_bar(ticks: int, metre: Metre | None) -> int:
    """The sixteenth of the bar in which a moment lies, 0 to 15.

    A bar of more than 16 sixteenths is counted in groups: of 12 where it is compound (9/8, 12/8),
    else of 8 (6/4, 3/2). Free metre has no places.
    """
    if metre is None:
        return UNKNOWN
    sixteenth = ticks // SIXTEENTH_TICKS
    if metre.bar_ticks <= 16 * SIXTEENTH_TICKS:
        return min(sixteenth, 15)
    return sixteenth % (12 if metre.beat_ticks % (3 * SIXTEENTH_TICKS) == 0 else 8)


def line_of_tune(tune: Tune, *, corpus: str = "") -> MelodyLine:
    """The melody of a tune as written (expand its repeats before, to have them played).

    An incomplete bar begins where the incomplete bar before it ended, if the two fit into one; a
    tune's first one ends with the bar line.

    Args:
        tune: any tune with at least one sounding note.
        corpus: that it is from.
    """
    starts, bars = _frame(tune.bars)
    heard = list(tune.sounding())
    onset, length, pitch = (np.array(column, np.int64) for column in zip(*heard, strict=True))
    which = np.searchsorted([start for start, _, _ in starts], onset, side="right") - 1
    places = [
        place_in_bar(int(time - starts[bar][0]) + starts[bar][1], bars[bar].metre)
        for time, bar in zip(onset.tolist(), which.tolist(), strict=True)
    ]
    ends = onset + length
    return MelodyLine(
        id=tune.id,
        corpus=corpus,
        pitch=pitch,
        place=np.array(places, np.int8),
        length=(length / SIXTEENTH_TICKS).astype(np.float32),
        after_rest=np.concatenate([[True], onset[1:] > ends[:-1]]),
        chord=_chords_at(onset, tune.bars),
        key=np.stack([_tones(bars[bar].key.pitch_classes) for bar in which.tolist()]),
        tonic=np.array([bars[bar].key.tonic_pitch_class for bar in which.tolist()], np.int8),
    )


def _frame(bars: Sequence[Bar]) -> tuple[list[tuple[int, int, int]], Sequence[Bar]]:
    """For each bar its start, the place in the bar's metre at which it begins, its length."""
    result: list[tuple[int, int, int]] = []
    time, reached = 0, 0
    for number, bar in enumerate(bars):
        whole = bar.metre.bar_ticks if bar.metre else bar.duration
        is_first = number == 0
        begins = 0
        if bar.duration < whole:
            fits = reached > 0 and reached + bar.duration <= whole
            begins = whole - bar.duration if is_first else reached if fits else 0
        result.append((time, begins, bar.duration))
        reached = (begins + bar.duration) % whole if whole else 0
        time += bar.duration
    return result, bars


def _chords_at(onset: npt.NDArray[np.int64], bars: Sequence[Bar]) -> npt.NDArray[np.uint8]:
    """(N, 12) tones of the chord symbol in force at each onset."""
    symbols = [(0, np.zeros(12, np.uint8)), *_symbols(bars)]
    which = np.searchsorted([time for time, _ in symbols], onset, side="right") - 1
    return np.stack([tones for _, tones in symbols])[which]


def _symbols(bars: Sequence[Bar]) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    time = 0
    for bar in bars:
        for symbol in bar.chords:
            yield time + symbol.onset, _tones(_chord_tones(symbol.text))
        time += bar.duration


def _tones(pitch_classes: frozenset[int]) -> npt.NDArray[np.uint8]:
    tones = np.zeros(12, np.uint8)
    tones[list(pitch_classes)] = 1
    return tones


def _chord_tones(text: str) -> frozenset[int]:
    """What a chord symbol names; nothing, which is an unknown chord, where it cannot be read."""
    try:
        return parse_symbol(text).pitch_classes
    except ValueError:
        return frozenset()
