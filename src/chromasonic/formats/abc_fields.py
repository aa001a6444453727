"""The information fields of ABC: what `M:`, `L:`, `K:` and `Q:` say.

Source: The ABC music standard 2.1 (2011), sections 3.1 and 4.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Metre


class BrokenTune(Exception):
    """A tune that cannot be read without guessing; its text is the reason."""


MODE_NAMES = {
    "": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor", "aeo": "minor",
    "dor": "dorian", "phr": "phrygian", "lyd": "lydian", "mix": "mixolydian", "loc": "locrian",
}  # fmt: skip
"""First three letters of a mode, in lower case, to the mode."""

ACCIDENTALS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
"""Accidental sign to semitones."""


FERMATAS = frozenset(sign + name + sign for sign in "!+" for name in ("fermata", "invertedfermata"))
"""Decorations that put a fermata over the next note; `H` is short for the first."""


@dataclass(frozen=True, slots=True)
class KeyField:
    """What a `K:` field says.

    Attributes:
        key: tonic and mode; None where the field only names a clef.
        signature: letter to semitones, as the notes are to be read.
        shift: semitones by which the notes sound above what is written (`octave=`, `transpose=`).
    """

    key: Key | None
    signature: dict[str, int]
    shift: int = 0


_PARAMETERS = r"(?:clef|middle|transpose|octave|stafflines|staffscale|score|sound|shift|t|m)\s*="
_TONIC = re.compile(rf"([A-G])([#b]?)\s*(?:(?!{_PARAMETERS})([A-Za-z]*))?")
_CLEFS = ("treble", "bass", "alto", "tenor", "perc", "clef", "none", "staff", "exp")
_KEY_ACCIDENTAL = re.compile(r"(?<![=_^])(\^\^|__|[_^=])([A-Ga-g])(?![A-Za-z0-9=])")
_SHIFT = re.compile(r"\b(octave|transpose|t)\s*=\s*(-?\d{1,2})\b")
_CLEF_OCTAVE = re.compile(r"\b(?:treble|alto|tenor|bass)[1-5]?([+-])8")


def read_key(text: str) -> KeyField:
    """Read the text of a `K:` field: `Am`, `D mix`, `Bb`, `D exp ^c`, `HP`, `none`, ...

    Raises:
        BrokenTune: it names no key.
    """
    text = text.strip()
    if not text or text.lower().startswith("none"):
        return KeyField(Key("C", "major"), {}, read_shift(text))
    if text.startswith(("HP", "Hp")):
        # The pipes' scale is A mixolydian; HP writes no signature, yet its C and F are sharp.
        return KeyField(Key("A", "mixolydian"), {"F": 1, "C": 1}, read_shift(text))
    match = _TONIC.match(text)
    if match is None:
        if "=" in text or text.lower().startswith(_CLEFS):
            return KeyField(None, {}, read_shift(text))
        raise BrokenTune(f"the key 'K:{text[:40]}' is none that ABC knows")
    key = Key(match[1] + match[2], _mode(match[3] or "", text))
    explicit = re.search(r"\bexp\b", text) is not None
    signature = {} if explicit else key.signature()
    rest = text[match.start(3) :] if match[3] is not None else text[match.end() :]
    for sign, letter in _KEY_ACCIDENTAL.findall(" " + rest):
        signature[letter.upper()] = ACCIDENTALS[sign]
    return KeyField(key, signature, read_shift(text))


def _mode(word: str, text: str) -> str:
    word = word.lower()
    if word.startswith(_CLEFS):
        return "major"
    mode = MODE_NAMES.get(word[:3])
    if mode is None:
        raise BrokenTune(f"the mode of 'K:{text[:40]}' is none that ABC knows")
    return mode


def read_shift(text: str) -> int:
    """Semitones that a `K:` or `V:` field adds to what is written: `octave=-1`, `clef=treble-8`."""
    shift = sum(int(n) * (12 if what == "octave" else 1) for what, n in _SHIFT.findall(text))
    clef = _CLEF_OCTAVE.search(text)
    return shift + (0 if clef is None else 12 if clef[1] == "+" else -12)


_METRE = re.compile(r"\(?\s*(\d{1,3}(?:\s*\+\s*\d{1,3})*)\s*\)?\s*/\s*(\d{1,3})")


def read_metre(text: str) -> Metre | None:
    """Read the text of an `M:` field; None is free metre (`none`, or several metres in turn).

    Raises:
        BrokenTune: it is no metre.
    """
    text = text.strip()
    if not text or text.lower() in ("none", "free", "free metre", "free meter"):
        return None
    if text.startswith("C"):
        return Metre(2, 2) if text.startswith("C|") else Metre(4, 4)
    found = _METRE.findall(text)
    if not found:
        raise BrokenTune(f"the metre 'M:{text[:40]}' is none that ABC knows")
    if len(found) > 1:  # "2/4 3/4": the metres alternate as the singer likes
        return None
    try:
        return Metre(sum(int(n) for n in found[0][0].split("+")), int(found[0][1]))
    except ValueError as error:
        raise BrokenTune(f"the metre 'M:{text[:40]}' is out of range") from error


def default_unit_ticks(metre: Metre | None) -> int:
    """Ticks of the unit length where `L:` is absent: 1/16 in metres below 3/4, else 1/8."""
    if metre is not None and metre.numerator * 4 < metre.denominator * 3:
        return TICKS_PER_WHOLE // 16
    return TICKS_PER_WHOLE // 8


_FRACTION = re.compile(r"(\d{1,4})(?:\s*/\s*(\d{1,4}))?")


def read_unit_ticks(text: str) -> int:
    """Read the text of an `L:` field as ticks.

    Raises:
        BrokenTune: it is no length, or one that has no whole number of ticks.
    """
    match = _FRACTION.match(text.strip())
    if match is None:
        raise BrokenTune(f"the unit length 'L:{text.strip()[:40]}' is no length such as 1/8")
    numerator, denominator = int(match[1]), int(match[2] or 1)
    if not numerator or not denominator or numerator * TICKS_PER_WHOLE % denominator:
        raise BrokenTune(f"the unit length 'L:{text.strip()[:40]}' cannot be used")
    return numerator * TICKS_PER_WHOLE // denominator


_QUOTED = re.compile(r'"[^"]*"?')
_TEMPO = re.compile(r"((?:\d{1,3}\s*/\s*\d{1,3}\s*)+|C\d*)\s*=\s*[^\d]{0,6}(\d{1,4}(?:\.\d{1,4})?)")


def read_tempo(text: str, metre: Metre | None, unit_ticks: int) -> float | None:
    """Read the text of a `Q:` field as felt beats a minute; None where it says only words."""
    text = _QUOTED.sub(" ", text).strip()
    match = _TEMPO.search(text)
    if match is not None:
        number, length = float(match[2]), match[1].strip()
        if length.startswith("C"):  # old style: so many unit lengths
            ticks = Fraction(unit_ticks * int(length[1:] or 1))
        else:
            ticks = sum((_ticks(part) for part in re.findall(r"\d+\s*/\s*\d+", length)), Fraction())
    elif re.fullmatch(r"\d{1,4}(\.\d{1,4})?", text):  # old style: unit lengths a minute
        number, ticks = float(text), Fraction(unit_ticks)
    else:
        return None
    beat = metre.beat_ticks if metre is not None else TICKS_PER_QUARTER
    tempo = float(number * ticks / beat)
    return tempo if tempo > 0 else None


def _ticks(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    if not int(denominator):
        return Fraction()
    return Fraction(int(numerator) * TICKS_PER_WHOLE, int(denominator))


def spelled(letter: str, alteration: int, shift: int) -> str | None:
    """A written note's name ("F#"); None where it sounds elsewhere, or takes over two signs.

    Args:
        letter: A to G.
        alteration: semitones that its accidental, or the key, adds.
        shift: semitones from what is written to what sounds.
    """
    if shift % 12 or abs(alteration) > 2:
        return None
    return letter + ("#" if alteration > 0 else "b") * abs(alteration)
