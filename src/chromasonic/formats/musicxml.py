"""MusicXML 4.0 out of tunes: what notation programs open. The way back is `musicxml_reader`.

Source: W3C Music Notation Community Group, "MusicXML 4.0" (2021).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from chromasonic.files import PathLike, write_text
from chromasonic.formats.musicxml_measures import Staff, add_measures, add_text
from chromasonic.formats.musicxml_reader import parse_musicxml, read_musicxml
from chromasonic.music.tune import Tune

__all__ = [
    "begin_document",
    "document_text",
    "musicxml_text",
    "parse_musicxml",
    "read_musicxml",
    "write_musicxml",
]

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def write_musicxml(tune: Tune, path: PathLike) -> None:
    """Write a tune as it stands on the page, repeats and endings as signs.

    Raises:
        StorageError: the file cannot be written.
    """
    write_text(path, musicxml_text(tune))


def musicxml_text(tune: Tune) -> str:
    """A tune as MusicXML 4.0 text."""
    root, part_list = begin_document(tune.title or tune.id, tune.source)
    name = ET.SubElement(part_list, "score-part", id="P1")
    add_text(name, "part-name", "Melody", **{"print-object": "no"})
    add_measures(ET.SubElement(root, "part", id="P1"), Staff(voices=(tune,)))
    return document_text(root)


def begin_document(title: str, source: str) -> tuple[ET.Element, ET.Element]:
    """A score with title and source, and its list of parts, which is still empty."""
    root = ET.Element("score-partwise", version="4.0")
    work = ET.SubElement(root, "work")
    add_text(work, "work-title", title)
    identification = ET.SubElement(root, "identification")
    add_text(ET.SubElement(identification, "encoding"), "software", "Chromasonic")
    if source:
        add_text(identification, "source", source)
    return root, ET.SubElement(root, "part-list")


def document_text(root: ET.Element) -> str:
    """A whole score as the text of a file."""
    ET.indent(root, " ")
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"
