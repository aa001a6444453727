"""Exact search finds what trying everything finds, and its parts agree with the reward itself."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_melodies import melodies, melody_of

from chromasonic.errors import UsageError
from chromasonic.harmonization.chords import VOCABULARY
from chromasonic.harmonization.exact import (
    Transitions,
    candidates,
    harmonize_exactly,
    lattice_of,
    n_best,
)
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
ROUNDING = 1e-4  # pairs are in single precision


def tried(melody: Melody, sets: list[Voicings]) -> list[float]:
    """The rewards of all combinations of voicings, best first: every rule on every pair by rows."""
    reward, beats = Reward(), melody.beats
    own = [reward.of_voicings(set_, beats[index]) for index, set_ in enumerate(sets)]
    pairs = []
    for index, (before, after) in enumerate(pairwise(sets)):
        rows = np.array(list(product(range(len(before)), range(len(after)))))
        here, there = beats[[index] * len(rows)], beats[[index + 1] * len(rows)]
        moved = reward.motion_in_rows(before[rows[:, 0]], after[rows[:, 1]], here, there)
        pairs.append(moved.reshape(len(before), len(after)))
    return sorted(
        (
            sum(own[beat][row] for beat, row in enumerate(rows))
            + sum(pairs[beat][a, b] for beat, (a, b) in enumerate(pairwise(rows)))
            for rows in product(*(range(len(set_)) for set_ in sets))
        ),
        reverse=True,
    )


def thinned(melody: Melody, seed: int, most: int) -> list[Voicings]:
    """A few candidates of each beat, drawn by a seed."""
    rng = np.random.default_rng(seed)
    return [set_[np.sort(rng.permutation(len(set_))[:most])] for set_ in candidates(melody)]


@settings(max_examples=25, deadline=None)
@given(melodies(most_beats=4), st.integers(0, 99))
def test_the_best_harmonizations_are_those_that_trying_all_finds(melody, seed):
    sets = thinned(melody, seed, most=5)
    everything = tried(melody, sets)

    found = n_best(melody, 12, sets=sets)

    assert [one.reward for one in found] == pytest.approx(everything[:12], abs=ROUNDING)
    assert len({one.voicings.pitches.tobytes() + one.voicings.chord.tobytes() for one in found}) \
        == len(found)  # fmt: skip


def test_the_best_of_two_beats_is_the_best_of_all_admissible_pairs():
    melody = melody_of([71, 72])  # the leading tone and the tonic of C
    first, second = candidates(melody)
    reward = Reward()
    best = max(
        (
            reward.of_voicings(first[[row]], melody.beats[0])[0]
            + (
                reward.of_voicings(second, melody.beats[1])
                + reward.motion_in_rows(
                    first[np.full(len(second), row)],
                    second,
                    melody.beats[[0] * len(second)],
                    melody.beats[[1] * len(second)],
                )
            ).max()
        )
        for row in range(len(first))
    )

    found = harmonize_exactly(melody)

    assert found.reward == pytest.approx(best, abs=ROUNDING)
    assert [VOCABULARY[chord].numeral for chord in found.voicings.chord] == ["V", "I"]


@settings(max_examples=15, deadline=None)
@given(melodies(most_beats=3))
def test_no_random_choice_of_voicings_beats_the_optimum(melody):
    rng, reward = np.random.default_rng(0), Reward()
    best = harmonize_exactly(melody).reward

    for _ in range(20):
        voicings = Voicings.joined([set_[[rng.integers(len(set_))]] for set_ in candidates(melody)])
        assert reward.of_path(voicings, melody.beats) <= best + ROUNDING


@settings(max_examples=15, deadline=None)
@given(melodies(most_beats=6))
def test_remembered_pairs_are_the_rewards_own(melody):
    reward, transitions = Reward(), Transitions(Reward())
    sets, beats = candidates(melody), melody.beats
    steps = range(len(melody) - 1)

    for step in (*steps, *steps):  # the second time from memory
        pairs = transitions.between(sets[step], sets[step + 1], beats[step], beats[step + 1])
        own = reward.motion_of_all_pairs(sets[step], sets[step + 1], beats[step], beats[step + 1])
        np.testing.assert_array_equal(pairs, own)


def test_pairs_of_one_place_with_other_candidates_are_not_mixed_up():
    melody = melody_of([67, 67, 67, 67])
    sets = candidates(melody)
    mixed = [sets[0], sets[1][:7], sets[2], sets[3][5:9]]

    lattice = lattice_of(melody, sets=mixed)

    assert [lattice.pairs(step).shape for step in range(3)] == [
        (len(sets[0]), 7), (7, len(sets[2])), (len(sets[2]), 4)
    ]  # fmt: skip
    np.testing.assert_array_equal(lattice.pairs(2), lattice_of(melody, sets=sets).pairs(2)[:, 5:9])


def test_one_beat_gets_the_best_single_voicing():
    melody = melody_of([72])
    own = Reward().of_voicings(candidates(melody)[0], melody.beats[0])

    found = n_best(melody, len(own) + 1)

    assert [one.reward for one in found] == sorted(own.tolist(), reverse=True)
    assert VOCABULARY[int(found[0].voicings.chord[0])].numeral == "I"


def test_added_scores_choose_but_are_not_told_as_reward():
    melody = melody_of([64, 65, 67])
    sets = candidates(melody)
    wanted = [len(set_) // 2 for set_ in sets]

    def added(beat: int) -> np.ndarray:
        bonus = np.zeros((len(sets[beat - 1]) if beat else 1, len(sets[beat])))
        bonus[:, wanted[beat]] = 1000.0
        return bonus

    (found,) = n_best(melody, 1, added=added)

    chosen = Voicings.joined([set_[[row]] for set_, row in zip(sets, wanted, strict=True)])
    np.testing.assert_array_equal(found.voicings.pitches, chosen.pitches)
    assert found.reward == pytest.approx(Reward().of_path(chosen, melody.beats))


def test_fewer_than_one_harmonization_is_refused():
    with pytest.raises(UsageError, match="0 harmonizations cannot be found; ask for 1 or more"):
        n_best(melody_of([60]), 0)


def test_hundreds_of_bars_are_harmonized_as_well_as_their_parts():
    rng = np.random.default_rng(3)
    tune = [SCALE[degree] for degree in np.clip(np.cumsum(rng.integers(-2, 3, 32)) % 15, 0, 7)]
    once, often = melody_of(tune), melody_of(tune * 60)

    short, long = harmonize_exactly(once), harmonize_exactly(often)

    assert len(long.voicings) == 60 * 32
    np.testing.assert_array_equal(long.voicings.pitches[:, 0], np.tile(tune, 60))
    # Setting each turn as it is set by itself is one way, so the optimum is no worse than that.
    repeated = Voicings.joined([short.voicings] * 60)
    assert long.reward >= Reward().of_path(repeated, often.beats) - ROUNDING * 60
