"""Roman numerals: what "viio6/5/V" in G minor sounds like.

Upper case is a major triad, lower case a minor one, o a diminished, + an augmented, /o a half-
diminished seventh chord. In minor the sixth and seventh degrees are raised under a lower-case
numeral (vi, vii) and natural under a capital (VI, VII). A seventh is diminished under o, minor
above a minor triad and under /o, major after "maj", and else the key's own.

Source: D. Tymoczko, M. Gotham, M. S. Cuthbert, C. Ariza, "The RomanText Format: A Flexible and
Standard Method for Representing Roman Numeral Analyses", ISMIR 2019.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chromasonic.music.chorale import Analysis
from chromasonic.music.key import MODES, Key

DEGREES = {"I": 0, "II": 1, "III": 2, "IV": 3, "V": 4, "VI": 5, "VII": 6}
TRIADS = {"": None, "o": (0, 3, 6), "/o": (0, 3, 6), "+": (0, 4, 8)}
"""Sign of quality to the triad that it stands for; without one the letters' case decides."""

INVERSIONS = {
    "": (3, 0), "5/3": (3, 0), "6": (3, 1), "6/3": (3, 1), "6/4": (3, 2),
    "7": (4, 0), "6/5": (4, 1), "4/3": (4, 2), "2": (4, 3), "4/2": (4, 3),
    "9": (5, 0),
}  # fmt: skip
"""Figures to how many tones the chord has, and which of them is the bass."""

SPECIAL = {
    "It": (6, (0, 2, 6), 1),
    "Ger": (6, (0, 2, 6, 9), 1),
    "Fr": (2, (0, 4, 6, 10), 2),
}
"""Augmented sixths: semitones from tonic to root, tones above the root, which one is the bass.

Their bass is the lowered sixth degree. Root of the Italian and the German is the raised fourth, of
the French the second degree.
"""

_NUMERAL = re.compile(
    r"(?P<shift>[#b]*)(?P<letters>VII|VI|V|IV|III|II|I|N|vii|vi|v|iv|iii|ii|i)"
    r"(?P<sign>/o|ø|o|\+)?(?P<major>maj)?(?P<figures>\d(?:/?\d)?)?(?P<altered>(?:\[[^\]]*\])*)"
)
_AUGMENTED_SIXTH = re.compile(r"(It|Ger|Fr)(\d(?:/?\d)?)?")


@lru_cache(maxsize=4096)
def parse_numeral(numeral: str, key: Key) -> Analysis:
    """The chord that a Roman numeral names in a key.

    Args:
        numeral: "I", "V6/5", "viio7/ii", "ii/o6/5", "III+", "N6", "Ger6/5", "IVmaj7" and the like;
            figures with or without their bar. Tones in brackets: only [b9] is read.
        key: major or minor; of another mode its third decides.

    Raises:
        ValueError: it is no such numeral.
    """
    head, applied = _split(numeral)
    local = key
    if applied:
        local = _tonicized(applied, key)
    root, tones, bass = _tones(head, local, numeral)
    return Analysis(
        local_key=key,
        numeral=numeral,
        root=root,
        pitch_classes=frozenset((root + tone) % 12 for tone in tones),
        bass=(root + tones[bass]) % 12,
    )


def _split(numeral: str) -> tuple[str, str]:
    """The chord and the key to which it is applied: "viio6/5/V" is "viio6/5" and "V"."""
    match = _AUGMENTED_SIXTH.match(numeral) or _NUMERAL.match(numeral)
    if match is None:
        raise ValueError(f"'{numeral}' is no Roman numeral: write it as V6/5 or viio7/ii")
    rest = numeral[match.end() :]
    if rest and (not rest.startswith("/") or len(rest) < 2):
        raise ValueError(f"'{numeral}' is no Roman numeral: '{rest}' at its end is not understood")
    return match.group(), rest[1:]


def _tonicized(numeral: str, key: Key) -> Key:
    """The key for which a chord stands that others are applied to: "V/III" from the right."""
    head, applied = _split(numeral)
    local = _tonicized(applied, key) if applied else key
    root, tones, _ = _tones(head, local, numeral)
    return Key.of_pitch_class(root, "minor" if 3 in tones else "major")


def _tones(head: str, key: Key, numeral: str) -> tuple[int, tuple[int, ...], int]:
    """Root, tones above it, and which of them is the bass."""
    augmented = _AUGMENTED_SIXTH.fullmatch(head)
    if augmented:
        step, tones, bass = SPECIAL[augmented[1]]
        return (key.tonic_pitch_class + step) % 12, tones, bass
    match = _NUMERAL.fullmatch(head)
    assert match is not None  # `_split` gave what matched
    letters, sign = match["letters"], (match["sign"] or "").replace("ø", "/o")
    figures = match["figures"] or ""
    figures = f"{figures[0]}/{figures[1]}" if len(figures) == 2 else figures
    if match["major"] and not figures:
        figures = "7"
    if figures not in INVERSIONS:
        raise ValueError(
            f"'{numeral}' has the figures {figures}; known: {', '.join(INVERSIONS)[2:]}"
        )
    count, bass = INVERSIONS[figures]
    degree, root = _root(letters, match["shift"], key)
    triad = TRIADS[sign] or ((0, 4, 7) if letters.isupper() else (0, 3, 7))
    if match["major"]:
        seventh = 11
    elif sign in ("o", "/o") or triad[1] == 3:
        seventh = 9 if sign == "o" else 10
    else:
        seventh = _above(degree, 6, root, key)
    ninth = 13 if "[b9]" in match["altered"] else _above(degree, 1, root, key) + 12
    return root, (*triad, seventh, ninth)[:count], bass


def _root(letters: str, shift: str, key: Key) -> tuple[int, int]:
    """Degree from 0, and pitch class of the root."""
    if letters == "N":
        return 1, (key.tonic_pitch_class + 1) % 12
    degree = DEGREES[letters.upper()]
    scale = _scale(key)
    semitones = scale[degree]
    if is_minor(key) and degree >= 5:
        is_raised = letters.islower() and not shift
        # A flat before VI or VII in minor only reminds of what the key has.
        return degree, (key.tonic_pitch_class + semitones + is_raised + shift.count("#")) % 12
    semitones += shift.count("#") - shift.count("b")
    return degree, (key.tonic_pitch_class + semitones) % 12


def _above(degree: int, steps: int, root: int, key: Key) -> int:
    """Semitones from a root to the key's own tone so many degrees above it."""
    tone = key.tonic_pitch_class + _scale(key)[(degree + steps) % 7]
    return (tone - root) % 12


def _scale(key: Key) -> tuple[int, ...]:
    return MODES["minor" if is_minor(key) else "major"]


def is_minor(key: Key) -> bool:
    """Whether the third above the tonic is a minor one."""
    return MODES[key.mode][2] == 3
