"""Tunes out of MusicXML: the first part's top voice, by a reader of our own.

A general reader takes a second for one tune and resolves what a document names; this one takes
milliseconds, and a document that declares entities is refused before anything is expanded.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field, replace
from pathlib import Path

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.formats.musicxml_document import parse_partwise, read_document, refuse_hostile
from chromasonic.music.key import FIFTHS_OF_MODE, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.pitch import NATURAL_PITCH_CLASSES, name_of_fifths
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

__all__ = [
    "MusicXmlVoice",
    "parse_musicxml",
    "parse_musicxml_voices",
    "parse_pitch",
    "read_musicxml",
    "refuse_hostile",
]

MAX_VOICES = 64
_MODES = {"ionian": "major", "aeolian": "minor", "none": "major", "": "major"}


def read_musicxml(path: PathLike) -> Tune:
    """Read a .musicxml file: first part, first voice, the highest note of a chord.

    Grace and cue notes are left out. Lengths are exact where the file's are.

    Raises:
        FormatError: no XML, not MusicXML "partwise", too large, declares entities, no notes.
    """
    path = Path(path)
    return parse_musicxml(read_document(path), source=path.name)


def parse_musicxml(data: bytes, *, source: str) -> Tune:
    """A tune out of the bytes of a MusicXML document; see `read_musicxml`."""
    root = parse_partwise(data, source)
    part = root.find("part")
    assert part is not None
    reader = _PartReader(source)
    bars = reader.read(part)
    if not any(note.pitch is not None for bar in bars for note in bar.notes):
        raise FormatError(f"{source} has no notes in its first part.")
    return _tune(root, part, bars, source)


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicXmlVoice:
    """One voice of a score.

    Attributes:
        name: of its part, with the voice's number where the part has several.
        tune: its music, of notes that sound together the highest.
        chord_bar: number of the first bar with a chord in it, from 1; None: no bar.
    """

    name: str
    tune: Tune
    chord_bar: int | None


def parse_musicxml_voices(data: bytes, *, source: str) -> tuple[MusicXmlVoice, ...]:
    """Every voice that sounds in a MusicXML document, in the order of its parts.

    Raises:
        FormatError: as `read_musicxml`; or no voice has a note.
    """
    root = parse_partwise(data, source)
    names = {
        part.get("id"): (part.findtext("part-name") or "").strip()
        for part in root.findall("part-list/score-part")
    }
    found: list[MusicXmlVoice] = []
    for number, part in enumerate(root.findall("part"), start=1):
        name = names.get(part.get("id")) or f"Part {number}"
        own = []
        for voice in _sounding_voices(part):
            reader = _PartReader(source, voice)
            tune = _tune(root, part, reader.read(part), source)
            own.append((voice, tune, reader.chord_bar))
        for voice, tune, chord_bar in own[:MAX_VOICES]:
            label = f"{name}, voice {voice}" if len(own) > 1 else name
            found.append(MusicXmlVoice(name=label, tune=tune, chord_bar=chord_bar))
    if not found:
        raise FormatError(f"{source} has no notes: there is nothing to read in its parts.")
    return tuple(found)


def _sounding_voices(part: ET.Element) -> list[str]:
    """Names of the voices with notes other than grace and cue notes, in order of appearance."""
    voices: dict[str, None] = {}
    for note in part.iter("note"):
        is_small = note.find("grace") is not None or note.find("cue") is not None
        if note.find("pitch") is not None and not is_small and len(voices) < MAX_VOICES:
            voices[note.findtext("voice") or "1"] = None
    return list(voices)


def _tune(root: ET.Element, part: ET.Element, bars: list[Bar], source: str) -> Tune:
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    return Tune(
        id=Path(source).stem,
        title=title.strip(),
        bars=tuple(bars),
        tempo_bpm=_tempo(part, bars[0].metre),
        source=source,
    )


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
    extent: int = 0
    notes: list[Note] = field(default_factory=list)
    chords: list[ChordSymbol] = field(default_factory=list)
    opens: bool = False
    closes: int = 0
    section: bool = False
    ending_stops: bool = False


class _PartReader:
    """Reads measures in order, keeping what is in force."""

    def __init__(self, source: str, voice: str | None = None) -> None:
        """Read the voice of this name; None is the first that comes."""
        self.source = source
        self.chord_bar: int | None = None
        self.number = 0
        self.divisions = 1
        self.key = Key()
        self.metre: Metre | None = Metre(4, 4)
        self.voice = voice
        self.ending: tuple[int, ...] = ()

    def read(self, part: ET.Element) -> list[Bar]:
        """The bars of the voice.

        Raises:
            FormatError: they are damaged, or there are none.
        """
        try:
            bars = [self._read_measure(measure) for measure in part.iter("measure")]
        except (ValueError, KeyError, ZeroDivisionError) as error:
            raise FormatError(f"{self.source} is damaged MusicXML: {error}.") from error
        filled = [bar for bar in bars if bar.notes]
        if not filled:
            raise FormatError(f"{self.source} has no notes in its first part.")
        return filled

    def _read_measure(self, measure: ET.Element) -> Bar:
        state = _Measure()
        self.number += 1
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
        if state.extent > state.filled:  # the voice is silent, or hidden, while another goes on
            state.notes.append(Note(state.extent - state.filled, None))
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
            if not 1 <= float(divisions) < 1e9:
                raise ValueError(f"{divisions} divisions a quarter")
            self.divisions = int(float(divisions))
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
        pitch = parse_pitch(element)
        if element.find("chord") is not None:
            if ours and state.notes and pitch is not None:
                self.chord_bar = self.chord_bar or self.number
                last = state.notes[-1]
                if last.pitch is not None and pitch > last.pitch:
                    state.notes[-1] = replace(
                        last, pitch=pitch, tied=_is_tied(element), name=_name(element)
                    )
            return
        if ours and duration > 0:
            if state.now > state.filled:  # skipped by <forward>: silence
                state.notes.append(Note(state.now - state.filled, None))
            tied = pitch is not None and _is_tied(element)
            fermata = element.find("notations/fermata") is not None
            state.notes.append(Note(duration, pitch, tied, fermata, _name(element)))
            state.filled = state.now + duration
        state.now += duration
        state.extent = max(state.extent, state.now)

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


def parse_pitch(element: ET.Element) -> int | None:
    """MIDI number of a <note>; None for a rest.

    Raises:
        ValueError, KeyError: it is no pitch.
    """
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


def _name(element: ET.Element) -> str | None:
    """How a <note> is spelled; None for a rest, and where a quarter tone is rounded."""
    letter = element.findtext("pitch/step")
    alteration = float(element.findtext("pitch/alter") or 0)
    if letter is None or alteration not in (-2, -1, 0, 1, 2):
        return None
    return letter.strip() + ("#" if alteration > 0 else "b") * int(abs(alteration))


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
