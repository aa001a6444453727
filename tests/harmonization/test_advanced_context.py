"""The advanced agent's contexts: fields by hand, the same in every key, rows in their tables."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_melodies import melodies, melody_of

from chromasonic.harmonization.advanced_context import (
    FIELDS,
    SONORITIES,
    TABLES,
    MelodyField,
    VoicingField,
    first_rows,
    melody_rows,
    rows_of_admissible,
    voicing_rows,
)
from chromasonic.harmonization.chords import MODE_NUMBERS, VOCABULARY
from chromasonic.harmonization.exact import candidates
from chromasonic.harmonization.voicings import Voicings


def word(name: str, value: int) -> str:
    return FIELDS[name].values[int(value)]


def words_of_melody(name: str, melody) -> list[str]:
    field = FIELDS[name]
    assert isinstance(field, MelodyField)
    return [word(name, value) for value in field.of(melody.beats)]


def words_of_voicings(name: str, voicings: Voicings) -> list[str]:
    field = FIELDS[name]
    assert isinstance(field, VoicingField)
    return [word(name, value) for value in field.of(voicings)]


def chord_of(mode: str, numeral: str, size: int) -> int:
    return next(
        row
        for row, chord in enumerate(VOCABULARY)
        if (chord.mode, chord.numeral, len(chord.intervals)) == (mode, numeral, size)
    )


def test_the_next_notes_are_degrees_above_the_tonic():
    melody = melody_of([62, 66, 69, 74], tonic=2)  # D F# A D in D major
    assert words_of_melody("next", melody) == ["3", "5", "1", "none"]
    assert words_of_melody("after", melody) == ["5", "1", "none", "none"]
    assert words_of_melody("step", melody) == ["4", "3", "5", "none"]


def test_a_leap_beyond_a_fifth_counts_as_a_fifth():
    assert words_of_melody("step", melody_of([60, 72, 60])) == ["7", "-7", "none"]


def test_the_end_is_seen_two_beats_ahead():
    melody = melody_of([60, 62, 60])
    assert words_of_melody("close", melody) == ["final", "none", "none"]
    assert words_of_melody("place", melody)[1].endswith("final")
    assert words_of_melody("place", melody)[2] == "none"


def test_a_voicing_is_named_by_chord_inversion_and_gaps():
    chord = chord_of("minor", "V", 4)
    voicings = Voicings.of([[76, 68, 62, 47], [74, 68, 64, 52]], [chord] * 2, [9] * 2)  # A minor
    assert words_of_voicings("chord", voicings) == ["minor V4/3", "minor V7"]
    assert words_of_voicings("alto_gap", voicings) == ["8", "6"]
    assert words_of_voicings("tenor_gap", voicings) == ["6", "4"]
    assert words_of_voicings("bass_gap", voicings) == ["15", "12"]
    assert words_of_voicings("bass", voicings) == ["47", "52"]
    assert words_of_voicings("tenor", voicings) == ["62", "64"]


def test_every_word_of_a_field_is_unique():
    assert len(set(SONORITIES)) == len(SONORITIES)
    for field in FIELDS.values():
        assert len(set(field.values)) == len(field.values)


def test_every_mode_of_the_vocabulary_has_names():
    assert {name.split()[0] for name in SONORITIES} == set(MODE_NUMBERS)


@settings(max_examples=30, deadline=None)
@given(melodies(most_beats=5))
def test_each_row_lies_within_its_own_table(melody):
    starts = first_rows()
    ahead = melody_rows(melody.beats)
    for beat, voicings in enumerate(candidates(melody)):
        rows = voicing_rows(voicings) + ahead[beat]
        assert (rows >= starts[:-1]).all()
        assert (rows < starts[1:]).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([65, 67, 69, 71, 72]), min_size=1, max_size=5), st.integers(1, 5))
def test_a_melody_looks_the_same_in_every_key(pitches, shift):
    lower = melody_of(pitches, tonic=0)
    higher = melody_of([pitch + shift for pitch in pitches], tonic=shift)
    np.testing.assert_array_equal(melody_rows(lower.beats), melody_rows(higher.beats))


def test_chords_and_gaps_look_the_same_in_every_key():
    voicings = Voicings.of([[72, 67, 64, 48]], [chord_of("major", "I", 3)], [0])
    moved = Voicings.of(voicings.pitches + 2, voicings.chord, [2])
    is_relative = [not {"alto", "tenor", "bass"} & set(table) for table in TABLES]
    np.testing.assert_array_equal(
        voicing_rows(voicings)[:, is_relative], voicing_rows(moved)[:, is_relative]
    )
    assert (voicing_rows(voicings) != voicing_rows(moved)).any()


def test_rows_of_admissible_voicings_are_theirs_in_order():
    melody = melody_of([67])
    [voicings] = candidates(melody)
    np.testing.assert_array_equal(rows_of_admissible(67, 0, "major"), voicing_rows(voicings))
