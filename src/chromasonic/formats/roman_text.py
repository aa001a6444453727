"""RomanText: harmonic analyses as people write them, a line a bar.

What is read: the head, time signatures, bars ("m5", "m9-12 = m1-4"), beats ("b2.5"), keys ("G:",
"g:"), numerals, repeat and phrase marks. Variants of a bar ("m11var1"), notes, pedals and forms are
left out: of two readings the first one counts.

Source: D. Tymoczko, M. Gotham, M. S. Cuthbert, C. Ariza, "The RomanText Format", ISMIR 2019.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction

from chromasonic.errors import FormatError
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.roman_numeral import parse_numeral

_LINE = re.compile(r"m(\d+)(?:-(\d+))?\s*(var\d+)?(?:\s+|\s*(?==)|$)(.*)")
_COPY = re.compile(r"=\s*m(\d+)(?:-(\d+))?")
_HEAD = re.compile(r"([A-Za-z][A-Za-z ]*?)\s*:\s*(.*)")
_KEY = re.compile(r"([A-Ga-g][#b]{0,2}):")
_BEAT = re.compile(r"b(\d+)(?:\.(\d+))?")
_MARKS = ("||", ":||", "||:", ":||:")
MOST_BARS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RomanEvent:
    """A chord and where it begins.

    Attributes:
        bar: number as printed; 0 is an upbeat.
        offset: quarters from the bar's beginning (of an upbeat: from where a full bar would begin).
        key: in which the numeral is read.
        numeral: as written.
    """

    bar: int
    offset: Fraction
    key: Key
    numeral: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RomanText:
    """An analysis.

    Attributes:
        head: what stands before the music, such as "Title" or "Analyst".
        metres: (bar, time signature from there on).
        events: in the order of time.
        phrase_ends: (bar, quarters from its beginning) of the phrase marks "||", before the next
            chord: the bar and offset of the chord that the phrase ends with.
    """

    head: dict[str, str]
    metres: tuple[tuple[int, Metre], ...]
    events: tuple[RomanEvent, ...]
    phrase_ends: tuple[tuple[int, Fraction], ...]


@dataclass(slots=True)
class _State:
    """What is in force while lines are read."""

    source: str
    key: Key | None = None
    metre: Metre = field(default_factory=Metre)
    head: dict[str, str] = field(default_factory=dict)
    metres: list[tuple[int, Metre]] = field(default_factory=list)
    events: list[RomanEvent] = field(default_factory=list)
    phrase_ends: list[tuple[int, Fraction]] = field(default_factory=list)
    bar: int = 0


def parse_roman_text(text: str, *, source: str) -> RomanText:
    """Read an analysis.

    Args:
        text: of the whole file.
        source: its name, for messages.

    Raises:
        FormatError: a bar cannot be read, or there is no chord; says which line.
    """
    state = _State(source)
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip().lstrip("\ufeff")
        try:
            _read_line(line, state)
        except ValueError as error:
            raise FormatError(
                f"{source}, line {number}: {error}. Mend the line '{line[:60]}'."
            ) from error
    if not state.events:
        raise FormatError(f"{source} has no chord: it is no analysis in RomanText.")
    return RomanText(
        head=state.head,
        metres=tuple(state.metres) or ((0, state.metre),),
        events=tuple(state.events),
        phrase_ends=tuple(state.phrase_ends),
    )


def _read_line(line: str, state: _State) -> None:
    bar = _LINE.fullmatch(line)
    if bar and not bar[3]:
        first, last = int(bar[1]), int(bar[2] or bar[1])
        copied = _COPY.fullmatch(bar[4])
        if copied:
            _copy(state, first, last, int(copied[1]), int(copied[2] or copied[1]))
        elif first != last:
            raise ValueError(f"bars {first} to {last} at once, and no '=' that says like which")
        else:
            _read_bar(first, bar[4].split(), state)
    elif bar:
        return  # another reading of a bar
    elif head := _HEAD.fullmatch(line):
        name, value = head[1].strip().capitalize(), head[2].strip()
        if name == "Time signature":
            state.metre = Metre.parse(value.rstrip("? "))
            state.metres.append((state.bar + 1 if state.events else 0, state.metre))
        elif name not in ("Note", "Pedal", "Form"):
            state.head.setdefault(name, value)


def _read_bar(bar: int, tokens: list[str], state: _State) -> None:
    offset = Fraction(0)
    state.bar = bar
    for token in tokens:
        if key := _KEY.fullmatch(token):
            name = key[1]
            state.key = Key(name[0].upper() + name[1:], "major" if name[0].isupper() else "minor")
        elif beat := _BEAT.fullmatch(token):
            offset = _quarters(beat, state.metre)
        elif token in _MARKS:
            if token in ("||", ":||", ":||:") and state.events:
                last = state.events[-1]
                state.phrase_ends.append((last.bar, last.offset))
        elif state.key is None:
            raise ValueError(f"'{token}' stands before any key, such as 'G:'")
        else:
            parse_numeral(token, state.key)
            event = RomanEvent(bar=bar, offset=offset, key=state.key, numeral=token)
            if state.events and (state.events[-1].bar, state.events[-1].offset) == (bar, offset):
                state.events[-1] = event  # a chord that is named in two keys: the new one counts
            else:
                state.events.append(event)


def _copy(state: _State, first: int, last: int, like_first: int, like_last: int) -> None:
    """Bars that are said to be like earlier ones."""
    if last - first != like_last - like_first or not 0 <= last - first < MOST_BARS:
        raise ValueError(f"bars {first} to {last} cannot be like bars {like_first} to {like_last}")
    earlier = [event for event in state.events if like_first <= event.bar <= like_last]
    if not earlier:
        raise ValueError(f"bars {like_first} to {like_last} have no chord")
    state.events += [replace(event, bar=event.bar - like_first + first) for event in earlier]
    state.key, state.bar = earlier[-1].key, last


def _quarters(beat: re.Match[str], metre: Metre) -> Fraction:
    """Quarters from the beginning of the bar; .33 and .66 are thirds."""
    digits = beat[2] or "0"
    part = Fraction(int(digits), 10 ** len(digits))
    if digits[:2] in ("33", "66", "67"):
        part = Fraction(round(part * 3), 3)
    whole = int(beat[1]) - 1
    if whole < 0:
        raise ValueError("beats are counted from 1")
    return (whole + part) * Fraction(metre.beat_ticks, TICKS_PER_QUARTER)
