"""A tune as the features see it: notes as heard, and bars with split ones joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Tune


@dataclass(frozen=True)
class OutlineBar:
    """A bar by what begins in it.

    Attributes:
        metre: the metre in force; None is free.
        key: the key in force.
        onsets: ticks from the bar line at which a note begins.
        pitches: MIDI numbers of these notes.
        is_full: whether its notes and rests fill its metre.
    """

    metre: Metre | None
    key: Key
    onsets: tuple[int, ...]
    pitches: tuple[int, ...]
    is_full: bool

    @property
    def events(self) -> frozenset[tuple[int, int]]:
        """Its (onset, pitch) pairs."""
        return frozenset(zip(self.onsets, self.pitches, strict=True))

    @property
    def rhythm(self) -> frozenset[int]:
        """Its onsets."""
        return frozenset(self.onsets)


@dataclass(frozen=True)
class Outline:
    """What features are computed from; N notes.

    Attributes:
        onsets: (N,) ticks from the start.
        durations: (N,) ticks, ties joined.
        pitches: (N,) MIDI numbers.
        bar_of_note: (N,) index into `bars` of the bar in which each note begins.
        bars: the bars, those that a repeat mark cuts in two joined to one.
        key: the key at the end (where the final is heard).
    """

    onsets: np.ndarray
    durations: np.ndarray
    pitches: np.ndarray
    bar_of_note: np.ndarray
    bars: tuple[OutlineBar, ...]
    key: Key

    @property
    def intervals(self) -> np.ndarray:
        """(N - 1,) semitones from each note to the next."""
        return np.diff(self.pitches)


def outline_of(tune: Tune) -> Outline:
    """The outline of a tune as it is written (repeats not played out)."""
    notes: list[list[int]] = []  # onset, duration, pitch
    bars: list[OutlineBar] = []
    bar_of_note: list[int] = []
    time, sounding = 0, None
    for group in joined_bars(tune):
        start, onsets, pitches = time, [], []
        for note in (note for bar in group for note in bar.notes):
            if note.tied and note.pitch is not None and note.pitch == sounding:
                notes[-1][1] += note.duration
            elif note.pitch is not None:
                notes.append([time, note.duration, note.pitch])
                onsets.append(time - start)
                pitches.append(note.pitch)
            sounding = note.pitch
            time += note.duration
        bar_of_note += [len(bars)] * len(onsets)
        bars.append(
            OutlineBar(group[0].metre, group[0].key, tuple(onsets), tuple(pitches), _is_full(group))
        )
    table = np.array(notes, dtype=np.int64).reshape(-1, 3)
    return Outline(
        onsets=table[:, 0],
        durations=table[:, 1],
        pitches=table[:, 2],
        bar_of_note=np.array(bar_of_note, dtype=np.int64),
        bars=tuple(bars),
        key=tune.bars[-1].key,
    )


def joined_bars(tune: Tune) -> list[tuple[Bar, ...]]:
    """The bars in groups: neighbours that are short, and together fill one metre, are one bar.

    So `G2 A :| c` of a 3/4 tune counts as the one bar that is heard there.
    """
    groups: list[tuple[Bar, ...]] = []
    for bar in tune.bars:
        last = groups[-1] if groups else ()
        if last and len(groups) > 1 and not _is_full(last) and _is_full((*last, bar)):
            groups[-1] = (*last, bar)
        elif bar.notes:
            groups.append((bar,))
    return groups


def _is_full(group: tuple[Bar, ...]) -> bool:
    metre = group[0].metre
    same = all(bar.metre == metre for bar in group)
    return metre is None or (same and sum(bar.duration for bar in group) == metre.bar_ticks)
