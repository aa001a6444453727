"""Humdrum **kern to tunes: every spine, and each layer of a split one, is a voice.

Read are notes, chords (their highest note), rests, ties, fermatas, lengths of every kind, bar
lines, repeat signs, keys, metres, tempo, and the splitting and joining of spines. Grace notes are
left out, other spines than **kern passed over. Section labels (`*>A`) are not followed.

Source: D. Huron, "The Humdrum Toolkit: Reference Manual" (1995).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from chromasonic.errors import FormatError
from chromasonic.formats.kern_tokens import (
    BarLine,
    BrokenToken,
    KernNote,
    read_bar_line,
    read_key,
    read_metre,
    read_signature,
    read_tempo,
    read_token,
)
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.repeats import with_openings
from chromasonic.music.tune import Bar, Note, Tune

Value = TypeVar("Value")

MAX_LINES = 200_000
MAX_SPINES = 64
MAX_LAYERS = 8

_INSTRUMENTS = {
    "soprn": "Soprano", "mezzo": "Mezzo-soprano", "calto": "Alto", "alto": "Alto",
    "tenor": "Tenor", "barit": "Baritone", "bass": "Bass",
}  # fmt: skip
"""Humdrum's codes of voices to their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernVoice:
    """One voice of a score.

    Attributes:
        name: of its spine, with the layer's number where the spine has several.
        tune: its music, of notes that sound together the highest.
        chord_bar: number of the first bar with a chord in it, from 1; None: no bar.
    """

    name: str
    tune: Tune
    chord_bar: int | None


@dataclass(slots=True)
class _Event:
    """A note or rest of a layer: times in ticks from the start."""

    onset: int
    end: int
    token: KernNote

    @property
    def pitch(self) -> int | None:
        """MIDI number; None is a rest."""
        return self.token.pitch


@dataclass(slots=True)
class _Spine:
    """What a **kern spine holds: its layers' events, and what came into force when."""

    number: int
    name: str = ""
    code: str = ""
    layers: dict[int, list[_Event]] = field(default_factory=dict)
    keys: list[tuple[int, Key]] = field(default_factory=list)
    metres: list[tuple[int, Metre | None]] = field(default_factory=list)
    tempo: float | None = None


@dataclass(slots=True)
class _Path:
    """One column of the text as it stands now: a layer of a spine, None if it is not **kern."""

    spine: _Spine | None
    layer: int = 1
    end: int = 0


def read_kern(text: str, *, source: str) -> tuple[KernVoice, ...]:
    """Every voice that sounds in a **kern text, the highest spine (the rightmost) first.

    Args:
        text: of the file.
        source: its name, for messages.

    Raises:
        FormatError: it is no Humdrum, has no **kern spine or no note, or a line is broken.
    """
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if "\0" in text or "**kern" not in text:
        raise FormatError(
            f"{source} holds no **kern music: no column begins with '**kern'. "
            "Give a Humdrum file (.krn) of notes."
        )
    if len(lines) > MAX_LINES:
        raise FormatError(f"{source} has {len(lines):,} lines; up to {MAX_LINES:,} are read.")
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        try:
            reader.read_line(line)
        except BrokenToken as error:
            raise FormatError(f"{source} is broken in line {number}: {error}.") from error
    voices = reader.voices(source)
    if not voices:
        raise FormatError(f"{source} has no notes: there is nothing to read in its spines.")
    return tuple(voices)


class _Reader:
    """Reads line by line; `now` is the time that the next line of notes stands at."""

    def __init__(self) -> None:
        self.paths: list[_Path] = []
        self.spines: list[_Spine] = []
        self.lines: list[tuple[int, BarLine]] = []
        self.now = 0
        self.title = ""

    def read_line(self, line: str) -> None:
        if not line.strip():
            return
        if line.startswith("!"):
            match = re.match(r"!!!OTL[^:]*:(.*)", line)
            self.title = self.title or (match[1].strip()[:200] if match else "")
            return
        tokens = line.split("\t")
        if line.startswith("**"):
            self._begin(tokens)
            return
        if len(tokens) != len(self.paths):
            raise BrokenToken(
                f"it has {len(tokens)} columns where {len(self.paths)} are open; a tab is missing "
                "or too many"
            )
        if line.startswith("*"):
            self._interpret(tokens)
        elif line.startswith("="):
            kern = [t for t, path in zip(tokens, self.paths, strict=True) if path.spine]
            if kern:
                self.lines.append((self._next_time(), read_bar_line(kern[0])))
        else:
            self._read_notes(tokens)

    def _begin(self, tokens: list[str]) -> None:
        if len(tokens) > MAX_SPINES:
            raise BrokenToken(f"it has {len(tokens)} columns; up to {MAX_SPINES} are read")
        if self.paths:
            raise BrokenToken("columns begin anew before the others have ended with '*-'")
        self.now = self._next_time()
        for token in tokens:
            spine = _Spine(len(self.spines) + 1) if token == "**kern" else None
            if spine is not None:
                self.spines.append(spine)
            self.paths.append(_Path(spine, end=self.now))

    def _next_time(self) -> int:
        """When the notes that sound now are over, the first of them to end."""
        ends = [path.end for path in self.paths if path.spine and path.end > self.now]
        return min(ends, default=self.now)

    def _read_notes(self, tokens: list[str]) -> None:
        time = self._next_time()
        for token, path in zip(tokens, self.paths, strict=True):
            if path.spine is None or token == ".":
                continue
            note = read_token(token)
            if note.ticks == 0:
                continue
            if path.end > time:
                raise BrokenToken(f"'{token[:20]}' begins before the note above it has ended")
            events = path.spine.layers.setdefault(path.layer, [])
            events.append(_Event(time, time + note.ticks, note))
            path.end = time + note.ticks
            self.now = time  # a line of grace notes alone takes no time

    def _interpret(self, tokens: list[str]) -> None:
        if any(token in ("*^", "*v", "*x", "*-", "*+") for token in tokens):
            self._reorder(tokens)
            return
        time = self._next_time()
        for token, path in zip(tokens, self.paths, strict=True):
            if path.spine is not None and token != "*":
                self._tandem(token, path.spine, time)

    def _tandem(self, token: str, spine: _Spine, time: int) -> None:
        """What a spine says of itself: key, metre, tempo, instrument."""
        before = spine.keys[-1][1] if spine.keys else None
        key = read_key(token) or read_signature(token, before)
        is_metre, metre = read_metre(token)
        if key is not None:
            spine.keys.append((time, key))
        elif is_metre:
            spine.metres.append((time, metre))
        elif token.startswith('*I"'):
            spine.name = spine.name or token[3:63].strip()
        elif token[2:] in _INSTRUMENTS and token.startswith("*I"):
            spine.code = _INSTRUMENTS[token[2:]]
        elif spine.tempo is None:
            spine.tempo = read_tempo(token)

    def _reorder(self, tokens: list[str]) -> None:
        """Columns split, join, change places, end."""
        paths: list[_Path] = []
        place = 0
        while place < len(tokens):
            token, path = tokens[place], self.paths[place]
            place += 1
            if token == "*^":
                paths += [path, _Path(path.spine, self._free_layer(path), path.end)]
            elif token == "*v":
                while place < len(tokens) and tokens[place] == "*v":
                    if self.paths[place].spine is not path.spine:
                        break
                    path.end = max(path.end, self.paths[place].end)
                    place += 1
                paths.append(path)
            elif token == "*x" and place < len(tokens) and tokens[place] == "*x":
                paths += [self.paths[place], path]
                place += 1
            elif token == "*+":
                raise BrokenToken("a column is added ('*+'), which is not read")
            elif token == "*-":
                self.now = max(self.now, min(path.end, self._next_time()))
            else:
                paths.append(path)
        if len(paths) > MAX_SPINES:
            raise BrokenToken(f"it splits into {len(paths)} columns; up to {MAX_SPINES} are read")
        if not paths:
            self.now = max([self.now, *(path.end for path in self.paths)])
        self.paths = paths

    def _free_layer(self, path: _Path) -> int:
        used = {other.layer for other in self.paths if other.spine is path.spine}
        return next(layer for layer in range(2, MAX_SPINES + 2) if layer not in used)

    def voices(self, source: str) -> list[KernVoice]:
        """The sounding layers as tunes."""
        found = []
        for spine in reversed(self.spines):
            sounding = {
                layer: events
                for layer, events in spine.layers.items()
                if any(event.pitch is not None for event in events)
            }
            for layer in sorted(sounding)[:MAX_LAYERS]:
                name = spine.name or spine.code or f"Spine {spine.number}"
                name += f", layer {layer}" if len(sounding) > 1 else ""
                found.append(self._voice(spine, sounding[layer], name, source))
        return found

    def _voice(self, spine: _Spine, events: list[_Event], name: str, source: str) -> KernVoice:
        bars, chord_bar = _bars(events, self.lines, spine)
        beat = bars[0].metre.beat_ticks if bars[0].metre else TICKS_PER_QUARTER
        tempo = spine.tempo and round(spine.tempo * TICKS_PER_QUARTER / beat, 3)
        tune = Tune(Path(source).stem, self.title, with_openings(bars), tempo or None, source)
        return KernVoice(name=name, tune=tune, chord_bar=chord_bar)


def _bars(
    events: list[_Event], lines: list[tuple[int, BarLine]], spine: _Spine
) -> tuple[tuple[Bar, ...], int | None]:
    """The bars between bar lines, notes over a line cut and tied, gaps filled with rests."""
    last = max(event.end for event in events)
    all_lines = [*lines, (last, BarLine(False, False, False))]
    bars: list[Bar] = []
    chord_bar: int | None = None
    start, opens, place = 0, False, 0
    for end, line in all_lines:
        if end > start:
            while place < len(events) and events[place].end <= start:
                place += 1
            notes, has_chord = _notes_between(events, place, start, end)
            chord_bar = chord_bar or (len(bars) + 1 if has_chord else None)
            metre, key = _in_force(spine.metres, start), _in_force(spine.keys, start)
            bars.append(Bar(notes, metre, key or Key(), opens_repeat=opens))
            start, opens = end, False
        if bars and (line.closes or line.section):
            bar = bars[-1]
            closes = max(bar.closes_repeat, int(line.closes))
            section = bar.closes_section or line.section
            bars[-1] = Bar(
                bar.notes, bar.metre, bar.key, opens_repeat=bar.opens_repeat,
                closes_repeat=closes, closes_section=section,
            )  # fmt: skip
        opens = opens or line.opens
    return tuple(bars), chord_bar


def _in_force(changes: list[tuple[int, Value]], time: int) -> Value | None:
    """The last value that came into force by a time; before the first change the first."""
    place = bisect_right(changes, time, key=lambda change: change[0])
    return changes[max(place - 1, 0)][1] if changes else None


def _notes_between(
    events: list[_Event], place: int, start: int, end: int
) -> tuple[tuple[Note, ...], bool]:
    notes: list[Note] = []
    has_chord = False
    now = start
    before = events[place - 1] if place else None
    while place < len(events) and events[place].onset < end:
        event = events[place]
        onset, stop = max(event.onset, start), min(event.end, end)
        if onset > now:
            notes.append(Note(onset - now, None))
        goes_on = event.token.tied and before is not None
        tied = event.onset < start or (
            goes_on and before is not None
            and before.pitch == event.pitch and before.end == event.onset
        )  # fmt: skip
        is_sounding = event.pitch is not None
        notes.append(
            Note(
                stop - onset,
                event.pitch,
                tied and is_sounding,
                event.token.fermata and stop == event.end,
                event.token.name,
            )
        )
        has_chord = has_chord or event.token.is_chord
        now, before, place = stop, event, place + 1
    if now < end:
        notes.append(Note(end - now, None))
    return tuple(notes), has_chord
