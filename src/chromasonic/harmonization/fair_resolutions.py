"""How sevenths and leading tones may go on: what is taught beside "down by step" and "up by step".

The rules of the reward look at one voice and two chords. What is written has more ways that no
teacher marks: another voice takes the seventh over, the bass moves it to another octave, a leading
tone in an inner voice falls to complete the chord.

Source: E. Aldwell and C. Schachter, "Harmony and Voice Leading" (4th ed.), units 6, 8, 12 and 31;
S. Kostka and D. Payne, "Tonal Harmony" (7th ed.), ch. 13 to 17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chromasonic.harmonization.chords import TABLE
from chromasonic.harmonization.embellishing import STEP, Line
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.placing import Mark
from chromasonic.harmonization.voicings import BASS, Voicings

FIFTH, SEVENTH = 2, 3
THIRDS = (3, 4)
DIMINISHED = (0, 3, 6, 9)
"""Semitones of a diminished seventh above its root: any of its tones can be the root."""
OUTER = (0, BASS)


@dataclass(frozen=True, slots=True)
class Passage:
    """One voice from a chord to the next: from row `row` of a setting to the row after it."""

    setting: Harmonization
    lines: Sequence[Line]
    row: int
    voice: int

    @property
    def voicings(self) -> Voicings:
        """Of the whole setting."""
        return self.setting.voicings

    @property
    def start(self) -> int:
        """When the chord is struck, in ticks."""
        return int(self.setting.melody.onset[self.row])

    @property
    def end(self) -> int:
        """When the next one is; the end of the setting after the last."""
        onset, row = self.setting.melody.onset, self.row + 1
        return int(onset[row]) if row < len(onset) else int(self.lines[BASS].end[-1])

    @property
    def pitch(self) -> int:
        """What the voice has in the chord."""
        return int(self.voicings.pitches[self.row, self.voice])

    @property
    def following(self) -> int:
        """What it has in the next one."""
        return int(self.voicings.pitches[self.row + 1, self.voice])

    def root(self, row: int) -> int:
        """Pitch class of the root of a chord."""
        chord = int(self.voicings.chord[row])
        return int(self.voicings.tonic[row] + TABLE.root[chord]) % 12

    def notes(self, voice: int) -> Iterator[int]:
        """Numbers of the notes that a voice sounds in the chord's time."""
        line = self.lines[voice]
        for note in range(int(line.place(np.array(self.start))), len(line.onset)):
            if note >= 0 and int(line.onset[note]) < self.end and int(line.end[note]) > self.start:
                yield note

    def around(self) -> Iterator[tuple[int | None, int | None]]:
        """The tones before and after the voice's own in the chord's time, struck again or not."""
        line = self.lines[self.voice]
        for note in self.notes(self.voice):
            if int(line.pitch[note]) == self.pitch:
                first = last = note
                while line.beside(first)[0] == self.pitch:
                    first -= 1
                while line.beside(last)[1] == self.pitch:
                    last += 1
                yield line.beside(first)[0], line.beside(last)[1]


def is_well_resolved(mark: Mark, plain: Harmonization, lines: Sequence[Line]) -> bool:
    """Whether a mark on a seventh or a leading tone is none that a teacher would make.

    Args:
        mark: of any rule; those on other rules always stand.
        plain: one voicing a beat, ornaments resolved.
        lines: of the four voices as they sound, highest first.
    """
    ways = _WAYS.get(mark.remark.rule, ())
    row = int(np.searchsorted(plain.melody.onset, mark.tick))
    if mark.remark.rule != "low_seventh":  # the others are marked where the voice arrives
        row -= 1
    return any(way(Passage(plain, lines, row, mark.voices[0])) for way in ways)


def _has_no_root(at: Passage) -> bool:
    """Nobody sounds the root: what is named its seventh is a consonance."""
    root = at.root(at.row)
    return not any(
        int(line.pitch[note]) % 12 == root
        for voice, line in enumerate(at.lines)
        for note in at.notes(voice)
    )


def _leaves_by_step(at: Passage) -> bool:
    """It has fallen, or gone on by step, before the beat was over."""
    line = at.lines[at.voice]
    note = int(line.place(np.array(at.start)))
    if note < 0 or int(line.pitch[note]) != at.pitch or int(line.end[note]) >= at.end:
        return False
    _, after = line.beside(note)
    return after is not None and abs(after - at.pitch) <= STEP


def _rises_with_the_bass(at: Passage) -> bool:
    """That of a 4/3 rises over the bass in thirds or tenths, as from V4/3 to I6."""
    before, here = at.voicings.pitches[at.row : at.row + 2, BASS].tolist()
    is_four_three = at.voicings.member[at.row, BASS] == FIFTH and at.voice != BASS
    climbs = 1 <= at.following - at.pitch <= STEP and 1 <= here - before <= STEP
    return bool(is_four_three and climbs and (at.pitch - before) % 12 in THIRDS)


def _is_taken_over(at: Passage) -> bool:
    """Another voice takes the seventh while the chord sounds, and falls by step into the next."""
    for voice, line in enumerate(at.lines):
        for note in at.notes(voice) if voice != at.voice else ():
            _, after = line.beside(note)
            is_it = int(line.pitch[note]) % 12 == at.pitch % 12 and after is not None
            is_later = int(line.onset[note]) > at.start and int(line.end[note]) == at.end
            if is_it and is_later and 1 <= int(line.pitch[note]) - (after or 0) <= STEP:
                return True
    return False


def _moves_by_octave(at: Passage) -> bool:
    """The bass reaches the right tone, an octave higher."""
    return at.voice == BASS and (at.pitch - at.following) % 12 in (1, STEP)


def _is_of_another_root(at: Passage) -> bool:
    """A diminished seventh sounds alike on four roots: on one of them all goes as it should."""
    chord, root = int(at.voicings.chord[at.row]), at.root(at.row)
    if tuple(TABLE.members[chord].tolist()) != DIMINISHED:
        return False
    leading = (at.root(at.row + 1) - 1) % 12
    if (leading - root) % 12 not in DIMINISHED[1:]:
        return False
    pairs = at.voicings.pitches[at.row : at.row + 2].T.tolist()
    falls = [was - now for was, now in pairs if was % 12 == (leading + DIMINISHED[-1]) % 12]
    return all(0 <= fall <= STEP for fall in falls)


def _goes_by_step(at: Passage) -> bool:
    """A bass that goes on by step, or stays; one with the seventh is judged by its resolution."""
    line = at.lines[BASS]
    note = int(line.place(np.array(at.start)))
    _, after = line.beside(note)
    if after is not None and abs(after - int(line.pitch[note])) <= STEP:
        return True
    is_last = at.row + 1 == len(at.voicings)
    changes = not is_last and at.root(at.row) != at.root(at.row + 1)
    return bool(changes and at.voicings.member[at.row, BASS] == SEVENTH)


def _rises_in_the_end(at: Passage) -> bool:
    """It rises before the beat is over, or is only held longer than its chord."""
    return any(after == at.pitch + 1 for _, after in at.around())


def _descends_from_the_tonic(at: Passage) -> bool:
    """It stands in a scale that comes down from the tonic: 8-7-6."""
    return any(
        before == at.pitch + 1 and after is not None and 1 <= at.pitch - after <= STEP
        for before, after in at.around()
    )


def _has_nowhere_to_rise(at: Passage) -> bool:
    """The next chord lacks its tonic."""
    row = at.row + 1
    members = TABLE.members[int(at.voicings.chord[row])].tolist()
    there = {(at.root(row) + member) % 12 for member in members if member >= 0}
    return (at.pitch + 1) % 12 not in there


def _becomes_a_seventh(at: Passage) -> bool:
    """It falls by a chromatic semitone and is the seventh of the next chord."""
    is_seventh = at.voicings.member[at.row + 1, at.voice] == SEVENTH
    return bool(is_seventh and at.following == at.pitch - 1)


def _completes_the_chord(at: Passage) -> bool:
    """In an inner voice it falls by a third to the fifth, which no other voice has."""
    members = at.voicings.member[at.row + 1].tolist()
    has_fifth = members[at.voice] == FIFTH and members.count(FIFTH) == 1
    return at.voice not in OUTER and has_fifth and at.following == at.pitch - 4


_LEADING_TONE = (
    *(_rises_in_the_end, _descends_from_the_tonic),
    *(_has_nowhere_to_rise, _becomes_a_seventh),
)
_WAYS: dict[str, tuple[Callable[[Passage], bool], ...]] = {
    "seventh": (
        *(_has_no_root, _leaves_by_step, _rises_with_the_bass),
        *(_is_taken_over, _moves_by_octave, _is_of_another_root),
    ),
    "low_seventh": (_has_no_root, _goes_by_step),
    "leading_tone": _LEADING_TONE,
    "inner_leading_tone": (*_LEADING_TONE, _completes_the_chord),
}
"""Rule to the ways in which it is kept all the same."""
