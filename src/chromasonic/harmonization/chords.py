"""The chord vocabulary: triads and sevenths of each mode, its dominants, and secondary dominants.

One table holds the chords of all modes; a chord is a row number in it, and its numbers are relative
to a tonic. A seventh chord whose seventh is not there is the triad; inversions are no rows of their
own: they follow from the member in the bass.

Source: E. Aldwell and C. Schachter, "Harmony and Voice Leading", units 6 to 13 and 25; numerals as
in RomanText (D. Tymoczko and others, "The Romantext format", ISMIR 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from chromasonic.music.key import MODES

Integers = npt.NDArray[np.int64]

QUALITIES: dict[tuple[int, ...], tuple[bool, str]] = {
    (0, 4, 7): (True, ""), (0, 3, 7): (False, ""), (0, 3, 6): (False, "o"), (0, 4, 8): (True, "+"),
    (0, 4, 7, 10): (True, ""), (0, 4, 7, 11): (True, ""), (0, 3, 7, 10): (False, ""),
    (0, 3, 6, 10): (False, "ø"), (0, 3, 6, 9): (False, "o"),
}  # fmt: skip
"""Semitones above the root to whether its numeral is in capitals, and the sign after it."""

FIGURES = {3: ("", "6", "6/4"), 4: ("7", "6/5", "4/3", "4/2")}
"""Number of members to the figures by the member in the bass."""

TONIC, PREDOMINANT, DOMINANT, APPLIED = range(4)
"""Functions."""

PRIMARY, SECONDARY, CHROMATIC = range(3)
"""How common a chord is: pillars of the key, its other diatonic chords, those that leave it."""

NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_FUNCTION_OF_DEGREE = (TONIC, PREDOMINANT, TONIC, PREDOMINANT, DOMINANT, TONIC, DOMINANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalChord:
    """A chord in a key.

    Attributes:
        mode: mode of the key, one of `MODES`.
        numeral: Roman numeral without figures ("V", "viio"), and what it is applied to.
        applied_to: numeral of the chord that it leads to as a dominant, else "".
        root: semitones above the tonic, 0 to 11.
        intervals: its members in semitones above the root: three or four.
        function: `TONIC`, `PREDOMINANT`, `DOMINANT` or `APPLIED`.
        target: semitones above the tonic of the root that it leads to; -1 where it leads nowhere.
        leading: which member is the leading tone (of the key, or of the target); -1 for none.
        rank: `PRIMARY`, `SECONDARY` or `CHROMATIC`.
        degree: scale degree of the root, 0 to 6 (of the target's key for applied chords).
        letter: how many letters the root's name is above the tonic's, 0 to 6; its members follow
            in thirds.
    """

    mode: str
    numeral: str
    applied_to: str = ""
    root: int
    intervals: tuple[int, ...]
    function: int
    target: int = -1
    leading: int = -1
    rank: int
    degree: int
    letter: int

    def figured(self, bass: int = 0) -> str:
        """Numeral with the figures of an inversion: "V6/5/ii" with the third (1) in the bass."""
        applied = f"/{self.applied_to}" if self.applied_to else ""
        return f"{self.numeral}{FIGURES[len(self.intervals)][max(bass, 0)]}{applied}"


def is_minor_like(mode: str) -> bool:
    """Whether the tonic chord of a mode has a minor third."""
    return MODES[mode][2] == 3


@cache
def chords_of_mode(mode: str) -> tuple[FunctionalChord, ...]:
    """All chords of a mode: diatonic, dominants with the raised leading tone, applied, borrowed."""
    found: dict[tuple[int, tuple[int, ...]], FunctionalChord] = {}

    def add(chord: FunctionalChord) -> None:
        found.setdefault((chord.root, chord.intervals), chord)

    scale = MODES[mode]
    for size in (3, 4):
        for degree in range(7):
            chord = _diatonic(mode, scale, degree, size)
            if chord is not None:
                add(chord)
    for chord in _dominants(mode):
        add(chord)
    diatonic = [chord for chord in found.values() if len(chord.intervals) == 3]
    for chord in diatonic:
        if chord.intervals in ((0, 4, 7), (0, 3, 7)) and chord.root and chord.function != APPLIED:
            for applied in _applied(mode, chord):
                add(applied)
    return tuple(found.values())


def _diatonic(mode: str, scale: tuple[int, ...], degree: int, size: int) -> FunctionalChord | None:
    root = scale[degree]
    intervals = tuple((scale[(degree + 2 * i) % 7] - root) % 12 for i in range(size))
    if intervals not in QUALITIES:
        return None
    has_leading_tone = scale[6] == 11
    function = _FUNCTION_OF_DEGREE[degree]
    leading = -1
    if function == DOMINANT and has_leading_tone:
        leading = 1 if degree == 4 else 0
    pillar = degree in (0, 3, 4) or (degree == 1 and size == 4)
    return FunctionalChord(
        mode=mode,
        numeral=_numeral(mode, degree, root, intervals),
        root=root,
        intervals=intervals,
        function=function,
        target=_target(mode, function, degree),
        leading=leading,
        rank=PRIMARY if pillar else SECONDARY,
        degree=degree,
        letter=degree,
    )


def _target(mode: str, function: int, degree: int) -> int:
    """Where a diatonic dominant leads: VII of a minor mode to III, the others to the tonic."""
    if function != DOMINANT:
        return -1
    leads_to_third = degree == 6 and is_minor_like(mode) and MODES[mode][6] == 10
    return MODES[mode][2] if leads_to_third else 0


def _dominants(mode: str) -> list[FunctionalChord]:
    """Dominants with a leading tone; in minor the raised sixth too, and the major tonic at ends."""
    chords = [
        _chord(mode, "V", 7, (0, 4, 7), DOMINANT, 1, PRIMARY, 4),
        _chord(mode, "V", 7, (0, 4, 7, 10), DOMINANT, 1, PRIMARY, 4),
        _chord(mode, "viio", 11, (0, 3, 6), DOMINANT, 0, SECONDARY, 6),
    ]
    if is_minor_like(mode):
        chords += [
            _chord(mode, "viio", 11, (0, 3, 6, 9), DOMINANT, 0, SECONDARY, 6),
            _chord(mode, "ii", 2, (0, 3, 7), PREDOMINANT, -1, CHROMATIC, 1),
            _chord(mode, "IV", 5, (0, 4, 7), PREDOMINANT, -1, CHROMATIC, 3),
            _chord(mode, "I", 0, (0, 4, 7), TONIC, -1, CHROMATIC, 0),
        ]
    else:
        chords.append(_chord(mode, "viiø", 11, (0, 3, 6, 10), DOMINANT, 0, SECONDARY, 6))
    return chords


def _chord(
    mode: str,
    numeral: str,
    root: int,
    intervals: tuple[int, ...],
    function: int,
    leading: int,
    rank: int,
    degree: int,
) -> FunctionalChord:
    return FunctionalChord(
        mode=mode,
        numeral=numeral,
        root=root,
        intervals=intervals,
        function=function,
        target=0 if function == DOMINANT else -1,
        leading=leading,
        rank=rank,
        degree=degree,
        letter=degree,
    )


def _applied(mode: str, target: FunctionalChord) -> list[FunctionalChord]:
    """Dominants and leading-tone chords of a chord that is not the tonic.

    What leads to the fifth degree of minor is named after its dominant, V, with or without its
    leading tone.
    """
    is_minor = target.intervals[1] == 3
    seventh = ("viio", (0, 3, 6, 9)) if is_minor else ("viiø", (0, 3, 6, 10))
    name = "V" if target.root == 7 and is_minor_like(mode) else target.numeral
    kinds = [
        ("V", 7, (0, 4, 7), 1, 4), ("V", 7, (0, 4, 7, 10), 1, 4),
        ("viio", 11, (0, 3, 6), 0, 6), (seventh[0], 11, seventh[1], 0, 6),
    ]  # fmt: skip
    return [
        FunctionalChord(
            mode=mode,
            numeral=numeral,
            applied_to=name,
            root=(target.root + above) % 12,
            intervals=intervals,
            function=APPLIED,
            target=target.root,
            leading=leading,
            rank=CHROMATIC,
            degree=degree,
            letter=(target.letter + degree) % 7,
        )
        for numeral, above, intervals, leading, degree in kinds
    ]


def _numeral(mode: str, degree: int, root: int, intervals: tuple[int, ...]) -> str:
    """Numeral of a degree; accidentals against the major or the natural minor scale."""
    reference = MODES["minor" if is_minor_like(mode) else "major"][degree]
    is_capital, sign = QUALITIES[intervals]
    name = NUMERALS[degree] if is_capital else NUMERALS[degree].lower()
    return {-1: "b", 0: "", 1: "#"}[root - reference] + name + sign


VOCABULARY: tuple[FunctionalChord, ...] = tuple(
    chord for mode in MODES for chord in chords_of_mode(mode)
)
"""All chords of all modes; a chord elsewhere is a row number here."""

MODE_NUMBERS = {mode: number for number, mode in enumerate(MODES)}


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The vocabulary as arrays, one row a chord (C rows)."""

    mode: Integers
    root: Integers
    size: Integers
    members: Integers  # (C, 4) semitones above the root; -1 for no seventh
    function: Integers
    target: Integers
    leading: Integers
    rank: Integers
    degree: Integers
    letters: Integers  # (C, 4) letters that each member's name is above the tonic's, 0 to 6
    is_minor_third: Integers


def _column(name: str) -> Integers:
    return np.array([getattr(chord, name) for chord in VOCABULARY], np.int64)


TABLE = _Table(
    mode=np.array([MODE_NUMBERS[chord.mode] for chord in VOCABULARY]),
    root=_column("root"),
    size=np.array([len(chord.intervals) for chord in VOCABULARY]),
    members=np.array([(*chord.intervals, -1)[:4] for chord in VOCABULARY]),
    function=_column("function"),
    target=_column("target"),
    leading=_column("leading"),
    rank=_column("rank"),
    degree=_column("degree"),
    letters=(_column("letter")[:, None] + 2 * np.arange(4)) % 7,
    is_minor_third=np.array([chord.intervals[1] == 3 for chord in VOCABULARY], np.int64),
)


def triad_numbers(chord: npt.ArrayLike, tonic: npt.ArrayLike) -> Integers:
    """What a chord is to the ear: a number for its root and the triad on it.

    V and V7, a chord and its inversions are one; a root with a major and a minor third are two.

    Args:
        chord: rows of the vocabulary, any shape.
        tonic: pitch class of the tonic that each is named from.
    """
    chord = np.asarray(chord)
    root = (np.asarray(tonic) + TABLE.root[chord]) % 12
    return triad_number(root, TABLE.members[chord][..., 1], TABLE.members[chord][..., 2])


def triad_number(root: Integers, third: Integers, fifth: Integers) -> Integers:
    """The number of a triad with a root (pitch class), third and fifth (semitones above it)."""
    return np.asarray((root * 12 + third) * 12 + fifth)
