"""Tunes with something taken away, which a metric of music must rate low.

Each is made from a human tune and keeps as much of it as it can, so that it is no easy prey: the
pitch controls keep the whole rhythm, the bar control keeps every bar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from chromasonic.evaluation.outline import joined_bars
from chromasonic.music.tune import Note, Tune


def shuffle_notes(tune: Tune, rng: np.random.Generator) -> Tune:
    """The pitches of the notes in random order, over the same rhythm."""
    pitches = [pitch for _, _, pitch in tune.sounding()]
    return with_pitches(tune, list(rng.permutation(pitches)))


def shuffle_bars(tune: Tune, rng: np.random.Generator) -> Tune:
    """The bars in random order; an anacrusis stays where it is, repeat marks are taken off."""
    groups = joined_bars(tune)
    first = 0 if len(groups) < 2 or groups[0][0].is_full else 1
    order = [*range(first), *(first + rng.permutation(len(groups) - first))]
    bars = [
        replace(bar, opens_repeat=False, closes_repeat=0, ending=(), closes_section=False)
        for index in order
        for bar in groups[index]
    ]
    return replace(tune, bars=tuple(bars))


def random_walk(tune: Tune, rng: np.random.Generator) -> Tune:
    """Up to two semitones up or down from note to note, within the tune's range and rhythm."""
    pitches = [pitch for _, _, pitch in tune.sounding()]
    lowest, highest = min(pitches), max(pitches)
    walk = [pitches[0]]
    for step in rng.integers(-2, 3, len(pitches) - 1):
        walk.append(int(np.clip(walk[-1] + step, lowest, highest)))
    return with_pitches(tune, walk)


def scale_walk(tune: Tune, rng: np.random.Generator) -> Tune:
    """Up to two steps of the key's scale from note to note, within the tune's range and rhythm."""
    pitches = [pitch for _, _, pitch in tune.sounding()]
    scale = tune.key.pitch_classes
    steps = [pitch for pitch in range(min(pitches), max(pitches) + 1) if pitch % 12 in scale]
    place = int(np.argmin([abs(step - pitches[0]) for step in steps]))
    walk = []
    for step in (0, *rng.integers(-2, 3, len(pitches) - 1)):
        place = int(np.clip(place + step, 0, len(steps) - 1))
        walk.append(steps[place])
    return with_pitches(tune, walk)


CONTROLS: dict[str, Callable[[Tune, np.random.Generator], Tune]] = {
    "notes shuffled": shuffle_notes,
    "bars shuffled": shuffle_bars,
    "random walk": random_walk,
    "scale walk": scale_walk,
}
"""Name to what makes the control from a human tune and a source of chance."""


def with_pitches(tune: Tune, pitches: list[int]) -> Tune:
    """The tune with other pitches on its sounding notes, in order; tied notes follow theirs."""
    coming, sounding, current = iter(pitches), None, 0
    bars = []
    for bar in tune.bars:
        notes = []
        for note in bar.notes:
            if note.pitch is None:
                notes.append(note)
            else:
                if not (note.tied and note.pitch == sounding):
                    current = int(next(coming))
                    notes.append(Note(note.duration, current))
                else:
                    notes.append(Note(note.duration, current, tied=True))
            sounding = note.pitch
        bars.append(replace(bar, notes=tuple(notes)))
    return replace(tune, bars=tuple(bars))
