"""Melodies as numbers: by hand, transposed, with less known; what stands where on the page."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.companion.features import INPUTS
from chromasonic.companion.melody_features import (
    TARGET,
    Variation,
    example_of,
    examples_of,
    features_of,
    transposed,
)
from chromasonic.companion.melody_lines import UNKNOWN, line_of_tune, place_in_bar
from chromasonic.companion.synthetic import synthetic_melody
from chromasonic.export.spec import slices
from chromasonic.formats.abc import read_abc
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Tune
from chromasonic.training.examples import FEATURES, MASK

PART = slices(INPUTS["melody_transformer"])
SIXTEENTH = 2_520
JIG = 'X:1\nM:6/8\nL:1/8\nK:D\nA|"D"d2f "A7"e z g|"G/b"g6|\n'


def tune(text: str) -> Tune:
    (only,) = read_abc(text, source="test").tunes
    return only


def test_a_jig_by_hand() -> None:
    line = line_of_tune(tune(JIG))
    assert line.pitch.tolist() == [69, 74, 78, 76, 79, 79]
    assert line.place.tolist() == [10, 0, 4, 6, 10, 0]  # the upbeat ends with the bar line
    assert line.length.tolist() == [2, 4, 2, 2, 2, 12]
    assert line.after_rest.tolist() == [True, False, False, False, True, False]
    chords = [set(np.flatnonzero(row)) for row in line.chord]
    assert chords == [set(), {2, 6, 9}, {2, 6, 9}, {9, 1, 4, 7}, {9, 1, 4, 7}, {7, 11, 2}]
    assert set(line.tonic) == {2}
    assert set(np.flatnonzero(line.key[0])) == {2, 4, 6, 7, 9, 11, 1}

    features = features_of(line)
    assert features.shape == (6, 64)
    first, after_rest = features[0], features[4]
    assert np.flatnonzero(first[PART["last_pitch_class"]]).tolist() == [12]
    assert not first[PART["last_octave"]].any()
    assert first[PART["last_duration"]] == 0
    # e (76) was the last note, an eighth; then came a rest; the next begins on the sixth eighth.
    assert np.flatnonzero(after_rest[PART["last_pitch_class"]]).tolist() == [4, 12]
    assert np.flatnonzero(after_rest[PART["last_octave"]]).tolist() == [76 // 12 - 2]
    assert np.flatnonzero(after_rest[PART["sixteenth"]]).tolist() == [10]
    assert after_rest[PART["last_duration"]] == 0.25
    key = after_rest[PART["key"]]
    assert [float(key[tone]) for tone in (1, 2, 3)] == [0.5, 1, 0]
    assert not after_rest[PART["valence"].start :].any()


def test_the_page_of_features_adds_up_to_the_input() -> None:
    assert sum(block.size for block in INPUTS["melody_transformer"]) == 64
    made = synthetic_melody(1, 0).items[0]
    assert made[FEATURES].shape[1:] == (64,)
    assert set(made) == {FEATURES, TARGET, MASK}


@pytest.mark.parametrize(
    ("metre", "sixteenth", "place"),
    [
        ("4/4", 15, 15),
        ("9/8", 12, 0),
        ("9/8", 17, 5),
        ("12/8", 23, 11),
        ("3/2", 9, 1),
        ("6/4", 8, 0),
    ],
)
def test_long_bars_are_counted_in_groups(metre: str, sixteenth: int, place: int) -> None:
    assert place_in_bar(sixteenth * SIXTEENTH + 1, Metre.parse(metre)) == place


def test_free_metre_has_no_places() -> None:
    assert place_in_bar(0, None) == UNKNOWN


def test_a_bar_cut_in_two_by_a_repeat_goes_on_where_it_was_cut() -> None:
    line = line_of_tune(tune("X:1\nM:3/4\nL:1/4\nK:C\nc|def|ga:|b|c'de|\n"))
    assert line.place.tolist() == [8, 0, 4, 8, 0, 4, 8, 0, 4, 8]


@given(semitones=st.integers(-6, 5))
@settings(max_examples=12, deadline=None)
def test_transposing_the_example_equals_transposing_the_tune(semitones: int) -> None:
    text = JIG.replace('"D"', "").replace('"A7"', "").replace('"G/b"', "")
    played = tune(text)
    moved = transposed(example_of(line_of_tune(played)), semitones)
    expected = example_of(line_of_tune(played.transposed(semitones)))
    for name in (FEATURES, TARGET):
        np.testing.assert_array_equal(moved[name], expected[name])


def test_chords_go_with_the_key() -> None:
    moved = transposed(example_of(line_of_tune(tune(JIG))), 2)
    chord = moved[FEATURES][1, PART["chord"]]
    assert set(np.flatnonzero(chord)) == {4, 8, 11}  # D major became E major


def test_variation_reaches_all_keys_and_takes_away_what_it_says() -> None:
    example = example_of(line_of_tune(tune(JIG)))
    vary = Variation(own_key=0.0, no_chord=0.5, no_key=0.0, no_place=1.0)
    varied = [vary(example, np.random.default_rng(seed)) for seed in range(200)]
    shifts = {int((one[TARGET] - example[TARGET])[0]) for one in varied}
    assert shifts == set(range(-6, 6))
    without = sum(not one[FEATURES][:, PART["chord"]].any() for one in varied)
    assert 70 < without < 130
    assert all(one[FEATURES][:, PART["key"]].any() for one in varied)
    assert not any(one[FEATURES][:, PART["sixteenth"]].any() for one in varied)
    np.testing.assert_array_equal(example[TARGET], line_of_tune(tune(JIG)).pitch)  # untouched


def test_long_melodies_become_windows_that_know_the_note_before() -> None:
    text = "X:1\nM:4/4\nL:1/8\nK:G\n" + "GABc dedB|" * 20 + "\n"
    line = line_of_tune(tune(text), corpus="nottingham")
    examples = examples_of([line], longest=64, times={"nottingham": 2})
    assert len(examples) == 2 * 3
    assert len(set(examples.pieces)) == 1
    lengths = [len(item[TARGET]) for item in examples.items]
    assert sum(lengths) == 2 * len(line)
    assert max(lengths) - min(lengths) <= 1
    second = examples.items[1]
    before = int(line.pitch[lengths[0] - 1])
    assert second[FEATURES][0, before % 12] == 1
    assert examples[0][FEATURES].shape == (lengths[0], 64)
