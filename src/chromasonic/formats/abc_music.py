"""The music code of ABC: a line of letters, bar lines and signs to bars of notes.

One regular expression cuts a line into tokens in a single pass; `Voice` takes them in turn. What a
melody does not need (slurs, grace notes, annotations, decorations but the fermata) is passed over.

Source: The ABC music standard 2.1 (2011), section 4.
"""

from __future__ import annotations

import re

from chromasonic.formats.abc_fields import ACCIDENTALS, FERMATAS, BrokenTune, KeyField, spelled
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES
from chromasonic.music.repeats import with_openings
from chromasonic.music.tune import Bar, ChordSymbol, Note

MAX_NOTES = 20_000
"""A tune with more notes is refused: it is no tune, and would only fill the memory."""

MAX_FACTOR = 512
"""A length of more units, such as `C9999`, is refused."""

_TOKEN = re.compile(
    r"""
    (?P<note>(\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)(\d*)(/*)(\d*))
    | (?P<bar>(:*)(\[\|\]|\[?\|[|\]]*(?:\[\|\]?)?)(:*)(\d[\d,.\-]*)?|(::+|:(?=\]))\]?(\d[\d,.\-]*)?)
    | (?P<space>[ \t`\\)*;?@\#$]+)
    | (?P<quoted>"([^"]*)(")?)
    | (?P<broken><+|>+)
    | (?P<tie>-)
    | (?P<rest>([zxZX])(\d*)(/*)(\d*))
    | (?P<tuplet>\((\d+)(?::(\d*)(?::(\d*))?)?)
    | (?P<field>\[([A-Za-z]):([^\]]*)\])
    | (?P<ending>\[\s?(\d[\d,.\-]*))
    | (?P<chord>\[([^\]|]*)\](\d*)(/*)(\d*))
    | (?P<grace>\{[^}|]*\}?)
    | (?P<decoration>!(?:[^!\s|"]{0,40}!)?|\+(?:[^+\s|"]{0,40}\+)?|[.~H-WYh-wy]\d*)
    | (?P<slur>\(|\[(?=\s*"))
    | (?P<overlay>&[^|]*)
    | (?P<strange>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_GROUP = _TOKEN.groupindex
_CHORD_NOTE = re.compile(r"(\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)(\d*)(/*)(\d*)(-?)")
_CHORD_NAME = re.compile(
    r"\(?[A-G](?:#|b|♯|♭)?"
    r"(?:maj|min|dim|aug|sus|add|alt|omit|mi|ma|no|m|M|o|h|ø|°|Δ|\+|-|\^|[#b♯♭]?\d|[(),/ ]"
    r"|[ad](?=\d|$))*"
    r"(?:/[A-Ga-g][#b♯♭]?[+-]?)?\)?$|N\.?C\.?$"
)
MAX_CHORD_CHARACTERS = 24


class Voice:
    """Collects the bars of one voice, token by token."""

    def __init__(
        self,
        metre: Metre | None,
        unit_ticks: int,
        key: KeyField,
        fermatas: frozenset[str] = frozenset({*FERMATAS, "H"}),
        *,
        keeps_names: bool = False,
    ) -> None:
        self.fermatas, self.keeps_names = fermatas, keeps_names
        self.chord_bar: int | None = None  # the first with notes that sound together, from 1
        self.voice_shift = 0
        self.bars: list[Bar] = []
        self.metre = metre
        self.unit_ticks = unit_ticks
        self.key = key.key or Key()
        self.set_key(key)
        self._notes: list[list] = []  # [ticks, pitch, tied, fermata, name] of the bar being read
        self._chords: list[tuple[int, str]] = []  # (index of the note that it stands over, text)
        self._bar_metre, self._bar_key = metre, self.key
        self._memory: dict[str, int] = {}  # letter to the accidental that lasts to the bar line
        self._last: list | None = None  # the note that a broken-rhythm sign or a tie takes
        self._last_written = ("", 0)
        self._name: str | None = None  # how the last pitch is spelled; None where it is shifted
        self._tie: tuple[str, int, int] | None = None  # letter, octave, pitch
        self._tie_into_endings: tuple[str, int, int] | None = None
        self._broken = 0  # dots of the sign before this note; negative for '<'
        self._tuplet = (1, 1, 0)  # q, p, notes left
        self._opens_repeat = False
        self._ending: tuple[int, ...] = ()
        self._count = 0
        self._fermata = False  # stands before the next note

    # Fields that may stand in the music.

    def set_key(self, field: KeyField) -> None:
        """A new key signature from here on."""
        self.shift = field.shift
        if field.key is not None:
            self.key, self.signature = field.key, field.signature
            self._memory = {}
            if not getattr(self, "_notes", None):
                self._bar_key = self.key
        elif not hasattr(self, "signature"):
            self.signature = field.signature

    def set_shift(self, semitones: int) -> None:
        """How far this voice sounds above what is written, beside what the key says."""
        self.voice_shift = semitones

    def set_metre(self, metre: Metre | None) -> None:
        """A new metre from here on; in the middle of a bar it holds from the next one."""
        self.metre = metre
        if not self._notes:
            self._bar_metre = metre

    # Tokens.

    def read_line(self, line: str) -> list[tuple[str, str]]:
        """Take one line of music; fields inside it are handed to `on_field`."""
        for match in _TOKEN.finditer(line):
            kind = match.lastgroup
            if kind == "note":
                self._read_note(match)
            elif kind != "space":
                _HANDLERS[kind](self, match)  # type: ignore[index]
        return []

    def on_field(self, letter: str, text: str) -> None:
        """Take an inline field; the reader of the tune puts its own function here."""

    def _read_note(self, match: re.Match[str]) -> None:
        _, sign, letter, octave, number, slashes, divisor = match.group(1, 2, 3, 4, 5, 6, 7)
        name, height = _place(letter, octave)
        pitch = self._pitch(sign, name, height)
        tie = self._tie
        tied = tie is not None and pitch == tie[2]
        self._add(self._length(number, slashes, divisor), pitch, tied)
        self._last_written = (name, height)

    def _pitch(self, sign: str | None, name: str, height: int) -> int:
        """MIDI number of a written note, by its accidental, the bar's memory and the key."""
        if sign:
            alteration = ACCIDENTALS[sign]
            self._memory[name] = alteration
        elif self._tie is not None and self._tie[0] == name and self._tie[1] == height:
            return self._tie[2]  # a tie carries its accidental over the bar line
        else:
            found = self._memory.get(name)
            alteration = self.signature.get(name, 0) if found is None else found
        pitch = 12 * height + NATURAL_PITCH_CLASSES[name] + alteration
        pitch += (shift := self.shift + self.voice_shift)
        self._name = spelled(name, alteration, shift) if self.keeps_names else None
        if not 0 <= pitch <= 127:
            raise BrokenTune(f"a note ({name} in octave {height - 1}) is outside the MIDI range")
        return pitch

    def _length(self, number: str, slashes: str, divisor: str) -> tuple[int, int]:
        """Ticks of a written length such as `3/2`, `/`, `//`: a numerator and a denominator."""
        if not number and not slashes:
            return self.unit_ticks, 1
        if len(number) > 6 or len(slashes) > 6 or len(divisor) > 4:
            raise BrokenTune(f"a length ({(number + slashes + divisor)[:20]}) is out of range")
        factor = int(number) if number else 1
        parts = int(divisor) if divisor else 2 ** len(slashes)
        if divisor and len(slashes) > 1:
            parts *= 2 ** (len(slashes) - 1)
        if factor < 1 or parts < 1 or factor > MAX_FACTOR * parts:
            raise BrokenTune(f"a length ({number + slashes + divisor}) is out of range")
        return self.unit_ticks * factor, parts

    def _add(self, length: tuple[int, int], pitch: int | None, tied: bool) -> None:
        """Put a note or rest into the bar, shaped by the tuplet and broken rhythm around it."""
        numerator, denominator = length
        q, p, left = self._tuplet
        if left:
            numerator, denominator = numerator * q, denominator * p
            self._tuplet = (q, p, left - 1)
        ticks = numerator if denominator == 1 else _whole(numerator, denominator)
        if self._broken:
            dots = self._broken
            part = 2 ** abs(dots)
            ticks = _whole(ticks * (1 if dots > 0 else 2 * part - 1), part)
            self._broken = 0
        note = [ticks, pitch, tied, self._fermata, None if pitch is None else self._name]
        self._fermata = False
        self._notes.append(note)
        self._last = note
        self._tie = None
        self._count += 1
        if self._count > MAX_NOTES:
            raise BrokenTune(f"it has more than {MAX_NOTES:,} notes")

    def _read_rest(self, match: re.Match[str]) -> None:
        start = _GROUP["rest"]
        letter, number, slashes, divisor = match.group(start + 1, start + 2, start + 3, start + 4)
        if letter in "zx":
            self._add(self._length(number, slashes, divisor), None, False)
            return
        count = int(number[:5] or 1)
        if self.metre is None:
            raise BrokenTune(f"it rests for whole bars ({letter}) in free metre")
        if not 0 < count <= MAX_FACTOR:
            raise BrokenTune(f"a rest of {number[:20]} bars is out of range")
        for index in range(count):
            self._add((self.metre.bar_ticks, 1), None, False)
            if index < count - 1:
                self._end_bar()

    def _read_chord(self, match: re.Match[str]) -> None:
        """`[ceg]`: its highest note, for the length of its first one times the chord's own."""
        start = _GROUP["chord"]
        inside, number, slashes, divisor = match.group(start + 1, start + 2, start + 3, start + 4)
        best: tuple[int, str, int, str, str | None] | None = None
        length: tuple[int, int] | None = None
        found = _CHORD_NOTE.findall(inside)
        if len(found) > 1:
            self._several_at_once()
        for sign, letter, octave, n, s, d, tie_sign in found:
            name, height = _place(letter, octave)
            pitch = self._pitch(sign, name, height)
            length = length or self._length(n, s, d)
            if best is None or pitch > best[0]:
                best = (pitch, name, height, tie_sign, self._name)
        if best is None or length is None:
            if inside.strip(" xz0123456789/"):
                raise BrokenTune(f"'[{inside[:20]}]' is neither a chord nor a field")
            return
        if number or slashes:
            times = self._length(number, slashes, divisor)
            length = (length[0] * times[0], length[1] * times[1] * self.unit_ticks)
        pitch, name, height, tie_sign, self._name = best
        self._add(length, pitch, self._tie is not None and self._tie[2] == pitch)
        self._last_written = (name, height)
        if tie_sign:
            self._tie = (name, height, pitch)

    def _several_at_once(self, _match: re.Match[str] | None = None) -> None:
        """Remember the bar; of an overlay (`&`) nothing else is read."""
        self.chord_bar = self.chord_bar or len(self.bars) + 1

    def _read_tie(self, _match: re.Match[str]) -> None:
        if self._last is not None and self._last[1] is not None:
            self._tie = (*self._last_written, self._last[1])

    def _read_broken(self, match: re.Match[str]) -> None:
        signs = match.group()
        if self._last is None:
            raise BrokenTune(f"a broken rhythm '{signs[:5]}' follows no note")
        if len(signs) > 3:
            raise BrokenTune(f"a broken rhythm has {len(signs)} signs; ABC knows three at most")
        dots = len(signs) if signs[0] == ">" else -len(signs)
        part = 2 ** abs(dots)
        self._last[0] = _whole(self._last[0] * (2 * part - 1 if dots > 0 else 1), part)
        self._broken = dots

    def _read_tuplet(self, match: re.Match[str]) -> None:
        start = _GROUP["tuplet"]
        texts = match.group(start + 1, start + 2, start + 3)
        if any(text and len(text) > 3 for text in texts):
            raise BrokenTune(f"a tuplet {match.group()[:20]} is out of range")
        p, q, r = (int(text) if text else 0 for text in texts)
        if not q:
            compound = self.metre is not None and self.metre.denominator == 8
            compound = compound and self.metre.numerator in (6, 9, 12)  # type: ignore[union-attr]
            n = 3 if compound else 2
            q = {2: 3, 3: 2, 4: 3, 5: n, 6: 2, 7: n, 8: 3, 9: n}.get(p, 0)
        if not p or not q:
            raise BrokenTune(f"a tuplet {match.group()[:20]} is none that ABC knows")
        self._tuplet = (q, p, r or p)

    def _read_quoted(self, match: re.Match[str]) -> None:
        start = _GROUP["quoted"]
        text, closing = match.group(start + 1, start + 2)
        if closing is None:
            raise BrokenTune("a quotation mark is not closed on its line")
        text = text.strip()  # an annotation begins with one of ^ _ < > @, and is passed over
        if len(text) <= MAX_CHORD_CHARACTERS and _CHORD_NAME.match(text):
            self._chords.append((len(self._notes), text))

    def _read_field(self, match: re.Match[str]) -> None:
        start = _GROUP["field"]
        self.on_field(match.group(start + 1), match.group(start + 2))

    def _read_ending(self, match: re.Match[str]) -> None:
        self._end_bar()
        self._start_ending(match.group(_GROUP["ending"] + 1))

    def _read_bar_line(self, match: re.Match[str]) -> None:
        start = _GROUP["bar"]
        before, line, after, ending, double, ending_2 = match.group(
            start + 1, start + 2, start + 3, start + 4, start + 5, start + 6
        )
        closes, opens = (1, True) if double else (len(before), bool(after))
        section = (
            line is not None and line != "[|]" and ("||" in line or "]" in line or "[" in line)
        )
        self._end_bar(closes, section)
        self._memory = {}
        self._fermata = False  # it stood over the bar line
        self._opens_repeat = self._opens_repeat or opens
        if closes or opens or section:
            self._ending = ()
        number = ending or ending_2
        if number:
            self._start_ending(number)

    def _start_ending(self, text: str) -> None:
        numbers: list[int] = []
        for part in re.split(r"[,.]", text):
            low, dash, high = part.partition("-")
            if not low.isdigit() or len(part) > 5 or (dash and not high.isdigit()):
                continue
            numbers += range(int(low), int(high or low) + 1)
        if not numbers or max(numbers) > 16 or min(numbers) < 1:
            raise BrokenTune(f"an ending [{text[:20]} is out of range (1 to 16)")
        # A tie into the first ending leads into the others as well.
        if 1 in numbers:
            self._tie_into_endings = self._tie
        else:
            self._tie = self._tie_into_endings
        self._ending = tuple(sorted(set(numbers)))

    def _end_bar(self, closes: int = 0, section: bool = False) -> None:
        """Close the bar being read; marks on an empty one belong to the bar before."""
        if closes > 16:
            raise BrokenTune(f"a repeat sign has {closes} colons")
        if self._notes:
            self._append_bar(closes, section)
        elif self.bars and (closes or section):
            last = self.bars[-1]
            self.bars[-1] = Bar(
                last.notes, last.metre, last.key, last.chords, last.opens_repeat,
                max(last.closes_repeat, closes), last.ending, last.closes_section or section,
            )  # fmt: skip
        self._bar_metre, self._bar_key = self.metre, self.key

    def _append_bar(self, closes: int, section: bool) -> None:
        notes = tuple(Note(*note) for note in self._notes)
        chords: tuple[ChordSymbol, ...] = ()
        if self._chords:
            onsets = [0]
            for note in notes:
                onsets.append(onsets[-1] + note.duration)
            chords = tuple(ChordSymbol(onsets[index], text) for index, text in self._chords)
        self.bars.append(
            Bar(notes, self._bar_metre, self._bar_key, chords,
                self._opens_repeat, closes, self._ending, section)
        )  # fmt: skip
        self._notes, self._chords, self._opens_repeat = [], [], False

    def finish(self, *, may_be_silent: bool = False) -> tuple[Bar, ...]:
        """The bars, the last one closed; repeats without an opening mark have got one."""
        self._end_bar()
        if not may_be_silent and not any(
            note.pitch is not None for bar in self.bars for note in bar.notes
        ):
            raise BrokenTune("it has no note")
        return with_openings(tuple(self.bars))

    def _read_decoration(self, match: re.Match[str]) -> None:
        if match.group() in self.fermatas:
            self._fermata = True

    def _pass(self, _match: re.Match[str]) -> None:
        """What a melody does not need."""

    def _refuse(self, match: re.Match[str]) -> None:
        text = match.group()
        if text == ":" and not self._notes:  # a line that begins with ':' after a bar line
            self._opens_repeat = True
            return
        raise BrokenTune(f"a character {text!r} that is no music code")


_HANDLERS = {
    "rest": Voice._read_rest, "chord": Voice._read_chord, "tie": Voice._read_tie,
    "broken": Voice._read_broken, "tuplet": Voice._read_tuplet, "quoted": Voice._read_quoted,
    "field": Voice._read_field, "ending": Voice._read_ending, "bar": Voice._read_bar_line,
    "grace": Voice._pass, "decoration": Voice._read_decoration, "slur": Voice._pass,
    "overlay": Voice._several_at_once, "strange": Voice._refuse,
}  # fmt: skip


def _place(letter: str, octave: str) -> tuple[str, int]:
    """Letter in upper case, and octave such that 12 x octave is the MIDI number of its C."""
    if len(octave) > 8:
        raise BrokenTune(f"a note ({letter}{octave[:10]}...) is outside the MIDI range")
    height = 5 + octave.count("'") - octave.count(",")
    return (letter, height) if letter.isupper() else (letter.upper(), height + 1)


def _whole(ticks: int, parts: int) -> int:
    quotient, rest = divmod(ticks, parts)
    if rest or not quotient:
        raise BrokenTune(
            f"a duration of {ticks}/{parts} ticks is no whole number (10080 are a quarter note)"
        )
    return quotient
