"""Humdrum kern: by hand, beside music21, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.tune_strategies import tunes

from chromasonic.errors import FormatError
from chromasonic.formats.kern import KernVoice, read_kern
from chromasonic.formats.kern_tokens import BrokenToken, read_bar_line, read_token
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Tune

CHORALE = """!!!OTL@@DE: Ein Choral
!! a comment for all
**kern\t**kern\t**text
*Ibass\t*I"Soprano 1\t*
*k[f#]\t*k[f#]\t*
*G:\t*G:\t*
*M3/4\t*M3/4\t*
*MM96\t*MM96\t*
4GG\t4g\tO
=1\t=1\t=1
! local\t!\t!
2G\t4b\tgod
.\t4cc\t.
4D\t[4dd\t.
=2\t=2\t=2
[2.G\t4dd]\tly
.\tqee\t.
.\t8.dd;L\t.
.\t16cc#Jk\t.
.\t4r\t.
=:|!\t=:|!\t=:|!
*^\t*\t*
2G]\t4F#\t6a\t.
.\t.\t6b\t.
.\t4E\t.\t.
.\t.\t6a\t.
4GG 4D\t4F#\t[4g\t.
*v\t*v\t*\t*
==\t==\t==
*M4/4\t*M4/4\t*
*a:\t*a:\t*
1A\t1g_\tend
=\t=\t=
1A\t1g]\t.
*-\t*-\t*-
"""


@pytest.fixture(scope="module")
def voices() -> tuple[KernVoice, ...]:
    return read_kern(CHORALE, source="choral.krn")


def test_the_highest_spine_comes_first_and_layers_are_voices(voices: tuple[KernVoice, ...]) -> None:
    assert [voice.name for voice in voices] == ["Soprano 1", "Bass, layer 1", "Bass, layer 2"]
    assert {voice.tune.title for voice in voices} == {"Ein Choral"}
    assert {voice.tune.tempo_bpm for voice in voices} == {96.0}


def test_notes_ties_dots_tuplets_and_rests_stand_where_they_should(
    voices: tuple[KernVoice, ...],
) -> None:
    top, low, inner = (list(voice.tune.sounding()) for voice in voices)
    triplet = 2 * Q // 3
    assert top == [
        (0, Q, 67),
        (Q, Q, 71), (2 * Q, Q, 72), (3 * Q, 2 * Q, 74),
        (5 * Q, 3 * Q // 4, 74), (23 * Q // 4, Q // 4, 73),
        (7 * Q, triplet, 69), (7 * Q + triplet, triplet, 71), (7 * Q + 2 * triplet, triplet, 69),
        (9 * Q, 9 * Q, 67),
    ]  # fmt: skip
    assert low == [
        (0, Q, 43), (Q, 2 * Q, 55), (3 * Q, Q, 50), (4 * Q, 5 * Q, 55),
        (9 * Q, Q, 50), (10 * Q, 4 * Q, 57), (14 * Q, 4 * Q, 57),
    ]  # fmt: skip
    assert inner == [(7 * Q, Q, 54), (8 * Q, Q, 52), (9 * Q, Q, 54)]


def test_bars_have_their_metre_key_and_repeats(voices: tuple[KernVoice, ...]) -> None:
    bars = voices[0].tune.bars
    assert [bar.duration // Q for bar in bars] == [1, 3, 3, 3, 4, 4]
    assert [bar.metre for bar in bars] == [Metre(3, 4)] * 4 + [Metre(4, 4)] * 2
    assert [bar.key for bar in bars] == [Key("G")] * 4 + [Key("A", "minor")] * 2
    assert [bar.closes_repeat for bar in bars] == [0, 0, 1, 0, 0, 0]
    assert [bar.closes_section for bar in bars] == [False, False, True, True, False, False]
    assert bars[0].opens_repeat, "a repeat without an opening mark goes back to the start"


def test_fermatas_chords_and_spellings_are_kept_and_grace_notes_are_not(
    voices: tuple[KernVoice, ...],
) -> None:
    notes = list(voices[0].tune.notes())
    assert [note.pitch for note in notes if note.fermata] == [74]
    assert "C#" in [note.name for note in notes]
    assert [voice.chord_bar for voice in voices] == [None, 4, None]
    assert 76 not in [note.pitch for note in notes], "the grace note"


@pytest.mark.parametrize(
    ("token", "ticks", "pitch"),
    [
        ("4c", Q, 60), ("4C", Q, 48), ("4CC", Q, 36), ("4cc", Q, 72), ("4ccc#", Q, 85),
        ("4b-", Q, 70), ("4b--", Q, 69), ("4f##", Q, 67), ("4cn", Q, 60), ("4r", Q, None),
        ("0c", 8 * Q, 60), ("00c", 16 * Q, 60), ("1c", 4 * Q, 60), ("2.c", 3 * Q, 60),
        ("4..c", 7 * Q // 4, 60), ("12c", Q // 3, 60), ("20c", Q // 5, 60), ("28c", Q // 7, 60),
        ("3%2c", 8 * Q // 3, 60), ("(8ccL/", Q // 2, 72), ("8qc", 0, None), ("4c 4e 4g", Q, 67),
    ],
)  # fmt: skip
def test_a_token_has_its_length_and_pitch(token: str, ticks: int, pitch: int | None) -> None:
    note = read_token(token)
    assert (note.ticks, note.pitch) == (ticks, pitch)


@pytest.mark.parametrize(
    ("token", "closes", "opens", "section"),
    [
        ("=", False, False, False), ("=12", False, False, False), ("=12a", False, False, False),
        ("=1-", False, False, False), ("==", False, False, True), ("=5||", False, False, True),
        ("=:|!", True, False, True), ("=8!|:", False, True, False), ("=8:|!|:", True, True, True),
        ("=:|!:", True, True, True), ("=16:!|", True, False, True), ("==:|!", True, False, True),
    ],
)  # fmt: skip
def test_a_bar_line_says_what_repeats(token: str, closes: bool, opens: bool, section: bool) -> None:
    line = read_bar_line(token)
    assert (line.closes, line.opens, line.section) == (closes, opens, section)


@pytest.mark.parametrize(
    ("tokens", "key"),
    [
        (["*k[]"], Key("C")),
        (["*k[f#c#]", "*D:"], Key("D")),
        (["*k[b-]", "*d:"], Key("D", "minor")),
        (["*k[]", "*d:dor"], Key("D", "dorian")),
        (["*E-:"], Key("Eb")),
        (["*f#:"], Key("F#", "minor")),
        (["*k[b-e-a-]"], Key("Eb")),
        (["*a:", "*k[f#]"], Key("E", "minor")),
        (["*G:", "*k[f#]"], Key("G")),
    ],
)
def test_keys_are_read_from_designation_and_signature(tokens: list[str], key: Key) -> None:
    text = "\n".join(["**kern", *tokens, "4c", "*-"])
    assert read_kern(text, source="x")[0].tune.key == key


def kern_of(tune: Tune) -> str:
    """A tune in kern, by a writer of the test's own."""
    letters = dict(zip(range(12), "c c# d e- e f f# g g# a b- b".split(), strict=True))
    lines = ["**kern", f"*M{tune.metre}"]
    notes = list(tune.notes())
    place = 0
    for number, bar in enumerate(tune.bars):
        lines.append(
            f"={number}" + (":|!" if number and tune.bars[number - 1].closes_repeat else "")
        )
        for note in bar.notes:
            following = notes[place + 1] if place + 1 < len(notes) else None
            ties = following is not None and following.tied and following.pitch == note.pitch
            place += 1
            length = f"{4 * Q}%{note.duration}"
            if note.pitch is None:
                lines.append(f"{length}r")
                continue
            name, octave = letters[note.pitch % 12], note.pitch // 12 - 1
            letter = name[0] * (octave - 3) if octave >= 4 else name[0].upper() * (4 - octave)
            goes_on = note.tied and place >= 2 and notes[place - 2].pitch == note.pitch
            mark = {(True, True): "_", (True, False): "]", (False, True): "["}.get(
                (goes_on, ties), ""
            )
            opening, closing = (mark, "") if mark == "[" else ("", mark)
            lines.append(f"{opening}{length}{letter}{name[1:]}{closing}")
    return "\n".join([*lines, "==", "*-"])


@settings(max_examples=40, deadline=None)
@given(tune=tunes())
def test_any_tune_comes_back(tune: Tune) -> None:
    voices = read_kern(kern_of(tune), source="made up")
    assert [list(voice.tune.sounding()) for voice in voices] == [list(tune.sounding())]
    assert [bar.duration for bar in voices[0].tune.bars] == [bar.duration for bar in tune.bars]


BUNDLED = [
    "palestrina/Kyrie_79.krn", "palestrina/Agnus_08.krn", "palestrina/Benedictus_86.krn",
]  # fmt: skip
"""Files that come with music21. In others of its 1,326 the readers differ in what follows: layers
of a split spine are voices of their own here, ties that go on (`_`) are joined, and a tie to
another pitch (an error of the file) joins nothing."""


@pytest.mark.parametrize("name", BUNDLED)
def test_music21_hears_the_same_voices(name: str) -> None:
    import music21

    path = music21.common.getCorpusFilePath() / name
    voices = read_kern(path.read_text(encoding="latin-1"), source=name)
    parts = music21.converter.parse(path).parts
    heard = [
        sorted(
            (round(float(note.offset) * Q), round(float(note.quarterLength) * Q), note.pitch.midi)
            for note in part.stripTies().flatten().notes
        )
        for part in parts
    ]
    assert [sorted(voice.tune.sounding()) for voice in voices] == heard
    assert len(voices) >= 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no \\*\\*kern"),
        ("X:1\nK:C\nCDEF|", "holds no \\*\\*kern"),
        ("**kern\0", "holds no"),
        ("**text\t**kernel\na\tb", "no notes|line 2"),
        ("**kern\n*-", "has no notes"),
        ("**kern\n4r\n*-", "has no notes"),
        ("**kern\n4c\t4d", "line 2: it has 2 columns where 1 are open"),
        ("**kern\nxyz", "line 2: 'xyz' has no length"),
        ("**kern\n4", "line 2: '4' is neither a note nor a rest"),
        ("**kern\n4cccccccccc", "line 2"),
        ("**kern\n4ccccccc", "outside the MIDI range"),
        ("**kern\n11c", "no whole number of ticks"),
        ("**kern\n9999999999c", "out of range"),
        ("**kern\n0000000000c", "out of range"),
        ("**kern\n4%99999c", "too long"),
        ("**kern\n*M99/4\n4c", "metre '\\*M99/4' is out of range"),
        ("**kern\t**kern\n2c\t4e\n4d\t4f", "line 3: '4d' begins before the note above it"),
        ("**kern\n4c\n**kern", "columns begin anew"),
        ("\t".join(["**kern"] * 65), "65 columns"),
        ("**kern\n" + "\n".join("\t".join(["*^"] * 2**n) for n in range(8)), "splits into 128"),
        ("**kern\n*+", "column is added"),
        ("**kern\n" * 200_001, "200,002 lines"),
    ],
)  # fmt: skip
def test_a_broken_or_hostile_text_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_kern(text, source="x.krn")


def test_a_bar_that_is_no_kern_token_is_refused() -> None:
    with pytest.raises(BrokenToken, match="an empty token"):
        read_token(" ")


@given(
    text=st.lists(
        st.sampled_from(
            "**kern *^ *v *x *- *k[f#] *G: *M3/4 = == =:|! 4c [2.d 2d] 8r . 12e ; 4c\t4d *^\t* 16qf"
            .split(" ")
        ),
        max_size=30,
    )
)  # fmt: skip
def test_any_lines_are_read_or_refused_with_a_message(text: list[str]) -> None:
    try:
        voices = read_kern("\n".join(["**kern", *text]), source="x.krn")
    except FormatError as error:
        assert "x.krn" in str(error)
    else:
        assert all(list(voice.tune.sounding()) for voice in voices)
