"""Tunes out of MusicXML: the first part's top voice, by a reader of our own.

A general reader takes a second for one tune and resolves what a document names; this one takes
milliseconds, and a document that declares entities is refused before anything is expanded.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.parsers import expat

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.music.key import FIFTHS_OF_MODE, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES, name_of_fifths
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 64
_MODES = {"ionian": "major", "aeolian": "minor", "none": "major", "": "major"}


def read_musicxml(path: PathLike) -> Tune:
    """Read a .musicxml file: first part, first voice, the highest note of a chord.

    Grace and cue notes are left out. Lengths are exact where the file's are.

    Raises:
        FormatError: no XML, not MusicXML "partwise", too large, declares entities, no notes.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FormatError(f"{path.name} has {size:,} bytes; up to {MAX_BYTES:,} are read.")
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    return parse_musicxml(data, source=path.name)


def parse_musicxml(data: bytes, *, source: str) -> Tune:
    """A tune out of the bytes of a MusicXML document; see `read_musicxml`."""
    _refuse_hostile(data, source)
    root = ET.fromstring(data)
    part = root.find("part")
    if root.tag != "score-partwise" or part is None:
        hint = (
            "It is compressed (.mxl): unpack it first."
            if data[:2] == b"PK"
            else "Export it as uncompressed MusicXML, 'partwise'."
        )
        raise FormatError(
            f"{source} is no MusicXML score: its root is <{root.tag}>, not <score-partwise> "
            f"with a <part>. {hint}"
        )
    try:
        bars = _PartReader(source).read(part)
    except (ValueError, KeyError, ZeroDivisionError) as error:
        raise FormatError(f"{source} is damaged MusicXML: {error}.") from error
    if not any(note.pitch is not None for bar in bars for note in bar.notes):
        raise FormatError(f"{source} has no notes in its first part.")
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    return Tune(
        id=Path(source).stem,
        title=title.strip(),
        bars=tuple(bars),
        tempo_bpm=_tempo(part, bars[0].metre),
        source=source,
    )


def _refuse_hostile(data: bytes, source: str) -> None:
    """Walk the document once without expanding anything.

    Raises:
        FormatError: not well formed, entities declared, or nested absurdly deep.
    """
    depth = 0

    def refuse_entity(*_: object) -> None:
        raise FormatError(
            f"{source} declares XML entities, which MusicXML has no use for; it is not read. "
            "Export it again with a notation program."
        )

    def enter(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise FormatError(f"{source} is nested deeper than {MAX_DEPTH} elements; not read.")

    def leave(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse_entity
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        what = "is empty" if not data.strip() else f"is no XML: {error}"
        raise FormatError(f"{source} {what}. Export it again as MusicXML.") from error


def _tempo(part: ET.Element, metre: Metre | None) -> float | None:
    beat = metre.beat_ticks if metre else TICKS_PER_QUARTER
    for sound in part.iter("sound"):
        try:
            quarters = float(sound.get("tempo", "0"))
        except ValueError:
            continue
        if 0 < quarters < 10_000:
            return round(quarters * TICKS_PER_QUARTER / beat, 3)
    return None


@dataclass(slots=True)
class _Measure:
    """What a measure holds so far; times in ticks from its start."""

    now: int = 0
    filled: int = 0
    notes: list[Note] = field(default_factory=list)
    chords: list[ChordSymbol] = field(default_factory=list)
    opens: bool = False
    closes: int = 0
    section: bool = False
    ending_stops: bool = False


class _PartReader:
    """Reads measures in order, keeping what is in force."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.divisions = 1
        self.key = Key()
        self.metre: Metre | None = Metre(4, 4)
        self.voice: str | None = None
        self.ending: tuple[int, ...] = ()

    def read(self, part: ET.Element) -> list[Bar]:
        bars = [self._read_measure(measure) for measure in part.iter("measure")]
        filled = [bar for bar in bars if bar.notes]
        if not filled:
            raise FormatError(f"{self.source} has no notes in its first part.")
        return filled

    def _read_measure(self, measure: ET.Element) -> Bar:
        state = _Measure()
        for element in measure:
            if element.tag == "attributes":
                self._read_attributes(element)
            elif element.tag == "note":
                self._read_note(element, state)
            elif element.tag in ("backup", "forward"):
                length = self._ticks(element)
                state.now += length if element.tag == "forward" else -length
            elif element.tag == "harmony":
                onset = state.now + self._ticks(element, "offset")
                text = _chord_text(element)
                if text:
                    state.chords.append(ChordSymbol(max(onset, 0), text))
            elif element.tag == "barline":
                self._read_barline(element, state)
        bar = Bar(
            tuple(state.notes),
            self.metre,
            self.key,
            chords=tuple(state.chords),
            opens_repeat=state.opens,
            closes_repeat=state.closes,
            ending=self.ending,
            closes_section=state.section,
        )
        if state.ending_stops:
            self.ending = ()
        return bar

    def _ticks(self, element: ET.Element, name: str = "duration") -> int:
        value = float(element.findtext(name) or 0)
        if not abs(value) < 1e9:
            raise ValueError(f"a {name} of {value}")
        return round(value * TICKS_PER_QUARTER / self.divisions)

    def _read_attributes(self, element: ET.Element) -> None:
        divisions = element.findtext("divisions")
        if divisions:
            self.divisions = int(float(divisions))
            if self.divisions < 1:
                raise ValueError(f"{divisions} divisions a quarter")
        key, time = element.find("key"), element.find("time")
        if key is not None and key.findtext("fifths"):
            mode = (key.findtext("mode") or "").strip().lower()
            mode = _MODES.get(mode, mode)
            mode = mode if mode in FIFTHS_OF_MODE else "major"
            fifths = int(key.findtext("fifths") or 0)
            if abs(fifths) > 14:
                raise ValueError(f"a key of {fifths} fifths")
            self.key = Key(name_of_fifths(fifths - FIFTHS_OF_MODE[mode]), mode)
        if time is not None:
            beats, kind = time.findtext("beats"), time.findtext("beat-type")
            if time.find("senza-misura") is not None or not beats or not kind:
                self.metre = None
            else:
                self.metre = Metre(sum(map(int, beats.split("+"))), int(kind))

    def _read_note(self, element: ET.Element, state: _Measure) -> None:
        if element.find("grace") is not None or element.find("cue") is not None:
            return
        duration = self._ticks(element)
        voice = element.findtext("voice") or "1"
        if self.voice is None:
            self.voice = voice
        ours = voice == self.voice
        pitch = _pitch(element)
        if element.find("chord") is not None:
            if ours and state.notes and pitch is not None:
                last = state.notes[-1]
                if last.pitch is not None and pitch > last.pitch:
                    state.notes[-1] = replace(last, pitch=pitch, tied=_is_tied(element))
            return
        if ours and duration > 0:
            if state.now > state.filled:  # skipped by <forward>: silence
                state.notes.append(Note(state.now - state.filled, None))
            state.notes.append(Note(duration, pitch, tied=pitch is not None and _is_tied(element)))
            state.filled = state.now + duration
        state.now += duration

    def _read_barline(self, element: ET.Element, state: _Measure) -> None:
        repeat, ending = element.find("repeat"), element.find("ending")
        if repeat is not None and repeat.get("direction") == "forward":
            state.opens = True
        if repeat is not None and repeat.get("direction") == "backward":
            state.closes = max(1, min(int(repeat.get("times", "2")), 64) - 1)
        if ending is not None and ending.get("type") == "start":
            numbers = (ending.get("number") or "1").replace(" ", ",").split(",")
            self.ending = tuple(int(number) for number in numbers if number.strip(". ").isdigit())
        elif ending is not None:
            state.ending_stops = True
        style = element.findtext("bar-style")
        if element.get("location", "right") == "right":
            state.section = style in ("light-light", "light-heavy")


def _is_tied(element: ET.Element) -> bool:
    return any(tie.get("type") == "stop" for tie in element.findall("tie"))


def _pitch(element: ET.Element) -> int | None:
    pitch = element.find("pitch")
    if pitch is None:
        return None
    letter = (pitch.findtext("step") or "").strip()
    alteration = round(float(pitch.findtext("alter") or 0))
    octave = int(pitch.findtext("octave") or 4)
    number = 12 * (octave + 1) + NATURAL_PITCH_CLASSES[letter] + alteration
    if not 0 <= number <= 127:
        raise ValueError(f"{letter}{octave} is no MIDI pitch")
    return number


def _chord_text(element: ET.Element) -> str:
    """A chord symbol's text, from what a player reads: root, the kind's text, bass."""

    def name(part: str) -> str:
        step = element.findtext(f"{part}/{part}-step") or ""
        alteration = round(float(element.findtext(f"{part}/{part}-alter") or 0))
        return step + ("#" * alteration if alteration > 0 else "b" * -alteration)

    kind = element.find("kind")
    if kind is None or not name("root"):
        return ""
    text = kind.get("text")
    if text is None:
        text = _KIND_TEXTS.get((kind.text or "").strip(), "")
    bass = name("bass")
    return name("root") + text + (f"/{bass}" if bass else "")


_KIND_TEXTS = {
    "minor": "m", "dominant": "7", "major-seventh": "maj7", "minor-seventh": "m7",
    "diminished": "dim", "diminished-seventh": "dim7", "half-diminished": "m7b5",
    "augmented": "aug", "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9",
    "suspended-fourth": "sus4", "suspended-second": "sus2", "power": "5",
}  # fmt: skip
