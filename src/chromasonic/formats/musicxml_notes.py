"""Notes, rests, chord symbols and labels in MusicXML, each child where the schema wants it.

Source: W3C Music Notation Community Group, "MusicXML 4.0" (2021).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from chromasonic.formats.notation import Written, playable, spelling
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.part_score import Label
from chromasonic.music.tune import ChordSymbol

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


def add_text(parent: ET.Element, name: str, value: object, **attributes: str) -> ET.Element:
    """Add a child with a text, without the characters that XML cannot hold."""
    element = ET.SubElement(parent, name, attributes)
    element.text = _CONTROLS.sub("", str(value))
    return element


def staff_accidentals(voices: Sequence[Sequence[Written]], key: Key) -> dict[tuple[int, int], str]:
    """Which notes of a bar show an accidental: (voice, number of the head) to its name.

    One stands wherever a reader of the staff, or of the voice alone, would else sing another
    note; of two voices in unison the first shows it. A tied note shows none.
    """
    signature = playable(key).signature()
    staff: dict[tuple[str, int], int] = {}
    own: list[dict[tuple[str, int], int]] = [{} for _ in voices]
    shown: dict[tuple[int, int], str] = {}
    begun: dict[tuple[int, str, int], int] = {}
    places = [(head.onset, voice, number) for voice, row in enumerate(voices)
              for number, head in enumerate(row) if head.pitch is not None]  # fmt: skip
    for onset, voice, number in sorted(places):
        head = voices[voice][number]
        letter, alteration, octave = spelling(head, key)
        place, plain = (letter, octave), signature.get(letter, 0)
        in_force = {staff.get(place, plain), own[voice].get(place, plain)}
        if in_force == {alteration} or head.tie_from:
            continue
        staff[place] = own[voice][place] = alteration
        if begun.get((onset, letter, octave)) != alteration:
            shown[voice, number] = _ACCIDENTALS[alteration]
        begun[onset, letter, octave] = alteration
    return shown


def add_note(
    measure: ET.Element,
    head: Written,
    key: Key,
    divisions: int,
    *,
    accidental: str | None = None,
    voice: int = 1,
    stem: str = "",
    fermata: str = "",
    lyric: str = "",
    rest: str = "",
) -> None:
    """One <note>, its children in the order that the schema wants.

    Args:
        measure: what it is added to.
        head: the note head or rest.
        key: how its pitch is spelled.
        divisions: of a quarter.
        accidental: the sign before it, or None.
        voice: its number on the staff.
        stem: "up", "down", or "" to leave it to the program.
        fermata: "upright" or "inverted" where a fermata of the head is shown, else "".
        lyric: what stands under it.
        rest: where a rest stands: on the line of a note such as "B4", "hidden" where another voice
            shows it, or "" to leave it to the program.
    """
    note = ET.SubElement(measure, "note")
    if head.pitch is None:
        _add_rest(note, head, rest)
    else:
        letter, alteration, octave = spelling(head, key)
        pitch = ET.SubElement(note, "pitch")
        add_text(pitch, "step", letter)
        if alteration:
            add_text(pitch, "alter", alteration)
        add_text(pitch, "octave", octave)
    add_text(note, "duration", head.duration * divisions // TICKS_PER_QUARTER)
    ties = [kind for kind, on in (("stop", head.tie_from), ("start", head.tie_to)) if on]
    for kind in ties:
        ET.SubElement(note, "tie", type=kind)
    add_text(note, "voice", voice)
    if head.value:
        add_text(note, "type", head.value)
    for _ in range(head.dots):
        ET.SubElement(note, "dot")
    if accidental:
        add_text(note, "accidental", accidental)
    if head.tuplet:
        modification = ET.SubElement(note, "time-modification")
        add_text(modification, "actual-notes", head.tuplet[0])
        add_text(modification, "normal-notes", head.tuplet[1])
    if stem and head.pitch is not None:
        add_text(note, "stem", stem)
    for level, mark in enumerate(head.beams, start=1):
        add_text(note, "beam", mark, number=str(level))
    _add_notations(note, head, ties, fermata if head.fermata else "")
    if lyric:
        element = ET.SubElement(note, "lyric", number="1")
        add_text(element, "syllabic", "single")
        add_text(element, "text", lyric)


def _add_rest(note: ET.Element, head: Written, place: str) -> None:
    rest = ET.SubElement(note, "rest")
    if head.is_whole_bar:
        rest.set("measure", "yes")
    if place == "hidden":
        note.set("print-object", "no")
    elif place:
        add_text(rest, "display-step", place[0])
        add_text(rest, "display-octave", place[1:])


def _add_notations(note: ET.Element, head: Written, ties: list[str], fermata: str) -> None:
    if not (ties or head.bracket or fermata):
        return
    notations = ET.SubElement(note, "notations")
    for kind in ties:
        ET.SubElement(notations, "tied", type=kind)
    if head.bracket:
        ET.SubElement(notations, "tuplet", type=head.bracket, number="1")
    if fermata:
        ET.SubElement(notations, "fermata", type=fermata)


def add_chord(measure: ET.Element, chord: ChordSymbol, offset: int, divisions: int) -> None:
    """A chord symbol above the staff, `offset` ticks after the place reached in the measure."""
    match = _CHORD.match(chord.text.strip())
    if match is None:
        direction = ET.SubElement(measure, "direction", placement="above")
        add_text(ET.SubElement(direction, "direction-type"), "words", chord.text)
        return
    letter, sign, rest, bass, bass_sign = match.groups()
    harmony = ET.SubElement(measure, "harmony", placement="above")
    root = ET.SubElement(harmony, "root")
    add_text(root, "root-step", letter.upper())
    if sign:
        add_text(root, "root-alter", 1 if sign in "#♯" else -1)
    add_text(harmony, "kind", CHORD_KINDS.get(rest, "other"), text=_CONTROLS.sub("", rest))
    if bass:
        element = ET.SubElement(harmony, "bass")
        add_text(element, "bass-step", bass.upper())
        if bass_sign:
            add_text(element, "bass-alter", 1 if bass_sign in "#♯" else -1)
    if offset:
        add_text(harmony, "offset", offset * divisions // TICKS_PER_QUARTER)


def add_label(measure: ET.Element, label: Label, offset: int, divisions: int, *, form: str) -> None:
    """A label under the staff: words, or a numeral that an engraver makes room for."""
    if form == "lyric":
        element = ET.SubElement(measure, "direction", placement="below")
        kind = ET.SubElement(element, "direction-type")
        add_text(kind, "words", label.text, **{"font-style": "normal"})
    else:
        element = ET.SubElement(measure, "harmony", placement="below")
        numeral = ET.SubElement(element, "numeral")
        add_text(numeral, "numeral-root", 1, text=_CONTROLS.sub("", label.text))
        add_text(element, "kind", "other", text="")
    if offset:
        add_text(element, "offset", offset * divisions // TICKS_PER_QUARTER)
