"""Tunes as streams of tokens in one vocabulary, and back, exactly.

    START METRE TONIC MODE  events BAR events BAR ... events  END

An event is a sounding note `NOTE:d PITCH:p` (its duration token before its pitch token), a rest
`REST:d`, or `HOLD:d`, by which the note before sounds on (a tie, also over a bar line). `BAR`
stands between bars; where metre or key change, `METRE:m` or `TONIC:t MODE:m` follow it. So every
sounding note has exactly one PITCH token, and a stream's likelihood splits into rhythm and pitch.

Durations are in quarter notes ("NOTE:3/2" is a dotted quarter). Repeat marks, endings, chord
symbols and spelling are not in the stream; keys come back spelled with the fewest accidentals.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

import numpy as np

from chromasonic.errors import FormatError
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

DURATIONS_QUARTERS = (
    "1/16 1/12 1/8 1/6 3/16 1/4 1/3 3/8 1/2 2/3 3/4 7/8 1 5/4 4/3 3/2 7/4 2 5/2 3 7/2 4 9/2 5 6 8"
).split()
"""Durations with a token of their own; any other is written as one of these and holds."""

METRES = (
    "2/4 3/4 4/4 2/2 3/2 4/2 6/8 9/8 12/8 3/8 6/4 5/4 9/4 12/4 1/4 7/4 5/8 7/8 4/8 2/8 8/4 5/2"
).split()
LOWEST_PITCH, HIGHEST_PITCH = 36, 96


class Kind(IntEnum):
    """What a token says."""

    SPECIAL = 0
    BAR = 1
    METRE = 2
    TONIC = 3
    MODE = 4
    NOTE = 5
    REST = 6
    HOLD = 7
    PITCH = 8


class Vocabulary:
    """The one vocabulary: token names, kinds and values, indexed by token id.

    Attributes:
        names: token names, such as "PITCH:67".
        kind: (V,) int8, a `Kind` each.
        value: (V,) int32: ticks of a duration, MIDI number, pitch class of a tonic, else 0.
        signature: short hash of the names; a checkpoint keeps it, so that ids are never misread.
    """

    def __init__(self) -> None:
        entries: list[tuple[str, Kind, int]] = [
            (name, Kind.SPECIAL, 0) for name in ("PAD", "START", "END")
        ]
        entries.append(("BAR", Kind.BAR, 0))
        entries += [(f"METRE:{name}", Kind.METRE, Metre.parse(name).bar_ticks) for name in METRES]
        entries += [(f"TONIC:{number}", Kind.TONIC, number) for number in range(12)]
        entries += [(f"MODE:{name}", Kind.MODE, 0) for name in MODES]
        for kind in (Kind.NOTE, Kind.REST, Kind.HOLD):
            entries += [
                (f"{kind.name}:{name}", kind, int(Fraction(name) * TICKS_PER_QUARTER))
                for name in DURATIONS_QUARTERS
            ]
        entries += [
            (f"PITCH:{number}", Kind.PITCH, number)
            for number in range(LOWEST_PITCH, HIGHEST_PITCH + 1)
        ]
        self.names = tuple(name for name, _, _ in entries)
        self.kind = np.array([kind for _, kind, _ in entries], dtype=np.int8)
        self.value = np.array([value for _, _, value in entries], dtype=np.int32)
        self._ids = {name: index for index, name in enumerate(self.names)}
        self.signature = hashlib.sha256("\n".join(self.names).encode()).hexdigest()[:16]

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return len(self.names)

    def id(self, name: str) -> int:
        """The id of a token by its name.

        Raises:
            KeyError: no token has this name.
        """
        return self._ids[name]

    def ids_of(self, kind: Kind) -> np.ndarray:
        """All ids of a kind, ascending."""
        return np.flatnonzero(self.kind == kind)


VOCABULARY = Vocabulary()
PAD, START, END, BAR = (VOCABULARY.id(name) for name in ("PAD", "START", "END", "BAR"))

_DURATION_TICKS = [int(Fraction(name) * TICKS_PER_QUARTER) for name in DURATIONS_QUARTERS]
_FIRST = {kind: int(VOCABULARY.ids_of(kind)[0]) for kind in Kind}
_DURATION_INDEX = {ticks: index for index, ticks in enumerate(_DURATION_TICKS)}
_MODE_NAMES = tuple(MODES)
_METRES = tuple(Metre.parse(name) for name in METRES)
_METRE_INDEX = {metre: index for index, metre in enumerate(_METRES)}


class UnencodableTune(FormatError):
    """A tune that the vocabulary cannot say.

    Attributes:
        reason: a short one, the same for all tunes of a kind, to be counted.
    """

    def __init__(self, tune: Tune, reason: str) -> None:
        super().__init__(
            f"The tune {tune.id} ({tune.title}) does not fit the vocabulary: {reason}."
        )
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EncodedCorpus:
    """Token streams of the tunes that fit.

    Attributes:
        sequences: a stream for each tune that fits.
        ids: their tune ids.
        skipped: reason -> how many tunes did not fit for it.
    """

    sequences: list[list[int]]
    ids: list[str]
    skipped: dict[str, int]


def encode(tune: Tune) -> list[int]:
    """The token stream of a tune as it is written (call `tune.expanded()` before, to play it out).

    Raises:
        UnencodableTune: free metre, a metre, pitch or duration outside the vocabulary, no note.
    """
    ids = [START]
    metre: Metre | None = None
    key: tuple[int, str] | None = None
    sounding: int | None = None
    notes = 0
    for bar in tune.bars:
        if not bar.notes:
            continue
        if notes:
            ids.append(BAR)
        if bar.metre != metre or bar.metre is None:
            metre = bar.metre
            ids.append(_metre_token(tune, metre))
        if (bar.key.tonic_pitch_class, bar.key.mode) != key:
            key = (bar.key.tonic_pitch_class, bar.key.mode)
            ids += [_FIRST[Kind.TONIC] + key[0], _FIRST[Kind.MODE] + _MODE_NAMES.index(key[1])]
        for note in bar.notes:
            notes += 1
            held = note.tied and note.pitch is not None and note.pitch == sounding
            sounding = note.pitch
            ids += _event_tokens(tune, note, held)
    if not any(VOCABULARY.kind[token] == Kind.PITCH for token in ids):
        raise UnencodableTune(tune, "no note")
    ids.append(END)
    return ids


def _metre_token(tune: Tune, metre: Metre | None) -> int:
    if metre is None:
        raise UnencodableTune(tune, "free metre")
    if metre not in _METRE_INDEX:
        raise UnencodableTune(tune, "rare metre")
    return _FIRST[Kind.METRE] + _METRE_INDEX[metre]


def _event_tokens(tune: Tune, note: Note, held: bool) -> list[int]:
    """Tokens of a written note; a duration without a token is the longest that fits, then holds."""
    first, *rest = _duration_parts(tune, note.duration)
    if note.pitch is None:
        return [_FIRST[Kind.REST] + part for part in (first, *rest)]
    holds = [_FIRST[Kind.HOLD] + part for part in rest]
    if held:
        return [_FIRST[Kind.HOLD] + first, *holds]
    if not LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH:
        raise UnencodableTune(tune, "pitch out of range")
    return [_FIRST[Kind.NOTE] + first, _FIRST[Kind.PITCH] + note.pitch - LOWEST_PITCH, *holds]


def _duration_parts(tune: Tune, duration: int) -> list[int]:
    """Indices into the table of durations that add up to `duration`, longest first."""
    parts: list[int] = []
    while duration:
        index = _DURATION_INDEX.get(duration)
        if index is None:
            index = int(np.searchsorted(_DURATION_TICKS, duration, side="right")) - 1
        if index < 0 or len(parts) == 4:
            raise UnencodableTune(tune, "rare duration")
        parts.append(index)
        duration -= _DURATION_TICKS[index]
    return parts


def encode_all(tunes: Iterable[Tune]) -> EncodedCorpus:
    """Encode all tunes that fit; count the others by reason."""
    sequences: list[list[int]] = []
    ids: list[str] = []
    skipped: Counter[str] = Counter()
    for tune in tunes:
        try:
            sequences.append(encode(tune))
            ids.append(tune.id)
        except UnencodableTune as error:
            skipped[error.reason] += 1
    return EncodedCorpus(sequences, ids, dict(skipped))


def decode(ids: Sequence[int], *, id: str = "tune", title: str = "") -> Tune:
    """The tune that a stream says; `encode(decode(ids)) == ids`.

    Args:
        ids: a whole stream, from START to END.
        id: the id that the tune gets.
        title: the title that it gets.

    Raises:
        FormatError: the stream breaks the grammar; says where.
    """
    reader = _StreamReader(ids)
    return Tune(id=id, title=title, bars=tuple(reader.bars()))


class _StreamReader:
    """Reads a stream token by token, refusing what `encode` would not write."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = [int(token) for token in ids]
        self.place = 0
        bad = [token for token in self.ids if not 0 <= token < VOCABULARY.size]
        if bad:
            raise FormatError(f"{bad[0]} is no token id: allowed are 0 to {VOCABULARY.size - 1}.")

    def fail(self, expected: str) -> FormatError:
        """The error for the token at hand."""
        met = VOCABULARY.names[self.ids[self.place]] if self.place < len(self.ids) else "nothing"
        return FormatError(
            f"The token stream breaks off its grammar at place {self.place}: "
            f"expected {expected}, met {met}."
        )

    def kind(self) -> Kind | None:
        """Kind of the token at hand, or None at the end."""
        return Kind(VOCABULARY.kind[self.ids[self.place]]) if self.place < len(self.ids) else None

    def take(self, kind: Kind) -> int:
        """Step over a token of a kind; its index within the kind."""
        if self.kind() != kind:
            raise self.fail(f"a {kind.name} token")
        self.place += 1
        return self.ids[self.place - 1] - _FIRST[kind]

    def expect(self, token: int) -> None:
        """Step over one particular token."""
        if self.place >= len(self.ids) or self.ids[self.place] != token:
            raise self.fail(VOCABULARY.names[token])
        self.place += 1

    def bars(self) -> list[Bar]:
        """Read the whole stream."""
        self.expect(START)
        bars: list[Bar] = []
        metre: Metre | None = None
        key: Key | None = None
        pitch: int | None = None
        while True:
            if self.kind() == Kind.METRE or metre is None:
                changed = _METRES[self.take(Kind.METRE)]
                if changed == metre:
                    self.place -= 1
                    raise self.fail("another metre than the one in force")
                metre = changed
            if self.kind() == Kind.TONIC or key is None:
                tonic = self.take(Kind.TONIC)
                changed_key = Key.of_pitch_class(tonic, _MODE_NAMES[self.take(Kind.MODE)])
                if changed_key == key:
                    self.place -= 2
                    raise self.fail("another key than the one in force")
                key = changed_key
            notes, pitch = self.notes(pitch)
            bars.append(Bar(notes=tuple(notes), metre=metre, key=key))
            if self.kind() != Kind.BAR:
                break
            self.expect(BAR)
        self.expect(END)
        if self.place != len(self.ids):
            raise self.fail("nothing after END")
        if all(note.pitch is None for bar in bars for note in bar.notes):
            raise FormatError("The token stream holds no note.")
        return bars

    def notes(self, pitch: int | None) -> tuple[list[Note], int | None]:
        """The notes of a bar, and the pitch that sounds at its end (None: a rest)."""
        notes: list[Note] = []
        while (kind := self.kind()) in (Kind.NOTE, Kind.REST, Kind.HOLD):
            if kind == Kind.HOLD and pitch is None:
                raise self.fail("a NOTE before it is held")
            duration = _DURATION_TICKS[self.take(kind)]
            if kind == Kind.NOTE:
                pitch = LOWEST_PITCH + self.take(Kind.PITCH)
            elif kind == Kind.REST:
                pitch = None
            notes.append(Note(duration, pitch, tied=kind == Kind.HOLD))
        if not notes:
            raise self.fail("a NOTE, REST or HOLD token")
        return notes, pitch


def transpositions(ids: Sequence[int] | np.ndarray) -> range:
    """Semitone shifts, of those from -6 to 5 (one for each key), that keep a stream in range."""
    array = np.asarray(ids)
    pitches = VOCABULARY.value[array[VOCABULARY.kind[array] == Kind.PITCH]]
    if not len(pitches):
        return range(-6, 6)
    lowest = max(-6, LOWEST_PITCH - int(pitches.min()))
    highest = min(5, HIGHEST_PITCH - int(pitches.max()))
    return range(lowest, highest + 1)


def transpose(ids: Sequence[int] | np.ndarray, semitones: int | np.ndarray) -> np.ndarray:
    """The stream so many semitones higher: its PITCH and TONIC tokens shifted.

    Args:
        ids: token ids, of any shape.
        semitones: within `transpositions(ids)`, or pitches would leave the vocabulary; an array
            where rows move by their own.

    Returns:
        int64 array of the same shape.

    Raises:
        ValueError: a pitch leaves the vocabulary.
    """
    array = np.asarray(ids, dtype=np.int64)
    kinds = VOCABULARY.kind[array]
    tonic = _FIRST[Kind.TONIC]
    shifted = np.where(kinds == Kind.TONIC, tonic + (array - tonic + semitones) % 12, array)
    shifted = np.where(kinds == Kind.PITCH, array + semitones, shifted)
    lowest = _FIRST[Kind.PITCH]
    pitches = shifted[kinds == Kind.PITCH]
    if len(pitches) and not lowest <= pitches.min() <= pitches.max() < VOCABULARY.size:
        raise ValueError(f"Transposed by {semitones} semitones, a pitch leaves the vocabulary.")
    return shifted
