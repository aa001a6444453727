"""Chords: reduction to classes, names both ways, lead-sheet symbols, Harte's labels, fitting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.music.chord import (
    CLASSES,
    HOLD,
    NO_CHORD,
    NONE,
    OTHER,
    QUALITIES,
    START,
    UNKNOWN_CHORD,
    Chord,
    chord_of_class,
    class_name,
    class_named,
    class_of,
    spelled,
    transposed_class,
)
from chromasonic.music.chord_fitting import fit_chord
from chromasonic.music.chord_symbols import parse_harte, parse_symbol
from chromasonic.music.key import Key


def test_classes_are_numbered_by_quality_then_root_and_the_last_four_are_special() -> None:
    assert class_of(0, "major") == 0
    assert class_of(9, "minor") == 21
    assert class_of(7, "dominant_seventh") == 43
    assert class_of(11, "minor_seventh") == 59
    assert (NONE, HOLD, OTHER, START) == (60, 61, 62, 63)
    assert CLASSES == 64


@pytest.mark.parametrize("class_id", [*range(60), NONE, OTHER])
def test_a_chord_of_a_class_is_of_that_class(class_id: int) -> None:
    assert chord_of_class(class_id).class_id == class_id


@pytest.mark.parametrize("class_id", range(CLASSES))
@pytest.mark.parametrize("key", [None, Key("Ab"), Key("C#", "minor")])
def test_names_of_classes_are_read_back(class_id: int, key: Key | None) -> None:
    assert class_named(class_name(class_id, key)) == class_id


def test_hold_and_start_are_no_chords() -> None:
    for class_id in (HOLD, START, -1, 64):
        with pytest.raises(ValueError, match="is no class of a chord"):
            chord_of_class(class_id)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("Am7", "Am7"), ("G/B", "G"), ("D7", "D7"), ("F#dim", "F#dim"), ("Bb", "Bb"),
        ("C/E", "C"), ("Gsus4", "other"), ("A+", "other"), ("(no chord)", "none"), ("N.C.", "none"),
        ("Cmaj7", "C"), ("C6", "C"), ("Cm6", "Cm"), ("Cm(maj7)", "Cm"), ("C9", "C7"),
        ("Cadd9", "C"), ("C5", "other"), ("Bm7b5", "Bdim"), ("Co7", "Cdim"), ("A7#5", "other"),
        ("C7sus4", "other"), ("C6/9", "C"), ("A-7", "Am7"), ("G(Em)", "G"), ("Amin", "Am"),
        # the Nottingham database's own
        ("Gd", "Gdim"), ("D#d", "Ebdim"), ("Bbd", "Bbdim"), ("Ea", "other"), ("Fa7", "other"),
        ("D/f+", "D"), ("Gm/bb", "Gm"), ("E7b9", "E7"), ("(E7)", "E7"), ("D m", "Dm"),
    ],
)  # fmt: skip
def test_lead_sheet_symbols_reduce_to_classes(symbol: str, name: str) -> None:
    assert class_name(parse_symbol(symbol).class_id) == name


def test_the_bass_after_a_slash_is_kept_and_sounds() -> None:
    assert parse_symbol("D/f+") == Chord(2, (0, 4, 7), 6)
    assert parse_symbol("A7/g+").pitch_classes == {9, 1, 4, 7, 8}
    assert parse_symbol("C/c").bass is None
    assert parse_symbol("D/f+").symbol(Key("G")) == "D/F#"


@pytest.mark.parametrize("text", ["H7", "Cfoo", "C99", "G/H", "7", "am", "C/", "Cadd", "C7#8x"])
def test_text_that_is_no_symbol_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no chord symbol"):
        parse_symbol(text)


@given(st.text(alphabet="ABCDEFGabdgimnosu#+-/()0123456789 △°", max_size=9))
def test_no_text_fails_in_another_way(text: str) -> None:
    for parse in (parse_symbol, parse_harte):
        try:
            chord = parse(text)
        except ValueError as error:
            assert repr(text)[1:-1] in str(error) or text in str(error)
        else:
            assert chord.class_id in range(CLASSES)


@pytest.mark.parametrize(
    ("label", "intervals", "bass", "name"),
    [
        ("A:min7", (0, 3, 7, 10), None, "Am7"), ("C:maj/3", (0, 4, 7), 4, "C"),
        ("D:7(#9)", (0, 3, 4, 7, 10), None, "D7"), ("C", (0, 4, 7), None, "C"),
        ("C/5", (0, 4, 7), 7, "C"), ("F:1/1", (0,), None, "other"), ("E:5", (0, 7), None, "other"),
        ("Eb:hdim7/b7", (0, 3, 6, 10), 1, "Ebdim"),
        ("G:sus4(b7,9)", (0, 2, 5, 7, 10), None, "other"),
        ("C:1(b3,b7,11,9)", (0, 2, 3, 5, 10), None, "Cm7"), ("Db:maj/bb13", (0, 4, 7), 8, "C#"),
        ("C:maj7(*3)", (0, 7, 11), None, "other"), ("C:(3,5,b7)", (0, 4, 7, 10), None, "C7"),
        ("B:aug(b7)", (0, 4, 8, 10), None, "other"),
        ("F:maj9(13,#11)", (0, 2, 4, 6, 7, 9, 11), None, "F"),
        ("D:minmaj7", (0, 3, 7, 11), None, "Dm"), ("G:11", (0, 2, 4, 5, 7, 10), None, "G7"),
    ],
)  # fmt: skip
def test_harte_labels_say_intervals_and_bass(
    label: str, intervals: tuple[int, ...], bass: int | None, name: str
) -> None:
    chord = parse_harte(label)
    assert chord.intervals == intervals
    assert chord.bass == bass
    assert class_name(chord.class_id) == name


def test_harte_knows_no_chord_and_an_unnamed_chord() -> None:
    assert parse_harte("N") is NO_CHORD
    assert parse_harte("X") is UNKNOWN_CHORD
    assert NO_CHORD.harte() == "N"
    assert UNKNOWN_CHORD.harte() == "X"


@pytest.mark.parametrize(
    "label", ["", "H:maj", "C:", "C:foo", "C:maj/", "C:maj(9", "C:maj(x)", "c:maj"]
)
def test_text_that_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="is no chord label"):
        parse_harte(label)


@given(st.integers(0, 11), st.sampled_from(list(QUALITIES)), st.integers(-30, 30))
def test_classes_transpose_as_their_chords_do(root: int, quality: str, semitones: int) -> None:
    class_id = class_of(root, quality)
    moved = chord_of_class(class_id).transposed(semitones)
    assert moved.class_id == transposed_class(class_id, semitones)
    assert chord_of_class(class_id).harte() == chord_of_class(class_id).harte()
    assert parse_harte(moved.harte(Key("Eb"))).class_id == moved.class_id


def test_what_is_no_chord_stays_when_transposed() -> None:
    assert NO_CHORD.transposed(5) is NO_CHORD
    assert [transposed_class(c, 3) for c in (NONE, HOLD, OTHER, START)] == [60, 61, 62, 63]


def test_names_are_spelled_for_the_key() -> None:
    assert spelled(10, Key("F")) == "Bb"
    assert spelled(6, Key("G")) == "F#"
    assert spelled(8, Key("A", "minor")) == "G#"
    assert spelled(3, Key("Eb")) == "Eb"
    assert spelled(1, Key("Db")) == "Db"


@pytest.mark.parametrize(
    ("tones", "bass", "name"),
    [
        ((0, 4, 7), 0, "C"), ((0, 4, 7), 4, "C"), ((0, 4, 7, 11), 0, "C"), ((9, 0, 4, 7), 0, "Am7"),
        ((11, 2, 5), 2, "Bdim"), ((7, 11, 2, 5), 5, "G7"), ((0, 4), 0, "C"),
        ((11, 2, 5, 9), 11, "Bdim"),
        ((0,), 0, "other"), ((0, 2, 4), 0, "other"), ((), None, "none"), ((0, 4, 8), 0, "other"),
    ],
)  # fmt: skip
def test_sounding_tones_are_given_the_chord_that_explains_them_best(
    tones: tuple[int, ...], bass: int | None, name: str
) -> None:
    assert class_name(fit_chord(dict.fromkeys(tones, 1.0), bass).class_id) == name


def test_a_symmetric_chord_takes_its_root_from_the_bass() -> None:
    diminished_seventh = dict.fromkeys((0, 3, 6, 9), 1.0)
    assert [fit_chord(diminished_seventh, bass).root for bass in (0, 3, 6, 9)] == [0, 3, 6, 9]


def test_a_passing_tone_weighs_less_than_a_chord_tone() -> None:
    # C E G with a quarter of a beat of F on the way: C major, F does not make it anything else.
    assert fit_chord({0: 1.5, 4: 1.0, 7: 1.0, 5: 0.25}, 0).class_id == class_of(0, "major")


@pytest.mark.parametrize(
    "fields", [(12, (0, 4)), (0, (4, 0)), (None, (0,)), (0, ()), (0, (0,), 12)]
)
def test_impossible_chords_are_refused(fields: tuple) -> None:
    with pytest.raises(ValueError, match="chord"):
        Chord(*fields)


@pytest.mark.corpus
def test_every_symbol_of_nottingham_is_read(corpus_folder) -> None:  # type: ignore[no-untyped-def]
    from chromasonic.formats.abc import read_abc

    symbols = set()
    for path in sorted((corpus_folder / "nottingham" / "ABC_cleaned").glob("*.abc")):
        book = read_abc(path.read_text(encoding="latin-1"), source=path.stem)
        symbols |= {c.text for tune in book.tunes for bar in tune.bars for c in bar.chords}
    assert len(symbols) == 112
    for symbol in symbols:
        parse_symbol(symbol)
