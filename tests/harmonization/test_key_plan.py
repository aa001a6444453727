"""Keys that a tune goes to, and where its phrases end."""

from __future__ import annotations

import math

import pytest

from chromasonic.formats.abc import read_abc
from chromasonic.harmonization.key_plan import (
    DEGREES,
    PHRASE_END_DEGREES,
    RELATED,
    found_key,
    plan_keys,
    relative_key,
)
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.phrases import phrase_ends, sung_notes
from chromasonic.music.key import Key
from chromasonic.music.tune import Tune

# Four phrases of a hymn: in C, two in G with its F sharp, and in C again.
MODULATING = """G2 | c2 c2 d2 d2 | e4 !fermata!c2 G2 | A2 B2 c2 A2 | G2 ^F2 !fermata!G2 B2 |
B2 A2 G2 B2 | A2 ^F2 !fermata!G2 G2 | c2 B2 A2 G2 | F2 E2 D2 G2 | E2 D2 !fermata!C2 |]"""

# A tune that stays where it is, with running eighths, in two parts of eight bars.
JIG = """|: D | G2G GAB | A2A ABc | B2d dBG | A3 D2D | G2G GAB | A2A ABc | B2d cAF | G3 G2 :|
|: d | g2g gfe | d2d dBG | A2A ABc | B3 d3 | g2g gfe | d2d dBG | A2d cAF | G3 G2 :|"""


def tune(body: str, metre: str = "4/4", key: str = "C") -> Tune:
    text = f"X:1\nT:t\nM:{metre}\nL:1/8\nK:{key}\n{body}\n"
    return read_abc(text, source="test").tunes[0]


def plan(written: Tune, key: Key | None = None) -> list[Key]:
    notes = sung_notes(written)
    return plan_keys(written, notes, phrase_ends(written, notes), key)


def test_a_phrase_with_the_raised_fourth_that_ends_on_the_fifth_is_in_the_dominant() -> None:
    keys = [str(key) for key in plan(tune(MODULATING))]
    notes = sung_notes(tune(MODULATING))
    sharp = [index for index, note in enumerate(notes) if note.pitch % 12 == 6]
    assert {keys[index] for index in sharp} == {"G major"}
    assert keys[0] == keys[-1] == "C major"


def test_a_folk_tune_with_nothing_foreign_stays_in_its_key() -> None:
    assert {str(key) for key in plan(tune(JIG, "6/8", "G"))} == {"G major"}


def test_a_given_key_is_in_force_throughout() -> None:
    assert set(plan(tune(MODULATING), Key("A", "minor"))) == {Key("A", "minor")}


@pytest.mark.parametrize("mode", ["Dor", "Mix", "Phr", "Lyd"])
def test_a_tune_in_another_mode_stays_in_it(mode: str) -> None:
    written = tune("D2 E2 F2 G2 | A2 G2 F2 E2 | D8", key="D" + mode)
    assert set(plan(written)) == {written.key}


def test_keys_written_within_the_tune_are_home_from_there_on() -> None:
    written = tune("C2 E2 G2 c2 | B2 G2 c4 |\nK:Eb\nE2 G2 B2 e2 | d2 B2 e4 |]")
    names = [str(key) for key in plan(written)]
    assert names[0] == "C major"
    assert names[-1] == "Eb major"


@pytest.mark.parametrize("shift", range(-5, 7))
def test_the_plan_moves_with_the_tune(shift: int) -> None:
    before = [(key.tonic_pitch_class + shift) % 12 for key in plan(tune(MODULATING))]
    moved = plan(tune(MODULATING).transposed(shift))
    assert [key.tonic_pitch_class for key in moved] == before


def test_local_keys_are_spelled_beside_the_written_one() -> None:
    flat = plan(tune(MODULATING).transposed(-11 + 12))  # Db major: its dominant is Ab, not G#
    assert {key.tonic for key in flat} == {"Db", "Ab"}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("C2 D2 E2 F2 | G2 E2 C2 G2 | c2 B2 A2 G2 | F2 D2 C4", "C major"),
        ("A2 B2 c2 d2 | e2 c2 A2 ^G2 | A2 B2 c2 B2 | A8", "A minor"),
        ("D2 F2 A2 d2 | ^c2 d2 A2 F2 | G2 F2 E2 ^C2 | D8", "D minor"),
        ("_B2 c2 d2 _e2 | f2 d2 _B2 f2 | g2 f2 _e2 c2 | _B8", "Bb major"),
    ],
)
def test_the_home_key_of_plain_tunes_is_found(body: str, key: str) -> None:
    assert str(found_key(tune(body))) == key


def test_a_bare_signature_is_read_as_minor_where_the_tune_ends_there() -> None:
    minor = tune("E2 ^D2 E2 G2 | B2 A2 G2 F2 | E2 G2 F2 ^D2 | E8", key="G")
    assert str(relative_key(minor)) == "E minor"
    major = tune("G2 A2 B2 c2 | d2 B2 G2 E2 | F2 A2 G4", key="G")
    assert str(relative_key(major)) == "G major"


def test_the_counted_shares_are_shares() -> None:
    for table in (DEGREES, PHRASE_END_DEGREES):
        for row in table.values():
            assert math.isclose(sum(row), 1, abs_tol=0.02)
    for related in RELATED.values():
        assert 0.95 < sum(related.values()) <= 1


def ends_of(written: Tune) -> list[float]:
    notes = sung_notes(written)
    return [notes[index].end / 10_080 for index in phrase_ends(written, notes)]


def test_fermatas_end_phrases_and_nothing_else_does() -> None:
    written = tune("C2 D2 E2 !fermata!F2 | G2 z2 A2 !fermata!G2 | c4 z4 | C8")
    assert ends_of(written) == [4, 8, 16]


def test_double_bars_and_repeats_end_phrases() -> None:
    assert ends_of(tune(JIG, "6/8", "G"))[-1] == 48
    assert 24 in ends_of(tune(JIG, "6/8", "G"))


def test_an_upbeat_before_a_double_bar_belongs_to_what_follows() -> None:
    body = "F | A2A A2A | B2A ABc | d2G F2G | A3- A2c || d3 d3 | c3 B3 | A2G F2E | D3- D2 |]"
    found = ends_of(tune(body, "6/8", "D"))
    assert 12 in found
    assert 12.5 not in found


def test_a_single_fermata_does_not_keep_a_long_tune_from_having_phrases() -> None:
    phrase = "E2 F2 G2 E2 | D6 C2 |"
    body = f"C2 | {phrase * 3} E2 F2 G2 E2 | !fermata!D6 C2 | {phrase} E2 F2 D2 D2 | C6 |]"
    assert ends_of(tune(body)) == [8, 16, 24, 32, 40, 48]


def test_a_rest_after_a_long_note_ends_a_phrase() -> None:
    body = "C2 D2 E2 F2 | G2 G2 G4 | A2 G2 F2 E2 | D4 z4 | G2 F2 E2 D2 | C2 D2 E2 C2 | D2 B,2 C4 |]"
    assert 14 in ends_of(tune(body))


def test_unmarked_phrases_of_a_hymn_are_found_at_their_long_notes() -> None:
    phrases = (
        "C2 | E2 F2 G2 E2 | D6 E2 | F2 E2 D2 C2 | G6 G2 | A2 G2 F2 E2 | D6 D2 | E2 D2 B,2 D2 | C6"
    )
    assert ends_of(tune(phrases + " |]")) == [8, 16, 24, 32]


def test_a_whole_melody_takes_phrases_and_keys_together() -> None:
    found = melody_of_tune(tune(MODULATING))
    assert found.beats.ends_phrase.sum() == 4
    assert set(found.beats.tonic.tolist()) == {0, 7}
