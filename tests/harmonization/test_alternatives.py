"""Alternatives differ where it is heard, and each is the best that does."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from small_melodies import melodies, melody_of

from chromasonic.errors import UsageError
from chromasonic.harmonization.alternatives import (
    difference,
    find_alternatives,
    new_chords_wanted,
)
from chromasonic.harmonization.chords import VOCABULARY, triad_numbers
from chromasonic.harmonization.exact import candidates, harmonize_exactly
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

TUNE = melody_of([67, 64, 65, 62, 64, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60], phrase_ends=[7])


def triads(voicings: Voicings) -> np.ndarray:
    return triad_numbers(voicings.chord, voicings.tonic)


def chord(numeral: str, mode: str = "major") -> int:
    return next(
        row for row, it in enumerate(VOCABULARY)
        if (it.mode, it.numeral, it.applied_to, len(it.intervals)) == (mode, numeral, "", 3)
    )  # fmt: skip


def test_the_first_is_the_optimum_and_the_others_cost_more():
    found = find_alternatives(TUNE, 4)

    assert len(found) == 4
    assert found[0].reward == pytest.approx(harmonize_exactly(TUNE).reward)
    rewards = [one.reward for one in found]
    assert rewards == sorted(rewards, reverse=True)  # each next one is held to more


def test_each_next_one_has_new_chords_on_an_eighth_of_the_beats():
    found = find_alternatives(TUNE, 4)

    for place in range(1, len(found)):
        told = difference(found[place], found[:place])
        assert told.new_chords >= 2 == new_chords_wanted(len(TUNE))
        assert told.beats == 16
        assert told.reward_lost == pytest.approx(found[0].reward - found[place].reward)


@settings(max_examples=8, deadline=None)
@given(melodies(most_beats=2))
def test_the_second_is_the_best_of_all_that_differ(melody):
    first, *more = find_alternatives(melody, 2)
    reward, sets = Reward(), candidates(melody)
    rng = np.random.default_rng(0)
    thin = [rng.permutation(len(set_))[:9] for set_ in sets]
    others = [
        Voicings.joined([set_[[row]] for set_, row in zip(sets, rows, strict=True)])
        for rows in product(*thin)
    ]
    rewards = [
        reward.of_path(other, melody.beats)
        for other in others
        if (triads(other) != triads(first.voicings)).sum() >= 1
    ]

    assert all(value <= more[0].reward + 1e-4 for value in rewards)


def test_a_chord_is_the_same_in_its_inversions_and_with_its_seventh():
    pitches = [(67, 62, 59, 43), (67, 62, 59, 47), (65, 62, 59, 43), (67, 62, 58, 43)]
    seventh = next(
        row for row, it in enumerate(VOCABULARY)
        if it.mode == "major" and it.numeral == "V" and len(it.intervals) == 4 and not it.applied_to
    )  # fmt: skip
    minor = chord("v", "minor")

    classes = triads(Voicings.of(pitches, [chord("V"), chord("V"), seventh, minor], 0))

    assert classes[0] == classes[1] == classes[2] != classes[3]


def test_there_may_be_fewer_than_are_asked_for():
    found = find_alternatives(melody_of([60]), 500)

    roots = [int(triads(one.voicings)[0]) for one in found]
    assert 1 < len(found) < 500
    assert len(set(roots)) == len(roots)


def test_no_alternative_at_all_is_refused():
    with pytest.raises(UsageError, match="0 alternatives cannot be given: ask for 1 or more"):
        find_alternatives(melody_of([60]), 0)
