"""The reward: one number whichever way it is computed, and the same in every key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_examples import beat, chord

from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.reward import (
    Reward,
    breaches,
    counts_of_motion,
    counts_of_voicings,
)
from chromasonic.harmonization.rules import RULES, Scope
from chromasonic.harmonization.voicings import Voicings, admissible
from chromasonic.music.key import MODES

REWARD = Reward()
GENERATOR = np.random.default_rng


def random_beats(rng: np.random.Generator, count: int, tonics: list[int]) -> Beats:
    """Beats of a melody that walks, in keys that change."""
    pitch = np.clip(np.cumsum(rng.integers(-3, 4, count)) + 69, 62, 79)
    leaving = np.where(rng.random(count) < 0.7, pitch, pitch + rng.integers(-2, 3, count))
    tones = np.zeros((count, 12))
    tones[np.arange(count), pitch % 12] += 0.5
    tones[np.arange(count), leaving % 12] += 0.5
    return Beats(
        pitch=pitch,
        leaving=leaving,
        tones=tones,
        tonic=rng.choice(tonics, count),
        mode=rng.choice([MODE_NUMBERS[mode] for mode in ("major", "minor", "dorian")], count),
        strength=rng.integers(0, 3, count),
        is_held=rng.random(count) < 0.2,
        begins_phrase=rng.random(count) < 0.2,
        ends_phrase=rng.random(count) < 0.3,
        is_last=np.arange(count) == count - 1,
    )


def random_path(rng: np.random.Generator, beats: Beats) -> Voicings:
    """A random admissible voicing at each beat."""
    names = list(MODES)
    rows = []
    for index in range(len(beats)):
        found = admissible(
            int(beats.pitch[index]), int(beats.tonic[index]), names[int(beats.mode[index])]
        )
        rows.append(found[[int(rng.integers(len(found)))]])
    return Voicings.joined(rows)


def sum_by_hand(voicings: Voicings, beats: Beats) -> float:
    """The definition, a rule, a voice and a beat at a time."""
    return -sum(breach.rule.weight * breach.count for breach in breaches(voicings, beats))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_reward_of_a_path_is_the_sum_of_what_its_breaches_cost(seed):
    rng = GENERATOR(seed)
    beats = random_beats(rng, 6, [0, 2, 7])
    path = random_path(rng, beats)

    assert REWARD.of_path(path, beats) == pytest.approx(sum_by_hand(path, beats))
    costs = sum(breach.cost for breach in breaches(path, beats))
    assert REWARD.of_path(path, beats) == pytest.approx(-costs)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_all_pairs_at_once_are_what_each_pair_is_by_itself(seed):
    rng = GENERATOR(seed)
    beats = random_beats(rng, 2, [0, 5, 7])
    sets = [
        Voicings.joined([random_path(rng, beats[[index]]) for _ in range(8)]) for index in (0, 1)
    ]

    matrix = REWARD.motion_of_all_pairs(*sets, beats[0], beats[1])

    assert matrix.shape == (8, 8)
    for row in range(8):
        before = sets[0][[row] * 8]
        aligned = REWARD.motion_in_rows(before, sets[1], beats[0], beats[1])
        assert matrix[row] == pytest.approx(aligned, abs=1e-4)
        whole = [
            REWARD.of_path(Voicings.joined([sets[0][[row]], sets[1][[column]]]), beats)
            for column in range(8)
        ]
        own = REWARD.of_voicings(sets[0], beats[0])[row] + REWARD.of_voicings(sets[1], beats[1])
        assert whole == pytest.approx(own + aligned)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(-5, 6))
def test_every_count_is_the_same_in_every_key(seed, semitones):
    rng = GENERATOR(seed)
    beats = random_beats(rng, 4, [0, 4, 9])
    path = random_path(rng, beats)
    moved = Voicings.of(path.pitches + semitones, path.chord, (path.tonic + semitones) % 12)
    there = replace(
        beats,
        pitch=beats.pitch + semitones,
        leaving=beats.leaving + semitones,
        tones=np.roll(beats.tones, semitones, 1),
        tonic=(beats.tonic + semitones) % 12,
    )

    # The range is of the voices, so it alone does not move along.
    own = counts_of_voicings(path, beats), counts_of_voicings(moved, there)
    column = list(RULES).index("range")
    for counts in own:
        counts[:, column] = 0
    motion = [
        counts_of_motion(voicings[:-1], voicings[1:], places[:-1], places[1:])
        for voicings, places in ((path, beats), (moved, there))
    ]

    assert np.array_equal(*own)
    assert np.array_equal(*motion)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_an_octave_lower_breaks_the_same_rules(seed):
    rng = GENERATOR(seed)
    beats = random_beats(rng, 3, [2])
    path = random_path(rng, beats)
    low = Voicings.of(path.pitches - 12, path.chord, path.tonic)
    there = replace(beats, pitch=beats.pitch - 12, leaving=beats.leaving - 12)

    names = [
        {(b.rule.name, b.beat, b.voices) for b in breaches(v, p) if b.rule.name != "range"}
        for v, p in ((path, beats), (low, there))
    ]

    assert names[0] == names[1]


def test_a_rule_without_weight_costs_nothing_and_is_still_told():
    rules = {"parallel_fifths": replace(RULES["parallel_fifths"], weight=0.0)}
    before, after = chord("C5 G4 E4 C3", "I"), chord("D5 A4 F4 D3", "ii")
    path = Voicings.joined([before, after])
    beats = Beats(
        **{
            name: np.concatenate([getattr(beat(one), name) for one in (before, after)])
            for name in Beats.__dataclass_fields__
        }
    )

    assert Reward(rules=rules).of_path(path, beats) == 0.0
    assert [breach.rule.name for breach in breaches(path, beats, rules)] == ["parallel_fifths"]


def test_a_breach_says_where_it_is_and_between_whom():
    before, after = chord("C5 G4 E4 C3", "I"), chord("D5 A4 F4 D3", "ii")
    path = Voicings.joined([before, after])
    beats = Beats(
        **{
            name: np.concatenate([getattr(beat(one), name) for one in (before, after)])
            for name in Beats.__dataclass_fields__
        }
    )

    found = {(b.rule.name, b.beat, b.voices) for b in breaches(path, beats)}

    # C G E C to D A F D: alto and bass in fifths, soprano and bass in octaves, all rise.
    assert {
        ("parallel_fifths", 1, (1, 3)),
        ("parallel_octaves", 1, (0, 3)),
        ("similar_outer", 1, (0, 3)),
        ("same_direction", 1, ()),
        ("secondary_chord", 1, ()),
    } <= found
    assert not [name for name, _, voices in found if name == "parallel_fifths" and voices != (1, 3)]


def test_one_voicing_is_a_piece():
    tonic = chord("C5 G4 E4 C3", "I")

    assert REWARD.of_path(tonic, beat(tonic, is_last=True, ends_phrase=True)) == 0.0


def test_every_scope_has_rules():
    assert {rule.scope for rule in RULES.values()} == set(Scope)
