"""Fine-tuning climbs the right gradient, keeps its bound, learns, and resumes exactly."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest
import torch
from made_up_priors import network, prior_of
from small_melodies import melody_of

from chromasonic.errors import CheckpointError, TrainingError
from chromasonic.harmonization.exact import n_best
from chromasonic.harmonization.hybrid_settings import HybridSettings
from chromasonic.harmonization.hybrid_tuning import fine_tune
from chromasonic.harmonization.policy_gradient import (
    Choice,
    FineTuning,
    Price,
    Samples,
    Task,
    log_probabilities,
    objective,
    rewards_of,
    sample,
)
from chromasonic.harmonization.prior_features import steps_of_beats
from chromasonic.harmonization.prior_frames import NONE
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

TUNE = melody_of([67, 69, 71, 72])
FEATURES = steps_of_beats(TUNE.beats).features.shape[1]


def thinned(melody, most: int) -> Task:
    """The task of a melody with a few voicings a beat."""
    task = Task.of(melody)
    rng = np.random.default_rng(0)
    few = [
        Choice.of(one.voicings[np.sort(rng.permutation(len(one.voicings))[:most])])
        for one in task.choices
    ]
    return dataclasses.replace(task, choices=few)


def test_the_policy_is_the_prior_over_admissible_voicings():
    made = network(FEATURES)
    task, prior = Task.of(TUNE), prior_of(network(FEATURES))
    context = made.context(torch.from_numpy(task.steps.features)[None])[0]
    before = task.choices[0].lower[:6]

    ours = log_probabilities(made, context[1], task.choices[1], before, 69, 0).detach().numpy()

    all_pairs = prior.of_all_pairs(
        prior.context(task.steps)[1], 69, 0, before.numpy(), task.choices[1].lower.numpy()
    )
    expected = np.exp(all_pairs - task.choices[1].names.numpy())
    assert ours.shape == (6, len(task.choices[1].voicings))
    assert np.allclose(np.exp(ours), expected / expected.sum(1, keepdims=True), atol=1e-5)


def test_pitches_that_spell_several_chords_share_their_likelihood():
    one, other = (Voicings.of([[72, 67, 64, 48]], chord, 0) for chord in (0, 1))
    choice = Choice.of(Voicings.joined([one, other, Voicings.of([[72, 69, 65, 53]], 0, 0)]))

    assert np.allclose(choice.names.numpy(), [np.log(2), np.log(2), 0.0])


def test_rewards_of_samples_add_up_to_the_reward_of_the_path():
    task = Task.of(TUNE)
    nodes = np.random.default_rng(0).integers(0, 40, (5, len(TUNE)))

    found = rewards_of(task, nodes, Reward())

    for row, rewards in zip(nodes, found, strict=True):
        path = Voicings.joined(
            [choice.voicings[[node]] for choice, node in zip(task.choices, row, strict=True)]
        )
        assert rewards.sum() == pytest.approx(Reward().of_path(path, TUNE.beats))


def test_the_gradient_is_that_of_the_expected_reward_less_the_price_of_divergence():
    task = thinned(melody_of([67, 72]), most=4)
    made, prior = network(FEATURES, seed=1), prior_of(network(FEATURES, seed=2))
    price, parameters = 0.7, list(made.parameters())

    # Exactly: all sixteen paths, each with its probability, divergences after each choice.
    context = made.context(torch.from_numpy(task.steps.features)[None])[0]
    theirs = prior.context(task.steps)
    wheres = [(int(task.steps.soprano[t]), int(task.steps.tonic[t])) for t in (0, 1)]

    def choices(beat, before):
        ours = log_probabilities(made, context[beat], task.choices[beat], before, *wheres[beat])
        logs = prior.of_all_pairs(
            theirs[beat], *wheres[beat], before.numpy(), task.choices[beat].lower.numpy()
        )
        from_prior = (torch.from_numpy(logs) - task.choices[beat].names).log_softmax(-1)
        return ours, (ours.exp() * (ours - from_prior)).sum(-1)

    first, first_divergence = choices(0, torch.full((1, 3), NONE))
    second, second_divergence = choices(1, task.choices[0].lower)
    paths = list(product(range(4), range(4)))
    rewards = rewards_of(task, np.array(paths), Reward()).sum(1)
    expected = -price * first_divergence[0]
    for (a, b), reward in zip(paths, rewards, strict=True):
        expected = expected + first[0, a].exp() * second[a, b].exp() * float(reward)
    expected = expected - price * (first[0].exp() * second_divergence).sum()
    exactly = torch.cat([g.ravel() for g in torch.autograd.grad(expected / 2, parameters)])

    found = sample(made, prior, task, 6000, torch.Generator().manual_seed(0))
    sampled = torch.cat(
        [g.ravel() for g in torch.autograd.grad(objective(found, price), parameters)]
    )

    assert torch.cosine_similarity(exactly, sampled, dim=0) > 0.98
    assert 0.9 < sampled.norm() / exactly.norm() < 1.1


def test_a_single_sample_has_nothing_to_be_compared_with():
    alone = Samples(
        nodes=np.zeros((1, 2), np.int64),
        log_policy=torch.zeros(1, 2),
        divergence=torch.zeros(1, 2),
        rewards=np.zeros((1, 2)),
    )
    with pytest.raises(TrainingError, match="Draw 2 or more"):
        objective(alone, 1.0)


FEW = thinned(TUNE, most=30)


def tuned(bound: float, updates: int, rate: float = 0.02) -> FineTuning:
    made = network(FEATURES, scale=0.3)
    tuning = FineTuning(
        network=made,
        prior=prior_of(network(FEATURES, scale=0.3)),
        optimizer=torch.optim.Adam(made.parameters(), lr=rate),
        price=Price(bound=bound),
        generator=torch.Generator().manual_seed(0),
    )
    for _ in range(updates):
        tuning.update([FEW], 16)
    return tuning


def test_it_learns_the_rules():
    tuning = tuned(bound=20.0, updates=40)
    sets = [choice.voicings for choice in FEW.choices]
    ceiling = n_best(TUNE, 1, sets=sets)[0].reward / len(TUNE)
    begun, ended = np.mean(tuning.history[:80]), np.mean(tuning.history[-80:])

    assert len(tuning.history) == 40 * 16
    assert (ended - begun) > 0.6 * (ceiling - begun)


def test_a_close_bound_keeps_it_near_the_prior():
    close, loose = tuned(bound=0.05, updates=30), tuned(bound=20.0, updates=30)

    assert np.mean(close.divergences[-10:]) < 0.5
    assert np.mean(loose.divergences[-10:]) > 1.0
    assert close.price.value > 1.0 > loose.price.value


def test_the_price_rises_above_the_bound_and_falls_below_it():
    price = Price(bound=0.5, value=1.0, step=0.1)

    price.update(5.0)
    assert price.value == pytest.approx(np.exp(0.1))
    price.update(0.45)
    assert price.value == pytest.approx(np.exp(0.1 - 0.03))
    for _ in range(100):
        price.update(0.0)
    assert price.value == price.least


def test_samples_follow_the_seed():
    task, prior = Task.of(TUNE), prior_of(network(FEATURES))
    first, again, other = (
        sample(network(FEATURES), prior, task, 8, torch.Generator().manual_seed(seed)).nodes
        for seed in (1, 1, 2)
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


# From checkpoint to checkpoint.

SETTINGS = HybridSettings(episodes=32, melodies=2, samples=4, checkpoint_every=2, tuning_rate=0.01)
MELODIES = [TUNE, melody_of([60, 62, 64]), melody_of([72, 71, 72])]


def weights_of(made) -> dict[str, np.ndarray]:
    return {name: w.numpy().copy() for name, w in made.state_dict().items()}


class Killed(Exception):
    pass


@pytest.mark.parametrize(
    ("how", "after", "goes_on_with"),
    [(Killed, 1, 1), (Killed, 3, 3), (KeyboardInterrupt, 1, 2), (KeyboardInterrupt, 3, 4)],
)
def test_killed_or_stopped_and_resumed_equals_uninterrupted(tmp_path, how, after, goes_on_with):
    """A checkpoint is due after every second update; one that is stopped is saved at once."""
    whole = fine_tune(network(FEATURES), MELODIES, settings=SETTINGS, checkpoint=tmp_path / "whole")

    def kill(done: int, _: float) -> None:
        if done == after:
            raise how

    with pytest.raises(how):
        fine_tune(
            network(FEATURES),
            MELODIES,
            settings=SETTINGS,
            checkpoint=tmp_path / "part",
            on_update=kill,
        )
    told: list[int] = []
    resumed = fine_tune(
        network(FEATURES), MELODIES, settings=SETTINGS, checkpoint=tmp_path / "part", resume=True,
        on_update=lambda done, _: told.append(done),
    )  # fmt: skip

    assert told[0] == goes_on_with
    assert len(whole.history) == 32
    assert resumed.history == whole.history
    assert resumed.divergences == whole.divergences
    for name, values in weights_of(whole.network).items():
        assert np.array_equal(values, weights_of(resumed.network)[name])
        assert name.startswith("past") or not np.array_equal(
            values, weights_of(network(FEATURES))[name]
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [({"tuning_rate": 0.5}, "another settings"), ({"seed": 9}, "another settings")],
)
def test_other_settings_are_not_resumed(tmp_path, change, message):
    path = tmp_path / "checkpoint"
    fine_tune(network(FEATURES), MELODIES, settings=SETTINGS, checkpoint=path)

    with pytest.raises(CheckpointError, match=message):
        fine_tune(
            network(FEATURES),
            MELODIES,
            settings=dataclasses.replace(SETTINGS, **change),
            checkpoint=path,
            resume=True,
        )


def test_another_prior_or_other_melodies_are_not_resumed(tmp_path):
    path = tmp_path / "checkpoint"
    fine_tune(network(FEATURES), MELODIES, settings=SETTINGS, checkpoint=path)

    with pytest.raises(CheckpointError, match="another prior"):
        fine_tune(
            network(FEATURES, seed=5), MELODIES, settings=SETTINGS, checkpoint=path, resume=True
        )
    with pytest.raises(CheckpointError, match="another melodies"):
        fine_tune(network(FEATURES), MELODIES[:2], settings=SETTINGS, checkpoint=path, resume=True)


def test_no_episodes_leave_the_prior_as_it_was(tmp_path):
    made = network(FEATURES)
    settings = dataclasses.replace(SETTINGS, episodes=0)

    done = fine_tune(made, MELODIES, settings=settings, checkpoint=tmp_path / "checkpoint")

    assert done.history == []
    for name, values in weights_of(network(FEATURES)).items():
        assert np.array_equal(values, weights_of(done.network)[name])
