"""What single tokens of Humdrum **kern say: notes, bar lines, keys, metres.

Source: D. Huron, "The Humdrum Toolkit: Reference Manual" (1995), "Representation: **kern".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from chromasonic.music.key import FIFTHS_OF_MODE, MODES, Key
from chromasonic.music.metre import TICKS_PER_WHOLE, Metre
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES, fifths_of, name_of_fifths


class BrokenToken(Exception):
    """A token that cannot be read without guessing; its text is the reason."""


@dataclass(frozen=True, slots=True)
class KernNote:
    """One token of a note, chord or rest.

    Attributes:
        ticks: its length; 0 is a grace note.
        pitch: MIDI number, the highest of a chord; None is a rest.
        tied: it goes on from the note before.
        fermata: a fermata stands over it.
        is_chord: several notes stand in the token.
        name: how the pitch is spelled ("F#").
    """

    ticks: int
    pitch: int | None
    tied: bool = False
    fermata: bool = False
    is_chord: bool = False
    name: str | None = None


_RECIP = re.compile(r"(\d+)(?:%(\d+))?(\.*)")
_PITCH = re.compile(r"([A-G]+|[a-g]+)([#\-n]*)")
MAX_DIGITS = 6
MAX_WHOLES = 64


def read_token(token: str) -> KernNote:
    """Read a data token such as "4.cc#;", "[2G", "8r" or "4c 4e 4g".

    Raises:
        BrokenToken: it is no note or rest, without a length, or out of range.
    """
    notes = [_note(part) for part in token.split(" ") if part]
    if not notes:
        raise BrokenToken("an empty token")
    sounding = [note for note in notes if note.pitch is not None]
    if not sounding:
        return notes[0]
    top = max(sounding, key=lambda note: note.pitch or 0)
    return KernNote(
        notes[0].ticks,
        top.pitch,
        top.tied,
        any(note.fermata for note in notes),
        len({note.pitch for note in sounding}) > 1,
        top.name,
    )


def _note(text: str) -> KernNote:
    if "q" in text or "Q" in text:
        return KernNote(0, None)
    length = _RECIP.search(text)
    if length is None:
        raise BrokenToken(f"'{text[:20]}' has no length")
    ticks = _ticks(length[1], length[2], length[3], text)
    if "r" in text:
        return KernNote(ticks, None, fermata=";" in text)
    pitch = _PITCH.search(text)
    if pitch is None:
        raise BrokenToken(f"'{text[:20]}' is neither a note nor a rest")
    letters, signs = pitch.groups()
    if len(set(letters)) > 1 or len(letters) > 8 or len(signs) > 3:
        raise BrokenToken(f"'{text[:20]}' has no pitch that **kern knows")
    octave = 3 + len(letters) if letters.islower() else 4 - len(letters)
    alteration = signs.count("#") - signs.count("-")
    number = 12 * (octave + 1) + NATURAL_PITCH_CLASSES[letters[0].upper()] + alteration
    if not 0 <= number <= 127:
        raise BrokenToken(f"'{text[:20]}' is outside the MIDI range")
    name = letters[0].upper() + ("#" if alteration > 0 else "b") * abs(alteration)
    return KernNote(
        ticks,
        number,
        "]" in text or "_" in text,
        ";" in text,
        name=name if len(name) <= 3 else None,
    )


def _ticks(number: str, over: str | None, dots: str, text: str) -> int:
    """Ticks of a reciprocal length: 4 is a quarter, 0 a breve, 3%2 two thirds of a whole."""
    if len(number) > MAX_DIGITS or len(over or "") > MAX_DIGITS or len(dots) > 4:
        raise BrokenToken(f"the length of '{text[:20]}' is out of range")
    if set(number) == {"0"}:
        wholes = Fraction(2 ** len(number))
    else:
        wholes = Fraction(int(over or 1), int(number))
    wholes *= 2 - Fraction(1, 2 ** len(dots))
    ticks = wholes * TICKS_PER_WHOLE
    if ticks.denominator != 1 or not 0 < wholes <= MAX_WHOLES:
        raise BrokenToken(f"the length of '{text[:20]}' is no whole number of ticks, or too long")
    return int(ticks)


@dataclass(frozen=True, slots=True)
class BarLine:
    """What a bar line says: repeats close before it and open after it; a section ends."""

    closes: bool
    opens: bool
    section: bool


def read_bar_line(token: str) -> BarLine:
    """Read "=12", "==", "=:|!", "=!|:", "=:|!|:", "=||"."""
    marks = re.sub(r"^=+\d*[a-z]*", "", token)
    closes = re.search(r":[|!]", marks) is not None
    opens = re.search(r"[|!]:", marks) is not None
    section = token.startswith("==") or "||" in marks or "!" in marks
    return BarLine(closes, opens, section and not (opens and not closes))


_SIGNATURE = re.compile(r"\*k\[((?:[a-g][#n-]+)*)\]")
_KEY = re.compile(r"\*([A-Ga-g])([#-]?):(\w*)")
_MODE_WORDS = {mode[:3]: mode for mode in MODES} | {"ion": "major", "aeo": "minor"}
_METRE = re.compile(r"\*M(\d{1,3})/(\d{1,3})$")
_TEMPO = re.compile(r"\*MM=?(\d{1,4}(?:\.\d{1,4})?)")


def read_signature(token: str, key: Key | None) -> Key | None:
    """The key of "*k[f#c#]": on that signature, of the mode of the key before; None: it is none."""
    match = _SIGNATURE.match(token)
    if match is None:
        return None
    fifths = match[1].count("#") - match[1].count("-")
    if abs(fifths) > 14:
        raise BrokenToken(f"the key signature '{token[:30]}' has over 14 signs")
    mode = key.mode if key else "major"
    if key is not None and key.fifths == fifths:
        return key
    return Key(name_of_fifths(fifths - FIFTHS_OF_MODE[mode]), mode)


def read_key(token: str) -> Key | None:
    """The key of "*G:", "*f#:", "*d:dor"; None: the token names none."""
    match = _KEY.match(token)
    if match is None:
        return None
    letter, sign, mode = match.groups()
    tonic = letter.upper() + sign.replace("-", "b")
    fifths_of(tonic)
    plain = "major" if letter.isupper() else "minor"
    return Key(tonic, _MODE_WORDS.get(mode[:3].lower(), plain))


def read_metre(token: str) -> tuple[bool, Metre | None]:
    """Whether a token is a metre, and which; None is free metre."""
    if not re.match(r"\*M(?!M)", token):
        return False, None
    match = _METRE.match(token)
    if match is None:
        return True, None
    try:
        return True, Metre(int(match[1]), int(match[2]))
    except ValueError as error:
        raise BrokenToken(f"the metre '{token[:20]}' is out of range") from error


def read_tempo(token: str) -> float | None:
    """Quarters a minute of "*MM96"; None: the token is no tempo."""
    match = _TEMPO.match(token)
    return float(match[1]) if match and 0 < float(match[1]) < 10_000 else None
