"""Scores of several parts as pictures: a closed score on two staves, numerals under it.

Soprano and alto share the upper staff, stems up and down; tenor and bass the lower one. The
engraver makes room for each numeral as plain text; it is then set anew with its figures stacked.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chromasonic.errors import RenderError
from chromasonic.files import PathLike
from chromasonic.formats.musicxml import begin_document, document_text
from chromasonic.formats.musicxml_measures import Staff, add_measures, add_text
from chromasonic.formats.note_ids import with_note_ids
from chromasonic.formats.numerals import (
    SVG_NAME,
    Numeral,
    draw_numeral,
    spacing_text,
    split_numeral,
)
from chromasonic.formats.part_score_musicxml import clef_of
from chromasonic.formats.score import (
    Page,
    ScoreLayout,
    at_widths,
    check_picture_ending,
    engrave_pages,
    write_picture,
)
from chromasonic.music.part_score import Label, PartScore
from chromasonic.music.tune import Tune

NUMERAL_SIZE = 400
"""Size of the letters of a numeral; the staff is 720 high."""

MAX_BARS = 600
"""More do not fit on the one page that a picture is."""

_OPTIONS = {
    "pageMarginLeft": 60,
    "pageMarginRight": 15,
    "spacingSystem": 10,
    "spacingStaff": 14,
    "spacingLinear": 0.28,
    "spacingNonLinear": 0.58,
    "harmDist": 1.5,
}


def write_part_score_picture(
    score: PartScore, path: PathLike, *, layout: ScoreLayout | None = None
) -> None:
    """Write a closed score as .svg or .png, by the file's ending.

    Raises:
        UsageError: another ending.
        RenderError: see `engrave_part_score`.
        StorageError: the file cannot be written.
    """
    layout = layout or ScoreLayout()
    path = Path(path)
    check_picture_ending(path)
    write_picture(engrave_part_score(score, layout), path, layout)


def engrave_part_score(score: PartScore, layout: ScoreLayout | None = None) -> str:
    """A score as one SVG document: two parts a staff, numerals below.

    Raises:
        RenderError: it is too long, or the engraver failed, crashed or took too long.
    """
    return engrave_widths(score, [], layout or ScoreLayout())[0]


def engrave_widths(score: PartScore, widths_px: Sequence[int], layout: ScoreLayout) -> list[str]:
    """A score at the layout's width and at others, through one child process.

    Note heads bear the names of `note_ids`.

    Raises:
        RenderError: see `engrave_part_score`.
    """
    title, bars = score.title or score.id, len(score.parts[0].bars)
    if bars > MAX_BARS:
        raise RenderError(
            f"No score of '{title}': it has {bars:,} bars, and a picture shows up to {MAX_BARS}. "
            "Write it as MusicXML and open it in a notation program instead."
        )
    numerals = [[split_numeral(label.text) for label in row] for row in score.labels]
    page = Page(
        title=title,
        musicxml=with_note_ids(closed_score_text(score, numerals), staves_of(len(score.parts))),
        options=_OPTIONS,
        phrase_ends=_phrase_ends(score.parts[0]),
    )
    flat = [numeral for row in numerals for numeral in row]
    return [
        _with_numerals(svg, flat, title)
        for svg in engrave_pages(at_widths(page, widths_px, layout), layout)
    ]


def _phrase_ends(tune: Tune) -> tuple[int, ...]:
    """Bars that end with a phrase: by a fermata over the last note, a repeat sign, a double bar."""
    return tuple(
        number
        for number, bar in enumerate(tune.bars)
        if any(note.fermata for note in bar.notes[-1:]) or bar.closes_repeat or bar.closes_section
    )


def closed_score_text(score: PartScore, numerals: list[list[Numeral]]) -> str:
    """MusicXML of the closed score; labels stand as plain text of about their width."""
    root, part_list = begin_document(score.title or score.id, score.source)
    rows = staves_of(len(score.parts))
    group = ET.SubElement(part_list, "part-group", number="1", type="start")
    add_text(group, "group-symbol", "brace" if len(rows) == 2 else "bracket")
    add_text(group, "group-barline", "yes")
    for number, _ in enumerate(rows, start=1):
        add_text(
            ET.SubElement(part_list, "score-part", id=f"P{number}"),
            "part-name",
            "",
            **{"print-object": "no"},
        )
    ET.SubElement(part_list, "part-group", number="1", type="stop")
    labels = tuple(
        tuple(
            Label(onset=label.onset, text=spacing_text(numeral))
            for label, numeral in zip(row, bar_numerals, strict=True)
        )
        for row, bar_numerals in zip(score.labels, numerals, strict=True)
    )
    for number, places in enumerate(rows, start=1):
        is_last = number == len(rows)
        lowest = places[-1]
        clef = clef_of(score.names[lowest], score.parts[lowest])
        staff = Staff(
            voices=tuple(_without_chords(score.parts[place]) for place in places),
            clef="bass" if len(places) > 1 and is_last and len(rows) > 1 else clef,
            has_tempo=number == 1,
            labels=labels if is_last else (),
            label_form="harmony",
            fermatas=(len(places) - 1,) if is_last and len(rows) > 1 else (0,),
        )
        add_measures(ET.SubElement(root, "part", id=f"P{number}"), staff)
    return document_text(root)


def staves_of(parts: int) -> list[list[int]]:
    """Which parts share a staff: two and two of four, of any other number each has its own."""
    if parts == 4:
        return [[0, 1], [2, 3]]
    return [[place] for place in range(parts)]


def _without_chords(tune: Tune) -> Tune:
    return replace(tune, bars=tuple(replace(bar, chords=()) for bar in tune.bars))


def _with_numerals(svg: str, numerals: list[Numeral], title: str) -> str:
    """The picture with each label, which stands in order, set as a numeral."""
    ET.register_namespace("", SVG_NAME)
    root = ET.fromstring(svg)
    groups = [
        group for group in root.iter(f"{{{SVG_NAME}}}g") if "harm" in group.get("class", "").split()
    ]
    if len(groups) != len(numerals):
        raise RenderError(
            f"No score of '{title}': {len(groups)} of {len(numerals)} numerals were engraved. "
            "Write it as MusicXML and open it in a notation program instead."
        )
    for group, numeral in zip(groups, numerals, strict=True):
        text = group.find(f"{{{SVG_NAME}}}text")
        if text is not None:
            x, y = float(text.get("x", 0)), float(text.get("y", 0))
            draw_numeral(text, numeral, x=x, y=y, size=NUMERAL_SIZE)
    return ET.tostring(root, encoding="unicode") + "\n"
