"""Scores of several parts: each format, read by another program, gives every voice back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.formats.part_score_examples import CADENCE, FOLK, SATB, bars, labels, part_scores

from chromasonic.errors import RenderError, StorageError, UsageError
from chromasonic.formats.abc import read_abc_voices
from chromasonic.formats.midi_voices import parse_midi_voices
from chromasonic.formats.musicxml_reader import parse_musicxml_voices
from chromasonic.formats.part_score_abc import part_score_abc_text
from chromasonic.formats.part_score_midi import part_score_symusic, write_part_score_midi
from chromasonic.formats.part_score_musicxml import clef_of, part_score_musicxml_text
from chromasonic.formats.part_scores import WRITERS, check_part_score_ending, save_part_score
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.part_score import PartScore
from chromasonic.music.tune import Note, Tune

Heard = list[tuple[int, int, int]]


def sung(score: PartScore) -> list[Heard]:
    """Onset, duration and pitch of each note of each part."""
    return [list(part.sounding()) for part in score.parts]


def heard_by_music21(score: object) -> list[Heard]:
    import music21

    return [
        [
            (round(float(note.offset) * Q), round(float(note.quarterLength) * Q), note.pitch.midi)
            for note in part.stripTies().flatten().notes
            if isinstance(note, music21.note.Note)
        ]
        for part in score.parts  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize("ending", sorted(WRITERS))
def test_every_ending_is_written_whole(ending: str, tmp_path: Path) -> None:
    path = save_part_score(FOLK, tmp_path / f"deep/er/folk{ending}")
    assert path.stat().st_size > 300
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["score.pdf", "score", "score.mxl", ".mid"])
def test_an_unknown_ending_names_those_that_are_allowed(name: str) -> None:
    with pytest.raises(UsageError, match=r"\.musicxml .*\.mid .*\.svg"):
        check_part_score_ending(name)


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="folder"):
        save_part_score(CADENCE, tmp_path / "folder" / "score.abc")


@pytest.mark.parametrize("score", [CADENCE, FOLK], ids=lambda score: score.id)
def test_music21_hears_every_voice_of_the_musicxml(score: PartScore) -> None:
    import music21

    read = music21.converter.parseData(part_score_musicxml_text(score), format="musicxml")
    assert heard_by_music21(read) == sung(score)
    assert [part.partName for part in read.parts] == list(score.names)


@pytest.mark.parametrize("score", [CADENCE, FOLK], ids=lambda score: score.id)
def test_music21_hears_every_voice_of_the_abc(score: PartScore) -> None:
    import music21

    # music21 reads no second ending of ABC; the plain bars are compared.
    plain = tuple(
        replace(
            part,
            bars=tuple(
                replace(bar, ending=(), opens_repeat=False, closes_repeat=0) for bar in part.bars
            ),
        )
        for part in score.parts
    )
    text = part_score_abc_text(replace(score, parts=plain))
    assert heard_by_music21(music21.converter.parseData(text, format="abc")) == sung(score)


@pytest.mark.parametrize("score", [CADENCE, FOLK], ids=lambda score: score.id)
def test_music21_hears_every_voice_of_the_midi_file_with_its_repeats(
    score: PartScore, tmp_path: Path
) -> None:
    import music21

    path = save_part_score(score, tmp_path / "score.mid")
    read = music21.converter.parse(path, quantizePost=False)
    assert heard_by_music21(read) == sung(score.expanded())
    assert [part.partName for part in read.parts] == list(score.names)


@settings(max_examples=25, deadline=None)
@given(score=part_scores())
def test_any_score_comes_back_from_musicxml_and_abc_bar_by_bar(score: PartScore) -> None:
    text = part_score_musicxml_text(score).encode()
    for voices in (
        parse_musicxml_voices(text, source="made up.xml"),
        read_abc_voices(part_score_abc_text(score), source="made up.abc"),
    ):
        sounding = [part for part in score.parts if list(part.sounding())]
        assert [list(voice.tune.sounding()) for voice in voices] == [
            list(part.sounding()) for part in sounding
        ]
        for voice, part in zip(voices, sounding, strict=True):
            assert [bar.duration for bar in voice.tune.bars] == [b.duration for b in part.bars]
            assert [bar.closes_repeat for bar in voice.tune.bars] == [
                bar.closes_repeat for bar in part.bars
            ]
            assert (voice.tune.key, voice.tune.metre) == (part.key, part.metre)


@settings(max_examples=25, deadline=None)
@given(score=part_scores())
def test_any_score_comes_back_from_midi(score: PartScore) -> None:
    data = part_score_symusic(score, expand_repeats=False, program=53).dumps_midi()
    voices = parse_midi_voices(data, path=Path("made up.mid"))
    by_name = {voice.name: voice for voice in voices}
    for name, part in zip(score.names, score.parts, strict=True):
        pitches = [pitch for _, _, pitch in part.sounding()]
        assert [pitch for _, _, pitch in by_name[name].tune.sounding()] == pitches
        assert by_name[name].chord_bar is None


def test_fermatas_come_back_over_the_same_notes() -> None:
    wanted = [[note.fermata for note in part.notes()] for part in CADENCE.parts]
    text = part_score_musicxml_text(CADENCE)
    for voices in (
        parse_musicxml_voices(text.encode(), source="x.xml"),
        read_abc_voices(part_score_abc_text(CADENCE), source="x.abc"),
    ):
        assert [voice.name for voice in voices] == list(SATB)
        # The bass of the fifth bar is split and tied on the page; it has no fermata.
        assert [[n.fermata for n in voice.tune.notes()] for voice in voices[:3]] == wanted[:3]
        assert sum(note.fermata for note in voices[3].tune.notes()) == 2


def test_numerals_stand_under_the_bass_where_every_program_shows_them() -> None:
    import music21

    read = music21.converter.parseData(part_score_musicxml_text(CADENCE), format="musicxml")
    bass = read.parts[3].flatten()
    lyrics = [(float(note.offset), note.lyric) for note in bass.notes if note.lyric]
    assert lyrics == [
        (0, "I"), (1, "I"), (2, "V6/5"), (3, "I"), (4, "IV"), (5, "Cad6/4"), (7, "V"), (9, "I"),
        (10, "V4/3"), (11, "I"), (13, "IV"), (14, "I6/4"), (18, "I"),
    ]  # fmt: skip
    # The bass holds a note through the V7: there the numeral stands as words, at its place.
    words = bass.getElementsByClass("TextExpression")
    assert [(float(one.offset), one.content) for one in words] == [(16, "V7")]
    assert not any(note.lyric for part in read.parts[:3] for note in part.flatten().notes)


def test_abc_has_the_numerals_as_words_one_to_a_note() -> None:
    lines = part_score_abc_text(CADENCE).split("\n")
    assert "%%score {(1 2) | (3 4)}" in lines
    words = [line for line in lines if line.startswith("w:")]
    assert words == [
        "w:I | I V6/5 I IV | Cad6/4 V | I V4/3 I | IV I6/4~V7",
        "w:* I",
    ]


def test_clefs_are_those_that_singers_read() -> None:
    root = ET.fromstring(part_score_musicxml_text(CADENCE).split("\n", 2)[2])
    clefs = [
        tuple(clef.findtext(name) for name in ("sign", "line", "clef-octave-change"))
        for clef in root.iter("clef")
    ]
    assert clefs == [("G", "2", None), ("G", "2", None), ("G", "2", "-1"), ("F", "4", None)]
    assert root.findtext("part-list/part-group/group-symbol") == "bracket"


@pytest.mark.parametrize(
    ("name", "row", "clef"),
    [("Cello", "48 43", "bass"), ("Horn", "55 57", "treble-8vb"), ("Oboe", "72", "treble"),
     ("tenor 2", "72", "treble-8vb"), ("Silence", "r", "treble")],
)  # fmt: skip
def test_a_part_of_another_name_gets_the_clef_of_its_height(name: str, row: str, clef: str) -> None:
    assert clef_of(name, Tune("x", "", bars(row))) == clef


def test_key_and_metre_changes_stand_in_every_part() -> None:
    root = ET.fromstring(part_score_musicxml_text(FOLK).split("\n", 2)[2])
    for part in root.iter("part"):
        assert [key.findtext("fifths") for key in part.iter("key")] == ["2", "2"]
        assert [key.findtext("mode") for key in part.iter("key")] == ["dorian", "major"]
        assert [time.findtext("beats") for time in part.iter("time")] == ["6", "3"]
        assert len(list(part.iter("ending"))) == 4
    assert [part.find("measure").get("number") for part in root.iter("part")] == ["0", "0"]


def test_a_fermata_slows_the_tempo_while_it_lasts_and_moves_no_note() -> None:
    score = part_score_symusic(CADENCE, expand_repeats=True, program=53)
    quarter = score.ticks_per_quarter
    tempos = [(tempo.time / quarter, round(tempo.qpm, 2)) for tempo in score.tempos]
    # Fermatas over beats 3 and 4 of the second full bar, and over the last note.
    assert tempos == [(0, 84), (7, 50.4), (9, 84), (18, 50.4), (21, 84)]


def test_midi_voices_are_tracks_of_the_same_program_with_names(tmp_path: Path) -> None:
    import symusic

    write_part_score_midi(CADENCE, tmp_path / "a.mid", program=19)
    tracks = symusic.Score(tmp_path / "a.mid").tracks
    assert [(track.name, track.program) for track in tracks] == [(name, 19) for name in SATB]


def test_what_midi_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="Program 200"):
        write_part_score_midi(CADENCE, tmp_path / "a.mid", program=200)
    part = CADENCE.parts[0]
    many = PartScore(
        id="many", title="", names=tuple(f"Voice {n}" for n in range(16)), parts=(part,) * 16
    )
    with pytest.raises(RenderError, match="16 parts"):
        write_part_score_midi(many, tmp_path / "a.mid")


def test_a_note_keeps_its_own_spelling_in_musicxml_and_abc() -> None:
    notes = (Note(Q, 75, name="D#"), Note(Q, 76), Note(Q, 75, name="Eb"), Note(Q, 74))
    bar = bars("60:4", key="C")[0]
    high = Tune("h", "", (replace(bar, notes=notes),))
    score = PartScore(
        id="x", title="", names=("Soprano", "Bass"), parts=(high, Tune("l", "", (bar,)))
    )
    root = ET.fromstring(part_score_musicxml_text(score).split("\n", 2)[2])
    first = root.find("part")
    assert first is not None
    steps = [(p.findtext("step"), p.findtext("alter")) for p in first.iter("pitch")]
    assert steps == [("D", "1"), ("E", None), ("E", "-1"), ("D", None)]
    accidentals = [note.findtext("accidental") for note in first.iter("note")]
    assert accidentals == ["sharp", None, "flat", "natural"]
    assert "^d2 e2 _e2 =d2" in part_score_abc_text(score)


def test_labels_that_mean_something_in_lyrics_or_xml_are_harmless() -> None:
    odd = replace(CADENCE, labels=labels("0:*|_~-", *[""] * 5))
    assert read_abc_voices(part_score_abc_text(odd), source="x")[3].name == "Bass"
    strange = replace(odd, labels=labels("0:<&>\x07", *[""] * 5))
    root = ET.fromstring(part_score_musicxml_text(strange).split("\n", 2)[2])
    assert [one.text for one in root.iter("text")] == ["<&>"]


def test_a_metre_without_bars_and_silence_are_written() -> None:
    free = bars("60:4", "r:4")
    free = tuple(replace(bar, metre=None) for bar in free)
    score = PartScore(id="x", title="", names=("One",), parts=(Tune("x", "", free),))
    back = parse_musicxml_voices(part_score_musicxml_text(score).encode(), source="x")
    assert list(back[0].tune.sounding()) == [(0, 4 * Q, 60)]
    assert "M:none" in part_score_abc_text(score)
