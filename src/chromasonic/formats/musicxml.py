"""MusicXML 4.0 out of tunes: what notation programs open. The way back is `musicxml_reader`.

Source: W3C Music Notation Community Group, "MusicXML 4.0" (2021).
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

from chromasonic.files import PathLike, write_text
from chromasonic.formats.midi import quarters_per_minute
from chromasonic.formats.musicxml_reader import parse_musicxml, read_musicxml
from chromasonic.formats.notation import Written, is_anacrusis, playable, spell, written_bar
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, ChordSymbol, Tune

__all__ = ["musicxml_text", "parse_musicxml", "read_musicxml", "write_musicxml"]

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold."""

_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}

CHORD_KINDS = {
    "": "major", "maj": "major", "M": "major",
    "m": "minor", "min": "minor", "-": "minor",
    "7": "dominant", "maj7": "major-seventh", "M7": "major-seventh",
    "m7": "minor-seventh", "min7": "minor-seventh",
    "dim": "diminished", "o": "diminished", "°": "diminished",
    "dim7": "diminished-seventh", "o7": "diminished-seventh",
    "m7b5": "half-diminished", "ø": "half-diminished",
    "aug": "augmented", "+": "augmented", "aug7": "augmented-seventh",
    "6": "major-sixth", "m6": "minor-sixth", "9": "dominant-ninth", "m9": "minor-ninth",
    "11": "dominant-11th", "13": "dominant-13th", "5": "power",
    "sus": "suspended-fourth", "sus4": "suspended-fourth", "sus2": "suspended-second",
}  # fmt: skip
"""What follows the root in a chord symbol, to MusicXML's kind; any other is kind "other"."""

_CHORD = re.compile(r"^([A-Ga-g])([#b♯♭]?)([^/]*)(?:/([A-Ga-g])([#b♯♭]?))?$")


def write_musicxml(tune: Tune, path: PathLike) -> None:
    """Write a tune as it stands on the page, repeats and endings as signs.

    Raises:
        StorageError: the file cannot be written.
    """
    write_text(path, musicxml_text(tune))


def musicxml_text(tune: Tune) -> str:
    """A tune as MusicXML 4.0 text."""
    root = ET.Element("score-partwise", version="4.0")
    work = ET.SubElement(root, "work")
    _text(work, "work-title", tune.title or tune.id)
    identification = ET.SubElement(root, "identification")
    _text(ET.SubElement(identification, "encoding"), "software", "Chromasonic")
    if tune.source:
        _text(identification, "source", tune.source)
    part_list = ET.SubElement(root, "part-list")
    name = ET.SubElement(part_list, "score-part", id="P1")
    _text(name, "part-name", "Melody", **{"print-object": "no"})
    _add_part(ET.SubElement(root, "part", id="P1"), tune)
    ET.indent(root, " ")
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _text(parent: ET.Element, name: str, value: object, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    element.text = _CONTROLS.sub("", str(value))
    return element


def _add_part(part: ET.Element, tune: Tune) -> None:
    divisions, bars = _divisions(tune), tune.bars
    number, pickup_first = 1, is_anacrusis(bars, 0)
    for index, bar in enumerate(bars):
        previous = bars[index - 1] if index else None
        following = bars[index + 1] if index + 1 < len(bars) else None
        measure = ET.SubElement(part, "measure")
        if index == 0 and pickup_first:
            number = 0
        incomplete = bar.metre is not None and bar.duration < bar.metre.bar_ticks
        measure.set("number", str(number))
        if incomplete:
            measure.set("implicit", "yes")
        number += 1
        _add_left_barline(measure, previous, bar)
        _add_attributes(measure, previous, bar, divisions)
        if index == 0:
            _add_tempo(measure, tune)
        _add_music(measure, bar, following, divisions, is_anacrusis(bars, index))
        _add_right_barline(measure, bar, following)


def _divisions(tune: Tune) -> int:
    """Divisions of a quarter, the fewest that make every written length whole."""
    unit = TICKS_PER_QUARTER
    for index, bar in enumerate(tune.bars):
        for head in written_bar(bar, ends_bar=is_anacrusis(tune.bars, index)):
            unit = math.gcd(unit, head.duration)
        for chord in bar.chords:
            unit = math.gcd(unit, chord.onset)
    return TICKS_PER_QUARTER // unit


def _add_attributes(measure: ET.Element, previous: Bar | None, bar: Bar, divisions: int) -> None:
    new_key = previous is None or previous.key != bar.key
    new_metre = previous is None or previous.metre != bar.metre
    if not (new_key or new_metre):
        return
    attributes = ET.SubElement(measure, "attributes")
    if previous is None:
        _text(attributes, "divisions", divisions)
    if new_key:
        key = ET.SubElement(attributes, "key")
        _text(key, "fifths", playable(bar.key).fifths)
        _text(key, "mode", bar.key.mode)
    if new_metre:
        _add_time(attributes, bar.metre)
    if previous is None:
        clef = ET.SubElement(attributes, "clef")
        _text(clef, "sign", "G")
        _text(clef, "line", 2)


def _add_time(attributes: ET.Element, metre: Metre | None) -> None:
    time = ET.SubElement(attributes, "time")
    if metre is None:
        _text(time, "senza-misura", "")
        return
    _text(time, "beats", metre.numerator)
    _text(time, "beat-type", metre.denominator)


def _add_tempo(measure: ET.Element, tune: Tune) -> None:
    """The metronome mark where the tune has one, and the tempo to play at always."""
    direction = ET.SubElement(measure, "direction", placement="above")
    kind = ET.SubElement(direction, "direction-type")
    if tune.tempo_bpm is None:
        _text(kind, "words", "")
    else:
        metronome = ET.SubElement(kind, "metronome", parentheses="no")
        beat = tune.metre.beat_ticks if tune.metre else TICKS_PER_QUARTER
        quarters = {1: ("quarter", 0), 1.5: ("quarter", 1), 2: ("half", 0), 3: ("half", 1),
                    4: ("whole", 0), 0.5: ("eighth", 0), 0.75: ("eighth", 1), 0.25: ("16th", 0),
                    0.375: ("16th", 1)}  # fmt: skip
        name, dots = quarters.get(beat / TICKS_PER_QUARTER, ("quarter", 0))
        _text(metronome, "beat-unit", name)
        for _ in range(dots):
            ET.SubElement(metronome, "beat-unit-dot")
        _text(metronome, "per-minute", f"{tune.tempo_bpm:g}")
    ET.SubElement(direction, "sound", tempo=f"{quarters_per_minute(tune):.6g}")


def _add_music(
    measure: ET.Element, bar: Bar, following: Bar | None, divisions: int, anacrusis: bool
) -> None:
    chords = sorted(bar.chords, key=lambda chord: chord.onset)
    if bar.is_full and all(note.pitch is None for note in bar.notes) and bar.notes:
        for chord in chords:
            _add_chord(measure, chord, chord.onset, divisions)
        note = ET.SubElement(measure, "note")
        ET.SubElement(note, "rest", measure="yes")
        _text(note, "duration", bar.duration * divisions // TICKS_PER_QUARTER)
        _text(note, "voice", 1)
        return
    tied_on = _is_tied_on(bar, following)
    shown: dict[tuple[str, int], int] = {}
    for head in written_bar(bar, tied_on=tied_on, ends_bar=anacrusis):
        while chords and chords[0].onset < head.onset + head.duration:
            chord = chords.pop(0)
            _add_chord(measure, chord, chord.onset - head.onset, divisions)
        _add_note(measure, head, bar.key, divisions, shown)
    for chord in chords:
        _add_chord(measure, chord, chord.onset - bar.duration, divisions)


def _is_tied_on(bar: Bar, following: Bar | None) -> bool:
    if not bar.notes or following is None or not following.notes:
        return False
    return following.notes[0].tied and following.notes[0].pitch == bar.notes[-1].pitch


def _add_note(
    measure: ET.Element,
    head: Written,
    key: Key,
    divisions: int,
    shown: dict[tuple[str, int], int],
) -> None:
    """One <note>, its children in the order that the schema wants.

    Args:
        shown: accidentals that stand in this bar so far, by letter and octave; updated.
    """
    note = ET.SubElement(measure, "note")
    accidental = None
    if head.pitch is None:
        ET.SubElement(note, "rest")
    else:
        letter, alteration, octave = spell(head.pitch, key)
        pitch = ET.SubElement(note, "pitch")
        _text(pitch, "step", letter)
        if alteration:
            _text(pitch, "alter", alteration)
        _text(pitch, "octave", octave)
        in_force = shown.get((letter, octave), playable(key).signature().get(letter, 0))
        if in_force != alteration and not head.tie_from:
            accidental = _ACCIDENTALS[alteration]
            shown[letter, octave] = alteration
    _text(note, "duration", head.duration * divisions // TICKS_PER_QUARTER)
    ties = [kind for kind, on in (("stop", head.tie_from), ("start", head.tie_to)) if on]
    for kind in ties:
        ET.SubElement(note, "tie", type=kind)
    _text(note, "voice", 1)
    if head.value:
        _text(note, "type", head.value)
    for _ in range(head.dots):
        ET.SubElement(note, "dot")
    if accidental:
        _text(note, "accidental", accidental)
    if head.tuplet:
        modification = ET.SubElement(note, "time-modification")
        _text(modification, "actual-notes", head.tuplet[0])
        _text(modification, "normal-notes", head.tuplet[1])
    for level, mark in enumerate(head.beams, start=1):
        _text(note, "beam", mark, number=str(level))
    if ties or head.bracket:
        notations = ET.SubElement(note, "notations")
        for kind in ties:
            ET.SubElement(notations, "tied", type=kind)
        if head.bracket:
            ET.SubElement(notations, "tuplet", type=head.bracket, number="1")


def _add_chord(measure: ET.Element, chord: ChordSymbol, offset: int, divisions: int) -> None:
    match = _CHORD.match(chord.text.strip())
    if match is None:
        direction = ET.SubElement(measure, "direction", placement="above")
        _text(ET.SubElement(direction, "direction-type"), "words", chord.text)
        return
    letter, sign, rest, bass, bass_sign = match.groups()
    harmony = ET.SubElement(measure, "harmony", placement="above")
    root = ET.SubElement(harmony, "root")
    _text(root, "root-step", letter.upper())
    if sign:
        _text(root, "root-alter", 1 if sign in "#♯" else -1)
    _text(harmony, "kind", CHORD_KINDS.get(rest, "other"), text=_CONTROLS.sub("", rest))
    if bass:
        element = ET.SubElement(harmony, "bass")
        _text(element, "bass-step", bass.upper())
        if bass_sign:
            _text(element, "bass-alter", 1 if bass_sign in "#♯" else -1)
    if offset:
        _text(harmony, "offset", offset * divisions // TICKS_PER_QUARTER)


def _add_left_barline(measure: ET.Element, previous: Bar | None, bar: Bar) -> None:
    begins = bool(bar.ending) and _begins_ending(previous, bar)
    if not (begins or bar.opens_repeat):
        return
    barline = ET.SubElement(measure, "barline", location="left")
    if bar.opens_repeat:
        _text(barline, "bar-style", "heavy-light")
    if begins:
        numbers = ",".join(map(str, bar.ending))
        _text(barline, "ending", f"{numbers}.", number=numbers, type="start")
    if bar.opens_repeat:
        ET.SubElement(barline, "repeat", direction="forward")


def _begins_ending(previous: Bar | None, bar: Bar) -> bool:
    return previous is None or previous.ending != bar.ending or previous.closes_repeat > 0


def _add_right_barline(measure: ET.Element, bar: Bar, following: Bar | None) -> None:
    ends = bool(bar.ending) and (following is None or _begins_ending(bar, following))
    final = following is None
    if not (ends or final or bar.closes_repeat or bar.closes_section):
        return
    barline = ET.SubElement(measure, "barline", location="right")
    if bar.closes_repeat or final:
        _text(barline, "bar-style", "light-heavy")
    elif bar.closes_section:
        _text(barline, "bar-style", "light-light")
    if ends:
        kind = "stop" if bar.closes_repeat else "discontinue"
        ET.SubElement(barline, "ending", number=",".join(map(str, bar.ending)), type=kind)
    if bar.closes_repeat:
        repeat = ET.SubElement(barline, "repeat", direction="backward")
        if bar.closes_repeat > 1:
            repeat.set("times", str(bar.closes_repeat + 1))
