"""Chords that gestures ask for, set in four voices by the rules of the harmonization room."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from chromasonic.errors import ConfigError
from chromasonic.harmonization.chords import (
    CHROMATIC,
    FIGURES,
    MODE_NUMBERS,
    VOCABULARY,
    FunctionalChord,
    chords_of_mode,
)
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import BASS, RANGES, SOPRANO, Voicings, admissible
from chromasonic.music.chord_symbols import parse_symbol
from chromasonic.music.key import Key

FIRST_SOPRANO = 72
"""Where the first chord's top voice would like to be: C5."""

DISTANCE = 0.02
"""What a semitone of any voice's way costs beside the rules: of equals the smoothest is taken."""

_NUMERAL = re.compile(r"([IViv]+)([oø+]?)(6/5|4/3|4/2|6/4|65|43|42|64|7|6|2)?((?:/[IViv]+)?)")
_FIGURE = {"65": "6/5", "43": "4/3", "42": "4/2", "64": "6/4", "2": "4/2"}


def find_chord(text: str, key: Key) -> tuple[int, int]:
    """Row of the vocabulary (`chords.VOCABULARY`) and member in the bass (0 the root).

    A numeral's capitals give way to the mode: "I" in a minor key is its tonic chord, "i".

    Args:
        text: a numeral with figures ("V7", "ii6", "viio7"), or a chord symbol ("Dm7", "G/B").
        key: that numerals are read in; symbols must be chords of it.

    Raises:
        ConfigError: it is neither, or no chord of the key.
    """
    rows = _rows(key.mode)
    match = _NUMERAL.fullmatch(text.strip())
    if match:
        degree, quality, figures, applied = match.groups()
        figures = _FIGURE.get(figures or "", figures or "")
        found = [
            (_strangeness(VOCABULARY[row], degree + quality), row, member)
            for row in rows
            for member in range(len(VOCABULARY[row].intervals))
            if VOCABULARY[row].numeral.rstrip("oø+").upper() == degree.upper()
            and VOCABULARY[row].applied_to.upper() == applied[1:].upper()
            and FIGURES[len(VOCABULARY[row].intervals)][member] == figures
        ]
        if found:
            _, row, member = min(found)
            return row, member
    else:
        row_and_bass = _of_symbol(text, key, rows)
        if row_and_bass is not None:
            return row_and_bass
    known = dict.fromkeys(VOCABULARY[row].figured() for row in rows)
    raise ConfigError(
        f"'{text}' is no chord of {key}. Write a numeral with its figures, such as "
        f"{', '.join(list(known)[:8])}, V6/5; or the symbol of a chord of the key, such as "
        f"{key.tonic}{'m' if 3 in _third(key) else ''}."
    )


def _strangeness(chord: FunctionalChord, wanted: str) -> tuple[bool, bool, int]:
    """What is written counts ("V" in minor has its leading tone), but borrowed chords come last."""
    return chord.rank == CHROMATIC, chord.numeral != wanted, chord.rank


def _third(key: Key) -> set[int]:
    return {interval for interval in chords_of_mode(key.mode)[0].intervals if interval in (3, 4)}


@lru_cache(maxsize=32)
def _rows(mode: str) -> tuple[int, ...]:
    """Rows of a mode's chords."""
    return tuple(row for row, chord in enumerate(VOCABULARY) if chord.mode == mode)


def _of_symbol(text: str, key: Key, rows: tuple[int, ...]) -> tuple[int, int] | None:
    try:
        chord = parse_symbol(text)
    except ValueError:
        return None
    for row in rows:
        one = VOCABULARY[row]
        root = (key.tonic_pitch_class + one.root) % 12
        classes = [(root + interval) % 12 for interval in one.intervals]
        if root == chord.root and frozenset(classes) == chord.pitch_classes:
            bass = root if chord.bass is None else chord.bass
            return (row, classes.index(bass)) if bass in classes else None
    return None


class Voicer:
    """Sets chord after chord, each led from the one before.

    Args:
        reward: the rules of voice leading; all by default.
    """

    def __init__(self, reward: Reward | None = None) -> None:
        self._reward = reward or Reward()
        self._before: tuple[Voicings, Beats] | None = None

    def voice(self, text: str, key: Key) -> tuple[int, ...]:
        """MIDI numbers of soprano, alto, tenor and bass.

        Args:
            text: see `find_chord`.
            key: in force.

        Raises:
            ConfigError: it is no chord of the key.
        """
        row, member = find_chord(text, key)
        voicings = _voicings(row, member, key.tonic_pitch_class, key.mode)
        if not len(voicings):
            raise ConfigError(f"The chord '{text}' cannot be set for four voices in {key}.")
        beats = _beats(voicings, key)
        value = self._reward.of_voicings(voicings, beats)
        if self._before is None:
            value = value - DISTANCE * np.abs(voicings.pitches[:, SOPRANO] - FIRST_SOPRANO)
        else:
            before, beat = self._before
            motion = self._reward.motion_of_all_pairs(before, voicings, beat, beats[0])
            way = np.abs(voicings.pitches - before.pitches).sum(axis=1)
            value = value + motion[0] - DISTANCE * way
        best = int(value.argmax())
        self._before = voicings[[best]], beats[best]
        return tuple(int(pitch) for pitch in voicings.pitches[best])


@lru_cache(maxsize=256)
def _voicings(row: int, member: int, tonic: int, mode: str) -> Voicings:
    """All voicings of a chord with one of its members in the bass, under any soprano."""
    low, high = RANGES["soprano"]
    every = Voicings.joined([admissible(pitch, tonic, mode) for pitch in range(low, high + 1)])
    return every[(every.chord == row) & (every.member[:, BASS] == member)]


def _beats(voicings: Voicings, key: Key) -> Beats:
    """A beat for each voicing: its soprano as the melody, on a strong place within a phrase."""
    count = len(voicings)
    soprano = voicings.pitches[:, SOPRANO]
    false = np.zeros(count, bool)
    return Beats(
        pitch=soprano,
        leaving=soprano,
        tones=np.eye(12)[soprano % 12],
        tonic=np.full(count, key.tonic_pitch_class),
        mode=np.full(count, MODE_NUMBERS[key.mode]),
        strength=np.ones(count, np.int64),
        is_held=false,
        begins_phrase=false,
        ends_phrase=false,
        is_last=false,
    )
