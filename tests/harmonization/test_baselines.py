"""The baselines are what they say: chance is uniform, the first chord is the first that fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from small_melodies import melodies, melody_of

from chromasonic.harmonization.baselines import (
    expected_random_reward,
    harmonize_at_random,
    harmonize_by_first_chord,
)
from chromasonic.harmonization.chords import VOCABULARY
from chromasonic.harmonization.exact import Harmonization, candidates, harmonize_exactly
from chromasonic.harmonization.reward import Reward


def numerals(one: Harmonization) -> list[str]:
    return [VOCABULARY[chord].figured(member) for chord, member in
            zip(one.voicings.chord, one.voicings.member[:, 3], strict=True)]  # fmt: skip


def test_the_first_chord_is_tonic_then_dominant_then_subdominant():
    melody = melody_of([60, 62, 64, 65, 67, 69, 71, 72])

    assert numerals(harmonize_by_first_chord(melody)) == [
        "I", "V", "I", "IV", "I", "IV", "V", "I"
    ]  # fmt: skip


def test_in_minor_the_dominant_has_its_leading_tone_where_the_melody_allows_it():
    melody = melody_of([69, 71, 68, 67, 69], tonic=9, mode="minor")

    assert numerals(harmonize_by_first_chord(melody)) == ["i", "V", "V", "v", "i"]


def test_the_first_chord_moves_the_lower_voices_as_little_as_it_can():
    melody = melody_of([72, 71, 72])
    one = harmonize_by_first_chord(melody)
    sets = candidates(melody)

    before = one.voicings.pitches[0, 1:]
    same_chord = sets[1].chord == one.voicings.chord[1]
    in_root_position = sets[1].member[:, 3] == 0
    motions = abs(sets[1].pitches[same_chord & in_root_position, 1:] - before).sum(1)

    assert abs(one.voicings.pitches[1, 1:] - before).sum() == motions.min()


@settings(max_examples=10, deadline=None)
@given(melodies(most_beats=5))
def test_baselines_choose_admissible_voicings_below_the_melody(melody):
    for one in (harmonize_by_first_chord(melody), harmonize_at_random(melody, seed=1)):
        assert one.voicings.pitches[:, 0].tolist() == melody.beats.pitch.tolist()
        for row, admissible in zip(one.voicings.pitches, candidates(melody), strict=True):
            assert (admissible.pitches == row).all(1).any()
        assert one.reward == pytest.approx(Reward().of_path(one.voicings, melody.beats))
        assert one.reward <= harmonize_exactly(melody).reward + 1e-4


def test_chance_follows_its_seed():
    melody = melody_of([60, 64, 67, 72])
    first, again, other = (harmonize_at_random(melody, seed=seed) for seed in (4, 4, 5))

    np.testing.assert_array_equal(first.voicings.pitches, again.voicings.pitches)
    assert (first.voicings.pitches != other.voicings.pitches).any()


def test_the_expectation_of_chance_is_the_mean_of_many_draws():
    melody = melody_of([60, 62, 64, 65, 67, 60], phrase_ends=[3])
    draws = [harmonize_at_random(melody, seed=seed).reward for seed in range(200)]
    error = np.std(draws) / len(draws) ** 0.5

    assert expected_random_reward(melody) == pytest.approx(np.mean(draws), abs=4 * error)
    assert error < 0.05 * abs(np.mean(draws))  # so that the line above can fail


def test_one_beat_of_chance_is_the_mean_of_its_candidates():
    melody = melody_of([64])
    own = Reward().of_voicings(candidates(melody)[0], melody.beats)

    assert expected_random_reward(melody) == pytest.approx(own.mean())
