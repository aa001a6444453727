"""The chord annotations of McGill Billboard ("salami_chords.txt") to chords on a grid of beats.

A file is lines of "seconds TAB content", and of "# name: value" for title, artist, metre and tonic;
the last two may change on the way. Content is "silence", "end", a section without bars, or bars
between upright strokes:

    45.97   B, verse, | A:min | C:maj F:maj | (2/4) G:7 . |  x2, (voice

One label fills its bar, two share it, else each token is a beat and a dot lasts on; a metre in
brackets holds for that bar. "x2" plays the line's bars so often. "&pause" takes no musical time.
"*" stands for music too irregular for labels: `UNKNOWN_CHORD`.

Source: J. A. Burgoyne, J. Wild and I. Fujinaga, "An Expert Ground-Truth Set for Audio Chord
Recognition and Music Analysis", ISMIR 2011, section 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from chromasonic.errors import FormatError
from chromasonic.music.chord import UNKNOWN_CHORD, Chord
from chromasonic.music.chord_symbols import parse_harte
from chromasonic.music.metre import Metre
from chromasonic.music.pitch import pitch_class_of

LINE = re.compile(r"(?P<seconds>\d+(?:\.\d+)?(?:e-?\d+)?)\t(?P<content>.*)")
BARS = re.compile(r"\|(?P<bars>.*)\|(?P<after>[^|]*)")
AFTER = re.compile(r"\s*(?:x\s*(?P<count>\d+))?\s*(?:->)?\s*(?:,.*)?")
PAUSE, IRREGULAR, LASTS_ON = "&pause", "*", "."
LONGEST_REPEAT = 200
"""Of a line; the annotators' longest is 79."""


@dataclass(frozen=True, slots=True)
class LabelledBar:
    """One bar.

    Attributes:
        chords: one a felt beat.
        tonic: pitch class in force.
        metre: of this bar.
    """

    chords: tuple[Chord, ...]
    tonic: int
    metre: Metre


@dataclass(frozen=True, slots=True)
class LabelledSong:
    """A song as annotated, with repeats played.

    Attributes:
        title, artist: as written.
        bars: in time.
    """

    title: str
    artist: str
    bars: tuple[LabelledBar, ...]


def read_salami_chords(path: Path) -> LabelledSong:
    """Read one file.

    Raises:
        FormatError: it cannot be opened, is truncated, or something in it was not understood.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FormatError(f"the file cannot be opened: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FormatError("the file is no UTF-8 text") from error
    return parse_salami_chords(text)


def parse_salami_chords(text: str) -> LabelledSong:
    """Read the text of one file.

    Raises:
        FormatError: it is truncated, or something in it was not understood; names the line.
    """
    facts: dict[str, str] = {}
    bars: list[LabelledBar] = []
    content = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        try:
            if line.startswith("#"):
                name, _, value = line[1:].partition(":")
                facts[name.strip()] = value.strip()
                continue
            match = LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"'{line[:40]}' is no time with a tab after it")
            content = match["content"].strip()
            bars += _bars(content, facts)
        except ValueError as error:
            raise FormatError(f"line {number}: {error}") from error
    if content != "end":
        raise FormatError("the file is truncated: its last line is not 'end'")
    if not bars:
        raise FormatError("the file holds no bar")
    return LabelledSong(facts.get("title", ""), facts.get("artist", ""), tuple(bars))


def _bars(content: str, facts: dict[str, str]) -> list[LabelledBar]:
    """The bars of one line, as often as it is played."""
    match = BARS.search(content)
    if match is None:
        if "|" in content:
            raise ValueError("a bar is not closed")
        return []
    if "metre" not in facts or "tonic" not in facts:
        raise ValueError("metre or tonic is not named before the first bar")
    metre, tonic = Metre.parse(facts["metre"]), pitch_class_of(facts["tonic"])
    played = [_bar(text, metre, tonic) for text in match["bars"].split("|")]
    after = AFTER.fullmatch(match["after"])
    if after is None:
        raise ValueError(f"a bar is not closed: '{match['after'].strip()[:40]}'")
    count = int(after["count"] or 1)
    if not 1 <= count <= LONGEST_REPEAT:
        raise ValueError(f"a line is played {count} times; allowed: 1 to {LONGEST_REPEAT}")
    return [bar for bar in played if bar is not None] * count


def _bar(text: str, metre: Metre, tonic: int) -> LabelledBar | None:
    """One bar, or None for a pause without musical time."""
    tokens = text.split()
    if tokens and tokens[0].startswith("("):
        metre = Metre.parse(tokens.pop(0).strip("()"))
    if tokens == [PAUSE]:
        return None
    beats = metre.bar_ticks // metre.beat_ticks
    if not tokens or beats % len(tokens):
        raise ValueError(f"a bar of {beats} beats has {len(tokens)} labels: '{text.strip()}'")
    chords: list[Chord] = []
    for token in tokens:
        if token == LASTS_ON and not chords:
            raise ValueError(f"a bar begins with a dot: '{text.strip()}'")
        chord = chords[-1] if token == LASTS_ON else _chord(token)
        chords += [chord] * (beats // len(tokens))
    return LabelledBar(tuple(chords), tonic, metre)


def _chord(token: str) -> Chord:
    return UNKNOWN_CHORD if token == IRREGULAR else parse_harte(token)
