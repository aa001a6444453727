"""Tones that ornament a chord, named as they are taught: suspensions, passing and neighbour tones.

A tone is named by its line: how the voice comes to it, and how it goes on. On the beat such a tone
stands for the one that it goes to: the chord under a suspension is the one that it resolves into.

Source: E. Aldwell and C. Schachter, "Harmony and Voice Leading" (4th ed.), units 20 to 22;
S. Kostka and D. Payne, "Tonal Harmony" (7th ed.), ch. 11 and 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.chords import TABLE
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.voicings import BASS, Voicings
from chromasonic.music.chorale import SILENT
from chromasonic.music.tune import Tune

Integers = npt.NDArray[np.int64]

STEP = 2
"""Semitones of the widest step."""
CONSONANT = frozenset({0, 3, 4, 7, 8, 9})
"""Semitones above the bass, without octaves, in which a suspension can end."""
FIGURES = {1: "9-8", 2: "9-8", 5: "4-3", 6: "4-3", 10: "7-6", 11: "7-6"}
"""Semitones of the suspended tone above the bass to the figure that thoroughbass has for it."""
BASS_FIGURE = "2-3"
RISING_FIGURE = "7-8"


class Kind(Enum):
    """What an ornamenting tone is."""

    SUSPENSION = "suspension"
    """Held or struck again from the chord before, it falls by step."""
    RETARDATION = "retardation"
    """The same, but it rises by step."""
    PASSING = "passing tone"
    """By step on, in one direction."""
    NEIGHBOUR = "neighbour tone"
    """By step away, and back to the same tone."""
    ANTICIPATION = "anticipation"
    """A tone of the next chord, before its time."""
    APPOGGIATURA = "appoggiatura"
    """By leap, on the beat, and by step back."""
    ESCAPE = "escape tone"
    """By step, off the beat, and by leap back."""


FIGURED = frozenset({(Kind.SUSPENSION, False), (Kind.RETARDATION, True)})
"""What has a figure in its name: a suspension, and of retardations the 7-8."""


@dataclass(frozen=True, slots=True)
class Line:
    """The notes of a voice as heard: ticks from the start, and MIDI numbers, each (N,)."""

    onset: Integers
    end: Integers
    pitch: Integers

    @staticmethod
    def of(part: Tune) -> Line:
        """Of a part as written, repeats not unfolded."""
        onset, length, pitch = np.array(list(part.sounding()), np.int64).reshape(-1, 3).T
        return Line(onset, onset + length, pitch)

    def place(self, ticks: Integers) -> Integers:
        """Number of the last note that has begun at each moment; -1 before the first."""
        return np.searchsorted(self.onset, ticks, side="right") - 1

    def at(self, ticks: Integers) -> Integers:
        """What sounds at each moment; `SILENT` where nothing does."""
        place = self.place(ticks)
        sounds = (place >= 0) & (ticks < self.end[np.maximum(place, 0)])
        return np.where(sounds, self.pitch[np.maximum(place, 0)], SILENT)

    def beside(self, note: int) -> tuple[int | None, int | None]:
        """Pitches of the notes just before and just after one; None beside a rest or an end."""
        before = note > 0 and self.end[note - 1] == self.onset[note]
        after = note + 1 < len(self.onset) and self.end[note] == self.onset[note + 1]
        return (
            int(self.pitch[note - 1]) if before else None,
            int(self.pitch[note + 1]) if after else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Embellishment:
    """A tone that is foreign to the chord and has its reason.

    Attributes:
        kind: what it is.
        figure: of a suspension, above the bass: "4-3", "7-6", "9-8", in the bass "2-3"; of a
            retardation "7-8"; else "".
        voice: 0 is the highest.
        beat: row of the voicing in whose time it sounds.
        tick: when it begins to be foreign: the beat, or off the beat its onset.
        is_accented: on the beat.
        pitch: its MIDI number.
        goes_to: that of the note after it.
        resolves: when that one begins, in ticks.
    """

    kind: Kind
    figure: str
    voice: int
    beat: int
    tick: int
    is_accented: bool
    pitch: int
    goes_to: int
    resolves: int

    @property
    def text(self) -> str:
        """Its name: "suspension 4-3", "accented passing tone"."""
        if self.kind in (Kind.PASSING, Kind.NEIGHBOUR) and self.is_accented:
            return f"accented {self.kind.value}"
        return f"{self.kind.value} {self.figure}".strip()


def embellishments(
    lines: Sequence[Line], melody: Melody, voicings: Voicings
) -> list[Embellishment]:
    """The ornamenting tones of four voices, in time; a foreign tone without a reason is none.

    Args:
        lines: of the voices, highest first.
        melody: whose onsets are the beats.
        voicings: the chord at each of them.
    """
    found = []
    bounds = [*melody.onset.tolist(), max(int(line.end[-1]) for line in lines)]
    for beat, (start, end) in enumerate(pairwise(bounds)):
        for voice, line in enumerate(lines):
            first = int(line.place(np.array(start)))
            last = int(line.place(np.array(end - 1)))
            for note in range(max(first, 0), last + 1):
                tick = max(int(line.onset[note]), start)
                if tick >= int(line.end[note]):  # a rest follows it
                    continue
                one = _named(lines, voice, note, tick, beat, bounds, voicings)
                if one is not None:
                    found.append(one)
    return sorted(found, key=lambda one: (one.tick, one.voice))


def _named(
    lines: Sequence[Line],
    voice: int,
    note: int,
    tick: int,
    beat: int,
    bounds: list[int],
    voicings: Voicings,
) -> Embellishment | None:
    """What a note is at a moment; None for a chord tone, and for what has no name."""
    line = lines[voice]
    pitch, onset, resolves = int(line.pitch[note]), int(line.onset[note]), int(line.end[note])
    before, after = line.beside(note)
    if after is None:
        return None
    is_foreign = not _fits(pitch, voicings, beat)
    is_accented = tick == bounds[beat]
    figure = _figure(lines, voice, pitch, tick, after, resolves)
    kind = None
    if is_accented and (onset < tick or before == pitch):
        if not _comes_over(lines, voice, tick):
            return None
        next_beat = int(np.searchsorted(bounds, resolves, side="right")) - 1
        goes_home = next_beat < len(voicings) and _fits(after, voicings, next_beat)
        if 1 <= pitch - after <= STEP:
            is_one = is_foreign and goes_home and _is_dissonant(lines, voice, pitch, tick)
            is_one = is_one or _is_plain(lines, voice, tick, figure)
            kind = Kind.SUSPENSION if is_one else None
        elif _is_retardation(is_foreign and goes_home, figure, pitch, after, beat, voicings):
            kind = Kind.RETARDATION
    elif is_foreign and before is not None and resolves <= bounds[beat + 1]:
        kind = _ornament(before - pitch, after - pitch, is_accented)
    if kind is None:
        return None
    return Embellishment(
        kind=kind,
        figure=figure if (kind, figure == RISING_FIGURE) in FIGURED else "",
        voice=voice,
        beat=beat,
        tick=tick,
        is_accented=is_accented,
        pitch=pitch,
        goes_to=after,
        resolves=resolves,
    )


def _comes_over(lines: Sequence[Line], voice: int, tick: int) -> bool:
    """Whether another voice has a new pitch at a moment: nothing is suspended over a chord that
    only goes on."""
    moments = np.array([tick - 1, tick])
    others = [line.at(moments) for place, line in enumerate(lines) if place != voice]
    return any(was != now for was, now in others)


def _is_retardation(
    is_foreign: bool, figure: str, pitch: int, after: int, beat: int, voicings: Voicings
) -> bool:
    """Prepared as a tone of the chord before, it rises by step; a 7-8 whatever chord it is in."""
    is_prepared = beat > 0 and _fits(pitch, voicings, beat - 1)
    rises = 1 <= after - pitch <= STEP
    return is_prepared and rises and (is_foreign or figure == RISING_FIGURE)


def _ornament(before: int, after: int, is_accented: bool) -> Kind | None:
    """What a foreign tone is by the notes around it, in semitones above it."""
    comes_by_step, goes_by_step = 1 <= abs(before) <= STEP, 1 <= abs(after) <= STEP
    turns = before * after > 0
    if comes_by_step and goes_by_step:
        if not turns:
            return Kind.PASSING
        return Kind.NEIGHBOUR if before == after else None
    if after == 0 and not is_accented:
        return Kind.ANTICIPATION
    if not turns:
        return None
    if is_accented:
        return Kind.APPOGGIATURA if goes_by_step else None
    return Kind.ESCAPE if comes_by_step else None


def _fits(pitch: int, voicings: Voicings, beat: int) -> bool:
    """Whether a pitch belongs to the chord of a beat."""
    chord = int(voicings.chord[beat])
    degree = (pitch - int(voicings.tonic[beat]) - int(TABLE.root[chord])) % 12
    return degree in TABLE.members[chord].tolist()[: int(TABLE.size[chord])]


def _is_plain(lines: Sequence[Line], voice: int, tick: int, figure: str) -> bool:
    """Whether a tone is a suspension whatever chord it could be read into.

    A prepared seventh or ninth that falls by step over a bass that stays is one, and so is a fourth
    but for that of a six-four, with the sixth beside it.
    """
    if figure not in FIGURES.values():
        return False
    bass, pitch = (int(lines[place].at(np.array(tick))) for place in (BASS, voice))
    others = [int(line.at(np.array(tick))) for place, line in enumerate(lines) if place != voice]
    above = {(other - bass) % 12 for other in others if other != SILENT}
    if figure == "7-6":  # with a major third it is a dominant seventh
        return not ((pitch - bass) % 12 == 10 and 4 in above)
    return figure != "4-3" or not {8, 9} & above


def _is_dissonant(lines: Sequence[Line], voice: int, pitch: int, tick: int) -> bool:
    """Whether a voice rubs against another (second, seventh, ninth) or the bass (fourth)."""
    others = [int(line.at(np.array(tick))) for line in lines]
    rubs = any(
        (pitch - other) % 12 in (1, 2, 6, 10, 11)
        for place, other in enumerate(others)
        if place != voice and other != SILENT
    )
    is_fourth = others[BASS] != SILENT and (pitch - others[BASS]) % 12 == 5
    return rubs or (voice != BASS and is_fourth)


def _figure(
    lines: Sequence[Line], voice: int, pitch: int, tick: int, after: int, resolves: int
) -> str:
    if voice == BASS:
        return BASS_FIGURE
    bass, later = (int(lines[BASS].at(np.array(moment))) for moment in (tick, resolves))
    if SILENT in (bass, later):
        return ""
    if bass == later and (pitch - bass) % 12 == 11 and after == pitch + 1:
        return RISING_FIGURE
    figure = FIGURES.get((pitch - bass) % 12, "")
    return figure if bass == later and (after - bass) % 12 in CONSONANT else ""
