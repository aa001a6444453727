"""Engraved scores: complete pictures in themselves, in a process that may die without harm."""

from __future__ import annotations

import io
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chromasonic.errors import RenderError, UsageError
from chromasonic.formats import engraving, score
from chromasonic.formats.abc import read_abc
from chromasonic.formats.score import ScoreLayout, engrave, engrave_all, score_png, write_score
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Note, Tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
TUNES = read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def svgs() -> list[str]:
    return engrave_all(TUNES)


def of_class(svg: str, name: str) -> list[ET.Element]:
    """The groups of a class, in drawing order."""
    groups = ET.fromstring(svg).iter(f"{SVG}g")
    return [group for group in groups if name in group.get("class", "").split()]


def pixels(png: bytes) -> np.ndarray:
    from matplotlib import image

    return image.imread(io.BytesIO(png))[..., :3]


def test_each_score_has_every_note_of_its_tune(svgs: list[str]) -> None:
    for svg, tune in zip(svgs, TUNES, strict=True):
        written = sum(note.pitch is not None for note in tune.notes())
        assert len(of_class(svg, "note")) >= written  # more where a length is split and tied
        assert len(of_class(svg, "measure")) == len(tune.bars)
        assert len(of_class(svg, "harm")) == sum(len(bar.chords) for bar in tune.bars)


def test_long_tunes_run_over_several_systems_of_the_page_width(svgs: list[str]) -> None:
    assert len(of_class(svgs[0], "system")) >= 2
    left, _, width, _ = map(float, ET.fromstring(svgs[0]).get("viewBox", "").split())
    assert (left, width) == (0, 840)


def test_a_score_names_no_font_file_address_or_script(svgs: list[str]) -> None:
    for svg in svgs:
        addresses = set(re.findall(r"https?://[^\"' <]+", svg))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
        assert not re.search(r"<script|@font-face|@import|url\(", svg)
        assert not [sign for sign in svg if "\ue000" <= sign <= "\uf8ff"], "a sign without a font"


def test_flats_of_chord_symbols_are_ordinary_text(svgs: list[str]) -> None:
    symbols = ["".join(group.itertext()).strip() for group in of_class(svgs[2], "harm")]
    assert "B♭" in [re.sub(r"\s", "", symbol) for symbol in symbols]


def test_ids_of_scores_on_one_page_are_apart(svgs: list[str]) -> None:
    ids = [element.get("id") for svg in svgs for element in ET.fromstring(svg).iter()]
    named = [one for one in ids if one]
    assert len(named) == len(set(named))


def test_titles_are_escaped_and_wrapped() -> None:
    title = "Tom & <Jerry> " + "und so weiter " * 12
    root = ET.fromstring(engrave(replace(TUNES[3], title=title)))
    lines = [text.text or "" for text in root.findall(f"{SVG}text")]
    assert 2 <= len(lines) <= 3
    assert lines[0].startswith("Tom & <Jerry>")
    assert not ET.fromstring(engrave(TUNES[3], title=False)).findall(f"{SVG}text")


def test_png_shows_title_music_and_nothing_cut_off(svgs: list[str]) -> None:
    for svg in (svgs[0], svgs[2], svgs[11]):
        ink = pixels(score_png(svg, width_px=840)).mean(axis=2) < 0.5
        assert ink[:30, 250:590].any(), "no title"
        assert ink[60:].mean() > 0.01, "no music"
        edges = (ink[:2], ink[-4:], ink[:, :3], ink[:, -2:])
        assert not any(edge.any() for edge in edges), "something is cut off"


def test_by_ending_it_is_written_as_svg_or_png(tmp_path: Path) -> None:
    write_score(TUNES[3], tmp_path / "a.svg")
    write_score(TUNES[3], tmp_path / "a.PNG")
    assert ET.parse(tmp_path / "a.svg").getroot().tag == f"{SVG}svg"
    assert (tmp_path / "a.PNG").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        write_score(TUNES[3], tmp_path / "a.pdf")


@pytest.mark.parametrize(
    "bars",
    [
        (Bar((Note(40320, None),), None, Key()), Bar((Note(40320, 60),), Metre(4, 4), Key())),
        (Bar((Note(10080, 60), Note(30240, 72)), None, Key("E", "phrygian")),),
        (Bar((Note(10080 // 7, 60), Note(999, 61)), Metre(4, 4), Key("Cb", "locrian")),),
        (Bar((Note(5 * 80640, 21),), Metre(4, 4), Key("G#", "lydian")),),
    ],
    ids=["silence", "free metre", "odd lengths", "overlong"],
)  # fmt: skip
def test_odd_tunes_are_engraved_too(bars: tuple[Bar, ...]) -> None:
    assert of_class(engrave(Tune("odd", "", bars)), "note")


def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let another program stand in for the engraver."""
    script = tmp_path / "python"
    script.write_text(f"#!{sys.executable}\n{program}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(engraving, "ENGRAVER", (str(script),))


def test_a_crash_of_the_engraver_names_the_tune(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = 'import os, sys; sys.stdin.read(); print(\'{"svg": "", "glyphs": {}}\', flush=True)'
    child(tmp_path, monkeypatch, program + "; os.kill(os.getpid(), 11)")
    with pytest.raises(RenderError, match=r"Three Doors Down the Lane.*code -11"):
        engrave_all(TUNES[:3])


def test_a_hanging_engraver_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child(tmp_path, monkeypatch, "import time; time.sleep(3_600)")
    monkeypatch.setattr(score, "SECONDS_TO_START", 0.2)
    with pytest.raises(RenderError, match="took more than"):
        engrave_all(TUNES[:1], ScoreLayout(timeout_s=0.1))


@pytest.mark.parametrize("wrong", [{"width_px": 10}, {"staff_scale": 0}, {"timeout_s": 0.0}])
def test_an_impossible_layout_is_refused(wrong: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        ScoreLayout(**wrong)


def test_a_metronome_mark_stands_clear_of_the_time_signature() -> None:
    """The digits reach to the top line; a note's head hangs an eighth of its size below its own."""
    text = "X:1\nT:t\nM:6/8\nL:1/8\nQ:3/8=91\nK:G\nGAB cde|g6|]\n"
    drawn = engrave(read_abc(text, source="test").tunes[0], title=False)
    top_line = re.search(r'class="staff"><path d="M[\d.]+ ([\d.]+) L', drawn)
    mark = drawn[drawn.index('class="tempo"') :]
    note = re.search(r"translate\([\d.]+,([\d.]+)\) scale\(([\d.]+)\)", mark)
    assert top_line
    assert note
    lowest = float(note[1]) + 126 * float(note[2])
    staff_space = 180
    assert lowest < float(top_line[1]) - staff_space / 2
