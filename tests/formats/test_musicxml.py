"""MusicXML: what two other programs read in ours, what we read back, what is refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.formats.tune_strategies import tunes

from chromasonic.errors import FormatError
from chromasonic.formats.abc import read_abc
from chromasonic.formats.musicxml import (
    musicxml_text,
    parse_musicxml,
    read_musicxml,
    write_musicxml,
)
from chromasonic.formats.notation import spell, written_bar
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
TUNES = read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes


def parsed(text: str) -> Tune:
    return parse_musicxml(text.encode(), source="some.musicxml")


def score(measures: str) -> str:
    """A document by hand around some measures, two divisions a quarter."""
    head = '<part-list><score-part id="P1"><part-name/></score-part></part-list>'
    return f'<score-partwise>{head}<part id="P1">{measures}</part></score-partwise>'


@pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.title)
def test_a_written_tune_comes_back_bar_by_bar(tune: Tune, tmp_path: Path) -> None:
    write_musicxml(tune, tmp_path / "tune.musicxml")
    back = read_musicxml(tmp_path / "tune.musicxml")
    assert list(back.sounding()) == list(tune.sounding())
    assert list(back.expanded().sounding()) == list(tune.expanded().sounding())
    assert back.title == tune.title
    for ours, theirs in zip(tune.bars, back.bars, strict=True):
        assert (ours.metre, ours.key, ours.chords) == (theirs.metre, theirs.key, theirs.chords)
        assert (ours.opens_repeat, ours.closes_repeat) == (
            theirs.opens_repeat,
            theirs.closes_repeat,
        )
        assert ours.ending == theirs.ending


@settings(max_examples=50, deadline=None)
@given(tune=tunes())
def test_any_tune_comes_back(tune: Tune) -> None:
    back = parsed(musicxml_text(tune))
    assert list(back.sounding()) == list(tune.sounding())
    assert [bar.duration for bar in back.bars] == [bar.duration for bar in tune.bars]
    assert (back.key, back.metre) == (tune.key, tune.metre)


@pytest.mark.parametrize("tune", TUNES[:4] + TUNES[6:9], ids=lambda tune: tune.title)
def test_music21_hears_the_same_tune_with_its_repeats(tune: Tune) -> None:
    import music21

    part = music21.converter.parseData(musicxml_text(tune), format="musicxml").parts[0]
    played = part.expandRepeats() if any(bar.closes_repeat for bar in tune.bars) else part
    heard = [
        (round(float(note.offset) * Q), round(float(note.quarterLength) * Q), note.pitch.midi)
        for note in played.stripTies().flatten().notes
        if isinstance(note, music21.note.Note)
    ]
    assert heard == list(tune.expanded().sounding())
    signature = part.flatten().getElementsByClass("KeySignature")[0]
    assert signature.sharps == tune.key.fifths
    symbols = part.flatten().getElementsByClass("ChordSymbol")
    assert len(symbols) == sum(len(bar.chords) for bar in tune.bars)


@settings(max_examples=50, deadline=None)
@given(tune=tunes())
def test_every_bar_is_written_in_values_that_add_up(tune: Tune) -> None:
    for bar in tune.bars:
        heads = written_bar(bar)
        assert sum(head.duration for head in heads) == bar.duration
        assert all(head.value for head in heads), "a length was left without a note value"
        brackets = [head.bracket for head in heads if head.bracket]
        assert brackets == ["start", "stop"] * (len(brackets) // 2)
        depth = 0
        for head in heads:
            mark = head.beams[0] if head.beams else None
            depth += {"begin": 1, "end": -1}.get(mark or "", 0)
            assert 0 <= depth <= 1
        assert depth == 0


@pytest.mark.parametrize(
    ("ticks", "metre", "values"),
    [
        (5 * Q // 2, Metre(4, 4), [("half", 0), ("eighth", 0)]),
        (5 * Q // 2, Metre(6, 8), [("quarter", 1), ("quarter", 0)]),
        (7 * Q // 2, Metre(4, 4), [("half", 2)]),
        (9 * Q // 2, Metre(9, 8), [("half", 1), ("quarter", 1)]),
        (9 * Q // 4, Metre(4, 4), [("half", 0), ("16th", 0)]),
    ],
)
def test_long_notes_are_split_at_beats(
    ticks: int, metre: Metre, values: list[tuple[str, int]]
) -> None:
    heads = written_bar(Bar((Note(ticks, 60),), metre, Key()))
    assert [(head.value, head.dots) for head in heads] == values
    assert [head.tie_to for head in heads] == [True] * (len(heads) - 1) + [False]


def test_a_triplets_last_note_that_is_held_on_is_split_where_the_triplet_ends() -> None:
    notes = (Note(Q, 60), *(Note(Q // 3, 62),) * 2, Note(Q // 3 + Q // 2, 64), Note(Q // 2, 65))
    heads = written_bar(Bar(notes, Metre(6, 8), Key()))
    assert [(head.value, head.tuplet) for head in heads[3:5]] == [
        ("eighth", (3, 2)), ("eighth", None)
    ]  # fmt: skip
    assert heads[3].tie_to
    assert heads[4].tie_from


def test_a_triplet_of_a_quarter_and_an_eighth_gets_one_bracket() -> None:
    notes = (Note(2 * Q // 3, 60), Note(Q // 3, 62), Note(Q, 64))
    heads = written_bar(Bar(notes, Metre(2, 4), Key()))
    assert [(head.value, head.tuplet, head.bracket) for head in heads] == [
        ("quarter", (3, 2), "start"), ("eighth", (3, 2), "stop"), ("quarter", None, "")
    ]  # fmt: skip


def test_eighths_are_beamed_by_beat_and_by_half_bar() -> None:
    eighths = tuple(Note(Q // 2, 60) for _ in range(8))
    reel = written_bar(Bar(eighths, Metre(4, 4), Key()))
    assert [head.beams[0] for head in reel] == ["begin", "continue", "continue", "end"] * 2
    jig = written_bar(Bar(eighths[:6], Metre(6, 8), Key()))
    assert [head.beams[0] for head in jig] == ["begin", "continue", "end"] * 2
    dotted = (Note(3 * Q // 4, 60), Note(Q // 4, 62))
    assert [head.beams for head in written_bar(Bar(dotted, Metre(2, 4), Key()))] == [
        ("begin",), ("end", "backward hook")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pitch", "key", "name"),
    [
        (66, Key("D"), ("F", 1, 4)),
        (70, Key("F"), ("B", -1, 4)),
        (68, Key("A", "minor"), ("G", 1, 4)),
        (61, Key("D", "minor"), ("C", 1, 4)),
        (63, Key("C"), ("E", -1, 4)),
        (60, Key("C#"), ("B", 1, 3)),
        (71, Key("Gb"), ("C", -1, 5)),
    ],
)
def test_pitches_are_spelled_by_the_key(pitch: int, key: Key, name: tuple[str, int, int]) -> None:
    assert spell(pitch, key) == name


def test_accidentals_stand_once_a_bar_and_are_taken_back() -> None:
    notes = tuple(Note(Q, pitch) for pitch in (66, 66, 65, 67))
    bars = (Bar(notes, Metre(4, 4), Key()), Bar((Note(4 * Q, 65),), Metre(4, 4), Key()))
    root = ET.fromstring(musicxml_text(Tune("a", "a", bars)).split("\n", 2)[2])
    shown = [note.findtext("accidental") for note in root.iter("note")]
    assert shown == ["sharp", None, "natural", None, None]


def test_titles_and_chords_are_escaped_and_odd_chords_kept_as_words() -> None:
    chords = (ChordSymbol(0, "F#m7/C#"), ChordSymbol(Q, "N.C. <loud>"))
    bar = Bar((Note(2 * Q, 60),), Metre(2, 4), Key(), chords=chords)
    text = musicxml_text(Tune("a", 'Tom & "Jerry" <3 \x07', (bar,)))
    root = ET.fromstring(text.split("\n", 2)[2])
    assert root.findtext("work/work-title") == 'Tom & "Jerry" <3 '
    assert root.findtext(".//harmony/kind") == "minor-seventh"
    assert "N.C. <loud>" in [words.text for words in root.iter("words")]
    assert parsed(text).bars[0].chords == (ChordSymbol(0, "F#m7/C#"),)


def test_only_the_first_voice_is_read_with_the_top_of_its_chords_and_no_graces() -> None:
    def note(step: str, inner: str = "", duration: str = "<duration>2</duration>") -> str:
        return f"<note>{inner}<pitch><step>{step}</step><octave>4</octave></pitch>{duration}</note>"

    tune = parsed(
        score(
            "<measure><attributes><divisions>2</divisions></attributes>"
            + note("D", "<grace/>", "")
            + note("C")
            + note("G", "<chord/>")
            + note("E")
            + "<backup><duration>4</duration></backup><note><rest/><duration>4</duration>"
            "<voice>2</voice></note></measure>"
        )
    )
    assert [(one.pitch, one.duration) for one in tune.notes()] == [(67, Q), (64, Q)]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><score-partwise>&i;</score-partwise>"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("hello", "is no XML"),
        ("<score-partwise><part>", "is no XML"),
        ("<html/>", "root is <html>"),
        (score(""), "no notes"),
        (score("<measure><note><rest/><duration>1</duration></note></measure>"), "no notes"),
        (BOMB, "declares XML entities"),
        ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>', "declares XML ent"),
        ("<a>" * 5000, "nested deeper"),
        (
            score("<measure><attributes><divisions>0</divisions></attributes></measure>"),
            "0 divisions",
        ),
        (
            score("<measure><note><pitch><step>H</step></pitch><duration>1</duration></note></measure>"),
            "damaged",
        ),
        (
            score("<measure><note><pitch><step>C</step></pitch><duration>nan</duration></note></measure>"),
            "damaged",
        ),
    ],
)  # fmt: skip
def test_a_broken_or_hostile_document_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parsed(text)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="nowhere"):
        read_musicxml(tmp_path / "nowhere.musicxml")
