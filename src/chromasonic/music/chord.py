"""Chords: root, intervals and bass; and the 64 classes to which a small network reduces them.

A class is a number: quality x 12 + root for the five qualities below (C major is 0, A minor 21,
G dominant seventh 43), then 60 none, 61 hold, 62 other, 63 start. "Hold" and "start" are no chords:
they say that the chord before stays, and that there was none yet.

The rule of reduction: the triad decides, then the seventh. Major third with perfect fifth is major,
with a minor seventh dominant; minor third with perfect fifth is minor, with a minor seventh minor
seventh; minor third with diminished fifth is diminished, whatever its seventh. A fifth that is left
out counts as perfect. So sixths, major sevenths, ninths and added tones go to their triad, and the
bass is left out. What has no such triad (suspended, augmented, power chords, single tones) is
"other".

Source: the vocabularies of MIREX's audio chord estimation reduce by the triad and leave out what
has another: J. Pauwels and G. Peeters, "Evaluating automatically estimated chord sequences",
ICASSP 2013; C. Raffel and others, "mir_eval", ISMIR 2014.
Differs: diminished triads are a class here, and "other" is a class and not left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.music.key import Key
from chromasonic.music.pitch import name_of_fifths

QUALITIES: dict[str, tuple[int, ...]] = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "dominant_seventh": (0, 4, 7, 10),
    "minor_seventh": (0, 3, 7, 10),
}
"""Quality to semitones above the root, in the order of the classes."""

SYMBOL_ENDINGS = {
    "major": "", "minor": "m", "diminished": "dim", "dominant_seventh": "7", "minor_seventh": "m7",
}  # fmt: skip
"""Quality to what lead sheets write after the root."""

HARTE_ENDINGS = {
    "major": "maj", "minor": "min", "diminished": "dim", "dominant_seventh": "7",
    "minor_seventh": "min7",
}  # fmt: skip
"""Quality to its shorthand in Harte's syntax."""

NONE, HOLD, OTHER, START = 60, 61, 62, 63
CLASSES = 64
SPECIAL_NAMES = {NONE: "none", HOLD: "hold", OTHER: "other", START: "start"}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord.

    Attributes:
        root: pitch class 0 to 11; None where there is no chord, or nobody knows which.
        intervals: semitones above the root, 0 to 11, ascending; empty without a root.
        bass: pitch class of the lowest tone, where it is not the root.
        is_known: False for a chord that sounds but was not named (Harte's X).
    """

    root: int | None
    intervals: tuple[int, ...] = ()
    bass: int | None = None
    is_known: bool = True

    def __post_init__(self) -> None:
        tones = (*self.intervals, self.root or 0, self.bass or 0)
        is_ascending = list(self.intervals) == sorted(set(self.intervals))
        if not all(0 <= tone < 12 for tone in tones) or not is_ascending:
            raise ValueError(
                f"Root {self.root}, intervals {self.intervals}, bass {self.bass} are no chord: "
                "pitch classes are 0 to 11, and intervals ascend."
            )
        if (self.root is None) != (not self.intervals):
            raise ValueError("A chord has a root and intervals, or neither.")

    @property
    def pitch_classes(self) -> frozenset[int]:
        """What sounds, the bass too; empty without a chord."""
        if self.root is None:
            return frozenset()
        tones = {(self.root + interval) % 12 for interval in self.intervals}
        return frozenset(tones if self.bass is None else tones | {self.bass})

    @property
    def quality(self) -> str | None:
        """One of `QUALITIES` after the rule of reduction (top of the page); None: it has none."""
        tones = set(self.intervals)
        is_major, is_minor = 4 in tones, 3 in tones and 4 not in tones
        has_perfect_fifth = 7 in tones or not tones & {6, 8}
        if is_minor and 6 in tones and 7 not in tones:
            return "diminished"
        if not has_perfect_fifth or not (is_major or is_minor):
            return None
        if is_major:
            return "dominant_seventh" if 10 in tones else "major"
        return "minor_seventh" if 10 in tones else "minor"

    @property
    def class_id(self) -> int:
        """Its class: 0 to 59, `NONE` or `OTHER`."""
        if self.root is None:
            return NONE if self.is_known else OTHER
        quality = self.quality
        return OTHER if quality is None else class_of(self.root, quality)

    def transposed(self, semitones: int) -> Chord:
        """The chord so many semitones higher."""
        if self.root is None:
            return self
        bass = None if self.bass is None else (self.bass + semitones) % 12
        return Chord((self.root + semitones) % 12, self.intervals, bass, self.is_known)

    def symbol(self, key: Key | None = None) -> str:
        """Its class as on a lead sheet, spelled for a key, with the bass: "Am7", "D/F#", "N.C.".

        What has no class is written with the root alone and a question mark.
        """
        if self.root is None:
            return "N.C." if self.is_known else "?"
        quality = self.quality
        ending = "?" if quality is None else SYMBOL_ENDINGS[quality]
        bass = "" if self.bass in (None, self.root) else f"/{spelled(self.bass or 0, key)}"
        return f"{spelled(self.root, key)}{ending}{bass}"

    def harte(self, key: Key | None = None) -> str:
        """Its class in Harte's syntax, without the bass: "A:min7", "N", "X"."""
        if self.root is None:
            return "N" if self.is_known else "X"
        quality = self.quality
        return "X" if quality is None else f"{spelled(self.root, key)}:{HARTE_ENDINGS[quality]}"


NO_CHORD = Chord(None)
"""Nothing sounds, or nothing that is a chord (Harte's N)."""

UNKNOWN_CHORD = Chord(None, is_known=False)
"""Something sounds that was not named (Harte's X)."""


def class_of(root: int, quality: str) -> int:
    """Class 0 to 59 of a root (pitch class) and a quality.

    Raises:
        ValueError: the quality is not one of `QUALITIES`.
    """
    if quality not in QUALITIES:
        raise ValueError(f"'{quality}' is no quality of a chord; known: {', '.join(QUALITIES)}.")
    return list(QUALITIES).index(quality) * 12 + root % 12


def chord_of_class(class_id: int) -> Chord:
    """The plain chord of a class (root position); `OTHER` gives `UNKNOWN_CHORD`.

    Raises:
        ValueError: the number is no class, or is `HOLD` or `START`, which are no chords.
    """
    if class_id in (NONE, OTHER):
        return NO_CHORD if class_id == NONE else UNKNOWN_CHORD
    if not 0 <= class_id < NONE:
        raise ValueError(
            f"{class_id} is no class of a chord: 0 to 59, {NONE} (none) or {OTHER} (other)."
        )
    quality, root = divmod(class_id, 12)
    return Chord(root, list(QUALITIES.values())[quality])


def class_name(class_id: int, key: Key | None = None) -> str:
    """What people call a class: "Am7", "G7", "none", "hold", "other", "start"."""
    if class_id in SPECIAL_NAMES:
        return SPECIAL_NAMES[class_id]
    return chord_of_class(class_id).symbol(key)


def class_named(name: str) -> int:
    """The class that `class_name` calls so, in any spelling.

    Raises:
        ValueError: the name is no class.
    """
    from chromasonic.music.chord_symbols import parse_symbol  # it builds on this page

    for class_id, special in SPECIAL_NAMES.items():
        if name == special:
            return class_id
    return parse_symbol(name).class_id


def transposed_class(class_id: int, semitones: int) -> int:
    """The class so many semitones higher; none, hold, other and start stay."""
    if class_id >= NONE:
        return class_id
    return class_id // 12 * 12 + (class_id + semitones) % 12


def spelled(pitch_class: int, key: Key | None = None) -> str:
    """Name of a pitch class as a key would spell it.

    The twelve names run along the line of fifths from four flats below the signature to seven
    sharps above it (in minor three and eight, so that the raised leading tone is a sharp).
    """
    fifths = 0 if key is None else key.fifths
    lowest = fifths - (3 if key is not None and key.mode == "minor" else 4)
    return name_of_fifths(lowest + (7 * pitch_class - lowest) % 12)
