"""What a harmonization's reward is made of, told as a teacher would: rule, place, voices, cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.realizing import NAMES, spelled_melody, written_keys
from chromasonic.harmonization.reward import Breach, breaches
from chromasonic.harmonization.rules import Scope
from chromasonic.harmonization.spelling import spelled_note
from chromasonic.harmonization.two_voices import rules_of
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES
from chromasonic.music.tune import Tune


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One rule broken at one place; of a merit the cost is below zero.

    Attributes:
        bar: its number; an upbeat is 0.
        beat: within the bar, in felt beats from 1 (1.5 is half a beat later).
        rule: its short name.
        text: what is wrong.
        voices: names of the voices that it concerns; empty: the chord as a whole.
        notes: what they sing, "C4" or "C4-D4" where they move.
        cost: what it takes from the reward.
    """

    bar: int
    beat: float
    rule: str
    text: str
    voices: tuple[str, ...]
    notes: tuple[str, ...]
    cost: float


def remarks(harmonization: Harmonization, tune: Tune) -> list[Remark]:
    """Everything that costs something, in time; the costs add up to the reward, negated.

    Args:
        harmonization: of four voices or of two.
        tune: the tune that its melody was made from.
    """
    return [remark for remark, _ in remarks_and_breaches(harmonization, tune)]


def remarks_and_breaches(harmonization: Harmonization, tune: Tune) -> list[tuple[Remark, Breach]]:
    """The `remarks`, each with the breach that it tells of."""
    melody = harmonization.melody
    names, homes = pitch_names(harmonization, tune), written_keys(harmonization, tune)
    beats = beat_numbers(harmonization, tune)
    voices = NAMES[harmonization.voicings.pitches.shape[1]]
    sung = _sung_names(harmonization, tune)
    found = breaches(harmonization.voicings, melody.beats, rules_of(harmonization))
    return [
        (
            Remark(
                bar=int(melody.bar[breach.beat]),
                beat=beats[breach.beat],
                rule=breach.rule.name,
                text=breach.rule.text,
                voices=tuple(voices[voice] for voice in breach.voices),
                notes=_notes(breach, harmonization, homes, names, sung),
                cost=breach.cost,
            ),
            breach,
        )
        for breach in found
        if breach.cost
    ]


def pitch_names(harmonization: Harmonization, tune: Tune) -> list[tuple[str, ...]]:
    """(B) the spelled pitches of each voicing, soprano first: "F#4"; the melody's as in a score."""
    voicings, homes = harmonization.voicings, written_keys(harmonization, tune)
    sung = _sung_names(harmonization, tune)
    found = []
    for row, (pitches, home) in enumerate(zip(voicings.pitches.tolist(), homes, strict=True)):
        names = [_spelled(harmonization, home, row, pitch) for pitch in pitches]
        found.append((sung[row].get(pitches[0], names[0]), *names[1:]))
    return found


def _sung_names(harmonization: Harmonization, tune: Tune) -> list[dict[int, str]]:
    """(B) under each voicing the melody's pitches to their names, as a score writes them."""
    melody = harmonization.melody
    found: list[dict[int, str]] = [{} for _ in range(len(melody))]
    onset = 0
    for note in spelled_melody(harmonization, tune).notes():
        end = onset + note.duration
        if note.pitch is not None and note.name is not None:
            first = max(int(np.searchsorted(melody.onset, onset, side="right")) - 1, 0)
            for row in range(first, int(np.searchsorted(melody.onset, end))):
                found[row].setdefault(note.pitch, _with_octave(note.name, note.pitch))
        onset = end
    return found


def beat_numbers(harmonization: Harmonization, tune: Tune) -> list[float]:
    """(B) place of each voicing in its bar, in felt beats from 1."""
    melody = harmonization.melody
    starts = np.cumsum([0, *(bar.duration for bar in tune.bars[:-1])])
    bars = np.searchsorted(starts, melody.onset, side="right") - 1
    found = []
    for bar, place in zip(bars.tolist(), melody.place.tolist(), strict=True):
        metre = tune.bars[bar].metre
        beat = metre.beat_ticks if metre else TICKS_PER_QUARTER
        found.append(round(1 + place * TICKS_PER_QUARTER / beat, 3))
    return found


def _notes(
    breach: Breach,
    harmonization: Harmonization,
    homes: list[Key],
    names: list[tuple[str, ...]],
    sung: list[dict[int, str]],
) -> tuple[str, ...]:
    row = breach.beat
    if breach.rule.scope in (Scope.VOICING, Scope.CHORDS) or not breach.voices:
        return names[row]
    found = []
    for voice in breach.voices:
        start = names[row - 1][voice]
        if voice == 0:  # the melody may have moved on within the beat
            leaving = int(harmonization.melody.beats.leaving[row - 1])
            start = sung[row - 1].get(leaving) or _spelled(
                harmonization, homes[row - 1], row - 1, leaving
            )
        found.append(f"{start}-{names[row][voice]}")
    return tuple(found)


def _spelled(harmonization: Harmonization, home: Key, row: int, pitch: int) -> str:
    voicings = harmonization.voicings
    name = spelled_note(
        pitch,
        int(voicings.chord[row]),
        int(voicings.tonic[row]),
        int(harmonization.melody.beats.mode[row]),
        home,
    )
    return _with_octave(name, pitch)


def _with_octave(name: str, pitch: int) -> str:
    """A spelled name with the number of its octave: B#3 is C4."""
    shift = name.count("#") - name.count("b")
    octave = (pitch - NATURAL_PITCH_CLASSES[name[0]] - shift) // 12 - 1
    return f"{name}{octave}"
