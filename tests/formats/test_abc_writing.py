"""Writing ABC: what is written is read back to the same bars, by us and by others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import symusic
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chromasonic.formats.abc import read_abc, write_abc
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

Q = TICKS_PER_QUARTER
ABC2MIDI = Path(symusic.__file__).parent / "bin" / "abc2midi"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "tunes.abc"


def body(*bars: Bar, tempo: float | None = None) -> str:
    """The text after the K: field."""
    return write_abc(Tune("id", "Title", bars, tempo)).split("\n", 5 + (tempo is not None))[-1]


def bar(*notes: tuple[int, int | None], key: str = "C", metre: str = "4/4", **marks) -> Bar:
    return Bar(tuple(Note(d, p) for d, p in notes), Metre.parse(metre), Key(key), **marks)


def test_the_header_names_title_metre_unit_tempo_and_key() -> None:
    written = write_abc(
        Tune("id", "100%  Jig", (Bar((Note(Q, 61),), Metre(6, 8), Key("F#", "dorian")),), 112.5)
    )
    assert written == "X:1\nT:100\\% Jig\nM:6/8\nL:1/8\nQ:3/8=112.5\nK:F#dor\nC2 |\n"
    assert read_abc(written, source="w").tunes[0].title == "100% Jig"


def test_four_full_bars_stand_on_a_line_and_the_upbeat_apart() -> None:
    bars = [bar((Q, 67))] + [bar((4 * Q, 72))] * 6
    assert body(*bars) == "G2 | c8 | c8 | c8 | c8 |\nc8 | c8 |\n"


def test_beats_are_beamed() -> None:
    eighth = Q // 2
    assert body(bar(*[(eighth, 72)] * 8)) == "cc cc cc cc |\n"
    assert body(bar(*[(eighth, 72)] * 6, metre="6/8")) == "ccc ccc |\n"


def test_accidentals_are_spelled_by_the_key_and_last_to_the_bar_line() -> None:
    g_sharp = bar((Q, 68), (Q, 68), (Q, 67), (Q, 67))
    assert body(g_sharp, g_sharp) == "^G2 G2 =G2 G2 | ^G2 G2 =G2 G2 |\n"
    assert body(bar((2 * Q, 63), (2 * Q, 70), key="F")) == "_E4 B4 |\n"  # flats in a flat key
    assert body(bar((2 * Q, 68), (2 * Q, 66), key="A")) == "G4 F4 |\n"
    minor = Bar((Note(4 * Q, 61),), Metre(), Key("D", "minor"))
    assert body(minor) == "^C8 |\n"  # the leading tone, not D flat


def test_an_accidental_is_repeated_where_readers_disagree_on_octaves() -> None:
    # ABC 2.1 lets the sharp of F last for f too; some readers do not.
    assert body(bar((2 * Q, 66), (2 * Q, 78))) == "^F4 ^f4 |\n"
    assert body(bar((2 * Q, 66), (2 * Q, 77))) == "^F4 =f4 |\n"


def test_thirds_and_fifths_of_a_beat_are_tuplets() -> None:
    third, fifth = Q // 3, Q // 5
    assert body(bar(*[(third, 72)] * 3, metre="1/4")) == "(3ccc |\n"
    assert body(bar((2 * third, 72), (third, 74), metre="1/4")) == "(3:2:2c2d |\n"
    assert body(bar(*[(fifth, 72)] * 5, metre="1/4")) == "(5:4:5c/2c/2c/2c/2c/2 |\n"


def test_repeats_endings_and_changes_are_written() -> None:
    bars = (
        bar((4 * Q, 72), opens_repeat=True),
        bar((4 * Q, 74), ending=(1,), closes_repeat=1),
        bar((4 * Q, 76), ending=(2,), closes_section=True),
        bar((3 * Q, 78), key="G", metre="3/4", opens_repeat=True),
        bar((3 * Q, 79), key="G", metre="3/4", closes_repeat=2, closes_section=True),
    )
    assert body(*bars) == (
        "|: c8 | [1 d8 :|\n[2 e8 ||\nM:3/4\nK:G\n|: f6 | g6 ::|]\n"
    )  # fmt: skip
    assert read_abc(write_abc(Tune("id", "t", bars)), source="w").tunes[0].bars == bars


def test_an_ending_that_nothing_closes_gets_a_double_bar() -> None:
    bars = (
        bar((4 * Q, 72)), bar((4 * Q, 74), ending=(1,), closes_repeat=1),
        bar((4 * Q, 76), ending=(2,)), bar((4 * Q, 77)),
    )  # fmt: skip
    assert body(*bars) == "c8 | [1 d8 :|\n[2 e8 ||\nf8 |\n"


def test_ties_into_endings_are_written_once_before_them() -> None:
    text = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\n|: c8- | [1 d8 :|\n[2 c8 |]\n"
    (read,) = read_abc(text, source="t").tunes
    assert [n.tied for n in read.notes()] == [False, False, True]
    assert write_abc(read) == text


def test_a_chord_symbol_is_written_over_the_note_that_sounds_at_its_onset() -> None:
    chords = (ChordSymbol(0, "Am7"), ChordSymbol(Q, 'G"/B%'))
    assert body(bar((2 * Q, 72), (2 * Q, 74), chords=chords)) == '"Am7""G/B"c4 d4 |\n'


def test_every_fixture_tune_comes_back_with_the_same_bars() -> None:
    book = read_abc(FIXTURES.read_text(encoding="utf-8"), source="fixtures")
    assert len(book.tunes) == 12
    for tune in book.tunes:
        assert read_abc(write_abc(tune), source="w").tunes[0].bars == tune.bars, tune.id


LENGTHS = st.one_of(
    st.sampled_from([Q, Q // 2, Q // 4, 3 * Q // 2, Q // 3, 2 * Q // 3, Q // 5, Q // 7, Q // 6]),
    st.integers(1, 3 * Q),
)


@st.composite
def written_tunes(draw: st.DrawFn) -> Tune:
    """Tunes of any lengths, keys, metres, repeats, endings, ties and chord symbols."""
    keys = st.builds(
        Key, st.sampled_from(["C", "F#", "Bb", "Eb", "A", "Db", "B"]), st.sampled_from(list(MODES))
    )
    metres = st.sampled_from([None, Metre(4, 4), Metre(6, 8), Metre(3, 4), Metre(5, 8)])
    key, metre = draw(keys), draw(metres)
    bars: list[Bar] = []
    last: int | None = None
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.integers(0, 3)) == 0:
            key, metre = draw(keys), draw(metres)
        notes: list[Note] = []
        for _ in range(draw(st.integers(1, 6))):
            pitch = draw(st.one_of(st.none(), st.integers(24, 108)))
            tied = pitch is not None and pitch == last and draw(st.booleans())
            if last is not None and draw(st.integers(0, 4)) == 0:
                pitch, tied = last, True
            notes.append(Note(draw(LENGTHS), pitch, tied))
            last = pitch
        onset = notes[0].duration if len(notes) > 1 else 0
        chords = (ChordSymbol(0, "Am7"), ChordSymbol(onset, "D/f+"))[: draw(st.integers(0, 2))]
        bars.append(Bar(tuple(notes), metre, key, chords))
    if draw(st.booleans()):  # a repeat over all of it, with two endings or none
        opened = Bar(bars[0].notes, bars[0].metre, bars[0].key, bars[0].chords, opens_repeat=True)
        closing = Bar((Note(Q, 60),), metre, key, closes_repeat=1, ending=draw(ENDINGS))
        bars = [opened, *bars[1:], closing]
        if closing.ending:
            bars.append(Bar((Note(Q, 62),), metre, key, ending=(2,), closes_section=True))
    return Tune("made-up", "Made up", tuple(bars))


ENDINGS = st.sampled_from([(), (1,), (1, 3)])
SETTINGS = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(written_tunes())
def test_any_tune_that_is_written_is_read_back_with_the_same_bars(tune: Tune) -> None:
    assume(any(note.pitch is not None for note in tune.notes()))  # else it is no tune to read
    book = read_abc(write_abc(tune), source="w")
    assert book.skipped == ()
    assert book.tunes[0].bars == tune.bars


def heard_by_abc2midi(text: str, folder: Path) -> list[tuple[float, int]]:
    """Onset in quarters and pitch of each note that abc2midi plays."""
    (folder / "t.abc").write_text(text)
    command = [str(ABC2MIDI), str(folder / "t.abc"), "-o", str(folder / "t.mid"), "-NGUI"]
    subprocess.run(command, capture_output=True, check=False, timeout=300)
    score = symusic.Score(str(folder / "t.mid"))
    return [(n.time / score.tpq, n.pitch) for n in score.tracks[0].notes]


def heard_by_music21(text: str) -> list[tuple[float, int]]:
    import music21

    part = music21.converter.parse(text, format="abc").parts[0].stripTies().flatten()
    return [(float(n.offset), n.pitch.midi) for n in part.getElementsByClass("Note")]


@pytest.mark.parametrize("tool", ["abc2midi", "music21"])
def test_other_readers_hear_the_same_notes(tool: str, tmp_path: Path) -> None:
    tricky = (
        bar((Q, 66), (Q, 78), (Q, 77), (Q, 65)),
        bar((Q // 3, 61), (Q // 3, 63), (Q // 3, 66), (3 * Q, 68)),
        Bar((Note(2 * Q, 68, tied=True), Note(Q // 4, 70), Note(7 * Q // 4, 71)), Metre(), Key()),
        bar((4 * Q, 73), key="E"),
        bar((2 * Q, 75), (Q, 74), key="E", metre="3/4"),
        bar((3 * Q, 70), key="Db", metre="3/4"),
    )
    tune = Tune("id", "Tricky", tricky, 100)
    text = write_abc(tune)
    heard = heard_by_abc2midi(text, tmp_path) if tool == "abc2midi" else heard_by_music21(text)
    expected = [(onset / Q, pitch) for onset, _, pitch in tune.sounding()]
    assert [pitch for _, pitch in heard] == [pitch for _, pitch in expected]
    assert [onset for onset, _ in heard] == pytest.approx([o for o, _ in expected], abs=0.01)


def test_abc2midi_plays_the_fixture_tunes_as_we_expand_them(tmp_path: Path) -> None:
    for tune in read_abc(FIXTURES.read_text(encoding="utf-8"), source="fixtures").tunes:
        heard = heard_by_abc2midi(write_abc(tune), tmp_path)
        expected = [(onset / Q, pitch) for onset, _, pitch in tune.expanded().sounding()]
        assert [pitch for _, pitch in heard] == [pitch for _, pitch in expected], tune.id
        assert [o for o, _ in heard] == pytest.approx([o for o, _ in expected], abs=0.01), tune.id
