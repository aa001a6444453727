"""Where in the score a broken rule is to be seen: which notes, of which voices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chromasonic.harmonization.chords import TABLE, VOCABULARY
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.explaining import Remark, remarks_and_breaches
from chromasonic.harmonization.reward import Breach
from chromasonic.harmonization.rule_guide import Advice, advice_on
from chromasonic.harmonization.rules import Scope
from chromasonic.harmonization.voicing_rules import COMFORTABLE
from chromasonic.harmonization.voicings import BASS, NO_CHORD, SOPRANO
from chromasonic.music.tune import Tune


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A note by its place: what a voice sounds at a moment.

    Attributes:
        voice: 0 is the highest.
        tick: from the start of the tune as written.
    """

    voice: int
    tick: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A remark that can be drawn.

    Attributes:
        remark: what is wrong, and where in words.
        advice: what is taught of the rule.
        tick: when the voicing (of two, the second) is struck.
        spots: the notes that it concerns, in time, highest first.
        voices: those that it concerns, 0 the highest; all where it is about the chord as a whole.
        sung: what each of them sings: "C4", or "C4-D4" where it moves.
        numerals: the chord; of a progression both; none with two voices.
    """

    remark: Remark
    advice: Advice
    tick: int
    spots: tuple[Spot, ...]
    voices: tuple[int, ...]
    sung: tuple[str, ...]
    numerals: tuple[str, ...]


def marks(harmonization: Harmonization, tune: Tune) -> list[Mark]:
    """Every remark on a harmonization with the notes that it is about, in time.

    Args:
        harmonization: of four voices or of two.
        tune: the tune that its melody was made from.
    """
    count, onset = harmonization.voicings.pitches.shape[1], harmonization.melody.onset
    found = []
    for remark, breach in remarks_and_breaches(harmonization, tune):
        voices = breach.voices or concerned(breach, harmonization)
        by_chord = not breach.voices and len(remark.notes) == count
        found.append(
            Mark(
                remark=remark,
                advice=advice_on(breach.rule, voices=count),
                tick=int(onset[breach.beat]),
                spots=tuple(_spots(breach, voices, harmonization)),
                voices=voices,
                sung=tuple(remark.notes[voice] for voice in voices) if by_chord else remark.notes,
                numerals=_numerals(breach, harmonization),
            )
        )
    return found


def _numerals(breach: Breach, harmonization: Harmonization) -> tuple[str, ...]:
    voicings, row = harmonization.voicings, breach.beat
    is_progression = breach.rule.scope == Scope.CHORDS
    rows = (row - 1, row) if is_progression else (row,)
    return tuple(
        VOCABULARY[int(voicings.chord[one])].figured(int(voicings.member[one, BASS]))
        for one in rows
        if voicings.chord[one] != NO_CHORD
    )


def _spots(breach: Breach, voices: tuple[int, ...], harmonization: Harmonization) -> list[Spot]:
    melody, row = harmonization.melody, breach.beat
    here = int(melody.onset[row])
    if breach.rule.scope == Scope.VOICING:
        return [Spot(voice=voice, tick=here) for voice in voices]
    before = int(melody.onset[row - 1])
    leaving = here - 1 if here - before <= melody.duration[row - 1] else _last(harmonization, row)
    return [
        Spot(voice=voice, tick=max(before, leaving) if voice == SOPRANO else before)
        for voice in voices
    ] + [Spot(voice=voice, tick=here) for voice in voices]


def _last(harmonization: Harmonization, row: int) -> int:
    """The last tick at which the voicing before sounds, where a rest follows it."""
    melody = harmonization.melody
    return int(melody.onset[row - 1] + melody.duration[row - 1]) - 1


def concerned(breach: Breach, harmonization: Harmonization) -> tuple[int, ...]:
    """The voices that a rule on a whole chord is about; all where it is about none in particular.

    Args:
        breach: of a rule that names no voices.
        harmonization: where it was found.
    """
    voicings, row = harmonization.voicings, breach.beat
    pitches, member = voicings.pitches[row], voicings.member[row]
    everyone = tuple(range(len(pitches)))
    if breach.rule.scope == Scope.CHORDS and len(pitches) == 4:
        return everyone
    find = _CONCERNED.get(breach.rule.name)
    if find is None or (len(pitches) == 2 and breach.rule.name != "range"):
        return everyone
    found = find(pitches, member, int(voicings.chord[row]))
    return tuple(found) or everyone


def _neighbours(is_wrong: np.ndarray) -> list[int]:
    """Both voices of each pair of neighbours that something is wrong between."""
    first = np.flatnonzero(is_wrong)
    return sorted({*first.tolist(), *(first + 1).tolist()})


def _out_of_range(pitches: np.ndarray, _: np.ndarray, __: int) -> list[int]:
    if len(pitches) == 2:
        return [1]
    low, high = COMFORTABLE.T
    is_out = (pitches < low) | (pitches > high)
    is_out[SOPRANO] = False
    return np.flatnonzero(is_out).tolist()


def _with(wanted: int) -> Callable[[np.ndarray, np.ndarray, int], list[int]]:
    return lambda _, member, __: np.flatnonzero(member == wanted).tolist()


def _bass(*_: object) -> list[int]:
    return [BASS]


_CONCERNED: dict[str, Callable[[np.ndarray, np.ndarray, int], list[int]]] = {
    "range": _out_of_range,
    "spacing": lambda pitches, _, __: _neighbours(pitches[:2] - pitches[1:3] > 12),
    "low_gap": lambda *_: [2, 3],
    "crossing": lambda pitches, _, __: _neighbours(pitches[:-1] < pitches[1:]),
    "unison": lambda pitches, _, __: _neighbours(pitches[:-1] == pitches[1:]),
    "foreign_tone": _with(-1),
    "doubled_leading_tone": lambda _, member, chord: np.flatnonzero(
        member == TABLE.leading[chord]
    ).tolist(),
    "doubled_seventh": _with(3),
    "doubled_third": _with(1),
    "doubled_fifth": _with(2),
    "first_inversion": _bass,
    "second_inversion": _bass,
    "low_seventh": _bass,
    "diminished_root": _bass,
    "melody_clash": lambda *_: [SOPRANO],
}
"""Rule to which voices of one voicing it is about: (pitches, members, chord) -> voices."""
