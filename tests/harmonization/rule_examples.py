"""Textbook examples written as notes and numerals, and how often they break a rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from chromasonic.harmonization.chords import MODE_NUMBERS, VOCABULARY
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.reward import breaches, counts_of_motion, counts_of_voicings
from chromasonic.harmonization.rules import RULES
from chromasonic.harmonization.voicings import Voicings
from chromasonic.music.key import Key

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def midi(name: str) -> int:
    """60 of "C4", 61 of "C#4", 59 of "Cb4"."""
    signs = name[1:-1]
    return 12 * (int(name[-1]) + 1) + SEMITONES[name[0]] + signs.count("#") - signs.count("b")


def chord_row(numeral: str, mode: str) -> int:
    """Row of the vocabulary: "V7", "viio/V", with "7" for sevenths and no other figures."""
    head, slash, target = numeral.partition("/")
    found = [
        row
        for row, chord in enumerate(VOCABULARY)
        if chord.mode == mode
        and chord.applied_to == (target if slash else "")
        and chord.numeral + ("7" if len(chord.intervals) == 4 else "") == head
    ]
    assert len(found) == 1, (numeral, mode, found)
    return found[0]


def chord(notes: str, numeral: str, key: str = "C major") -> Voicings:
    """One voicing: "C5 G4 E4 C3" (soprano first), its numeral, and the key."""
    tonic, mode = key.split()
    pitches = [[midi(name) for name in notes.split()]]
    return Voicings.of(pitches, chord_row(numeral, mode), Key(tonic, mode).tonic_pitch_class)


def beat(voicing: Voicings, **others: Any) -> Beats:
    """A strong beat within a phrase on which the soprano sings the voicing's note alone."""
    soprano = int(voicing.pitches[0, 0])
    tones = np.zeros((1, 12))
    tones[0, soprano % 12] = 1.0
    mode = VOCABULARY[int(voicing.chord[0])].mode
    values: dict[str, Any] = {
        "pitch": soprano, "leaving": soprano, "tonic": int(voicing.tonic[0]),
        "mode": MODE_NUMBERS[mode], "strength": 1, "is_held": False, "begins_phrase": False,
        "ends_phrase": False, "is_last": False,
    }  # fmt: skip
    assert set(others) <= {*values, "tones"}
    tones = np.asarray(others.pop("tones", tones), float).reshape(1, 12)
    return Beats(tones=tones, **{name: np.array([v]) for name, v in (values | others).items()})


def in_one(rule: str, voicing: Voicings, **place: Any) -> float:
    """How often one voicing breaks a rule; `place` says where its beat stands."""
    counts = counts_of_voicings(voicing, beat(voicing, **place))
    return float(counts[0, list(RULES).index(rule)])


def in_two(
    rule: str,
    before: Voicings,
    after: Voicings,
    first: dict[str, Any] | None = None,
    second: dict[str, Any] | None = None,
) -> float:
    """How often the motion from one voicing to another breaks a rule."""
    places = beat(before, **(first or {})), beat(after, **(second or {}))
    counts = counts_of_motion(before, after, *places)
    return float(counts[0, list(RULES).index(rule)])


def broken(voicings: Voicings, beats: Beats) -> set[str]:
    """Names of all rules broken in a piece."""
    return {breach.rule.name for breach in breaches(voicings, beats)}
