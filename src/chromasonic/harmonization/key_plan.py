"""Which key is in force at each note of a tune: its own, and those that it goes to.

A hidden Markov model over the 24 major and minor keys: each note speaks for the keys in whose scale
its degree is common, the last note of a phrase for those in which phrases end so; keys are related
to the written one as Bach's are, and change after a phrase rather than within it; the tune ends in
its own. The most probable sequence is taken (Viterbi's algorithm).

All numbers are counts of the training chorales against the local keys of their analyses ("When in
Rome", D. Tymoczko and others); `benchmarks/harmonizer_keys.py` counts them anew (they differ by a
hundredth) and says how often the plan is right.

A tune in another mode (dorian, mixolydian) stays in it from beginning to end.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.beat_grid import beats_of_metre
from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.phrases import SungNote, phrase_ends, sung_notes
from chromasonic.harmonization.spelling import spelled_key
from chromasonic.music.key import Key
from chromasonic.music.key_finding import melody_key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune

Floats = npt.NDArray[np.float64]

MODES_FOUND = ("major", "minor")

DEGREES = {
    "major": (0.201, 0.001, 0.200, 0.001, 0.212, 0.121, 0.004, 0.147, 0.001, 0.064, 0.002, 0.049),
    "minor": (0.221, 0.001, 0.220, 0.206, 0.002, 0.121, 0.001, 0.146, 0.016, 0.006, 0.014, 0.046),
}
"""Share of the soprano's notes on each semitone above the local tonic."""

PHRASE_END_DEGREES = {
    "major": (0.569, 0.001, 0.145, 0.001, 0.169, 0.001, 0.001, 0.084, 0.001, 0.012, 0.001, 0.012),
    "minor": (0.510, 0.001, 0.227, 0.070, 0.004, 0.010, 0.001, 0.119, 0.001, 0.001, 0.004, 0.050),
}
"""The same of the last notes of phrases."""

RELATED = {
    "major": {(0, "major"): 0.683, (7, "major"): 0.113, (5, "major"): 0.066, (2, "minor"): 0.058,
              (9, "minor"): 0.052, (7, "minor"): 0.015, (4, "minor"): 0.008},
    "minor": {(0, "minor"): 0.510, (3, "major"): 0.235, (10, "major"): 0.095, (7, "minor"): 0.087,
              (5, "minor"): 0.045, (8, "major"): 0.012, (5, "major"): 0.008, (0, "major"): 0.006},
}  # fmt: skip
"""Home mode to the share of notes in each key, its tonic in semitones above the home tonic."""

UNRELATED = 0.001
"""Share of any other key."""

CHANGES = {True: 0.401, False: 0.067}
"""After the last note of a phrase, or within it: how often the next note is in another key."""

LAST_NOTE_WEIGHT = 1.5
RELATION_WEIGHT = 1.2
"""Weights of the two beside the others: the best share of right notes in training."""

BEGINS_ELSEWHERE = 0.15
ENDS_ELSEWHERE = 3e-4
"""Probability that a tune begins, and ends, in another key than its own."""

SHORTEST_BEATS = 3
"""A key that is in force for less is passed over: the one before it goes on."""

_TONIC = np.arange(24) % 12
_MODE = np.arange(24) // 12
_LOG_DEGREES = np.log([DEGREES[mode] for mode in MODES_FOUND])
_LOG_LAST = np.log([PHRASE_END_DEGREES[mode] for mode in MODES_FOUND]) - _LOG_DEGREES


def plan_keys(
    tune: Tune, notes: list[SungNote], ends: list[int], key: Key | None = None
) -> list[Key]:
    """The key of each note.

    Args:
        tune: the melody; the keys in its bars are its own.
        notes: `sung_notes` of it, N of them.
        ends: indices of those that end phrases, ascending.
        key: in force from beginning to end; None: found.

    Returns:
        N keys.
    """
    if key is not None:
        return [key] * len(notes)
    written = _written_keys(tune, notes)
    if any(one.mode not in MODES_FOUND for one in written):
        return written
    beat = _beat_ticks(tune)
    states, _ = _best_path(notes, ends, [_state(one) for one in written], beat)
    states = _without_short_stays(states, notes, SHORTEST_BEATS * beat)
    return [_key(state, home) for state, home in zip(states, written, strict=True)]


def found_key(tune: Tune) -> Key:
    """The home key of a tune whose written key says nothing: major or minor (`melody_key`).

    Args:
        tune: at least one note in it.
    """
    found = melody_key((note.duration, note.pitch) for note in sung_notes(tune))
    assert found is not None  # there is a note
    return found.key


def relative_key(tune: Tune) -> Key:
    """The written key, or its relative minor where the tune is rather in that.

    For files that give a signature and no mode, or major by default: the relative is taken if the
    tune ends on its tonic and fits it better.

    Args:
        tune: at least one note in it.
    """
    key = tune.key
    relative = Key.of_pitch_class(key.tonic_pitch_class + 9, "minor")
    notes = sung_notes(tune)
    if key.mode != "major" or notes[-1].pitch % 12 != relative.tonic_pitch_class:
        return key
    is_better = _merit(tune, notes, relative) > _merit(tune, notes, key)
    return spelled_key(relative.tonic_pitch_class, MODE_NUMBERS["minor"], key) if is_better else key


def _merit(tune: Tune, notes: list[SungNote], home: Key) -> float:
    """Log probability of the notes in a home key and where it leads to."""
    ends = phrase_ends(tune, notes, home)
    return _best_path(notes, ends, [_state(home)] * len(notes), _beat_ticks(tune))[1]


def _beat_ticks(tune: Tune) -> float:
    if tune.metre is None:
        return TICKS_PER_QUARTER
    return tune.metre.bar_ticks / len(beats_of_metre(tune.metre))


def _written_keys(tune: Tune, notes: list[SungNote]) -> list[Key]:
    starts = np.cumsum([0, *(bar.duration for bar in tune.bars[:-1])])
    bars = np.searchsorted(starts, [note.onset for note in notes], side="right") - 1
    return [tune.bars[bar].key for bar in bars.tolist()]


def _state(key: Key) -> int:
    return key.tonic_pitch_class + 12 * MODES_FOUND.index(key.mode)


def _key(state: int, home: Key) -> Key:
    return spelled_key(state % 12, MODE_NUMBERS[MODES_FOUND[state // 12]], home)


@lru_cache(maxsize=24)
def _log_related(home: int) -> Floats:
    """(24,) log probability of each key beside a home key."""
    related = RELATED[MODES_FOUND[home // 12]]
    shares = np.array(
        [
            related.get(((tonic - home) % 12, MODES_FOUND[mode]), UNRELATED)
            for tonic, mode in zip(_TONIC.tolist(), _MODE.tolist(), strict=True)
        ]
    )
    shares = (shares / shares.sum()) ** RELATION_WEIGHT
    return np.asarray(np.log(shares / shares.sum()))


def _without_short_stays(states: list[int], notes: list[SungNote], shortest: float) -> list[int]:
    """The keys without those that are left, and not kept to the end, too soon."""
    kept, start = list(states), 0
    for index in range(1, len(states) + 1):
        if index < len(states) and states[index] == states[start]:
            continue
        length = notes[index - 1].end - notes[start].onset
        if start > 0 and index < len(states) and length < shortest:
            kept[start:index] = [kept[start - 1]] * (index - start)
        start = index
    return kept


def _best_path(
    notes: list[SungNote], ends: list[int], homes: list[int], beat_ticks: float
) -> tuple[list[int], float]:
    """The most probable key of each note, and the log probability of them all.

    A note shorter than a beat, which chorales seldom have, counts for its part of the beat.
    """
    marked = set(ends)
    states = np.arange(24)
    back = np.zeros((len(notes), 24), np.int64)
    score = np.zeros(24)
    for index, note in enumerate(notes):
        degree = (note.pitch - _TONIC) % 12
        share = min(note.duration / beat_ticks, 1.0)
        fits = share * _LOG_DEGREES[_MODE, degree]
        if index in marked:
            fits = fits + LAST_NOTE_WEIGHT * _LOG_LAST[_MODE, degree]
        related = _log_related(homes[index])
        if index == 0:
            is_home = states == homes[0]
            score = np.where(is_home, 0.0, np.log(BEGINS_ELSEWHERE) + related) + fits
            continue
        after_end = index - 1 in marked
        change = CHANGES[after_end] * (1.0 if after_end else share)
        origin = int(score.argmax())
        by_change = score[origin] + np.log(change) + related
        by_staying = score + np.log(1 - change)
        back[index] = np.where(by_staying >= by_change, states, origin)
        score = np.maximum(by_staying, by_change) + fits
    score = score + np.where(states == homes[-1], 0.0, np.log(ENDS_ELSEWHERE))
    path = [int(score.argmax())]
    for row in back[:0:-1]:
        path.append(int(row[path[-1]]))
    return path[::-1], float(score.max())
