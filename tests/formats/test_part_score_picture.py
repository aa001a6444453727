"""Closed scores as pictures: every note and numeral is there, none touches another."""

from __future__ import annotations

import io
import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.formats.part_score_examples import CADENCE, FOLK, SATB, part

from chromasonic.errors import RenderError, UsageError
from chromasonic.formats import part_score_picture
from chromasonic.formats.numerals import split_numeral, text_width
from chromasonic.formats.part_score_picture import (
    closed_score_text,
    engrave_part_score,
    staves_of,
    write_part_score_picture,
)
from chromasonic.formats.score import score_png
from chromasonic.music.part_score import PartScore

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def cadence() -> str:
    return engrave_part_score(CADENCE)


@pytest.fixture(scope="module")
def folk() -> str:
    return engrave_part_score(FOLK)


def of_class(svg: str, name: str) -> list[ET.Element]:
    """The groups of a class, in drawing order."""
    groups = ET.fromstring(svg).iter(f"{SVG}g")
    return [group for group in groups if name in group.get("class", "").split()]


def boxes(svg: str) -> list[tuple[float, float, float]]:
    """Left edge, right edge and baseline of each numeral."""
    found = []
    for group in of_class(svg, "harm"):
        spans = list(group.iter(f"{SVG}tspan"))
        left = min(float(span.get("x", "nan")) for span in spans)
        base = float(spans[0].get("y", "nan"))
        right = max(
            float(span.get("x", "nan"))
            + text_width(
                span.text or "",
                float((span.get("font-size") or "400px").removesuffix("px")),
            )
            for span in spans
        )
        found.append((left, right, base))
    return found


def test_four_parts_stand_on_two_staves_with_all_their_notes(cadence: str) -> None:
    assert len(of_class(cadence, "measure")) == 6
    assert len(of_class(cadence, "staff")) == 12
    heads = sum(note.pitch is not None for part in CADENCE.parts for note in part.notes())
    assert len(of_class(cadence, "note")) == heads


def test_stems_of_the_upper_voice_go_up_those_of_the_lower_down() -> None:
    root = ET.fromstring(closed_score_text(replace(CADENCE, labels=()), []).split("\n", 2)[2])
    for staff in root.iter("part"):
        stems = {
            (note.findtext("voice"), note.findtext("stem"))
            for note in staff.iter("note")
            if note.find("stem") is not None
        }
        assert stems == {("1", "up"), ("2", "down")}


def test_fermatas_stand_above_the_upper_and_below_the_lower_staff() -> None:
    root = ET.fromstring(closed_score_text(replace(CADENCE, labels=()), []).split("\n", 2)[2])
    upper, lower = root.iter("part")
    assert [one.get("type") for one in upper.iter("fermata")] == ["upright"] * 2
    assert [one.get("type") for one in lower.iter("fermata")] == ["inverted"] * 2


def test_a_rest_that_two_voices_share_is_shown_once_on_the_middle_line() -> None:
    rows = ("60 r r:2", "55 55 r:2", "52:2 r:2", "48:4")
    score = PartScore(
        id="x", title="", names=SATB,
        parts=tuple(part(name, row) for name, row in zip(SATB, rows, strict=True)),
    )  # fmt: skip
    root = ET.fromstring(closed_score_text(score, []).split("\n", 2)[2])
    found = [
        (
            note.findtext("voice"),
            note.findtext("type"),
            note.findtext("rest/display-step"),
            note.get("print-object"),
        )
        for note in root.iter("note")
        if note.find("rest") is not None
    ]
    assert found == [
        ("1", "quarter", None, None), ("1", "half", "B", None), ("2", "half", None, "no"),
        ("1", "half", None, None),
    ]  # fmt: skip


def test_each_numeral_stands_in_order_with_its_figures(cadence: str) -> None:
    texts = [
        [span.text for span in group.iter(f"{SVG}tspan")] for group in of_class(cadence, "harm")
    ]
    labels = [label.text for row in CADENCE.labels for label in row]
    assert len(texts) == len(labels)
    assert texts[2] == ["V", "6", "5"]
    assert texts[5] == ["Cad", "6", "4"]
    assert ["".join(filter(None, text)) for text in texts] == [
        label.replace("/", "") for label in labels
    ]


@pytest.mark.parametrize("name", ["cadence", "folk"])
def test_numerals_of_a_system_stand_on_one_line_and_do_not_touch(
    name: str, request: pytest.FixtureRequest
) -> None:
    rows: dict[float, list[tuple[float, float]]] = {}
    for left, right, base in boxes(request.getfixturevalue(name)):
        rows.setdefault(base, []).append((left, right))
    systems = len(of_class(request.getfixturevalue(name), "system"))
    assert len(rows) <= systems
    for row in rows.values():
        row.sort()
        for (_, right), (left, _) in itertools.pairwise(row):
            assert left - right > 20, "they run into each other"


def test_crowded_numerals_get_room() -> None:
    crowded = tuple(
        tuple(replace(label, text="viio6/5/bVII") for label in row) for row in CADENCE.labels
    )
    svg = engrave_part_score(replace(CADENCE, labels=crowded))
    by_base: dict[float, list[tuple[float, float]]] = {}
    for left, right, base in boxes(svg):
        by_base.setdefault(base, []).append((left, right))
    for row in by_base.values():
        row.sort()
        assert all(b[0] > a[1] for a, b in itertools.pairwise(row))


def test_numerals_stand_below_all_notes_of_their_system(cadence: str) -> None:
    bases = {base for _, _, base in boxes(cadence)}
    staves = of_class(cadence, "staff")
    lines = [
        float(re.findall(r"[ML]\S+ (\S+)", path.get("d", ""))[0])
        for staff in staves
        for path in staff.findall(f"{SVG}path")
    ]
    assert min(bases) > sorted(lines)[len(lines) // (2 * len(bases))]
    assert max(bases) > max(lines)


def test_bar_lines_go_through_both_staves(cadence: str) -> None:
    for group in of_class(cadence, "barLine")[:-1]:
        assert len(group.findall(f"{SVG}path")) == 3  # each staff's, and the one between


def test_the_title_and_two_voices_are_there(folk: str) -> None:
    root = ET.fromstring(folk)
    assert "The Two Endings" in [text.text for text in root.findall(f"{SVG}text")]
    assert len(of_class(folk, "staff")) == 2 * len(of_class(folk, "measure"))


def test_a_picture_names_no_font_file_address_or_script(cadence: str) -> None:
    addresses = set(re.findall(r"https?://[^\"' <]+", cadence))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<script|@font-face|@import|url\(", cadence)


def test_png_shows_title_music_numerals_and_cuts_nothing_off(cadence: str) -> None:
    from matplotlib import image

    ink = image.imread(io.BytesIO(score_png(cadence, width_px=840)))[..., :3].mean(axis=2) < 0.5
    assert ink[:40, 200:640].any(), "no title"
    assert not any(edge.any() for edge in (ink[:2], ink[-3:], ink[:, :2], ink[:, -2:]))
    rows = np.flatnonzero(ink.any(axis=1))
    assert ink.shape[0] - rows[-1] < 80, "much empty paper below"


@pytest.mark.parametrize(
    ("parts", "staves"), [(1, [[0]]), (2, [[0], [1]]), (3, [[0], [1], [2]]), (4, [[0, 1], [2, 3]])]
)
def test_only_four_parts_share_staves(parts: int, staves: list[list[int]]) -> None:
    assert staves_of(parts) == staves


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        write_part_score_picture(CADENCE, tmp_path / "a.pdf")


def test_numerals_that_the_engraver_lost_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_score_picture, "engrave_pages", lambda *_: ["<svg/>"])
    with pytest.raises(RenderError, match=r"0 of 14 numerals.*Write it as MusicXML"):
        engrave_part_score(CADENCE)


def test_a_score_too_long_for_a_picture_is_refused_at_once() -> None:
    long = PartScore(id="x", title="Long", names=("One",), parts=(part("x", *["60:4"] * 601),))
    with pytest.raises(RenderError, match="'Long': it has 601 bars.*MusicXML"):
        engrave_part_score(long)


def test_long_scores_are_broken_by_the_engraver(monkeypatch: pytest.MonkeyPatch) -> None:
    from chromasonic.formats import engraver

    class Toolkit:
        """A toolkit that only remembers how it was used."""

        def __init__(self) -> None:
            self.options: list[object] = []

        def resetOptions(self) -> None:
            """As verovio's."""

        def setOptions(self, options: dict[str, object]) -> None:
            """As verovio's."""
            self.options.append(options.get("breaks"))

        def loadData(self, _: str) -> bool:
            """As verovio's, when it does not read something."""
            return False

    for bars, breaks in ((10, ["none", "auto"]), (500, ["auto"])):
        toolkit = Toolkit()
        job = {"musicxml": '<measure number="1"/>' * bars, "phrase_ends": [],
               "options": {"breaks": "auto", "pageWidth": 2100}}  # fmt: skip
        engraver.engrave_one(toolkit, job, "")
        assert toolkit.options == breaks


def test_a_unison_shows_one_accidental_and_each_voice_its_own() -> None:
    from tests.formats.part_score_examples import bars

    from chromasonic.formats.musicxml_notes import staff_accidentals
    from chromasonic.formats.notation import written_bar
    from chromasonic.music.key import Key

    upper, lower = bars("66 65:2 67", "66 66 60:2", key="C")
    shown = staff_accidentals([written_bar(upper), written_bar(lower)], Key())
    # Beat 1: a unison F#. Beat 2: the lower voice's F# again, while the upper sings F natural.
    assert shown == {(0, 0): "sharp", (0, 1): "natural", (1, 1): "sharp"}


def test_split_numerals_are_what_the_engraver_makes_room_for() -> None:
    numerals = [[split_numeral(label.text) for label in row] for row in CADENCE.labels]
    root = ET.fromstring(closed_score_text(CADENCE, numerals).split("\n", 2)[2])
    texts = [one.get("text") for one in root.iter("numeral-root")]
    assert texts[:4] == ["I", "I", "V6", "I"]
