"""Six-fours as a teacher marks them: each wrong one once, and none that the bass only passes.

Two rules of the reward are about one thing: `second_inversion` is asked of each six-four,
`six_four` of the chords around it. In a setting that somebody wrote `six_four` owns the fault,
where the chord is entered or else where it is left; `second_inversion` is told only of what that
does not see, a cadential six-four on a weaker beat than its dominant.

Source: E. Aldwell and C. Schachter, "Harmony and Voice Leading" (4th ed.), unit 19;
S. Kostka and D. Payne, "Tonal Harmony" (7th ed.), ch. 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from chromasonic.harmonization.chords import DOMINANT, TABLE
from chromasonic.harmonization.embellishing import STEP, Line
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.harmony_rules import Harmony
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.placing import Mark, marks
from chromasonic.harmonization.voicings import BASS
from chromasonic.music.tune import Tune

OF_SIX_FOURS = frozenset({"six_four", "second_inversion"})


def six_four_marks(plain: Harmonization, tune: Tune, lines: Sequence[Line]) -> list[Mark]:
    """One mark on each six-four outside its uses.

    Args:
        plain: one voicing a beat, ornaments resolved.
        tune: the highest voice.
        lines: of the four voices as they sound, highest first.
    """
    whole = held_once(plain)
    six_fours = {one.row: one for one in _six_fours(whole, lines[BASS])}
    onset = whole.melody.onset.tolist()
    told, found = set[int](), list[Mark]()
    for mark in marks(whole, tune):
        row = onset.index(mark.tick)
        before, here = six_fours.get(row - 1), six_fours.get(row)
        if mark.remark.rule == "six_four":
            blamed = {row} if here and here.is_entered_badly else set()
            blamed |= {row - 1} if before and before.is_left_badly else set()
            if not blamed <= told:
                found.append(mark)
                told |= blamed
        if mark.remark.rule == "second_inversion" and here and here.is_late:
            found.append(mark)
    return found


def held_once(setting: Harmonization) -> Harmonization:
    """A setting with one voicing for as long as a chord stays on the same tone of the bass."""
    voicings, melody = setting.voicings, setting.melody
    triad = (voicings.tonic + TABLE.root[voicings.chord]) % 12
    what = np.column_stack(
        [triad, TABLE.is_minor_third[voicings.chord], voicings.pitches[:, BASS] % 12]
    )
    first = np.flatnonzero(np.append(True, (what[1:] != what[:-1]).any(1)))
    last = np.append(first[1:], len(what)) - 1
    beats = melody.beats[first]
    beats = replace(
        beats,
        leaving=melody.beats.leaving[last],
        ends_phrase=melody.beats.ends_phrase[last],
        is_last=melody.beats.is_last[last],
    )
    duration = melody.onset[last] + melody.duration[last] - melody.onset[first]
    rows = {
        field.name: getattr(melody, field.name)[first]
        for field in fields(Melody)
        if field.name in ("onset", "bar", "place")
    }
    merged = replace(melody, beats=beats, duration=duration, **rows)
    return replace(setting, melody=merged, voicings=voicings[first])


@dataclass(frozen=True, slots=True, kw_only=True)
class _SixFour:
    """A six-four by its row, and what can be wrong with it.

    Attributes:
        is_late: it is cadential, but on a weaker beat than its dominant.
    """

    row: int
    is_entered_badly: bool
    is_left_badly: bool
    is_late: bool


def _six_fours(whole: Harmonization, bass: Line) -> Iterator[_SixFour]:
    """Those that sound: where an ornament stands in the bass, none does."""
    voicings, strength = whole.voicings, whole.melody.beats.strength
    harmony = Harmony(voicings.chord, voicings.tonic, voicings.pitches[:, BASS])
    for row in np.flatnonzero(harmony.is_six_four).tolist():
        note = int(bass.place(whole.melody.onset[row]))
        pitch = int(bass.pitch[max(note, 0)])
        if note < 0 or (pitch - harmony.bass[row]) % 12:
            continue
        last, after = note, row + 1
        while bass.beside(last)[1] == pitch:
            last += 1
        come, go = _move(pitch, bass.beside(note)[0]), _move(pitch, bass.beside(last)[1])
        stays = after < len(voicings) and (harmony.bass[after] - harmony.bass[row]) % 12 == 0
        leads = bool(stays and harmony.is_tonic[row] and harmony.function[after] == DOMINANT)
        passes = _is_step(come) and _is_step(go) and come * go < 0
        is_strong = harmony.is_tonic[row] and strength[row] > 0
        yield _SixFour(
            row=row,
            is_entered_badly=not (leads or passes or _is_step(come)),
            is_left_badly=not (leads or passes or (_is_step(go) and not is_strong)),
            is_late=leads and bool(strength[row] < strength[after]),
        )


def _move(pitch: int, other: int | None) -> int:
    """Semitones from a pitch to the one beside it; a tritone, no step, where there is none."""
    return 6 if other is None else other - pitch


def _is_step(move: int) -> bool:
    """Whether the bass moves by step, in whatever octave, or by an octave."""
    return move % 12 <= STEP or -move % 12 <= STEP
