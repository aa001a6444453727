"""A small hybrid training leaves what the specification names, learns, and resumes exactly."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from made_up_priors import chorale, network, prior_of

from chromasonic.errors import CheckpointError, ConfigError, DataError
from chromasonic.harmonization import hybrid_results
from chromasonic.harmonization.agents import load_agent
from chromasonic.harmonization.bach import melody_of_chorale
from chromasonic.harmonization.hybrid_choice import TRUSTS, choose_trust
from chromasonic.harmonization.hybrid_file import read_hybrid
from chromasonic.harmonization.hybrid_settings import HybridSettings
from chromasonic.harmonization.hybrid_training import train_hybrid
from chromasonic.harmonization.models_directory import FILES, read_metadata, rules_fingerprint
from chromasonic.harmonization.prior_baselines import CountBaseline, HoldBaseline
from chromasonic.harmonization.prior_features import steps_of_beats
from chromasonic.harmonization.prior_training import examples_on_sixteenths
from chromasonic.harmonization.reward_history import read_history

TRAINING = [
    chorale("I", "IV", "V", "I", id="made-up/1"),
    chorale("I", "vi", "ii", "V", "I", id="made-up/2"),
    chorale("I", "IV", "i6", "V", "I", id="made-up/3", by=-2),
]
VALIDATION = [chorale("I", "vi", "IV", "V", "I", id="made-up/4", by=1)]
SETTINGS = HybridSettings(
    beats_epochs=3, sixteenths_epochs=2, encoder=6, hidden=8, memory=4,
    beats_batch_size=2, sixteenths_batch_size=2,
    episodes=12, melodies=1, samples=4, checkpoint_every=1, trust=0.5,
)  # fmt: skip


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    rounds = []
    result = train_hybrid(
        TRAINING,
        VALIDATION,
        settings=SETTINGS,
        folder=folder,
        on_progress=lambda done, total, value: rounds.append((done, total, value)),
    )
    return folder, result, rounds


@pytest.fixture(autouse=True)
def no_folk_tunes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`trained` compares its methods on all named melodies; later trainings on a chorale alone."""
    monkeypatch.setattr(hybrid_results, "FOLK_TUNES", {})


def test_the_files_of_the_specification_are_there(trained):
    folder, _, _ = trained
    names = FILES["hybrid"]

    for name in (names.model, names.checkpoint, names.history, names.metadata, names.results):
        assert (folder / name).is_file(), name
    assert (folder / names.model).name == "hybrid_model.npz"
    assert (folder / names.results).name == "hybrid_model_test_results.json"


def test_the_history_holds_one_number_an_episode(trained):
    folder, result, _ = trained
    history = read_history(folder / FILES["hybrid"].history)

    assert history.dtype == np.float64
    assert history.tolist() == result.history
    assert len(history) == 12
    assert (history <= 0).all()


def test_the_metadata_says_what_was_trained_on_what(trained):
    folder, result, _ = trained
    metadata = read_metadata(folder, "hybrid")

    assert metadata == result.metadata
    assert metadata.episodes == 12
    assert metadata.average_reward == pytest.approx(np.mean(result.history))
    assert metadata.best_reward == max(result.history)
    assert metadata.rules == rules_fingerprint()
    assert metadata.settings["beats_epochs"] == 3
    assert metadata.measured["trust"] == 0.5
    assert metadata.measured["validation_share_of_ceiling"] <= 1


def test_the_results_compare_each_method_on_named_melodies(trained):
    folder, _, _ = trained
    results = json.loads((folder / FILES["hybrid"].results).read_text())
    methods = {"exact", "hybrid", "prior alone", "tuned alone"}

    assert results["melodies"][0]["melody"] == "made-up/4"
    for row in results["melodies"]:
        assert methods <= row["methods"].keys()
        assert row["methods"]["exact"]["share_of_ceiling"] == 1
        assert row["methods"]["exact"]["reward"] >= row["methods"]["hybrid"]["reward"] - 1e-3
        likely = {name: row["methods"][name]["log_likelihood"] for name in methods}
        assert likely["prior alone"] >= likely["hybrid"] - 1e-3 >= likely["exact"] - 2e-3
    assert "Bach" in results["melodies"][0]["methods"]
    assert results["best"]["reward"] == "exact"
    assert results["best"]["log_likelihood"] == "prior alone"


def test_the_trained_agent_is_loaded_by_its_name(trained):
    folder, result, _ = trained
    melody = melody_of_chorale(VALIDATION[0])

    loaded = load_agent("hybrid", folder).harmonize(melody)

    assert np.array_equal(loaded.voicings.pitches, result.agent.harmonize(melody).voicings.pitches)


def test_progress_counts_all_rounds(trained):
    _, _, rounds = trained

    assert [done for done, _, _ in rounds] == list(range(1, 9))  # 3 + 2 epochs, 3 updates
    assert {total for _, total, _ in rounds} == {8}
    assert all(value < 0 for _, _, value in rounds)


@pytest.mark.parametrize("killed_after", [1, 4, 6])
def test_a_training_killed_and_resumed_equals_an_uninterrupted_one(trained, tmp_path, killed_after):
    whole, _, _ = trained

    def kill(done: int, *_: float) -> None:
        if done == killed_after:
            raise Killed

    with pytest.raises(Killed):
        train_hybrid(TRAINING, VALIDATION, settings=SETTINGS, folder=tmp_path, on_progress=kill)
    train_hybrid(TRAINING, VALIDATION, settings=SETTINGS, folder=tmp_path, resume=True)

    ours, theirs = (read_hybrid(folder / FILES["hybrid"].model) for folder in (tmp_path, whole))
    assert ours.sixteenths is not None
    assert theirs.sixteenths is not None
    for name, values in theirs.beats.weights.items():
        assert np.array_equal(ours.beats.weights[name], values)
    for name, values in theirs.sixteenths.weights.items():
        assert np.array_equal(ours.sixteenths.weights[name], values)
    names = FILES["hybrid"]
    assert (tmp_path / names.history).read_bytes() == (whole / names.history).read_bytes()


def test_another_seed_gives_another_model(trained, tmp_path):
    _, result, _ = trained
    settings = dataclasses.replace(SETTINGS, seed=1, episodes=0, sixteenths_epochs=0)

    other = train_hybrid(TRAINING, VALIDATION, settings=settings, folder=tmp_path)

    assert other.history == []
    assert other.sixteenths is None
    assert read_hybrid(tmp_path / FILES["hybrid"].model).sixteenths is None
    assert not np.array_equal(
        other.agent.prior.weights["trunk.weight"], result.agent.prior.weights["trunk.weight"]
    )


def test_a_new_training_keeps_the_old_one_in_the_archive(tmp_path):
    settings = dataclasses.replace(SETTINGS, sixteenths_epochs=0, episodes=4)
    train_hybrid(TRAINING, VALIDATION, settings=settings, folder=tmp_path)
    before = (tmp_path / FILES["hybrid"].history).read_bytes()

    train_hybrid(
        TRAINING, VALIDATION, settings=dataclasses.replace(settings, seed=3), folder=tmp_path
    )

    kept = [path.read_bytes() for path in (tmp_path / "archive").glob("hybrid_reward_history*")]
    assert before in kept


def test_a_resumed_training_of_other_rules_is_refused(trained, tmp_path, monkeypatch):
    folder, _, _ = trained
    checkpoint = FILES["hybrid"].checkpoint
    for path in (folder / "hybrid_training").iterdir():
        (tmp_path / "hybrid_training").mkdir(exist_ok=True)
        (tmp_path / "hybrid_training" / path.name).write_bytes(path.read_bytes())
    (tmp_path / checkpoint).write_bytes((folder / checkpoint).read_bytes())
    monkeypatch.setattr(
        "chromasonic.harmonization.hybrid_tuning.rules_fingerprint", lambda: "other rules"
    )

    with pytest.raises(CheckpointError, match="another rules"):
        train_hybrid(TRAINING, VALIDATION, settings=SETTINGS, folder=tmp_path, resume=True)


def test_the_prior_learns_two_chorales_by_heart(tmp_path):
    settings = dataclasses.replace(
        SETTINGS, beats_epochs=60, sixteenths_epochs=0, episodes=0, hidden=24, beats_dropout=0.0,
        learning_rate=0.02, average_decay=0.5, weight_decay=0.0, encoder=12,
    )  # fmt: skip

    result = train_hybrid(TRAINING[:2], TRAINING[:2], settings=settings, folder=tmp_path)

    assert result.beats.train_losses[0] > 2.0
    assert result.beats.best_val_loss < 0.2


def test_the_most_trust_that_keeps_the_share_is_chosen():
    steps = steps_of_beats(melody_of_chorale(VALIDATION[0]).beats)
    prior = prior_of(network(steps.features.shape[1], scale=2.0))  # of chance, and sure of itself
    anything, most = (
        dataclasses.replace(SETTINGS, trust=0.0, least_share=share) for share in (-100.0, 1.0)
    )

    loose, strict = (choose_trust(prior, VALIDATION, one) for one in (anything, most))

    assert loose.trust == max(TRUSTS)
    assert strict.trust == min(TRUSTS)  # none keeps the whole ceiling
    assert 1 > strict.share > loose.share


def test_without_chorales_there_is_nothing_to_learn(tmp_path):
    with pytest.raises(DataError, match="validation part has no chorale"):
        train_hybrid(TRAINING, [], settings=SETTINGS, folder=tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("samples", 1), ("divergence", 0.0), ("beats_dropout", 1.0), ("trust", -0.1), ("seed", -1)],
)
def test_settings_that_cannot_be_are_refused(field, value):
    with pytest.raises(ConfigError, match=f"{field} is {value}; allowed"):
        HybridSettings(**{field: value})


# The baselines of the likelihood protocol.

EXAMPLES = [examples_on_sixteenths(one, in_all_keys=False)[0] for one in TRAINING]


def test_holding_counts_how_often_voices_stay():
    fitted = HoldBaseline.fit(EXAMPLES)
    moving = examples_on_sixteenths(chorale("I", "IV"), in_all_keys=False)[0]

    assert (fitted.stays[:, 0] > 0.8).all()
    nats = -fitted.log_likelihoods(moving)
    assert nats[5:].max() < 0.3 < nats[4, 0]  # at step 4 the alto moves under a held soprano


@pytest.mark.parametrize("fit", [HoldBaseline.fit, CountBaseline.fit])
def test_the_baselines_give_all_pitches_together_the_probability_1(fit):
    fitted = fit(EXAMPLES)
    example = EXAMPLES[0]
    total = np.zeros(3)
    for choice in range(36):
        lower = example.lower.copy()
        lower[-1] = np.where(choice == 0, -1, np.array([47, 42, 33]) + choice - 1)
        total += np.exp(fitted.log_likelihoods(dataclasses.replace(example, lower=lower))[-1])

    assert np.allclose(total, 1)


def test_counts_know_more_than_holding():
    hold = -np.mean([HoldBaseline.fit(EXAMPLES).log_likelihoods(one).mean() for one in EXAMPLES])
    count = -np.mean([CountBaseline.fit(EXAMPLES).log_likelihoods(one).mean() for one in EXAMPLES])

    assert count < hold
