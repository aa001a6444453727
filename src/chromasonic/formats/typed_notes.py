"""Notes typed on a line, such as "C4 D4 E4 F4 G4:2", as a tune.

A word is a note, a rest or a bar line:

- a note is a letter A to G, accidentals (#, b, ♯, ♭, x, n or ♮) and an octave: C4 is middle C;
- a rest is R or -;
- after either, `:` and a length in quarter notes: `:2`, `:1.5`, `:1/2`, `:3/4`, `:1/3`; without
  one it is a quarter;
- `^` or `!` at the end is a fermata; `~` at the end ties a note to the next one;
- `|` is a bar line; where none is typed, bars are cut by the metre.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from chromasonic.errors import FormatError
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES
from chromasonic.music.tune import Bar, Note, Tune

MAX_WORDS = 20_000
MAX_QUARTERS = 64
"""A longer note is refused."""

EXAMPLE = "C4 D4 E4:1/2 F4:1/2 G4:2"

_WORD = re.compile(
    r"(?P<name>[A-Ga-g](?P<signs>[#♯b♭x𝄪♮n]*)(?P<octave>-?\d{1,3})?|[Rr]|-)"
    r"(?::(?P<length>[^:^!~]*))?(?P<marks>[\^!~]*)$"
)
_SIGNS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "x": 2, "𝄪": 2, "♮": 0, "n": 0}
_LENGTH = re.compile(r"(\d{1,4})(?:/(\d{1,4})|\.(\d{1,6}))?$|\.(\d{1,6})$")


def read_typed_notes(
    text: str, *, metre: Metre | None = None, key: Key | None = None, title: str = "Typed notes"
) -> Tune:
    """Read typed notes.

    Args:
        text: the notes, apart by spaces, commas or bar lines.
        metre: 4/4 where none is given.
        key: where none is given, the major or minor key that fits the notes best.
        title: of the tune.

    Raises:
        FormatError: a word is none of the above, a bar is longer than the metre, a note is too
            high or low, or there is no note; the message names the word.
    """
    metre = metre or Metre(4, 4)
    words = text.replace(",", " ").replace("|", " | ").split()
    if len(words) > MAX_WORDS:
        raise FormatError(f"{len(words):,} words were typed; up to {MAX_WORDS:,} are read.")
    rows: list[list[Note]] = [[]]
    ties = False
    for place, word in enumerate(words, start=1):
        if word.strip("|:[]") == "" and "|" in word:
            rows.append([])
            continue
        note, ties_on = _note(word, place)
        before = [one for row in rows for one in row[-1:]][-1:]
        if ties and not (before and before[0].pitch == note.pitch):
            raise FormatError(
                f"Word {place}, '{word}', is tied to another pitch. A tie (~) joins a note to the "
                "same note, as in 'C4~ C4:2'."
            )
        if ties:
            note = replace(note, tied=True)
        ties = ties_on
        rows[-1].append(note)
    rows = [row for row in rows if row]
    if not any(note.pitch is not None for row in rows for note in row):
        what = "only rests were typed" if rows else "nothing was typed"
        raise FormatError(f"There is no note: {what}. Write notes such as '{EXAMPLE}'.")
    key = key or _key(rows)
    bars = _typed_bars(rows, metre, key) if "|" in words else _cut_bars(rows[0], metre, key)
    return Tune("typed", title, bars, source="typed notes")


def _note(word: str, place: int) -> tuple[Note, bool]:
    """The note or rest of a word, and whether it is tied to the next one."""
    match = _WORD.match(word)
    if match is None:
        raise FormatError(
            f"Word {place}, '{word[:30]}', is no note. Write a letter A to G, # or b, an octave, "
            f"and if it is no quarter a colon and its length in quarters: '{EXAMPLE}'; R is a rest."
        )
    name, marks = match["name"], match["marks"]
    ticks = _ticks(match["length"], word, place)
    fermata = "^" in marks or "!" in marks
    if name in ("R", "r", "-"):
        return Note(ticks, None, fermata=fermata), False
    if match["octave"] is None:
        raise FormatError(
            f"Word {place}, '{word}', has no octave. Write it behind the letter: '{name}4' is the "
            "one in the octave above middle C (C4); a soprano sings about C4 to G5."
        )
    pitch = 12 * (int(match["octave"]) + 1) + NATURAL_PITCH_CLASSES[name[0].upper()]
    alteration = sum(_SIGNS[sign] for sign in match["signs"])
    pitch += alteration
    if not 0 <= pitch <= 127:
        raise FormatError(
            f"Word {place}, '{word}', is outside what MIDI knows (C-1 to G9). Middle C is C4."
        )
    spelled = name[0].upper() + ("#" if alteration > 0 else "b") * abs(alteration)
    return Note(
        ticks, pitch, fermata=fermata, name=spelled if len(spelled) <= 3 else None
    ), "~" in marks


def _ticks(length: str | None, word: str, place: int) -> int:
    if length is None:
        return TICKS_PER_QUARTER
    match = _LENGTH.match(length)
    quarters = Fraction(0)
    if match is not None and match[2] != "0":
        quarters = Fraction(length if length[0] != "." else "0" + length)
    ticks = quarters * TICKS_PER_QUARTER
    if not 0 < quarters <= MAX_QUARTERS:
        raise FormatError(
            f"Word {place}, '{word[:30]}', has the length '{length[:20]}'. Write quarters as 2, "
            f"1/2, 0.5 or 3/2, above 0 and up to {MAX_QUARTERS}."
        )
    if ticks.denominator == 1:
        return int(ticks)
    near = ticks.limit_denominator(1)  # 0.333 means a third
    exact = (quarters * 3).limit_denominator(1), (quarters * 6).limit_denominator(1)
    for parts, count in zip((3, 6), exact, strict=True):
        if count > 0 and abs(quarters - count / parts) < Fraction(1, 200):
            return int(count * TICKS_PER_QUARTER / parts)
    raise FormatError(
        f"Word {place}, '{word[:30]}', has the length '{length[:20]}', which is {near} and a part "
        f"of the {TICKS_PER_QUARTER:,} ticks of a quarter. Write it as a fraction such as 1/3."
    )


def _key(rows: list[list[Note]]) -> Key:
    from chromasonic.music.key_finding import melody_key

    notes = [(note.duration, note.pitch) for row in rows for note in row if note.pitch is not None]
    found = melody_key(notes)
    return Key() if found is None else found.key


def _typed_bars(rows: list[list[Note]], metre: Metre, key: Key) -> tuple[Bar, ...]:
    """Bars as typed; none may be longer than the metre."""
    for number, row in enumerate(rows, start=1):
        ticks = sum(note.duration for note in row)
        if ticks > metre.bar_ticks:
            has, may = Fraction(ticks, TICKS_PER_QUARTER), metre.bar_ticks / TICKS_PER_QUARTER
            raise FormatError(
                f"Bar {number} has {float(has):g} quarters, and a bar of {metre} has {may:g}. "
                "Move a bar line, change a length, or name another metre."
            )
    return tuple(Bar(tuple(row), metre, key) for row in rows)


def _cut_bars(notes: list[Note], metre: Metre, key: Key) -> tuple[Bar, ...]:
    """Full bars, notes over a bar line split and tied; the last bar may stay short."""
    bars: list[Bar] = []
    row: list[Note] = []
    room = metre.bar_ticks
    for note in notes:
        left, tied = note.duration, note.tied
        while left:
            part = min(left, room)
            left, room = left - part, room - part
            fermata = note.fermata and not left
            is_tied = tied and note.pitch is not None
            row.append(replace(note, duration=part, tied=is_tied, fermata=fermata))
            tied = True
            if not room:
                bars.append(Bar(tuple(row), metre, key))
                row, room = [], metre.bar_ticks
    if row:
        bars.append(Bar(tuple(row), metre, key))
    return tuple(bars)
