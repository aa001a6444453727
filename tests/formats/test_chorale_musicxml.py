"""Scores in four voices out of MusicXML, made here by hand."""

from __future__ import annotations

import io
import zipfile

import pytest

from chromasonic.errors import FormatError
from chromasonic.formats.chorale_musicxml import parse_chorale
from chromasonic.music.chorale import SILENT
from chromasonic.music.metre import Metre

ATTRIBUTES = (
    "<attributes><divisions>8</divisions><key><fifths>1</fifths><mode>major</mode></key>"
    "<time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
)


def note(pitch: str, eighths_of_a_quarter: int, more: str = "") -> str:
    """A note such as "G4" or "F#4"; "R" is a rest; 8 units are a quarter."""
    if pitch == "R":
        what = "<rest/>"
    else:
        alter = "<alter>1</alter>" if "#" in pitch else ""
        what = f"<pitch><step>{pitch[0]}</step>{alter}<octave>{pitch[-1]}</octave></pitch>"
    return f"<note>{what}<duration>{eighths_of_a_quarter}</duration>{more}</note>"


FERMATA = "<notations><fermata/></notations>"


def score(parts: dict[str, list[str]]) -> bytes:
    """Part name to its bars, as the insides of <measure>; the first bar is numbered 0."""
    listed = "".join(
        f'<score-part id="P{i}"><part-name>{name}</part-name></score-part>'
        for i, name in enumerate(parts)
    )
    bodies = "".join(
        f'<part id="P{i}">'
        + "".join(f'<measure number="{n}">{bar}</measure>' for n, bar in enumerate(bars))
        + "</part>"
        for i, bars in enumerate(parts.values())
    )
    return (
        f'<?xml version="1.0"?><score-partwise><part-list>{listed}</part-list>{bodies}'
        "</score-partwise>"
    ).encode()


def chorale(**changes: list[str]) -> dict[str, list[str]]:
    """An upbeat of a quarter, a bar of 3/4 with a fermata on its last note."""
    parts = {
        "Soprano": [
            ATTRIBUTES + note("G4", 8),
            note("A4", 8, '<tie type="start"/>') + note("A4", 4, '<tie type="stop"/>')
            + note("B4", 4) + note("G4", 8, FERMATA),
        ],
        "Alto": [ATTRIBUTES + note("D4", 8), note("D4", 16) + note("D4", 8)],
        "Tenor": [ATTRIBUTES + note("B3", 8), note("A3", 16) + note("B3", 8)],
        "Bass": [ATTRIBUTES + note("G3", 8), note("F#3", 16) + note("G3", 8)],
    }  # fmt: skip
    return {**parts, **changes}


def test_voices_fermatas_key_metre_and_upbeat_are_read() -> None:
    read = parse_chorale(score(chorale()), source="x.xml")
    soprano = [67] * 4 + [69] * 6 + [71] * 2 + [67] * 4
    assert read.pitches[:, 0].tolist() == soprano
    assert read.pitches[:, 3].tolist() == [55] * 4 + [54] * 8 + [55] * 4
    assert read.fermatas == (12,)
    assert (read.fifths, read.mode, read.metre) == (1, "major", Metre(3, 4))
    assert read.bars == (("0", 0), ("1", 4))
    assert (read.pickup_steps, read.off_grid) == (4, 0)


def test_a_repeated_note_is_struck_and_a_tied_one_is_not() -> None:
    struck = parse_chorale(score(chorale()), source="x.xml").is_onset
    assert struck[:, 0].nonzero()[0].tolist() == [0, 4, 10, 12]
    assert struck[:, 1].nonzero()[0].tolist() == [0, 4, 12]


def test_instruments_of_their_own_are_left_out_and_doubled_voices_are_not() -> None:
    parts = chorale()
    named = {
        "Horn 1": parts["Soprano"],
        "Soprano\rOboe 1": parts["Soprano"],
        "Alto": parts["Alto"],
        "TENOR Viola": parts["Tenor"],
        "Bass": parts["Bass"],
        "Continuo": parts["Bass"],
    }
    read = parse_chorale(score(named), source="x.xml")
    plain = parse_chorale(score(parts), source="x.xml")
    assert read.pitches.tolist() == plain.pitches.tolist()


def test_rests_are_silent_and_grace_notes_are_left_out() -> None:
    bar = note("R", 8) + "<note><grace/><pitch><step>C</step><octave>4</octave></pitch></note>"
    tenor = [ATTRIBUTES + note("B3", 8), bar + note("A3", 8) + note("B3", 8)]
    read = parse_chorale(score(chorale(Tenor=tenor)), source="x.xml")
    assert read.pitches[:, 2].tolist() == [59] * 4 + [SILENT] * 4 + [57] * 4 + [59] * 4
    assert read.is_onset[:, 2].nonzero()[0].tolist() == [0, 8, 12]


def test_each_sixteenth_takes_the_note_that_sounds_as_it_begins() -> None:
    # B for a thirty-second, C on to the middle of the next sixteenth, D for the rest.
    quick = note("B4", 1) + note("C5", 2) + note("D5", 21)
    soprano = [ATTRIBUTES + note("G4", 8), quick]
    read = parse_chorale(score(chorale(Soprano=soprano)), source="x.xml")
    assert read.pitches[4:8, 0].tolist() == [71, 72, 74, 74]
    assert read.is_onset[4:8, 0].tolist() == [True, True, True, False]
    assert read.off_grid == 2


def test_silence_that_is_skipped_is_silence() -> None:
    alto = [
        ATTRIBUTES + note("D4", 8),
        "<forward><duration>8</duration></forward>" + note("E4", 16),
    ]
    read = parse_chorale(score(chorale(Alto=alto)), source="x.xml")
    assert read.pitches[:, 1].tolist() == [62] * 4 + [SILENT] * 4 + [64] * 8


def test_a_compressed_score_is_the_same_score() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.recordare.musicxml")
        archive.writestr("x.musicxml", score(chorale()))
    packed = parse_chorale(buffer.getvalue(), source="x.mxl")
    plain = parse_chorale(score(chorale()), source="x.xml")
    assert packed.pitches.tolist() == plain.pitches.tolist()


def zipped(name: str, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


CHORD = "<note><chord/><pitch><step>C</step><octave>5</octave></pitch><duration>8</duration></note>"
FEWER = {name: bars for name, bars in chorale().items() if name != "Alto"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.mxl is empty"),
        (b"PK but no archive", "x.mxl is a damaged archive"),
        (zipped("readme.txt"), "x.mxl is an archive without a score"),
        (zipped("x.xml", b"<a>"), "x.mxl is no XML"),
        (b"<score-timewise/>", "its root is <score-timewise>"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><score-partwise/>', "declares XML entities"),
        (score(FEWER), "no part is named alto"),
        (score({**chorale(), "Soprano 2": chorale()["Soprano"]}), "2 parts are named soprano"),
        (score(chorale(Bass=chorale()["Bass"][:1])), "has parts of 2, 2, 2, 1 bars"),
        (score(chorale(Bass=[note("R", 8), note("R", 24)])), "has no notes for bass"),
        (
            score(chorale(Bass=[note("G3", 8), note("G3", 8) + CHORD])),
            "has chords in one voice",
        ),
        (
            score(chorale(Bass=[note("G3", 8), "<backup><duration>8</duration></backup>"])),
            "has two layers in one voice",
        ),
        (score(chorale(Bass=[note("H3", 8), note("G3", 24)])), "is damaged MusicXML"),
        (
            score(chorale(Bass=["<attributes><divisions>0</divisions></attributes>" + note("G3", 8),
                                note("G3", 24)])),
            "is damaged MusicXML",
        ),
    ],
)  # fmt: skip
def test_what_is_no_such_score_is_an_error_that_says_why(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_chorale(data, source="x.mxl")
