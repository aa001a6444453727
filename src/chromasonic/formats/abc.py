"""ABC files to tunes, and back.

Reads the melodies of a file of any number of tunes. A tune that cannot be read without guessing is
skipped with its reason; the others are read.

Source: The ABC music standard 2.1 (2011).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chromasonic.errors import FormatError
from chromasonic.formats.abc_fields import (
    FERMATAS,
    BrokenTune,
    KeyField,
    default_unit_ticks,
    read_key,
    read_metre,
    read_shift,
    read_tempo,
    read_unit_ticks,
)
from chromasonic.formats.abc_music import Voice
from chromasonic.formats.abc_writer import write_abc
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Tune

__all__ = ["PARSER_VERSION", "AbcBook", "SkippedTune", "read_abc", "write_abc"]

PARSER_VERSION = 3
"""Goes up whenever the same text gives other tunes: caches are keyed by it."""

MAX_TUNE_CHARACTERS = 1_000_000
"""A longer tune is refused before it is read."""

MAX_FIELD_CHARACTERS = 200
"""What a field says beyond that is not looked at."""


@dataclass(frozen=True, slots=True)
class SkippedTune:
    """A tune that was not read.

    Attributes:
        reference: its `X:` number, as written.
        title: its first title; may be empty.
        reason: why, in words.
    """

    reference: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class AbcBook:
    """What a file of ABC holds: the tunes in order, and those that were skipped."""

    tunes: tuple[Tune, ...]
    skipped: tuple[SkippedTune, ...] = ()


_TUNE_START = re.compile(r"^X:[^\n]*", re.MULTILINE)
_MAILED = re.compile(r"=(?:20)?\n")
"""Marks of e-mail's quoted-printable text: ABC itself never ends a line so."""

MAX_VOICES = 64

_VOICE_NAME = re.compile(r'\b(?:name|nm)\s*=\s*"([^"]*)"')
_VOICE = re.compile(r"\[V:([^\]]*)\]")
_FIELD = re.compile(r"([A-Za-z+]):(?![|:])(.*)", re.DOTALL)


def read_abc(text: str, *, source: str) -> AbcBook:
    """Read every tune of an ABC text.

    Args:
        text: the text of a file, of any number of tunes.
        source: a name for the file, from which the tunes' ids are made (`source:number`).

    Raises:
        FormatError: the text holds no tune at all.
    """
    tunes: list[Tune] = []
    skipped: list[SkippedTune] = []
    used: dict[str, int] = {}
    for part in _tune_texts(text, source):
        reader = _TuneReader()
        try:
            bars = reader.read_whole(part)
        except BrokenTune as error:
            skipped.append(SkippedTune(reader.reference, reader.title, str(error)))
            continue
        name = f"{source}:{reader.reference}"
        used[name] = used.get(name, 0) + 1
        if used[name] > 1:
            name = f"{name}~{used[name]}"
        tunes.append(
            Tune(name, reader.title, bars, reader.tempo_bpm, f"{source}, tune {reader.reference}")
        )
    return AbcBook(tuple(tunes), tuple(skipped))


def _tune_texts(text: str, source: str) -> list[str]:
    """The text of each tune; one that is too long is cut where that can be seen."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in _TUNE_START.finditer(text)]
    if not starts or "\0" in text[:4096]:
        what = "it is binary" if "\0" in text[:4096] else "no line begins with 'X:'"
        raise FormatError(
            f"{source} holds no ABC tune: {what}. "
            "Give a text file in which each tune begins with a line such as 'X:1'."
        )
    return [
        text[start : min(end, start + MAX_TUNE_CHARACTERS + 1)]
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AbcVoice:
    """One voice of a tune.

    Attributes:
        name: its full name where one is given, else what its `V:` field says; "" in a tune of one.
        tune: its music, of notes that sound together the highest.
        chord_bar: number of the first bar with notes that sound together, from 1; None: no bar.
    """

    name: str
    tune: Tune
    chord_bar: int | None


def read_abc_voices(text: str, *, source: str) -> tuple[AbcVoice, ...]:
    """Every voice that sounds in the first tune of a text that can be read, spelled as written.

    Raises:
        FormatError: the text holds no tune, or none that can be read.
    """
    reasons = []
    for part in _tune_texts(text, source):
        first = _TuneReader()
        voices: list[AbcVoice] = []
        try:
            first.read_whole(part, may_be_silent=True)
            for voice in first.voice_names or {"": ""}:
                reader = _TuneReader(voice or None, keeps_names=True)
                bars = reader.read_whole(part, may_be_silent=True)
                if any(note.pitch is not None for bar in bars for note in bar.notes):
                    where = f"{source}, tune {reader.reference}"
                    name = f"{source}:{reader.reference}"
                    tune = Tune(name, reader.title, bars, reader.tempo_bpm, where)
                    assert reader.voice is not None
                    chord_bar = reader.voice.chord_bar
                    full = reader.voice_names.get(voice, "")
                    voices.append(AbcVoice(name=full, tune=tune, chord_bar=chord_bar))
            if voices:
                return tuple(voices)
            reasons.append(f"X:{first.reference}: it has no note")
        except BrokenTune as error:
            reasons.append(f"X:{first.reference}: {error}")
    raise FormatError(f"{source} holds no tune that can be read. {'; '.join(reasons[:3])}.")


class _TuneReader:
    """Reads one tune: its header, then its body line by line."""

    def __init__(self, voice: str | None = None, *, keeps_names: bool = False) -> None:
        """Read the voice of this name; None is the first."""
        self.keeps_names = keeps_names
        self.reference = ""
        self.title = ""
        self.metre: Metre | None = Metre(4, 4)
        self.unit_ticks: int | None = None
        self.tempo: str | None = None
        self.tempo_bpm: float | None = None
        self.voice: Voice | None = None
        self.chosen = voice
        self.is_chosen = True
        self.shift = 0
        self.voice_names: dict[str, str] = {}
        self.fermatas = {*FERMATAS, "H"}
        self.has_music = False

    def read_whole(self, text: str, *, may_be_silent: bool = False) -> tuple[Bar, ...]:
        """The bars of a tune's text.

        Raises:
            BrokenTune: it cannot be read without guessing.
        """
        if len(text) > MAX_TUNE_CHARACTERS:
            self.reference = text[2 : text.find("\n")].strip()[:40]
            raise BrokenTune(f"it is longer than {MAX_TUNE_CHARACTERS:,} characters")
        self.read(text)
        return self.finish(may_be_silent=may_be_silent)

    def read(self, text: str) -> None:
        if _MAILED.search(text):
            text = text.replace("=20\n", "\n").replace("=\n", "").replace("=3D", "=")
        continued = ""
        for line in text.split("\n"):
            if "%" in line:
                line = re.split(r"(?<!\\)%", line, maxsplit=1)[0]
                if not line.strip():
                    continue
            line = line.strip()
            if not line:
                break  # an empty line ends the tune
            field = _FIELD.match(line)
            if field is not None:
                if continued:
                    self.read_music(continued)
                    continued = ""
                self.take_field(field[1], field[2].strip())
            elif self.voice is not None:
                if line.endswith("\\"):  # the next line of music goes on at once: "||\\" then ":"
                    continued += line[:-1]
                else:
                    self.read_music(continued + line)
                    continued = ""
        if continued:
            self.read_music(continued)

    def read_music(self, line: str) -> None:
        """Take a line of music; `[V:2]` in it hands over to another voice, which is left out."""
        for index, part in enumerate(_VOICE.split(line) if "[V:" in line else [line]):
            if index % 2:
                self.take_voice(part)
            elif self.voice is not None and self.is_chosen and part:
                self.has_music = True
                self.voice.read_line(part)

    def take_field(self, letter: str, text: str) -> None:
        """Act upon a field, in the header, on a line of its own or inside the music."""
        text = text[:MAX_FIELD_CHARACTERS]
        if letter == "X" and not self.reference:
            self.reference = text[:40]
        elif letter == "T" and not self.title:
            self.title = text.replace("\\%", "%")
        elif letter == "V":
            self.take_voice(text)
        elif letter == "U":
            self.take_symbol(text)
        elif not self.is_chosen:
            return
        elif letter == "M":
            self.metre = read_metre(text)
            if self.voice is not None:
                self.voice.set_metre(self.metre)
                if not self.has_music and self.unit_ticks is None:
                    self.voice.unit_ticks = default_unit_ticks(self.metre)
        elif letter == "L":
            self.unit_ticks = read_unit_ticks(text)
            if self.voice is not None:
                self.voice.unit_ticks = self.unit_ticks
        elif letter == "K":
            self.take_key(read_key(text))
        elif letter == "Q" and self.tempo is None:
            self.tempo = text

    def take_key(self, key: KeyField) -> None:
        if self.voice is None:
            unit = self.unit_ticks or default_unit_ticks(self.metre)
            self.voice = Voice(
                self.metre, unit, key, frozenset(self.fermatas), keeps_names=self.keeps_names
            )
            self.voice.set_shift(self.shift)
            self.voice.on_field = self.take_field  # type: ignore[method-assign]
        else:
            self.voice.set_key(key)

    def take_voice(self, text: str) -> None:
        """Hand over to a voice: `S`, `T1 name="Tenor 1" clef=treble-8`."""
        name, _, properties = text.strip().partition(" ")
        if len(self.voice_names) < MAX_VOICES:
            full = _VOICE_NAME.search(properties)
            known = self.voice_names.get(name)
            self.voice_names[name] = (full[1] if full else "").strip() or known or name
        if self.chosen is None:
            self.chosen = name
        if name == self.chosen and "=" in properties:
            self.shift = read_shift(properties)
            if self.voice is not None:
                self.voice.set_shift(self.shift)
        if self.voice is not None:
            self.is_chosen = name == self.chosen

    def take_symbol(self, text: str) -> None:
        """`U: T = !fermata!`: a letter gets a meaning, which may take it from the fermata."""
        letter, _, meaning = text.partition("=")
        if meaning.strip() in FERMATAS:
            self.fermatas.add(letter.strip())
        else:
            self.fermatas.discard(letter.strip())

    def finish(self, *, may_be_silent: bool) -> tuple[Bar, ...]:
        """The bars; the tempo is known now."""
        if self.voice is None:
            raise BrokenTune("it has no key: a 'K:' field must end the header")
        bars = self.voice.finish(may_be_silent=may_be_silent)
        if bars and self.tempo is not None:
            self.tempo_bpm = read_tempo(self.tempo, bars[0].metre, self.voice.unit_ticks)
        return bars
