"""Tunes to ABC text: four bars a line, beats beamed, accidentals that no reader mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Metre
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES, name_of_fifths, pitch_class_of
from chromasonic.music.tune import Bar, Note, Tune

UNIT_TICKS = TICKS_PER_WHOLE // 8
BARS_A_LINE = 4

MODE_SUFFIXES = {
    "major": "", "minor": "m", "dorian": "dor", "phrygian": "phr", "lydian": "lyd",
    "mixolydian": "mix", "locrian": "loc",
}  # fmt: skip
SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
DEFAULT_TUPLETS = {3: 2, 2: 3, 4: 3, 6: 2, 8: 3}
"""Notes in a tuplet to the time that `(p` alone gives them, whatever the metre."""


def write_abc(tune: Tune) -> str:
    """The tune as ABC text of one tune, which `read_abc` reads to the same bars.

    A chord symbol that begins inside a note is written over that note, as ABC has no other place.
    """
    header = [*header_lines(tune, tune.title), f"K:{key_text(tune.key)}"]
    body = [text for line in music_lines(tune.bars) for text in (*line.fields, line.music)]
    return "\n".join([*header, *body]) + "\n"


def header_lines(tune: Tune, title: str) -> list[str]:
    """The fields before the key: number, title, metre, unit length, tempo."""
    header = ["X:1", f"T:{_line(title)}", f"M:{_metre(tune.metre)}", "L:1/8"]
    if tune.tempo_bpm is not None:
        header.append(f"Q:{_tempo(tune.tempo_bpm, tune.metre)}")
    return header


def key_text(key: Key) -> str:
    """A key as a `K:` field says it."""
    if len(key.tonic) > 2:  # ABC spells a tonic with one accidental at most
        key = Key.of_pitch_class(key.tonic_pitch_class, key.mode)
    return key.tonic + MODE_SUFFIXES[key.mode]


def _line(text: str) -> str:
    return " ".join(text.split()).replace("%", "\\%")


def _metre(metre: Metre | None) -> str:
    return "none" if metre is None else str(metre)


def _tempo(tempo_bpm: float, metre: Metre | None) -> str:
    beat = Fraction(metre.beat_ticks if metre else TICKS_PER_QUARTER, TICKS_PER_WHOLE)
    number = f"{tempo_bpm:.2f}".rstrip("0").rstrip(".")
    return f"{beat.numerator}/{beat.denominator}={number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicLine:
    """One line of music.

    Attributes:
        fields: that stand on lines of their own before it: a new metre, a new key.
        music: the line.
        bars: numbers of its first bar and of the bar after its last, from 0.
    """

    fields: tuple[str, ...]
    music: str
    bars: tuple[int, int]


def music_lines(bars: tuple[Bar, ...]) -> Iterator[MusicLine]:
    """The body, broken after every fourth full bar, after each section and before each repeat."""
    line, full, start = "", 0, 0
    fields: tuple[str, ...] = ()
    for index, bar in enumerate(bars):
        before = bars[index - 1] if index else None
        after = bars[index + 1] if index + 1 < len(bars) else None
        if before is not None:
            fields += tuple(_changes(bar, before))
        line += "|: " if bar.opens_repeat else ""
        if bar.ending and (before is None or _ends_ending(before, bar)):
            line += "[" + ",".join(map(str, bar.ending)) + " "
        line += _music(bar, before, _tie_after(bars, index))
        bar_line = _bar_line(bar, after)
        line += " " + bar_line
        full += bar.is_full
        ends = after is None or after.opens_repeat or any(_changes(after, bar))
        if full >= BARS_A_LINE or bar_line != "|" or ends:
            yield MusicLine(fields=fields, music=line, bars=(start, index + 1))
            line, full, start, fields = "", 0, index + 1, ()
        else:
            line += " "


def _changes(bar: Bar, before: Bar) -> Iterator[str]:
    """Fields for the metre and key that begin with a bar, on lines of their own.

    ABC also has `[K:D]` inside a line, which music21 does not act upon.
    """
    if bar.metre != before.metre:
        yield f"M:{_metre(bar.metre)}"
    if bar.key != before.key:
        yield f"K:{key_text(bar.key)}"


def _ends_ending(bar: Bar, after: Bar) -> bool:
    marked = bar.closes_repeat or bar.closes_section or after.opens_repeat
    return bool(marked) or bar.ending != after.ending


def _bar_line(bar: Bar, after: Bar | None) -> str:
    closes = ":" * bar.closes_repeat
    # An ending without a repeat sign or double bar after it would never end in ABC.
    leaves_ending = bar.ending and after is not None and not after.ending
    if bar.closes_section or (leaves_ending and not closes and after and not after.opens_repeat):
        return closes + ("|]" if after is None else "||")
    return closes + "|"


def _tie_after(bars: tuple[Bar, ...], index: int) -> bool:
    """Whether the last note of a bar is tied to the next bar, or to any ending that follows."""
    following = bars[index + 1 : index + 2]
    if following and following[0].ending and not bars[index].ending:
        end = index + 1
        while end < len(bars) and bars[end].ending:
            end += 1
        following = tuple(
            bars[i] for i in range(index + 1, end)
            if i == index + 1 or _ends_ending(bars[i - 1], bars[i])
        )  # fmt: skip
    elif following and following[0].ending and bars[index].ending != following[0].ending:
        return False  # the tie into a later ending is written before the first one
    return any(bar.notes and bar.notes[0].tied for bar in following)


def _music(bar: Bar, before: Bar | None, tie_after: bool) -> str:
    """The notes and chord symbols of a bar, with a space at each beat."""
    speller = _Speller(bar.key, has_same_key=before is not None and before.key == bar.key)
    beat = bar.metre.beat_ticks if bar.metre else TICKS_PER_QUARTER
    upbeat = before is None and bar.metre is not None and bar.duration < bar.metre.bar_ticks
    onset = bar.metre.bar_ticks - bar.duration if upbeat and bar.metre else 0
    shift = onset
    tuplets = _tuplets(bar.notes)
    chords = sorted(bar.chords, key=lambda chord: chord.onset)
    text = ""
    for index, note in enumerate(bar.notes):
        if text and onset % beat == 0 and tuplets[index][1] is not None:
            text += " "
        while chords and chords[0].onset + shift < onset + note.duration:
            text += f'"{_chord(chords.pop(0).text)}"'
        factor, opening = tuplets[index]
        tied = tie_after if index + 1 == len(bar.notes) else bar.notes[index + 1].tied
        text += (
            (opening or "")
            + ("!fermata!" if note.fermata else "")
            + speller.spell(note)
            + _length(note.duration * factor)
        )
        text += "-" if tied and note.pitch is not None else ""
        onset += note.duration
    return text + "".join(f'"{_chord(chord.text)}"' for chord in chords)


def _chord(text: str) -> str:
    return _line(text).replace('"', "").replace("\\%", "")


def _length(ticks: Fraction) -> str:
    """A length in units: "", "2", "3/2", "/2"."""
    units = ticks / UNIT_TICKS
    if units == 1:
        return ""
    if units.denominator == 1:
        return str(units.numerator)
    numerator = "" if units.numerator == 1 else str(units.numerator)
    return f"{numerator}/{units.denominator}"


def _tuplets(notes: tuple[Note, ...]) -> list[tuple[Fraction, str | None]]:
    """For each note the factor from its length to the written one, and what opens its tuplet.

    What opens is "" outside a tuplet, "(3" at its first note, None inside.
    """
    found: list[tuple[Fraction, str | None]] = []
    index = 0
    while index < len(notes):
        p = _odd_part(notes[index].duration)
        stop = index + 1
        total = notes[index].duration
        if p == 1:
            found.append((Fraction(1), ""))
        else:
            while stop < len(notes) and _odd_part(total) > 1 and stop - index < 99:
                if _odd_part(notes[stop].duration) != p:
                    break
                total += notes[stop].duration
                stop += 1
            q, count = 1 << (p.bit_length() - 1), stop - index
            plain = count == p and DEFAULT_TUPLETS.get(p) == q
            found.append((Fraction(p, q), f"({p}" if plain else f"({p}:{q}:{count}"))
            found += [(Fraction(p, q), None)] * (count - 1)
        index = stop
    return found


def _odd_part(ticks: int) -> int:
    """Odd part of a length's denominator in units: 1 where plain note values write it."""
    denominator = Fraction(ticks, UNIT_TICKS).denominator
    return denominator // (denominator & -denominator)


class _Speller:
    """Writes the pitches of one bar.

    An accidental is written wherever a reader might need it: whether he lets accidentals last for
    all octaves of a letter (ABC 2.1's default) or only for the octave they stand in.
    """

    def __init__(self, key: Key, has_same_key: bool) -> None:
        self.can_carry = has_same_key  # else the tied note may stand on another letter
        self.signature = key.signature()
        self.centre = key.fifths + 2.5
        self.by_letter: dict[str, int] = {}
        self.by_place: dict[tuple[str, int], int] = {}

    def spell(self, note: Note) -> str:
        """A note or rest without its length."""
        is_carried = self.can_carry and note.tied  # the tie brings the accidental over the bar line
        self.can_carry = False
        if note.pitch is None:
            return "z"
        letter, alteration = self._name(note.pitch % 12, note.name)
        octave = (note.pitch - alteration - NATURAL_PITCH_CLASSES[letter]) // 12 - 5
        plain = self.signature.get(letter, 0)
        readings = {
            self.by_letter.get(letter, plain),
            self.by_place.get((letter, octave), plain),
        }
        sign = ""
        if readings != {alteration} and not is_carried:
            sign = SIGNS[alteration]
            self.by_letter[letter] = self.by_place[letter, octave] = alteration
        if octave > 0:
            return sign + letter.lower() + "'" * (octave - 1)
        return sign + letter + "," * -octave

    def _name(self, pitch_class: int, own: str | None) -> tuple[str, int]:
        """Letter and accidental: the note's own, else nearest to the key on the line of fifths."""
        if own is not None and len(own) <= 3 and pitch_class_of(own) == pitch_class:
            return own[0], own.count("#") - own.count("b")
        places = (pitch_class * 7 % 12 + 12 * turn for turn in (-2, -1, 0, 1))
        names = [(abs(place - self.centre), name_of_fifths(place)) for place in places]
        name = min(pair for pair in names if len(pair[1]) <= 3)[1]
        assert pitch_class_of(name) == pitch_class
        return name[0], name.count("#") - name.count("b")
