"""Repeats played out by hand: each letter is a bar, named by what it plays."""

from __future__ import annotations

import pytest

from chromasonic.formats.abc import read_abc
from chromasonic.music.repeats import with_openings
from chromasonic.music.tune import Bar, Note, Tune

PITCHES = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G", 69: "A", 71: "B"}


def played(body: str) -> str:
    """The letters of the bars in the order of performance; the metre is one note long."""
    (tune,) = read_abc(f"X:1\nT:t\nM:1/8\nL:1/8\nK:C\n{body}\n", source="test").tunes
    return "".join(PITCHES[note.pitch or 0] for note in tune.expanded().notes())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C|D|E|]", "CDE"),
        ("|:C|D:|", "CDCD"),
        ("|:C|D:||:E|F:|", "CDCDEFEF"),  # AABB
        ("C|D:|E|F:|", "CDCDEFEF"),  # no opening marks: the start, then the last closed repeat
        ("C|D::E|F:|", "CDCDEFEF"),
        ("C|D||E|F:|", "CDEFEF"),  # the latest double bar (ABC 2.1, 4.8)
        ("C|D|]E|F:|", "CDEFEF"),
        ("C|:D|E:|F|]", "CDEDEF"),
        ("|:C||D:|E|]", "CDCDE"),  # an opening mark outweighs a double bar
        ("|::C|D::|E|]", "CDCDCDE"),
        ("|:C|D:|E|F|]", "CDCDEF"),
        ("|:C|D|E|]", "CDE"),  # a repeat that nothing closes is none
    ],
)
def test_sections_are_repeated_from_where_they_begin(body: str, expected: str) -> None:
    assert played(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("|:C|[1D:|[2E|]", "CDCE"),
        ("C|[1D:|[2E|]", "CDCE"),
        ("C|[1D:|[2E||F|[1G:|[2A|]", "CDCEFGFA"),  # the second part begins at the double bar
        ("|:C|[1D|E:|[2F|G||A|]", "CDECFGA"),
        ("|:C|[1D:|[2E:|", "CDCE"),  # a mark after the last ending repeats nothing more
        ("|:C|[1,3D:|[2E:|F|]", "CDCECDF"),
        ("|:C|[1D:|[2E:|[3F||G|]", "CDCECFG"),
        ("|:C|[1-2D:|[3E|]", "CDCDCE"),
        ("C|[1D||[2E||F|]", "CDCEF"),  # endings alone say that the part is repeated
        ("|:C|[1D:|[2E|:F|G:|", "CDCEFGFG"),
        ("|:C:|[2D||E|]", "CCDE"),
    ],
)
def test_each_ending_is_played_on_its_passes(body: str, expected: str) -> None:
    assert played(body) == expected


def test_an_anacrusis_is_repeated_with_its_part_and_may_differ_in_the_endings() -> None:
    assert played("C|D|[1E:|[2F||G|A|[1B:|[2C|]") == "CDECDFGABGAC"


def test_what_is_played_out_has_no_marks_left() -> None:
    (tune,) = read_abc("X:1\nM:1/8\nK:C\n|:C|[1D:|[2E||F:|\n", source="t").tunes
    flat = tune.expanded()
    assert flat.expanded().bars == flat.bars
    assert not any(b.opens_repeat or b.closes_repeat or b.ending for b in flat.bars)


def test_openings_are_put_in_where_they_were_left_out() -> None:
    (tune,) = read_abc("X:1\nM:1/8\nK:C\nC|D:|E||F|G:|A|]\n", source="t").tunes
    assert [bar.opens_repeat for bar in tune.bars] == [True, False, False, True, False, False]
    assert with_openings(tune.bars) == tune.bars
    bare = Tune("id", "t", (Bar((Note(1, 60),), None, tune.key, closes_repeat=1),))
    assert len(bare.expanded().bars) == 2
