"""Chord symbols to chords: those of lead sheets and ABC, and Harte's labels.

Lead sheets know many dialects. Read here are "Am7", "A-7", "Amin7", "Bb", "F#dim", "F#o7", "Gsus4",
"A+", "Cmaj7", "CM7", "C6", "E7b9", "G/B", "(D7)" (the brackets of an optional chord are dropped),
"G(Em)" (so is the alternative), "N.C." and "(no chord)"; and the dialect of the Nottingham
database, in which "d" and "a" after the root mean diminished and augmented ("Gd", "Fa7") and the
bass is a small letter whose sharp is a plus ("D/f+").

Source: ABC 2.1, section 4.18 (chord symbols); C. Harte, M. Sandler, S. Abdallah and E. Gomez,
"Symbolic representation of musical chords", ISMIR 2005, section 3 (grammar and shorthands), with
the further shorthands of the McGill Billboard annotations (5, 1, 11, 13, sus2).
"""

from __future__ import annotations

import re
from functools import lru_cache

from chromasonic.music.chord import NO_CHORD, UNKNOWN_CHORD, Chord
from chromasonic.music.pitch import pitch_class_of

# -- lead sheets ------------------------------------------------------------------------------

SYMBOL = re.compile(
    r"(?P<root>[A-G](?:[#♯b♭]{1,2})?)\s*(?P<rest>[^/]*?)\s*(?:/\s*(?P<bass>[A-Ga-g](?:#|♯|\+|b|♭)?))?"
)
NOTHING = {"", "n", "nc", "nochord", "none", "tacet", "-"}

BASES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("maj", (0, 4, 7)), ("ma", (0, 4, 7)), ("M", (0, 4, 7)),
    ("min", (0, 3, 7)), ("mi", (0, 3, 7)), ("m", (0, 3, 7)), ("-", (0, 3, 7)),
    ("dim", (0, 3, 6)), ("o", (0, 3, 6)), ("°", (0, 3, 6)), ("d", (0, 3, 6)),
    ("hdim", (0, 3, 6, 10)), ("ø", (0, 3, 6, 10)),
    ("aug", (0, 4, 8)), ("+", (0, 4, 8)), ("a", (0, 4, 8)),
    ("sus2", (0, 2, 7)), ("sus4", (0, 5, 7)), ("sus", (0, 5, 7)), ("5", (0, 7)),
)  # fmt: skip
"""What may stand right after the root, to semitones above it; the longest that fits is taken, but
"add", "alt" and the like are not "a"."""

STEPS = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11, 8: 0, 9: 2, 10: 4, 11: 5, 12: 7, 13: 9}
"""Degree of the major scale to semitones above the root, up to two octaves."""

ADDED = {"6": (9,), "7": (10,), "9": (10, 2), "11": (10, 2, 5), "13": (10, 2, 5, 9), "69": (9, 2)}
"""Number after the root to the intervals that it adds."""


@lru_cache(maxsize=4096)
def parse_symbol(text: str) -> Chord:
    """Read a chord symbol of a lead sheet or an ABC file.

    Raises:
        ValueError: it is none; says which part was not understood.
    """
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1].strip()
    if re.sub(r"[\s.]", "", inner).lower() in NOTHING:
        return NO_CHORD
    inner = re.sub(r"(?<=.)\([A-G][^()]*\)$", "", inner)  # an alternative in brackets: "G(Em)"
    match = SYMBOL.fullmatch(inner.replace("6/9", "69"))
    if match is None:
        raise ValueError(f"'{text}' is no chord symbol: write a root A to G first, as in Am7, G/B.")
    root = pitch_class_of(_plain(match["root"]))
    tones = _tones(match["rest"], text)
    bass = pitch_class_of(_plain(match["bass"])) if match["bass"] else None
    return Chord(root, tuple(sorted(tones)), None if bass == root else bass)


def _plain(name: str) -> str:
    name = name.replace("♯", "#").replace("♭", "b").replace("+", "#")
    return name[0].upper() + name[1:]


def _tones(rest: str, text: str) -> set[int]:
    """Semitones above the root that the part after it asks for."""
    rest = re.sub(r"[\s(),^]", "", rest).replace("♯", "#").replace("♭", "b").replace("Δ", "maj7")
    base, tones = "", {0, 4, 7}
    fitting = [
        (name, intervals)
        for name, intervals in BASES
        if rest.startswith(name) and not re.match(r"add|alt", rest)
    ]
    if fitting:
        base, intervals = max(fitting, key=lambda item: len(item[0]))
        tones = set(intervals)
        rest = rest.removeprefix(base)
    has_major_seventh = base in ("maj", "ma", "M")
    if rest.startswith(("maj7", "M7")):  # Cm(maj7)
        tones, rest = tones | {11}, rest[4:] if rest.startswith("maj7") else rest[2:]
    number = re.match(r"\d+", rest)
    if number:
        tones = _extended(tones, number[0], base, has_major_seventh, text)
        rest = rest[number.end() :]
    for part in re.findall(r"sus[24]?|add[#b]?\d+|no\d|alt|[#b+-]\d+|.", rest):
        tones = _altered(tones, part, text)
    return tones


def _extended(
    tones: set[int], number: str, base: str, has_major_seventh: bool, text: str
) -> set[int]:
    """With the sixth, seventh or more that a number after the root adds."""
    if number not in ADDED:
        raise ValueError(f"'{text}' is no chord symbol: a chord has no '{number}'.")
    added = set(ADDED[number])
    if 10 in added and has_major_seventh:
        added = added - {10} | {11}
    if 10 in added and base in ("dim", "o", "°", "d") and number == "7":
        added = {9}  # the seventh of a diminished chord is diminished
    return tones | added


def _altered(tones: set[int], part: str, text: str) -> set[int]:
    """With one alteration: "b9", "#5", "sus4", "add9", "no3"."""
    if part.startswith("sus"):
        return tones - {3, 4} | {2 if part == "sus2" else 5}
    if part.startswith("no") and part[2:].isdigit():
        return tones - {STEPS.get(int(part[2:]), 0)} - ({3} if part == "no3" else set())
    if part == "alt":
        return tones - {7} | {10, 1, 8}
    match = re.fullmatch(r"(?:add)?([#b+-]?)(\d+)", part)
    if match is None or int(match[2]) not in STEPS:
        raise ValueError(f"'{text}' is no chord symbol: '{part}' was not understood.")
    shift = {"#": 1, "+": 1, "b": -1, "-": -1, "": 0}[match[1]]
    degree = STEPS[int(match[2])]
    kept = tones - {degree} if match[2] == "5" else tones
    return kept | {(degree + shift) % 12}


# -- Harte's labels ---------------------------------------------------------------------------

SHORTHANDS: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8),
    "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10), "7": (0, 4, 7, 10), "dim7": (0, 3, 6, 9),
    "hdim7": (0, 3, 6, 10), "minmaj7": (0, 3, 7, 11), "maj6": (0, 4, 7, 9), "min6": (0, 3, 7, 9),
    "9": (0, 2, 4, 7, 10), "maj9": (0, 2, 4, 7, 11), "min9": (0, 2, 3, 7, 10),
    "11": (0, 2, 4, 5, 7, 10), "maj11": (0, 2, 4, 5, 7, 11), "min11": (0, 2, 3, 5, 7, 10),
    "13": (0, 2, 4, 5, 7, 9, 10), "maj13": (0, 2, 4, 5, 7, 9, 11), "min13": (0, 2, 3, 5, 7, 9, 10),
    "sus2": (0, 2, 7), "sus4": (0, 5, 7), "5": (0, 7), "1": (0,), "": (0,),
}  # fmt: skip
"""Shorthand to semitones above the root."""

LABEL = re.compile(
    r"(?P<root>[A-G][#b]*)(?P<colon>:(?P<name>[a-z]*\d*)(?:\((?P<degrees>[^()]*)\))?)?"
    r"(?:/(?P<bass>[#b]*\d+))?"
)
DEGREE = re.compile(r"(?P<omitted>\*?)(?P<accidentals>[#b]*)(?P<number>\d+)")


@lru_cache(maxsize=4096)
def parse_harte(label: str) -> Chord:
    """Read a label in Harte's syntax: "A:min7", "C:maj/3", "D:7(#9)", "C", "N", "X".

    Raises:
        ValueError: it is none; says which part was not understood.
    """
    if label in ("N", "X"):
        return NO_CHORD if label == "N" else UNKNOWN_CHORD
    match = LABEL.fullmatch(label)
    if match is None or (match["name"] == "" and match["degrees"] is None):
        raise ValueError(f"'{label}' is no chord label: Harte's are like A:min7, C:maj/3, N.")
    name = "maj" if match["colon"] is None else match["name"]
    if name not in SHORTHANDS:
        raise ValueError(f"'{label}' is no chord label: the shorthand '{name}' is unknown.")
    root = pitch_class_of(match["root"])
    tones = set(SHORTHANDS[name])
    for part in filter(None, (match["degrees"] or "").split(",")):
        tone, is_omitted = _degree(part.strip(), label)
        tones = tones - {tone} if is_omitted else tones | {tone}
    bass = (root + _degree(match["bass"], label)[0]) % 12 if match["bass"] else root
    return Chord(root, tuple(sorted(tones)), None if bass == root else bass)


def _degree(text: str, label: str) -> tuple[int, bool]:
    """Semitones above the root, and whether the degree is taken out ("*3")."""
    match = DEGREE.fullmatch(text)
    if match is None or int(match["number"]) not in STEPS:
        raise ValueError(f"'{label}' is no chord label: '{text}' is no degree.")
    shift = match["accidentals"].count("#") - match["accidentals"].count("b")
    return (STEPS[int(match["number"])] + shift) % 12, bool(match["omitted"])
