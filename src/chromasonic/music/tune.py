"""Tunes: one voice, written in bars, with repeats as they stand on the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.repeats import played


@dataclass(frozen=True, slots=True)
class Note:
    """One written note or rest.

    Attributes:
        duration: length in ticks (`TICKS_PER_QUARTER` to a quarter), above 0.
        pitch: MIDI number 0 to 127; None is a rest.
        tied: the note before, of the same pitch, sounds on: this one has no onset of its own.
        fermata: a fermata stands over it; in chorales it ends a phrase.
        name: how the pitch is spelled ("F#", "Cb"); None: as its key spells it (`notation.spell`).
    """

    duration: int
    pitch: int | None
    tied: bool = False
    fermata: bool = False
    name: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord symbol as written ("Am7", "G/B") at an onset in ticks from the start of its bar."""

    onset: int
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands between two bar lines; it may be shorter or longer than its metre asks for.

    Attributes:
        notes: the notes and rests, in time.
        metre: the metre in force; None is free metre.
        key: the key in force.
        chords: the chord symbols over it.
        opens_repeat: a repeat begins with this bar (`|:`).
        closes_repeat: how many times to go back after this bar (`:|` is 1).
        ending: the passes on which this bar is played ((1,) for `[1`); empty is every pass. Every
            bar of an ending carries it.
        closes_section: a double or final bar line stands after this bar.
    """

    notes: tuple[Note, ...]
    metre: Metre | None
    key: Key
    chords: tuple[ChordSymbol, ...] = ()
    opens_repeat: bool = False
    closes_repeat: int = 0
    ending: tuple[int, ...] = ()
    closes_section: bool = False

    @property
    def duration(self) -> int:
        """Ticks that its notes and rests take."""
        return sum(note.duration for note in self.notes)

    @property
    def is_full(self) -> bool:
        """Whether the notes fill the metre exactly (free metre: always)."""
        return self.metre is None or self.duration == self.metre.bar_ticks


@dataclass(frozen=True, slots=True)
class Tune:
    """A monophonic tune.

    Attributes:
        id: unique and stable within its corpus.
        title: as written; may be empty.
        bars: at least one.
        tempo_bpm: felt beats (`Metre.beat_ticks`) a minute, or None where not written.
        source: where it stands (file name, number), for messages and credits.
    """

    id: str
    title: str
    bars: tuple[Bar, ...]
    tempo_bpm: float | None = None
    source: str = field(default="", compare=False)

    @property
    def key(self) -> Key:
        """The key at the start."""
        return self.bars[0].key

    @property
    def metre(self) -> Metre | None:
        """The metre at the start."""
        return self.bars[0].metre

    def notes(self) -> Iterator[Note]:
        """All written notes and rests in time, tied ones apart."""
        for bar in self.bars:
            yield from bar.notes

    def sounding(self) -> Iterator[tuple[int, int, int]]:
        """The notes as heard: (onset, duration, pitch), in ticks and MIDI numbers, ties joined."""
        onset, pending = 0, None
        for note in self.notes():
            if note.tied and pending is not None and note.pitch == pending[2]:
                pending = (pending[0], pending[1] + note.duration, pending[2])
            else:
                if pending is not None:
                    yield pending
                pending = None if note.pitch is None else (onset, note.duration, note.pitch)
            onset += note.duration
        if pending is not None:
            yield pending

    def transposed(self, semitones: int) -> Tune:
        """The tune so many semitones higher, its keys spelled anew; chord symbols are left out.

        By octaves notes keep their names.
        """
        if semitones == 0:
            return self
        return replace(self, bars=tuple(_transposed_bar(bar, semitones) for bar in self.bars))

    def expanded(self) -> Tune:
        """The tune as played: repeats written out, each ending on its pass."""
        return replace(self, bars=tuple(played(self.bars)))


def _transposed_bar(bar: Bar, semitones: int) -> Bar:
    notes = tuple(
        note
        if note.pitch is None
        else replace(
            note,
            pitch=note.pitch + semitones,
            name=note.name if semitones % 12 == 0 else None,
        )
        for note in bar.notes
    )
    return replace(bar, notes=notes, key=bar.key.transposed(semitones), chords=())
