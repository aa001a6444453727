"""What the simple agent knows of a moment: afterstates, and the tables that value them.

An afterstate is what a choice leaves behind: the lower voice's note under the melody as it moves
on. All that pays from there on depends on it and on the melody to come, so a table over afterstates
plans for every choice at once (R. Sutton and A. Barto, "Reinforcement Learning", 2nd ed., 6.8).
Its value is the sum of one entry of each table in `TABLES`; pitches are told from the tonic or from
the melody, so that one table serves all keys, except in those that know the voice's own height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import MODE_NUMBERS, is_minor_like
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.voicings import Voicings

Integers = npt.NDArray[np.int64]

FEATURES = {
    "minor": "1 in modes with a minor third, else 0",
    "degree": "semitones of the lower voice above the tonic of the next beat, 0 to 11",
    "interval": "semitones from the lower voice up to the melody as it leaves the beat",
    "class": "the same within an octave, 0 to 11",
    "pitch": "MIDI number of the lower voice",
    "move1": "semitones that the melody moves into the next beat, -7 to 7 (50: no beat)",
    "move2": "into the one after, -5 to 5",
    "move3": "into the third, -4 to 4",
    "way1": "the same in five steps: -2 leap down, -1 step down, 0, 1, 2 (50: no beat)",
    "way2": "of the beat after",
    "way3": "of the third",
    "way4": "of the fourth",
    "place1": "the next beat: 0 within a phrase, 1 begins one, 2 ends one, 3 last (4: no beat)",
    "place2": "the beat after",
    "place3": "the third",
}
"""What each number of an entry's key says, by name."""

TABLES: dict[str, tuple[str, ...]] = {
    "step": ("minor", "degree", "interval", "move1", "place1"),
    "two steps": ("minor", "degree", "interval", "move1", "place1", "move2", "place2"),
    "outlook": ("minor", "degree", "class", "move1", "move2", "move3", "place2", "place3"),
    "height": ("pitch", "interval", "move1", "way2"),
    "register": ("pitch", "way1", "way2", "way3", "way4", "place1", "place2"),
}
"""Name of a table to the features in its keys."""

NO_BEAT = 50
_NO_PLACE = 4
_WIDEST_MOVES = {"move1": 7, "move2": 5, "move3": 4}
_AHEAD = 4
_INTERVALS = (-12, 60)
_INTERVALS = (-12, 60)
_LOWEST, _BITS = -20, 7  # a feature is packed as feature - _LOWEST in so many bits
_IS_MINOR = np.array([is_minor_like(mode) for mode in MODE_NUMBERS], np.int64)


def keys_of_melody(beats: Beats, sets: list[Voicings]) -> list[Integers]:
    """Keys of the afterstates of every candidate, for each beat but the last: (N, tables).

    Args:
        beats: B of them.
        sets: candidates of each beat, two voices.
    """
    moves = np.full(len(beats) + _AHEAD, NO_BEAT)
    moves[: len(beats) - 1] = beats.pitch[1:] - beats.leaving[:-1]
    places = np.full(len(beats) + _AHEAD, _NO_PLACE)
    kind = np.where(beats.ends_phrase, 2, np.where(beats.begins_phrase, 1, 0))
    places[: len(beats)] = np.where(beats.is_last, 3, kind)
    found = []
    for beat in range(len(beats) - 1):
        ahead = _of_melody(moves[beat : beat + _AHEAD], places[beat + 1 : beat + _AHEAD])
        lower = sets[beat].pitches[:, 1]
        interval = np.clip(int(beats.leaving[beat]) - lower, *_INTERVALS)
        features = ahead | {
            "minor": _IS_MINOR[beats.mode[beat + 1]],
            "degree": (lower - beats.tonic[beat + 1]) % 12,
            "interval": interval,
            "class": interval % 12,
            "pitch": lower,
        }
        keys = [packed([features[name] for name in names]) for names in TABLES.values()]
        found.append(np.stack(np.broadcast_arrays(*keys), 1))
    return found


def _of_melody(moves: Integers, places: Integers) -> dict[str, Integers]:
    """What the melody does in the next beats, the same for all candidates."""
    found: dict[str, Integers] = {}
    for number, move in enumerate(moves, start=1):
        is_beat = move != NO_BEAT
        name = f"move{number}"
        if name in _WIDEST_MOVES:
            widest = _WIDEST_MOVES[name]
            found[name] = np.where(is_beat, np.clip(move, -widest, widest), NO_BEAT)
        way = np.sign(move) * (1 + (abs(move) > 2))
        found[f"way{number}"] = np.where(is_beat, way, NO_BEAT)
    return found | {f"place{number}": place for number, place in enumerate(places, start=1)}


def packed(features: Sequence[npt.ArrayLike]) -> Integers:
    """Some small features as one number each, arrays broadcast."""
    key = np.zeros((), np.int64)
    for feature in features:
        key = (key << _BITS) | (np.asarray(feature, np.int64) - _LOWEST)
    return key


def packed_one(features: Sequence[int]) -> int:
    """`packed` of single numbers.

    Raises:
        ValueError: a feature is too small or too large.
    """
    key = 0
    for feature in features:
        if not 0 <= feature - _LOWEST < 1 << _BITS:
            raise ValueError(f"{feature} is no feature: {_LOWEST} to {_LOWEST + 127} are")
        key = (key << _BITS) | (feature - _LOWEST)
    return key


def unpacked(key: int, count: int) -> list[int]:
    """The features in a key, see `packed`."""
    mask = (1 << _BITS) - 1
    return [((key >> (_BITS * place)) & mask) + _LOWEST for place in reversed(range(count))]
