"""Reading ABC, construct by construct; expected values by hand from the ABC standard 2.1."""

from __future__ import annotations

import pytest

from chromasonic.formats.abc import read_abc
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import ChordSymbol, Tune

EIGHTH = 5040


def tune(body: str, *, metre: str = "4/4", key: str = "C", extra: str = "") -> Tune:
    """One tune in eighths."""
    book = read_abc(f"X:1\nT:t\n{extra}M:{metre}\nL:1/8\nK:{key}\n{body}\n", source="test")
    assert book.skipped == ()
    return book.tunes[0]


def pitches(body: str, **header: str) -> list[int | None]:
    return [note.pitch for note in tune(body, **header).notes()]


def eighths(body: str, **header: str) -> list[float]:
    return [note.duration / EIGHTH for note in tune(body, **header).notes()]


def test_letters_and_octave_marks_name_midi_pitches() -> None:
    assert pitches("C, C c c' B,, b''") == [48, 60, 72, 84, 47, 107]


def test_lengths_are_factors_and_fractions_of_the_unit() -> None:
    assert eighths("c c2 c/ c/2 c// c3/2 c/4 c3/") == [1, 2, 0.5, 0.5, 0.25, 1.5, 0.25, 1.5]


def test_the_unit_length_follows_the_metre_where_l_is_absent() -> None:
    for metre, parts in (("2/4", 16), ("3/4", 8), ("6/8", 8), ("C", 8), ("none", 8), ("3/8", 16)):
        book = read_abc(f"X:1\nT:t\nM:{metre}\nK:C\nc\n", source="test")
        assert book.tunes[0].bars[0].notes[0].duration == 40320 // parts, metre


def test_of_two_metres_in_the_header_the_last_counts() -> None:
    read = tune("c6", metre="4/4\nM:6/8")
    assert read.metre == Metre(6, 8)


def test_a_metre_between_the_key_and_the_first_note_counts_from_the_start() -> None:
    assert tune("c6", metre="4/4", key="C\nM:6/8").metre == Metre(6, 8)


def test_an_accidental_lasts_to_the_bar_line_in_all_octaves() -> None:
    # ABC 2.1, 11.3: propagate-accidentals is "pitch", all octaves, by default; so plays abc2midi.
    assert pitches("^f f F =f f | f F") == [78, 78, 66, 77, 77, 77, 65]


def test_double_accidentals_and_the_key_signature_are_applied() -> None:
    assert pitches("^^F __B F B", key="D") == [67, 69, 67, 69]
    assert pitches("F C G B", key="D") == [66, 61, 67, 71]


def test_an_accidental_outlives_the_letters_that_follow_it() -> None:
    # music21 forgets the sharp of the second f here; the standard and abc2midi keep it.
    assert pitches("g4 ^f2=e f", key="Gm") == [79, 78, 76, 78]


def test_a_tie_joins_notes_and_carries_the_accidental_over_the_bar_line() -> None:
    read = tune("^c4-c4-|c4 c4")
    assert [(n.pitch, n.tied) for n in read.notes()] == [
        (73, False), (73, True), (73, True), (72, False),
    ]  # fmt: skip
    assert [length / EIGHTH for _, length, _ in read.sounding()] == [12, 4]


def test_a_tie_to_another_pitch_ties_nothing() -> None:
    assert [note.tied for note in tune("c-d e-z").notes()] == [False, False, False, False]


def test_a_tie_before_the_endings_leads_into_each_of_them() -> None:
    # On the second pass the note after "A2-" is that of [2. (abc2midi strikes it anew.)
    read = tune("|:c6A2-|[1 A8:|[2 A8|]")
    played = list(read.expanded().sounding())
    assert [(length / EIGHTH, pitch) for _, length, pitch in played] == [
        (6, 72), (10, 69), (6, 72), (10, 69),
    ]  # fmt: skip


def test_broken_rhythm_dots_one_note_and_cuts_the_other() -> None:
    assert eighths("a>b a<b a>>b a<<b a>>>b") == [
        1.5, 0.5, 0.5, 1.5, 1.75, 0.25, 0.25, 1.75, 1.875, 0.125,
    ]  # fmt: skip
    assert eighths("a > {g} b") == [1.5, 0.5]


def test_broken_rhythm_between_unequal_notes_works_on_each_of_them() -> None:
    # The standard leaves this undefined; abc2midi lets it out. We dot one and halve the other.
    assert eighths("c<e3") == [0.5, 4.5]


@pytest.mark.parametrize(
    ("body", "metre", "expected"),
    [
        ("(3abc", "4/4", [2 / 3] * 3),
        ("(2ab", "6/8", [1.5] * 2),
        ("(4abcd", "6/8", [0.75] * 4),
        ("(5abcde", "4/4", [0.4] * 5),
        ("(5abcde", "6/8", [0.6] * 5),
        ("(5abcde", "3/4", [0.4] * 5),  # 3/4 is no compound metre; abc2midi takes it for one
        ("(6abcdef", "4/4", [1 / 3] * 6),
        ("(3:2:2a2b c", "4/4", [4 / 3, 2 / 3, 1]),
        ("(3::2a2b c", "4/4", [4 / 3, 2 / 3, 1]),
        ("(3a>bc d", "4/4", [1, 1 / 3, 2 / 3, 1]),
        ("(3z[ac]b d", "4/4", [2 / 3, 2 / 3, 2 / 3, 1]),
        ("(a b c)", "4/4", [1, 1, 1]),
    ],
)
def test_tuplets_take_the_time_that_their_numbers_say(
    body: str, metre: str, expected: list[float]
) -> None:
    assert eighths(body, metre=metre) == pytest.approx(expected)


def test_a_chord_is_its_highest_note_for_the_length_of_its_first() -> None:
    read = tune("[C2E2g2]A [ceg]2 [c2e]3")
    assert [(n.pitch, n.duration / EIGHTH) for n in read.notes()] == [
        (79, 2), (69, 1), (79, 2), (76, 6),
    ]  # fmt: skip


def test_a_tied_chord_ties_its_highest_note() -> None:
    assert [note.tied for note in tune("[f3-A3-][fA] [ce]-[ce]").notes()] == [
        False, True, False, True,
    ]  # fmt: skip


def test_grace_notes_slurs_and_decorations_change_no_note() -> None:
    assert pitches("{ab}c .d ~e (fg) !trill!a Tb uc' vd' +fermata+c H~d `e") == [
        72, 74, 76, 77, 79, 81, 83, 84, 86, 72, 74, 76,
    ]  # fmt: skip


def test_rests_are_written_z_and_x_and_z_for_whole_bars() -> None:
    read = tune("z2x4c2|Z2|c8", metre="4/4")
    assert [len(bar.notes) for bar in read.bars] == [3, 1, 1, 1]
    assert [bar.duration // EIGHTH for bar in read.bars] == [8, 8, 8, 8]


def test_chord_symbols_are_kept_with_their_onset_and_annotations_dropped() -> None:
    bar = tune('"Am7"c2 "^slow"d2 "G/B"e2 "D.C."f "Fine"g"C#d"|').bars[0]
    assert bar.chords == (
        ChordSymbol(0, "Am7"), ChordSymbol(4 * EIGHTH, "G/B"), ChordSymbol(8 * EIGHTH, "C#d"),
    )  # fmt: skip


def test_an_anacrusis_is_a_short_first_bar() -> None:
    read = tune("g|c8|")
    assert [bar.duration // EIGHTH for bar in read.bars] == [1, 8]
    assert not read.bars[0].is_full


def test_key_and_metre_change_on_lines_of_their_own_and_inside_a_line() -> None:
    read = tune("f8|\nK:G\nM:3/4\nf6|[K:F][M:2/4]b4|b4|")
    assert [str(bar.key) for bar in read.bars] == ["C major", "G major", "F major", "F major"]
    assert [str(bar.metre) for bar in read.bars] == ["4/4", "3/4", "2/4", "2/4"]
    assert [n.pitch for n in read.notes()] == [77, 78, 82, 82]


def test_the_unit_length_can_change_inside_a_tune() -> None:
    assert eighths("c\nL:1/4\nc|[L:1/16]c\nM:2/4\nc") == [1, 2, 0.5, 0.5]


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [
        ("C", "C", "major"), ("Am", "A", "minor"), ("A minor", "A", "minor"), ("Bb", "Bb", "major"),
        ("F#m", "F#", "minor"), ("Ador", "A", "dorian"), ("D Mix", "D", "mixolydian"),
        ("EPhrygian", "E", "phrygian"), ("F lydian", "F", "lydian"), ("B locr", "B", "locrian"),
        ("G ionian", "G", "major"), ("E aeolian", "E", "minor"), ("Gmaj", "G", "major"),
        ("D clef=bass", "D", "major"), ("G treble", "G", "major"), ("none", "C", "major"),
        ("", "C", "major"), ("HP", "A", "mixolydian"), ("Hp", "A", "mixolydian"),
        ("Dm transpose=0", "D", "minor"),
    ],
)  # fmt: skip
def test_a_key_is_read_in_every_spelling(text: str, tonic: str, mode: str) -> None:
    assert tune("c", key=text).key == Key(tonic, mode)


def test_a_key_may_list_accidentals_of_its_own() -> None:
    assert pitches("F C", key="D =c") == [66, 60]
    assert pitches("F C", key="Dmix=c ^f") == [66, 60]  # glued on, as some books have it
    assert pitches("F C B", key="D exp _b") == [65, 60, 70]


def test_octave_transpose_and_clef_move_the_sound() -> None:
    assert pitches("c", key="C octave=-1") == [60]
    assert pitches("c", key="C transpose=2") == [74]
    assert pitches("c", key="C clef=treble-8") == [60]


@pytest.mark.parametrize(
    ("text", "metre", "beats"),
    [
        ("1/4=120", "4/4", 120), ("3/8=80", "6/8", 80), ("1/8=240", "6/8", 80),
        ('"Allegro" 1/4=120', "4/4", 120), ('1/4=100 "fast"', "3/4", 100),
        ("1/4 1/4=60", "4/4", 120), ("120", "4/4", 60), ("C=120", "4/4", 60),
        ('"Slow"', "4/4", None),
        ("", "4/4", None),
    ],
)  # fmt: skip
def test_a_tempo_is_read_in_felt_beats_a_minute(text: str, metre: str, beats: float | None) -> None:
    assert tune("c", metre=metre, extra=f"Q:{text}\n").tempo_bpm == beats


def test_words_comments_and_remarks_in_the_body_are_passed_over() -> None:
    body = "c d % e f\n%%vskip 1\nw:la la\nN:note\nP:A\nT:Second strain\n[r:hm]e f\nW:words\n% g"
    assert pitches(body) == [72, 74, 76, 77]


def test_a_music_line_that_looks_like_a_field_is_music() -> None:
    assert pitches("c8|\nG:|") == [72, 67]


def test_a_continued_line_joins_even_inside_a_bar_line() -> None:
    read = tune("c8||\\\n:d8:|")
    assert [bar.opens_repeat for bar in read.bars] == [False, True]


def test_only_the_first_voice_is_read() -> None:
    assert pitches("V:1\nc\nV:2\nC\nV:1\nd") == [72, 74]
    assert pitches("[V:1] c [V:2] C [K:D]\n[V:2]C\n[V:1] f") == [72, 77]
    assert pitches("c & C D | e") == [72, 76]  # an overlay is another voice of the same bar


def test_free_and_changing_metres_are_none() -> None:
    assert tune("c3d5", metre="none").metre is None
    assert tune("c3d5", metre="2/4 3/4").metre is None
    assert tune("c", metre="C|").metre == Metre(2, 2)
    assert tune("c", metre="(2+3)/8").metre == Metre(5, 8)


@pytest.mark.parametrize(
    ("body", "opens", "closes"),
    [
        ("|:c8:|", [True], [1]),
        ("c8:|d8:|", [True, True], [1, 1]),  # the marks that were left out are put in
        ("|:c8::d8:|", [True, True], [1, 1]),
        ("|:c8:||:d8:|", [True, True], [1, 1]),
        ("|:c8:|\n|:d8:|", [True, True], [1, 1]),
        ("|::c8::|", [True], [2]),
        ("c8|[|]d8|]", [False, False], [0, 0]),
    ],
)
def test_repeat_signs_in_their_spellings(body: str, opens: list[bool], closes: list[int]) -> None:
    bars = tune(body).bars
    assert [bar.opens_repeat for bar in bars] == opens
    assert [bar.closes_repeat for bar in bars] == closes


@pytest.mark.parametrize(
    "body",
    ["|:c8|[1d8:|[2e8||f8|]", "|:c8|1d8:|2e8||f8|]", "|:c8|1 d8 :|\n[2 e8 || f8 |]"],
)
def test_first_and_second_endings_in_their_spellings(body: str) -> None:
    bars = tune(body).bars
    assert [bar.ending for bar in bars] == [(), (1,), (2,), ()]
    assert [note.pitch for note in tune(body).expanded().notes()] == [72, 74, 72, 76, 77]


def test_an_ending_in_the_middle_of_a_bar_begins_a_bar_of_its_own() -> None:
    read = tune("|:c8|d4[1e4:|[2f4|]")
    assert [bar.duration // EIGHTH for bar in read.bars] == [8, 4, 4, 4]
    assert [n.pitch for n in read.expanded().notes()] == [72, 74, 76, 72, 74, 77]


def test_endings_list_several_passes() -> None:
    bars = tune("|:c8|[1,3 d8:|[2 e8:|[4-5 f8|]").bars
    assert [bar.ending for bar in bars] == [(), (1, 3), (2,), (4, 5)]


def test_double_bars_close_a_section_and_invisible_ones_do_not() -> None:
    bars = tune("c8||d8|e8[|]f8|g8|]").bars
    assert [bar.closes_section for bar in bars] == [True, False, False, False, True]


def test_tunes_of_one_file_have_ids_of_their_own() -> None:
    book = read_abc("X:1\nT:a\nK:C\nc\n\nX:1\nT:b\nK:C\nd\n", source="book")
    assert [t.id for t in book.tunes] == ["book:1", "book:1~2"]
    assert [t.title for t in book.tunes] == ["a", "b"]


def test_an_empty_line_ends_a_tune() -> None:
    book = read_abc("free text\n\nX:7\nT:a\nK:C\nc\n\nc d e f of free text\n", source="book")
    assert [n.pitch for n in book.tunes[0].notes()] == [72]


def test_windows_line_ends_and_a_byte_order_mark_are_taken() -> None:
    assert len(read_abc("\ufeffX:1\r\nT:a\r\nK:C\r\nc\r\n", source="book").tunes) == 1


def test_text_mangled_by_mail_is_restored() -> None:
    book = read_abc("X:1\nT:a\nK:C\nc =3Dd |=20\ne=\nf|\n", source="book")
    assert [n.pitch for n in book.tunes[0].notes()] == [72, 74, 76, 77]


@pytest.mark.parametrize(
    ("header", "body", "words"),
    [
        ("", "c", "no key"),
        ("K:H", "c", "key 'K:H'"),
        ("K:Cfoo", "c", "mode of 'K:Cfoo'"),
        ("M:x\nK:C", "c", "metre 'M:x'"),
        ("M:3/0\nK:C", "c", "metre"),
        ("L:1/0\nK:C", "c", "unit length"),
        ("K:C", "", "no note"),
        ("K:C", "z4", "no note"),
        ("K:C", "c999999999", "length"),
        ("K:C", "c0", "length"),
        ("K:C", "c1/0", "length"),
        ("K:C", "c,,,,,,,,", "MIDI range"),
        ("K:C", "[c", "character"),
        ("K:C", 'c "Am d', "quotation mark"),
        ("K:C", "> c", "follows no note"),
        ("K:C", "a>>>>b", "broken rhythm"),
        ("K:C", "(9999ab", "tuplet"),
        ("K:C", "(1a", "tuplet"),
        ("K:C", "(11:4:11abcdefgabcd", "whole number"),
        ("K:C", "[99 c", "ending"),
        ("K:C", "Z9999", "range"),
        ("M:none\nK:C", "Z2", "free metre"),
        ("K:C", "c \x01 d", "character"),
        ("K:C", "^3F", "character"),
    ],
)
def test_a_broken_tune_is_skipped_with_its_reason_and_the_next_is_read(
    header: str, body: str, words: str
) -> None:
    good = "X:2\nT:good\nK:C\nc\n"
    book = read_abc(f"X:1\nT:bad\n{header or 'N:'}\n{body}\n\n{good}", source="book")
    assert [t.title for t in book.tunes] == ["good"]
    assert [(s.reference, s.title) for s in book.skipped] == [("1", "bad")]
    assert words in book.skipped[0].reason
