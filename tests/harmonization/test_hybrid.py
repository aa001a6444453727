"""The hybrid's joint search finds the best sum of reward and likelihood; its file is checked."""

from __future__ import annotations

import json
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_priors import network, prior_of
from small_melodies import melodies, melody_of

from chromasonic.errors import CheckpointError
from chromasonic.harmonization.exact import candidates, harmonize_exactly, lattice_of
from chromasonic.harmonization.hybrid import HybridAgent, JointSearch, within_reach
from chromasonic.harmonization.hybrid_file import HybridModel, read_hybrid, rounded, write_hybrid
from chromasonic.harmonization.lattice import Lattice
from chromasonic.harmonization.prior_features import steps_of_beats
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

TUNE = melody_of([67, 69, 71, 72, 74, 72, 71, 72])
FEATURES = steps_of_beats(TUNE.beats).features.shape[1]
PRIOR = prior_of(network(FEATURES, scale=0.5))


def agent(trust: float, reach: float = np.inf) -> HybridAgent:
    return HybridAgent(prior=PRIOR, trust=trust, reach=reach)


def test_without_trust_it_is_exact_search_by_the_rules():
    found = agent(0.0).harmonize(TUNE)

    assert found.agent == "hybrid"
    assert found.reward == pytest.approx(harmonize_exactly(TUNE).reward, abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(melodies(most_beats=3), st.floats(0.1, 3.0))
def test_no_other_harmonization_has_a_higher_sum(melody, trust):
    found = agent(trust).harmonize(melody)
    sets, steps, reward = candidates(melody), steps_of_beats(melody.beats), Reward()
    rng = np.random.default_rng(0)
    thinned = [set_[np.sort(rng.permutation(len(set_))[:6])] for set_ in sets]

    def total(voicings: Voicings) -> float:
        likely = PRIOR.log_likelihoods(steps, voicings.pitches[:, 1:]).sum()
        return reward.of_path(voicings, melody.beats) + trust * float(likely)

    best = total(found.voicings)

    for rows in product(*(range(len(set_)) for set_ in thinned)):
        path = Voicings.joined([set_[[row]] for set_, row in zip(thinned, rows, strict=True)])
        assert total(path) <= best + 1e-3


def test_among_a_few_voicings_trying_all_finds_the_same_sum(monkeypatch):
    melody = melody_of([67, 69, 71, 72])
    few = [set_[np.arange(0, len(set_), len(set_) // 4)] for set_ in candidates(melody)]
    monkeypatch.setattr("chromasonic.harmonization.hybrid.candidates", lambda _: few)
    steps, reward = steps_of_beats(melody.beats), Reward()
    totals = []
    for rows in product(*(range(len(set_)) for set_ in few)):
        path = Voicings.joined([set_[[row]] for set_, row in zip(few, rows, strict=True)])
        likely = PRIOR.log_likelihoods(steps, path.pitches[:, 1:]).sum()
        totals.append(reward.of_path(path, melody.beats) + 0.8 * float(likely))

    found = agent(0.8).harmonize(melody)

    assert found.reward + 0.8 * agent(0.8).log_likelihood(found) == pytest.approx(
        max(totals), abs=1e-3
    )


def test_more_trust_gives_more_likelihood_for_less_reward():
    search = JointSearch(PRIOR, TUNE)
    found = [search.best(trust) for trust in (0.0, 0.3, 1.0, 3.0)]
    rewards = [one.reward for one in found]
    likely = [agent(0).log_likelihood(one) for one in found]

    assert rewards == sorted(rewards, reverse=True)
    assert likely == sorted(likely)
    assert likely[-1] > likely[0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.floats(0.0, 3.0))
def test_within_reach_is_what_lies_on_a_path_nearly_as_good_as_the_best(seed, reach):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, 4)
    own = [rng.normal(size=size) for size in sizes]
    pairs = [rng.normal(size=(a, b)) for a, b in pairwise(sizes)]
    scores = {
        path: sum(own[s][n] for s, n in enumerate(path))
        + sum(pairs[s][path[s], path[s + 1]] for s in range(3))
        for path in product(*map(range, sizes))
    }
    best = max(scores.values())

    kept = within_reach(Lattice(own=own, pairs=lambda step: pairs[step]), reach)

    for step, size in enumerate(sizes):
        for node in range(size):
            through = max(score for path, score in scores.items() if path[step] == node)
            if abs(through - (best - reach)) > 1e-2:  # closer is decided by rounding
                assert kept[step][node] == (through >= best - reach)


def test_what_is_out_of_reach_is_not_weighed():
    near, far = JointSearch(PRIOR, TUNE, reach=2.0), JointSearch(PRIOR, TUNE, reach=np.inf)

    assert sum(map(len, near.sets)) < sum(map(len, far.sets)) / 2
    assert far.sets[0].pitches.shape == candidates(TUNE)[0].pitches.shape
    lattice = lattice_of(TUNE, sets=near.sets)
    assert max(own.max() for own in lattice.own) <= 0


def test_alternatives_are_new_and_each_is_worth_less_than_the_one_before():
    hybrid = agent(0.5, reach=8.0)

    found = hybrid.alternatives(TUNE, 3)

    sums = [one.reward + 0.5 * hybrid.log_likelihood(one) for one in found]
    assert len(found) == 3
    assert sums == sorted(sums, reverse=True)
    assert len({one.voicings.chord.tobytes() for one in found}) == 3


def test_the_seed_changes_nothing():
    assert np.array_equal(
        agent(0.5).harmonize(TUNE, seed=1).voicings.pitches,
        agent(0.5).harmonize(TUNE, seed=2).voicings.pitches,
    )


# The file.


@pytest.fixture
def model_file(tmp_path):
    model = HybridModel(
        beats=PRIOR,
        sixteenths=prior_of(network(90, memory=4)),
        trust=0.7,
        facts={"seed": 3},
    )
    return write_hybrid(tmp_path / "hybrid_model.npz", model)


def test_a_model_comes_back_as_it_was_rounded(model_file):
    model = read_hybrid(model_file)

    assert model.trust == 0.7
    assert model.facts["seed"] == 3
    assert model.sixteenths is not None
    assert model.sixteenths.memory == 4
    for name, weights in rounded(PRIOR).weights.items():
        assert np.array_equal(model.beats.weights[name], weights)
        assert np.abs(weights - PRIOR.weights[name]).max() < 2e-3


def test_an_agent_is_loaded_from_its_file(model_file):
    loaded = HybridAgent.load(model_file)

    assert loaded.trust == 0.7
    assert loaded.harmonize(TUNE).agent == "hybrid"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_cut_short_is_refused(model_file, share):
    content = model_file.read_bytes()
    model_file.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(CheckpointError, match="hybrid_model.npz.*Train it again"):
        read_hybrid(model_file)


def test_a_single_array_under_the_name_of_a_model_is_refused(model_file):
    with model_file.open("wb") as file:
        np.save(file, np.zeros(4))

    with pytest.raises(CheckpointError, match="no hybrid model, or damaged.*Train it again"):
        read_hybrid(model_file)


def test_objects_in_an_archive_are_never_unpickled(model_file):
    edited(model_file, **{"beats/out_bias": np.array([{"a": 1}], dtype=object)})

    with pytest.raises(CheckpointError, match="no hybrid model, or damaged") as caught:
        read_hybrid(model_file)
    assert "allow_pickle" not in str(caught.value)


def edited(path, **changes):
    """The archive with some entries replaced or (None) left out."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays.update(changes)
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})


def test_weights_that_were_edited_are_refused(model_file):
    with np.load(model_file) as archive:
        bias = archive["beats/out_bias"].copy()
    bias[0, 0] += 1
    edited(model_file, **{"beats/out_bias": bias})

    with pytest.raises(CheckpointError, match="checksum differs"):
        read_hybrid(model_file)


def test_a_weight_that_is_missing_is_refused(model_file):
    edited(model_file, **{"beats/out_bias": None})

    with pytest.raises(CheckpointError, match="checksum differs"):
        read_hybrid(model_file)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"format": 2}, "format 2; 1 is known"),
        ([1], "format 'list'; 1 is known"),
        ("no json", "no hybrid model"),
    ],
)
def test_a_file_of_another_version_is_refused(model_file, facts, message):
    text = facts if isinstance(facts, str) else json.dumps(facts)
    edited(model_file, facts=np.array(text))

    with pytest.raises(CheckpointError, match=message):
        read_hybrid(model_file)


@pytest.mark.parametrize("trust", [-1, "much", True, None, 1e999])
def test_a_trust_that_cannot_be_is_refused(model_file, trust):
    with np.load(model_file) as archive:
        facts = json.loads(str(archive["facts"]))
    edited(model_file, facts=np.array(json.dumps({**facts, "trust": trust})))

    with pytest.raises(CheckpointError, match="trust is"):
        read_hybrid(model_file)


def test_pickled_objects_are_refused(model_file):
    np.savez(model_file, facts=np.array([{"format": 1}], dtype=object))

    with pytest.raises(CheckpointError, match="no hybrid model"):
        read_hybrid(model_file)


def test_a_model_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="Cannot read .*No such file"):
        read_hybrid(tmp_path / "none.npz")


@pytest.mark.parametrize("name", ["trunk.weight", "encoder.weight_hh_l0", "before"])
def test_weights_of_another_shape_are_refused(tmp_path, name):
    weights = dict(PRIOR.weights)
    weights[name] = weights[name][..., :-1]
    model = HybridModel(beats=type(PRIOR)(weights), sixteenths=None, trust=1.0)

    with pytest.raises(CheckpointError, match=f"'{name}' has shape"):
        read_hybrid(write_hybrid(tmp_path / "hybrid_model.npz", model))


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    weights = {name: values.copy() for name, values in PRIOR.weights.items()}
    weights["into"][0, 0, 0] = np.nan
    model = HybridModel(beats=type(PRIOR)(weights), sixteenths=None, trust=1.0)

    with pytest.raises(CheckpointError, match="'into' holds numbers that are not finite"):
        read_hybrid(write_hybrid(tmp_path / "hybrid_model.npz", model))


def test_a_model_with_a_memory_cannot_be_that_of_the_beats(tmp_path):
    model = HybridModel(beats=prior_of(network(FEATURES, memory=3)), sixteenths=None, trust=1.0)

    with pytest.raises(CheckpointError, match="no network of first order"):
        read_hybrid(write_hybrid(tmp_path / "hybrid_model.npz", model))
