"""The frames in which the hybrid's network sees and scores a pitch, as row and column numbers.

A pitch is a degree of the key, an interval below the soprano, a motion from where its voice was,
and itself. Transposed music therefore looks nearly the same, and voice leading need not be learnt
for each key.

Everything here is arithmetic on integers, and works on NumPy arrays as on tensors.
"""

from __future__ import annotations

from typing import Any

LOWER = ("alto", "tenor", "bass")
ORDER = (2, 1, 0)
"""The order in which the lower voices (0 alto, 1 tenor, 2 bass) are set within a step."""

GIVEN = {2: (), 1: ((2, 0),), 0: ((2, 1), (1, 2))}
"""Voice to the voices set before it: (which, number of the table that it is seen through)."""

LOWEST = (47, 42, 33)
"""MIDI number of the lowest pitch that each lower voice can be asked for."""

PITCHES = 35
CLASSES = PITCHES + 1
"""Classes of a voice: 0 is silence, then its pitches upwards."""

NONE = -2
"""In place of a pitch: there is no step before."""

# Seen: rows of a table.
_LOWEST_DEGREE = min(LOWEST) - 11
DEGREES = max(LOWEST) + PITCHES - _LOWEST_DEGREE + 2  # and silence, and none
_CLOSEST, _WIDEST = -12, 48
BELOW = _WIDEST - _CLOSEST + 3  # and silence, and none
SEEN = DEGREES + BELOW

# Scored: columns of an output.
COLUMNS = {
    "pitch": slice(0, CLASSES),
    "degree": slice(CLASSES, CLASSES + PITCHES + 11),
    "below": slice(CLASSES + PITCHES + 11, CLASSES + PITCHES + 11 + BELOW - 2),
    "motion": slice(CLASSES + PITCHES + 9 + BELOW, CLASSES + PITCHES + 9 + BELOW + 2 * PITCHES - 1),
}
WIDTH = COLUMNS["motion"].stop
NOWHERE = WIDTH
"""A column that scores 0: where a frame says nothing."""


def seen_degrees(pitch: Any, tonic: Any) -> Any:
    """Row of a pitch as a degree of the key; silence and none have rows of their own."""
    return _where(pitch, pitch - tonic - _LOWEST_DEGREE, DEGREES - 2)


def seen_below(pitch: Any, soprano: Any) -> Any:
    """Row of a pitch as an interval below the soprano, after the rows of the degrees."""
    interval = (soprano - pitch).clip(_CLOSEST, _WIDEST) - _CLOSEST
    row = _where(pitch, interval, BELOW - 2)
    silent = (soprano < 0) & (pitch != NONE)
    return DEGREES + row * ~silent + (BELOW - 2) * silent


def _where(pitch: Any, row: Any, silent_row: int) -> Any:
    is_none, is_silent = pitch == NONE, pitch == -1
    sounds = ~(is_none | is_silent)
    return row * sounds + silent_row * is_silent + (silent_row + 1) * is_none


def scored_columns(voice: int, pitches: Any, soprano: Any, tonic: Any, before: Any) -> list[Any]:
    """Columns of the four frames for pitches of a voice; shapes broadcast.

    Args:
        voice: 0 alto, 1 tenor, 2 bass.
        pitches: MIDI numbers of classes 1 and up.
        soprano: MIDI number above them, -1 for silence.
        tonic: pitch class.
        before: pitch that the voice comes from, -1 for silence, `NONE` at the beginning.
    """
    low = LOWEST[voice]
    degree = pitches - tonic - (low - 11) + COLUMNS["degree"].start
    below = (soprano - pitches).clip(_CLOSEST, _WIDEST) - _CLOSEST + COLUMNS["below"].start
    sounds = soprano >= 0
    motion = pitches - before + PITCHES - 1 + COLUMNS["motion"].start
    came = before >= 0
    return [
        pitches - low + 1 + 0 * degree,
        degree,
        below * sounds + NOWHERE * ~sounds,
        motion * came + NOWHERE * ~came,
    ]
