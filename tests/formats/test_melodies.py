"""One melody out of anything: which part is taken, and what is said where none can be."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from tests.formats.part_score_examples import CADENCE, FOLK, SATB, part

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.abc import read_abc_voices
from chromasonic.formats.melodies import READERS, load_melody
from chromasonic.formats.midi import write_midi
from chromasonic.formats.midi_voices import parse_midi_voices
from chromasonic.formats.musicxml import musicxml_text
from chromasonic.formats.musicxml_document import MAX_BYTES, unpacked
from chromasonic.formats.musicxml_reader import parse_musicxml_voices
from chromasonic.formats.part_scores import save_part_score
from chromasonic.formats.tunes import save_tune
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Tune

JIG = FOLK.parts[0]
KERN = "**kern\t**kern\n*Ibass\t*Isoprn\n4C\t4c\n4D\t4d 4f\n*-\t*-\n"


def mxl(files: dict[str, bytes]) -> bytes:
    """A compressed document of some files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


CONTAINER = b"""<?xml version="1.0"?>
<container><rootfiles><rootfile full-path="music/score.musicxml"/></rootfiles></container>"""


@pytest.mark.parametrize("ending", [".abc", ".mid", ".musicxml", ".xml"])
def test_a_file_of_one_voice_is_that_voice(ending: str, tmp_path: Path) -> None:
    tune = load_melody(save_tune(JIG, tmp_path / f"jig{ending}"))
    assert list(tune.expanded().sounding()) == list(JIG.expanded().sounding())
    assert (tune.key, tune.metre) == (JIG.key, JIG.metre)
    assert load_melody(str(tmp_path / f"jig{ending}"), part="1").bars == tune.bars


def test_repeats_and_fermatas_stay_as_they_are_written(tmp_path: Path) -> None:
    for ending in (".abc", ".musicxml"):
        tune = load_melody(save_tune(JIG, tmp_path / f"jig{ending}"))
        assert [bar.closes_repeat for bar in tune.bars] == [bar.closes_repeat for bar in JIG.bars]
        assert [bar.ending for bar in tune.bars] == [bar.ending for bar in JIG.bars]
        assert [n.fermata for n in tune.notes()] == [n.fermata for n in JIG.notes()]


@pytest.mark.parametrize("ending", [".abc", ".mid", ".musicxml"])
def test_of_several_parts_one_is_named_and_taken(ending: str, tmp_path: Path) -> None:
    path = save_part_score(CADENCE, tmp_path / f"four{ending}")
    with pytest.raises(
        FormatError,
        match=r"has 4 parts: 1 Soprano, 2 Alto, 3 Tenor, 4 Bass\..*--part Soprano or --part 1",
    ):
        load_melody(path)
    for number, name in enumerate(SATB, start=1):
        wanted = list(CADENCE.parts[number - 1].sounding())
        for choice in (name, name.lower(), name[:3], str(number)):
            assert list(load_melody(path, part=choice).sounding()) == wanted
    for wrong in ("5", "0", "Sopran0", "", "x"):
        with pytest.raises(UsageError, match=f"no part '{wrong}'.*1 Soprano, 2 Alto"):
            load_melody(path, part=wrong)


def test_kern_is_read_with_its_parts(tmp_path: Path) -> None:
    (tmp_path / "two.krn").write_text(KERN)
    with pytest.raises(FormatError, match="2 parts: 1 Soprano, 2 Bass"):
        load_melody(tmp_path / "two.krn")
    assert [n.pitch for n in load_melody(tmp_path / "two.krn", part="bass").notes()] == [48, 50]
    top = load_melody(tmp_path / "two.krn", part="soprano")
    assert [note.pitch for note in top.notes()] == [60, 65], "the highest note of the chord"


def test_chords_in_the_only_voice_are_refused_until_the_top_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text("X:1\nL:1/4\nM:2/4\nK:C\nCD|[CEG]F|\n")
    (tmp_path / "b.krn").write_text("**kern\n=1\n2c\n=2\n4c 4g\n4f\n*-\n")
    two = Tune("x", "", part("x", "60:4", "67:2 65:2").bars)
    xml = musicxml_text(two).replace(
        "</note>", "</note><note><chord/><pitch><step>C</step><octave>3</octave></pitch>"
        "<duration>1</duration><voice>1</voice></note>", 2,
    )  # fmt: skip
    (tmp_path / "c.musicxml").write_text(xml)
    for name, bar, pitches in (
        ("a.abc", 2, [60, 62, 67, 65]),
        ("b.krn", 2, [60, 67, 65]),
        ("c.musicxml", 1, [60, 67, 65]),
    ):
        with pytest.raises(FormatError, match=f"sound together in bar {bar}.*--part 1"):
            load_melody(tmp_path / name)
        tune = load_melody(tmp_path / name, part="1")
        assert [note.pitch for note in tune.notes()] == pitches


def test_an_overlay_in_abc_is_several_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text("X:1\nL:1/4\nM:2/4\nK:C\nCD|EF & C2|\n")
    with pytest.raises(FormatError, match="bar 2"):
        load_melody(tmp_path / "a.abc")


def midi_of(*notes: tuple[int, int, int], track: str = "Tune") -> bytes:
    """A MIDI file of notes (onset, end, pitch) in ticks of 480 a quarter."""
    import symusic

    score = symusic.Score(480)
    own = symusic.Track(track, 0, False)
    for onset, end, pitch in notes:
        own.notes.append(symusic.Note(onset, end - onset, pitch, 80))
    score.tracks.append(own)
    return bytes(score.dumps_midi())


@pytest.mark.parametrize(
    ("notes", "bar"),
    [
        ([(0, 480, 60), (480, 960, 62)], None),
        ([(0, 520, 60), (480, 960, 62)], None),  # legato
        ([(0, 480, 60), (0, 480, 60), (480, 960, 62)], None),  # the same note twice
        ([(0, 480, 60), (1920, 2400, 60), (1920, 2400, 64)], 2),
        ([(0, 1920, 48), (480, 960, 62)], 1),  # a held bass
        ([(0, 480, 62), (0, 1920, 48), (960, 1440, 60)], 1),
    ],
)
def test_in_midi_a_chord_is_told_from_legato(
    notes: list[tuple[int, int, int]], bar: int | None
) -> None:
    (voice,) = parse_midi_voices(midi_of(*notes), path=Path("x.mid"))
    assert voice.chord_bar == bar
    assert voice.name == "Tune"


def test_midi_channels_of_one_track_are_parts_and_drums_are_none(tmp_path: Path) -> None:
    import symusic

    score = symusic.Score(480)
    for name, is_drum, pitch in (("Kit", True, 36), ("", False, 60), ("", False, 48)):
        track = symusic.Track(name, 0, is_drum)
        track.notes.append(symusic.Note(0, 480, pitch, 80))
        score.tracks.append(track)
    (tmp_path / "a.mid").write_bytes(score.dumps_midi())
    with pytest.raises(FormatError, match="has 2 parts: 1 Track"):
        load_melody(tmp_path / "a.mid")
    assert [n.pitch for n in load_melody(tmp_path / "a.mid", part="2").notes()][:1] == [48]
    one = b"\x00\x90\x3c\x50\x00\x91\x30\x50\x60\x80\x3c\x00\x00\x81\x30\x00\x00\xff\x2f\x00"
    head = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk" + len(one).to_bytes(4, "big")
    names = [voice.name for voice in parse_midi_voices(head + one, path=Path("x.mid"))]
    assert names == ["Track 1, channel 1", "Track 1, channel 2"]


def test_voices_of_one_musicxml_part_are_told_apart_and_gaps_are_rests() -> None:
    def note(step: str, voice: int, quarters: int) -> str:
        return (
            f"<note><pitch><step>{step}</step><octave>4</octave></pitch>"
            f"<duration>{quarters}</duration><voice>{voice}</voice></note>"
        )

    back = "<backup><duration>4</duration></backup>"
    text = (
        '<score-partwise><part-list><score-part id="P1"><part-name>Women</part-name>'
        '</score-part></part-list><part id="P1"><measure><attributes><divisions>1</divisions>'
        f"</attributes>{note('G', 1, 4)}{back}{note('E', 2, 2)}</measure>"
        f"<measure>{note('A', 1, 4)}</measure>"
        f"<measure>{note('B', 1, 4)}{back}<forward><duration>3</duration></forward>"
        f"{note('D', 2, 1)}</measure></part></score-partwise>"
    )
    voices = parse_musicxml_voices(text.encode(), source="x.xml")
    assert [voice.name for voice in voices] == ["Women, voice 1", "Women, voice 2"]
    assert list(voices[0].tune.sounding()) == [
        (0, 4 * Q, 67),
        (4 * Q, 4 * Q, 69),
        (8 * Q, 4 * Q, 71),
    ]
    assert list(voices[1].tune.sounding()) == [(0, 2 * Q, 64), (11 * Q, Q, 62)]
    assert [bar.duration for bar in voices[1].tune.bars] == [4 * Q] * 3


def test_abc_voices_have_names_and_the_height_of_their_clef() -> None:
    text = (
        'X:1\nL:1/4\nM:4/4\nV:S name="Soprano"\nV:T clef=treble-8 nm="Tenor"\nV:X\nK:G\n'
        "[V:S] GABc | [V:T] GFED |\nV:X\nz4|\n[V:S] d4 |[K:C]\nV:T\nG4 |\n"
    )
    voices = read_abc_voices(text, source="x")
    assert [voice.name for voice in voices] == ["Soprano", "Tenor"]
    assert [[note.pitch for note in voice.tune.notes()] for voice in voices] == [
        [67, 69, 71, 72, 74], [55, 54, 52, 50, 55]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("music", "fermatas"),
    [
        ("!fermata!C D", [True, False]),
        ("+fermata+C D", [True, False]),
        ("HC D", [True, False]),
        ("C !invertedfermata!D", [False, True]),
        ("!trill!C !fermata!.D", [False, True]),
        ("!fermata!z D", [True, False]),
        ("!fermata![CE] D", [True, False]),
        ("(3!fermata!CDE", [True, False, False]),
        ("!fermata!{g}C D", [True, False]),
        ("C !fermata!| D", [False, False]),
        ("TC D", [False, False]),
    ],
)
def test_fermatas_of_abc(music: str, fermatas: list[bool]) -> None:
    voice = read_abc_voices(f"X:1\nL:1/4\nK:C\n{music}|\n", source="x")[0]
    assert [note.fermata for note in voice.tune.notes()] == fermatas


def test_abc_letters_get_and_lose_the_fermata() -> None:
    text = "X:1\nL:1/4\nU: T = !fermata!\nU: H = !trill!\nK:C\nTC HD|\n"
    notes = read_abc_voices(text, source="x")[0].tune.notes()
    assert [note.fermata for note in notes] == [True, False]


def test_typed_notes_take_a_metre_and_a_key() -> None:
    tune = load_melody("G4 A4 B4 | D5:3", metre=Metre(3, 4), key=Key("G"))
    assert (tune.metre, tune.key, len(tune.bars)) == (Metre(3, 4), Key("G"), 2)
    with pytest.raises(UsageError, match="one part; 'Alto'"):
        load_melody("C4 D4", part="Alto")


@pytest.mark.parametrize("text", ["C4:1/2 D4:1/2", "C4:1.5 D4:.5", "C4", "C4 | D4", "C4/x"])
def test_notes_are_told_from_files(text: str) -> None:
    if "/x" in text:
        with pytest.raises(UsageError, match="ending is missing"):
            load_melody(text)
    else:
        assert list(load_melody(text).notes())


@pytest.mark.parametrize("name", ["tune.pdf", "tune.wav", "folder/tune"])
def test_an_unknown_ending_names_those_that_are_read(name: str) -> None:
    with pytest.raises(UsageError, match=r"\.abc \.mid .*\.krn.*type notes"):
        load_melody(name)


@pytest.mark.parametrize("ending", sorted(READERS))
def test_absent_empty_and_foreign_files_say_so(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"tune{ending}"
    with pytest.raises(FormatError, match=r"Cannot read .*No such file"):
        load_melody(path)
    for data in (b"", b"\x00\x01\x02", b"hello", b"PK\x03\x04 cut short", b"\xff" * 99):
        path.write_bytes(data)
        with pytest.raises(FormatError, match="tune"):
            load_melody(path)


def test_rests_alone_are_no_melody(tmp_path: Path) -> None:
    rests = part("x", "r:4", "r:2 r:2")
    (tmp_path / "r.abc").write_text("X:1\nL:1/4\nK:C\nz4|z4|\n")
    (tmp_path / "r.musicxml").write_text(musicxml_text(rests))
    (tmp_path / "r.krn").write_text("**kern\n1r\n*-\n")
    write_midi(rests, tmp_path / "r.mid")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(FormatError, match="no note"):
            load_melody(path)


def test_compressed_musicxml_is_the_score_that_its_container_names(tmp_path: Path) -> None:
    score = musicxml_text(JIG).encode()
    files = {"META-INF/container.xml": CONTAINER, "cover.xml": b"<cover/>"}
    for names in (files | {"music/score.musicxml": score}, {"score.xml": score}):
        (tmp_path / "a.mxl").write_bytes(mxl(names))
        tune = load_melody(tmp_path / "a.mxl")
        assert list(tune.sounding()) == list(JIG.sounding())


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"readme.txt": b"hello"}, "archive without a score"),
        ({"a.xml": b"<" + b" " * (MAX_BYTES + 10)}, "unpacks to more than"),
        ({"META-INF/container.xml": b"<a>" * 5000}, "nested deeper|no XML"),
        ({"META-INF/container.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, "XML entities"),
    ],
)
def test_hostile_archives_are_refused(files: dict[str, bytes], message: str) -> None:
    data = mxl(files)
    assert len(data) < 100_000
    with pytest.raises(FormatError, match=message):
        unpacked(data, "x.mxl")


def test_another_packing_than_deflate_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("score.xml", musicxml_text(JIG))
    with pytest.raises(FormatError, match=r"packed by a method that \.mxl does not have"):
        unpacked(buffer.getvalue(), "x.mxl")


def test_a_damaged_archive_is_refused_wherever_it_is_damaged() -> None:
    whole = mxl({"score.xml": musicxml_text(JIG).encode()})
    assert unpacked(whole, "x.mxl").startswith(b"<?xml")
    outcomes = set()
    for place in range(0, len(whole), 7):
        data = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            outcomes.add(unpacked(data, "x.mxl")[:5])
        except FormatError as error:
            outcomes.add("refused")
            assert "x.mxl" in str(error)
    assert "refused" in outcomes


def test_a_part_that_is_not_there_and_one_of_two_meanings_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "two.abc"
    path.write_text(
        'X:1\nL:1/4\nK:C\nV:1 name="Violin 1"\nc d\nV:2 name="Violin 2"\nC D\n', encoding="utf-8"
    )
    with pytest.raises(UsageError, match=r"has no part '9'; its parts: 1 Violin 1, 2 Violin 2\."):
        load_melody(path, part="9")
    with pytest.raises(UsageError, match="has several parts that 'Violin' could mean"):
        load_melody(path, part="Violin")
