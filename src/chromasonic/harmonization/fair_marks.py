"""Marks on a written setting as a teacher would make them: once, and not against the textbook.

An agent sets chords beat by beat, and its rules are asked at each beat. What a person writes is
held: a half note is one note, and a six-four of two beats one chord. So what only goes on is not
marked again, and where the rules of the reward are simpler than what is taught, the textbook wins.

Source: E. Aldwell and C. Schachter, "Harmony and Voice Leading" (4th ed.), units 12 and 19.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from chromasonic.harmonization.chords import DOMINANT, TABLE
from chromasonic.harmonization.embellishing import STEP, Line
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.harmony_rules import Harmony
from chromasonic.harmonization.melodies import notes_to_harmonize
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.phrases import written_ends
from chromasonic.harmonization.placing import Mark, marks
from chromasonic.harmonization.rules import RULES, Scope
from chromasonic.harmonization.voicings import BASS
from chromasonic.music.tune import Tune

OF_PITCHES = frozenset({"range", "spacing", "low_gap", "crossing", "unison"})
"""Rules on one voicing that ask for no chord."""
OF_ENDS = frozenset({"cadence", "close_without_dominant", "inverted_close", "late_tonic"})
"""Rules on the chord with which a phrase ends."""
FIFTH = 2


def plain_marks(plain: Harmonization, tune: Tune, lines: Sequence[Line]) -> list[Mark]:
    """The marks of a setting without its ornaments, fit for somebody who wrote it.

    Args:
        plain: one voicing a beat, ornaments resolved.
        tune: the highest voice.
        lines: of the four voices as they sound, highest first.
    """
    whole = held_once(plain)
    cadential = _cadential(whole, plain.melody.onset.tolist())
    found = [mark for mark in marks(plain, tune) if mark.remark.rule != "six_four"]
    found += [mark for mark in marks(whole, tune) if mark.remark.rule == "six_four"]
    ends, begins = _written(plain.melody, tune)
    kept = []
    for mark in found:
        rule = mark.remark.rule
        is_guessed = (rule in OF_ENDS and mark.tick not in ends) or (
            rule == "opening" and mark.tick not in begins
        )
        is_cadential = rule in ("six_four", "second_inversion") and mark.tick in cadential
        is_free = rule == "seventh" and _is_free_seventh(mark, plain, lines)
        if not (is_guessed or is_cadential or is_free):
            kept.append(mark)
    return once(kept, lines)


def once(found: Sequence[Mark], lines: Sequence[Line]) -> list[Mark]:
    """Marks without those that say again of held notes what was said of their beginning.

    Args:
        found: marks, in time.
        lines: of the four voices as they sound, highest first.
    """
    kept, said = [], set[tuple[object, ...]]()
    for mark in sorted(found, key=lambda mark: mark.tick):
        rule = mark.remark.rule
        starts = tuple(_start(lines[voice], mark.tick) for voice in mark.voices)
        if rule == "idle_bass" and starts[-1] < mark.tick:
            continue
        if RULES[rule].scope is Scope.VOICING:
            numerals = () if rule in OF_PITCHES else mark.numerals
            key = (rule, mark.voices, mark.sung, numerals, starts)
            if key in said:
                continue
            said.add(key)
        kept.append(mark)
    return kept


def is_fair_motion(mark: Mark, heard: Harmonization) -> bool:
    """Whether a mark on motion stands: an octave of the bass is no motion of all voices."""
    if mark.remark.rule != "same_direction":
        return True
    row = int(np.searchsorted(heard.melody.onset, mark.tick))
    before, here = heard.voicings.pitches[row - 1 : row + 1, BASS].tolist()
    return bool((before - here) % 12)


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


def _cadential(whole: Harmonization, onsets: Sequence[int]) -> set[int]:
    """The beats within a six-four of the tonic that goes to its dominant on the same bass."""
    voicings, melody = whole.voicings, whole.melody
    harmony = Harmony(voicings.chord, voicings.tonic, voicings.pitches[:, BASS])
    strength = melody.beats.strength
    spans = []
    for row in np.flatnonzero(harmony.is_six_four & harmony.is_tonic).tolist():
        after = row + 1
        if after == len(voicings):
            continue
        is_on_dominant = harmony.function[after] == DOMINANT
        is_same_bass = (harmony.bass[after] - harmony.bass[row]) % 12 == 0
        if is_on_dominant and is_same_bass and strength[row] >= strength[after]:
            start = int(melody.onset[row])
            spans.append(range(start, start + int(melody.duration[row])))
    return {onset for onset in onsets if any(onset in span for span in spans)}


def _written(melody: Melody, tune: Tune) -> tuple[set[int], set[int]]:
    """Moments at which a phrase ends as written, not guessed; and those at which one begins."""
    notes = notes_to_harmonize(tune)
    spans = [range(notes[one].onset, notes[one].end) for one in written_ends(tune, notes)]
    onsets = melody.onset.tolist()
    closes = [row for row, onset in enumerate(onsets) if any(onset in span for span in spans)]
    begins = {0, *(row + 1 for row in closes if row + 1 < len(onsets))}
    return {onsets[row] for row in closes}, {onsets[row] for row in begins}


def _is_free_seventh(mark: Mark, plain: Harmonization, lines: Sequence[Line]) -> bool:
    """A seventh that has fallen, or gone on by step, before the beat was over; or that of a 4/3
    rising above the bass in thirds or tenths, as from V4/3 to I6."""
    (voice,) = mark.voices
    row = int(np.searchsorted(plain.melody.onset, mark.tick))
    line, start = lines[voice], int(plain.melody.onset[row - 1])
    note = int(line.place(np.array(start)))
    pitches, member = plain.voicings.pitches[row - 1 : row + 1], plain.voicings.member[row - 1]
    rises = pitches[1] - pitches[0]
    if member[BASS] == FIFTH and voice != BASS:
        climbs = 1 <= rises[voice] <= STEP and 1 <= rises[BASS] <= STEP
        if climbs and (pitches[0, voice] - pitches[0, BASS]) % 12 in (3, 4):
            return True
    if note < 0 or int(line.pitch[note]) != int(pitches[0, voice]):
        return False
    _, after = line.beside(note)
    leaves_early = int(line.end[note]) < mark.tick
    return leaves_early and after is not None and abs(after - int(line.pitch[note])) <= STEP


def _start(line: Line, tick: int) -> int:
    """When the note that sounds at a moment, or sounded last, began."""
    return int(line.onset[max(int(line.place(np.array(tick))), 0)])
