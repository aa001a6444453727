"""Scores of several parts as MusicXML: an open score that notation programs open.

Labels stand as lyrics of the lowest part: every notation program draws them, makes room for them
and reads them back, while harmonies with a numeral, which MusicXML has too, are dropped by music21
and drawn as bare text by verovio. A label where the lowest part begins no note stands as words.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from chromasonic.files import PathLike, write_text
from chromasonic.formats.musicxml import begin_document, document_text
from chromasonic.formats.musicxml_measures import Staff, add_measures, add_text
from chromasonic.formats.part_score_midi import CHOIR, singing_bpm
from chromasonic.music.part_score import PartScore
from chromasonic.music.tune import Tune

LOWEST_OF_TREBLE, LOWEST_OF_TENOR = 60, 52
"""A part with another name takes the treble clef if its median pitch is not below the first, the
tenor's if not below the second, else the bass clef."""


def write_part_score_musicxml(score: PartScore, path: PathLike) -> None:
    """Write a score with one staff a part.

    Raises:
        StorageError: the file cannot be written.
    """
    write_text(path, part_score_musicxml_text(score))


def part_score_musicxml_text(score: PartScore) -> str:
    """A score as MusicXML 4.0 text: one staff a part, joined by a bracket."""
    root, part_list = begin_document(score.title or score.id, score.source)
    group = ET.SubElement(part_list, "part-group", number="1", type="start")
    add_text(group, "group-symbol", "bracket")
    add_text(group, "group-barline", "yes")
    for number, name in enumerate(score.names, start=1):
        _add_part_name(part_list, number, name)
    ET.SubElement(part_list, "part-group", number="1", type="stop")
    last = len(score.parts)
    for number, (name, tune) in enumerate(zip(score.names, score.parts, strict=True), start=1):
        staff = Staff(
            voices=(tune,),
            clef=clef_of(name, tune),
            has_tempo=number == 1,
            default_bpm=singing_bpm(score),
            labels=score.labels if number == last else (),
        )
        add_measures(ET.SubElement(root, "part", id=f"P{number}"), staff)
    return document_text(root)


def _add_part_name(part_list: ET.Element, number: int, name: str) -> None:
    part = ET.SubElement(part_list, "score-part", id=f"P{number}")
    add_text(part, "part-name", name)
    add_text(part, "part-abbreviation", f"{name[0].upper()}.")
    instrument = ET.SubElement(part, "score-instrument", id=f"P{number}-I1")
    add_text(instrument, "instrument-name", "Voice Oohs")
    midi = ET.SubElement(part, "midi-instrument", id=f"P{number}-I1")
    add_text(midi, "midi-channel", number if number < 10 else number % 6 + 11)
    add_text(midi, "midi-program", CHOIR + 1)


def clef_of(name: str, tune: Tune) -> str:
    """The clef that a part is sung from: by its name, else by how high it lies."""
    known = {"soprano": "treble", "alto": "treble", "tenor": "treble-8vb", "bass": "bass"}
    for voice, clef in known.items():
        if name.lower().startswith(voice):
            return clef
    pitches = sorted(note.pitch for note in tune.notes() if note.pitch is not None)
    middle = pitches[len(pitches) // 2] if pitches else LOWEST_OF_TREBLE
    if middle >= LOWEST_OF_TREBLE:
        return "treble"
    return "treble-8vb" if middle >= LOWEST_OF_TENOR else "bass"
