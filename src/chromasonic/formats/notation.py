"""How ticks become written notes: values, dots, tuplets, ties, beams, spelled accidentals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Metre
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES, name_of_fifths, pitch_class_of
from chromasonic.music.tune import Bar, Note

VALUES = {
    "breve": 2 * TICKS_PER_WHOLE,
    "whole": TICKS_PER_WHOLE,
    "half": TICKS_PER_WHOLE // 2,
    "quarter": TICKS_PER_WHOLE // 4,
    "eighth": TICKS_PER_WHOLE // 8,
    "16th": TICKS_PER_WHOLE // 16,
    "32nd": TICKS_PER_WHOLE // 32,
    "64th": TICKS_PER_WHOLE // 64,
    "128th": TICKS_PER_WHOLE // 128,
}
"""Note values of MusicXML to ticks."""

BEAMS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5}
"""How many beams a value has."""

TUPLETS = ((3, 2), (5, 4), (7, 4), (9, 8))
"""Tuplets that are written: so many notes in the time of so many."""

_PLAIN = {
    (length * (2 ** (dots + 1) - 1)) >> dots: (name, dots)
    for name, length in VALUES.items()
    for dots in (0, 1, 2)
    if length % 2**dots == 0
}


_CELLS = tuple(TICKS_PER_QUARTER >> halvings for halvings in range(5))
"""Where a length that crosses beats oddly may be cut: at quarters, eighths, ... 64ths."""


@dataclass(frozen=True, slots=True)
class Written:
    """One note head or rest on the page.

    Attributes:
        duration: ticks that it takes.
        pitch: MIDI number; None is a rest.
        value: a name of `VALUES`, or "" where no value has this length.
        dots: 0 to 2.
        tuplet: (notes, in the time of), or None.
        bracket: "start", "stop" or "" of a tuplet's bracket.
        tie_from, tie_to: whether it is tied to what came before, to what follows.
        beams: begin, continue, end, "forward hook" or "backward hook", outermost beam first.
        onset: ticks from the start of the bar.
        fermata: a fermata stands over it.
        name: how its pitch is spelled ("F#"); None: as the key spells it.
        is_whole_bar: it is the rest of a silent bar.
    """

    duration: int
    pitch: int | None
    value: str
    dots: int = 0
    tuplet: tuple[int, int] | None = None
    bracket: str = ""
    tie_from: bool = False
    tie_to: bool = False
    beams: tuple[str, ...] = ()
    onset: int = 0
    fermata: bool = False
    is_whole_bar: bool = False
    name: str | None = None


def written_bar(bar: Bar, *, tied_on: bool = False, ends_bar: bool = False) -> list[Written]:
    """The note heads of a bar: lengths without a value of their own are split and tied.

    Args:
        bar: the bar.
        tied_on: whether its last note is tied to the bar after it.
        ends_bar: the bar is an anacrusis: its beats are counted from its end.
    """
    heads: list[Written] = []
    full = bar.metre.bar_ticks if bar.metre else bar.duration
    place = start = full - bar.duration if ends_bar and bar.duration < full else 0
    beat = bar.metre.beat_ticks if bar.metre else TICKS_PER_QUARTER
    for index, note in enumerate(bar.notes):
        following = bar.notes[index + 1] if index + 1 < len(bar.notes) else None
        tied = following.tied and following.pitch == note.pitch if following else tied_on
        pieces = list(_pieces(note.duration, place, beat))
        for number, (length, value, dots, tuplet) in enumerate(pieces):
            sounding = note.pitch is not None
            heads.append(
                Written(
                    length,
                    note.pitch,
                    value,
                    dots,
                    tuplet,
                    tie_from=sounding and (number > 0 or note.tied),
                    tie_to=sounding and (number + 1 < len(pieces) or tied),
                    onset=place - start,
                    fermata=note.fermata and number + 1 == len(pieces),
                    name=note.name,
                )
            )
            place += length
    return _beamed(_bracketed(heads), bar.metre, start)


def is_anacrusis(bars: tuple[Bar, ...], index: int) -> bool:
    """Whether a bar is short at its front: an upbeat at the start, or of a repeated section.

    A short bar that fills up the one before it is an upbeat too, unless that one was: then it ends
    short what the upbeat began.
    """
    if _is_first_and_short(bars, index):
        return True
    fills_up = index > 0 and _fills_up(bars[index - 1], bars[index])
    return fills_up and not _is_first_and_short(bars, index - 1)


def bar_numbers(bars: tuple[Bar, ...]) -> list[int]:
    """The number of each bar: the first full one is 1, an upbeat before it 0.

    Two short bars that make up a full one, at a repeat or a double bar, share a number.
    """
    numbers, number = list[int](), 0
    for index, bar in enumerate(bars):
        is_upbeat = is_anacrusis(bars, index)
        opens = index == 0 and is_upbeat and len(bars) > 1
        if not (opens or (is_upbeat and index > 0 and _fills_up(bars[index - 1], bar))):
            number += 1
        numbers.append(number)
    return numbers


def _fills_up(before: Bar, bar: Bar) -> bool:
    """Whether two bars are a full one together."""
    return bar.metre is not None and before.duration + bar.duration == bar.metre.bar_ticks


def _is_first_and_short(bars: tuple[Bar, ...], index: int) -> bool:
    bar = bars[index]
    is_short = bar.metre is not None and bar.duration < bar.metre.bar_ticks
    return is_short and (index == 0 or bar.opens_repeat)


Piece = tuple[int, str, int, tuple[int, int] | None]
"""Ticks, value, dots, tuplet."""


def _pieces(duration: int, place: int, beat: int) -> Iterator[Piece]:
    """Values that add up to a length, cut at beats (else finer) where one value does not do."""
    while duration:
        piece = _value(duration, place)
        if piece is None:
            cuts = (range(cell - place % cell, duration, cell) for cell in (beat, *_CELLS))
            to_cell = ([cut for cut in cells if _value(cut, place)] for cells in cuts)
            shorter = next(filter(None, to_cell), None) or [
                length for length in _PLAIN if length < duration and _value(length, place)
            ]
            piece = _value(max(shorter), place) if shorter else None
        if piece is None:
            piece = (duration, "", 0, None)
        yield piece
        duration -= piece[0]
        place += piece[0]


def _value(duration: int, place: int) -> Piece | None:
    """The value of just this length, or None; a tuplet's note must lie on its tuplet's grid."""
    if duration in _PLAIN and (place * 32 % TICKS_PER_QUARTER == 0):
        name, dots = _PLAIN[duration]
        return duration, name, dots, None
    for notes, time_of in TUPLETS:
        if duration * notes % time_of or duration * notes // time_of not in _PLAIN:
            continue
        name, dots = _PLAIN[duration * notes // time_of]
        for cell in (TICKS_PER_QUARTER >> 1, TICKS_PER_QUARTER, TICKS_PER_QUARTER << 1,
                     TICKS_PER_QUARTER << 2):  # fmt: skip
            inside = place // cell == (place + duration - 1) // cell
            step = cell // notes
            grid = all(time % cell * 4 % step == 0 for time in (place, place + duration))
            if inside and grid:
                return duration, name, dots, (notes, time_of)
    return None


def _bracketed(heads: list[Written]) -> list[Written]:
    """Brackets around tuplets: each closes where its sum is a plain length again."""
    result, total, opened = list(heads), 0, -1
    for index, head in enumerate(heads):
        if head.tuplet is None:
            total, opened = 0, -1
            continue
        if opened < 0 or head.tuplet != heads[opened].tuplet:
            total, opened = 0, index
        total += head.duration
        following = heads[index + 1] if index + 1 < len(heads) else None
        last = following is None or following.tuplet != head.tuplet
        whole = total * 32 % TICKS_PER_QUARTER == 0
        if (whole or last) and opened < index:
            result[opened] = replace(result[opened], bracket="start")
            result[index] = replace(result[index], bracket="stop")
        if whole or last:
            total, opened = 0, -1
    return result


def _beamed(heads: list[Written], metre: Metre | None, start: int) -> list[Written]:
    """Beams within each beat; plain eighths join up to half a bar of 4/4, a bar of 3/4 or 3/8."""
    if metre is None:
        return heads
    result = list(heads)
    for group in _beam_groups(heads, metre, start):
        counts = [BEAMS[heads[index].value] for index in group]
        for place, index in enumerate(group):
            marks = tuple(_beam_mark(counts, place, level) for level in range(1, counts[place] + 1))
            result[index] = replace(result[index], beams=marks)
    return result


def _beam_groups(heads: list[Written], metre: Metre, start: int) -> list[list[int]]:
    beat = metre.beat_ticks if metre.beat_ticks >= TICKS_PER_QUARTER else metre.bar_ticks
    wide = {(2, 4): 1, (4, 4): 2, (2, 2): 2, (3, 4): 3}.get((metre.numerator, metre.denominator), 1)
    beat = min(beat, TICKS_PER_QUARTER) if metre.denominator <= 4 else beat
    spans = [beat * wide] if wide > 1 else []

    def groups(cell: int) -> list[list[int]]:
        found: list[list[int]] = []
        previous = -2
        for index, head in enumerate(heads):
            if head.value not in BEAMS or head.pitch is None:
                continue
            number = (start + head.onset) // cell
            joined = previous == index - 1 and found
            if joined and (start + heads[index - 1].onset) // cell == number:
                found[-1].append(index)
            else:
                found.append([index])
            previous = index
        return [group for group in found if len(group) > 1]

    narrow = groups(beat)
    for cell in spans:
        for group in groups(cell):
            values = {
                (heads[index].value, heads[index].tuplet, heads[index].dots) for index in group
            }
            if values == {("eighth", None, 0)}:
                narrow = [other for other in narrow if not set(other) & set(group)] + [group]
    return sorted(narrow)


def _beam_mark(counts: list[int], place: int, level: int) -> str:
    """What a note's beam of a level does: joined to its neighbours that have that level too."""
    before = place > 0 and counts[place - 1] >= level
    after = place + 1 < len(counts) and counts[place + 1] >= level
    if before and after:
        return "continue"
    if before:
        return "end"
    if after:
        return "begin"
    return "backward hook" if place else "forward hook"


def playable(key: Key) -> Key:
    """The key, or the same one on another spelling where its signature would have over 7 signs."""
    return key if abs(key.fifths) <= 7 else Key.of_pitch_class(key.tonic_pitch_class, key.mode)


def spell(pitch: int, key: Key) -> tuple[str, int, int]:
    """Letter, alteration in semitones and octave of a MIDI pitch in a key.

    Of the twelve names on a stretch of the line of fifths around the key signature, the one that
    sounds so: in C major Eb and Bb, but F#, C# and G#; minor keys lean one step to the sharps, so
    that their leading note is raised.
    """
    lowest = playable(key).fifths - 3 + (1 if key.mode == "minor" else 0)
    place = next(place for place in range(lowest, lowest + 12) if place * 7 % 12 == pitch % 12)
    return _in_octave(pitch, name_of_fifths(place))


def spelling(note: Note | Written, key: Key) -> tuple[str, int, int]:
    """Letter, alteration and octave of a note (no rest): by its own name, else as `spell` does."""
    assert note.pitch is not None
    if note.name is None or pitch_class_of(note.name) != note.pitch % 12:
        return spell(note.pitch, key)
    return _in_octave(note.pitch, note.name)


def _in_octave(pitch: int, name: str) -> tuple[str, int, int]:
    alteration = name.count("#") - name.count("b")
    octave = (pitch - alteration) // 12 - 1
    assert (NATURAL_PITCH_CLASSES[name[0]] + alteration - pitch) % 12 == 0
    return name[0], alteration, octave
