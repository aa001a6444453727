"""Tunes with chord symbols, and chorales, as one chord a beat.

The chord of a beat is the one that takes most of it, the earlier of two that take as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.music.chorale import SILENT, STEPS_OF_QUARTER, Chorale
from chromasonic.music.chord import UNKNOWN_CHORD, Chord
from chromasonic.music.chord_fitting import fit_chords
from chromasonic.music.chord_symbols import parse_symbol
from chromasonic.music.key_finding import estimated_key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.progression import NOT_BEGUN, ChordProgression, progression
from chromasonic.music.tune import Bar, Tune

NO_PITCH = 999
"""Higher than any."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat of a tune, or the part of one that a short bar has.

    Attributes:
        bar: number of its bar in the tune.
        onset: in ticks from the start of the bar.
        duration: in ticks; shorter than the felt beat where the bar begins or ends within it.
        place: beat of the bar from 0; `NOT_BEGUN` in free metre.
        length: of the whole felt beat, in ticks.
    """

    bar: int
    onset: int
    duration: int
    place: int
    length: int


def beats_of(bars: tuple[Bar, ...]) -> Iterator[Beat]:
    """The felt beats of the bars as written.

    A bar that is too short is an upbeat, and ends where a full one would, if it comes first, opens
    a repeat, or completes the short bar before it; else it begins where a full one would. Free
    metre has quarters.
    """
    lacking = 0  # ticks that the bar before was too short at its end
    for number, bar in enumerate(bars):
        length = bar.metre.beat_ticks if bar.metre else TICKS_PER_QUARTER
        short = max(0, bar.metre.bar_ticks - bar.duration) if bar.metre else 0
        is_upbeat = number == 0 or bar.opens_repeat or (0 < bar.duration == lacking)
        offset = short if is_upbeat else 0
        lacking = 0 if is_upbeat else short
        position, end = offset, offset + bar.duration
        while position < end:
            after = min(end, (position // length + 1) * length)
            place = position // length if bar.metre else NOT_BEGUN
            yield Beat(number, position - offset, after - position, place, length)
            position = after


def progression_of_tune(tune: Tune) -> ChordProgression:
    """The chords, keys and melody of a tune as written, repeats not played.

    A symbol that cannot be read is `UNKNOWN_CHORD`; `unread_symbols` tells which.
    """
    beats = list(beats_of(tune.bars))
    keys = [tune.bars[beat.bar].key for beat in beats]
    scales = np.zeros((len(beats), 12))
    for number, key in enumerate(keys):
        scales[number, list(key.pitch_classes)] = 1
    metres = [tune.bars[beat.bar].metre for beat in beats]
    return progression(
        list(_chords_of(tune, beats)),
        id=tune.id,
        title=tune.title,
        beat=[beat.place for beat in beats],
        bar_beats=[0 if metre is None else metre.bar_ticks // metre.beat_ticks for metre in metres],
        tonic=[key.tonic_pitch_class for key in keys],
        scale=scales,
        melody=melody_weights(tune, beats),
    )


def unread_symbols(tune: Tune) -> tuple[str, ...]:
    """The tune's chord symbols that are not understood, each as often as it stands there."""
    return tuple(
        symbol.text
        for bar in tune.bars
        for symbol in bar.chords
        if _read(symbol.text) is UNKNOWN_CHORD
    )


def melody_weights(tune: Tune, beats: list[Beat]) -> Floats:
    """(N, 12) how long each pitch class sounds, as a share of the felt beat."""
    weights = np.zeros((len(beats), 12))
    by_bar: dict[int, list[int]] = {}
    for number, beat in enumerate(beats):
        by_bar.setdefault(beat.bar, []).append(number)
    for bar_number, numbers in by_bar.items():
        onset = 0
        for note in tune.bars[bar_number].notes:
            end = onset + note.duration
            for number in numbers if note.pitch is not None else ():
                beat = beats[number]
                shared = min(end, beat.onset + beat.duration) - max(onset, beat.onset)
                if shared > 0:
                    weights[number, (note.pitch or 0) % 12] += shared / beat.length
            onset = end
    return weights


def _chords_of(tune: Tune, beats: list[Beat]) -> Iterator[Chord | None]:
    """One chord a beat; None before the first symbol."""
    current: Chord | None = None
    waiting: list[tuple[int, Chord]] = []
    bar = -1
    for beat in beats:
        if beat.bar != bar:
            bar = beat.bar
            current = waiting[-1][1] if waiting else current
            waiting = [(symbol.onset, _read(symbol.text)) for symbol in tune.bars[bar].chords]
            waiting.sort(key=lambda item: item[0])
        end = beat.onset + beat.duration
        times: dict[Chord | None, int] = {}
        position = beat.onset
        while waiting and waiting[0][0] < end:
            onset, chord = waiting.pop(0)
            times[current] = times.get(current, 0) + max(0, onset - position)
            position, current = max(onset, position), chord
        times[current] = times.get(current, 0) + end - position
        yield max(times, key=lambda chord: times[chord])


def _read(text: str) -> Chord:
    try:
        return parse_symbol(text)
    except ValueError:
        return UNKNOWN_CHORD


def progression_of_chorale(chorale: Chorale) -> ChordProgression:
    """The chords of a chorale, one a quarter, found in its four voices; the soprano is the melody.

    No bars and no key are written: beats of the bar stay unknown, and the key is `estimated_key` of
    all that sounds in the piece.
    """
    counts = chorale.pitch_class_shares()
    soprano = chorale.pitch_class_shares(slice(0, 1))
    starts = range(0, len(chorale), STEPS_OF_QUARTER)
    key = estimated_key(counts.sum(axis=0))
    scale = np.zeros((len(starts), 12))
    if key is not None:
        scale[:, list(key.pitch_classes)] = 1
    weights = np.add.reduceat(counts, list(starts)) / STEPS_OF_QUARTER
    lowest = np.where(chorale.pitches == SILENT, NO_PITCH, chorale.pitches)[starts].min(axis=1)
    basses = [None if pitch == NO_PITCH else int(pitch) % 12 for pitch in lowest]
    return progression(
        list(fit_chords(weights, basses)),
        id=chorale.id,
        title=chorale.title,
        beat=[NOT_BEGUN] * len(starts),
        bar_beats=[0] * len(starts),
        tonic=[NOT_BEGUN if key is None else key.tonic_pitch_class] * len(starts),
        scale=scale,
        melody=np.add.reduceat(soprano, list(starts)) / STEPS_OF_QUARTER,
    )
