"""The advanced agent learns, and a training that was cut goes on as if it never had been."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_melodies import melody_of

from chromasonic.errors import CheckpointError, ConfigError, UsageError
from chromasonic.harmonization import advanced_training
from chromasonic.harmonization.advanced import AdvancedAgent
from chromasonic.harmonization.advanced_settings import AdvancedSettings
from chromasonic.harmonization.advanced_training import AdvancedTraining, train_advanced
from chromasonic.harmonization.baselines import expected_random_reward, harmonize_by_first_chord
from chromasonic.harmonization.exact import harmonize_exactly
from chromasonic.harmonization.models_directory import FILES, read_metadata
from chromasonic.harmonization.reward_history import read_history
from interruptions import ctrl_c_works

NAMES = FILES["advanced"]
TUNES = (
    [67, 67, 69, 67, 72, 71, 72, 67, 69, 67, 65, 64, 62, 64, 62, 60],
    [64, 65, 67, 72, 71, 69, 67, 67, 65, 64, 62, 67, 65, 64, 62, 60],
    [72, 71, 69, 67, 69, 71, 72, 72, 74, 72, 71, 69, 67, 65, 62, 60],
    [60, 62, 64, 65, 67, 69, 67, 67, 72, 71, 69, 67, 65, 64, 62, 60],
)
UNHEARD = [67, 65, 64, 62, 64, 65, 67, 67, 69, 71, 72, 67, 65, 64, 62, 60]
QUICK = AdvancedSettings(episodes=24, at_once=4, least_visits=1, checkpoint_every=8, seed=3)


def tune(pitches: list[int], shift: int = 0):
    return melody_of([pitch + shift for pitch in pitches], tonic=shift % 12, phrase_ends=[7])


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[AdvancedTraining, Path]:
    folder = tmp_path_factory.mktemp("models")
    settings = AdvancedSettings(episodes=640, at_once=16, seed=1, least_visits=2)
    melodies = [tune(pitches, shift) for pitches in TUNES for shift in (0, 2)]
    return train_advanced(melodies, settings=settings, folder=folder), folder


def share(agent: AdvancedAgent, melody) -> float:
    random = expected_random_reward(melody)
    return (agent.harmonize(melody).reward - random) / (harmonize_exactly(melody).reward - random)


def untaught(looked_at: int = 1) -> AdvancedAgent:
    from chromasonic.harmonization.advanced_context import first_rows

    return AdvancedAgent(np.zeros(int(first_rows()[-1])), discount=0.8, looked_at=looked_at)


def test_training_leaves_the_files_of_the_specification(trained):
    _, folder = trained
    left = {path.name for path in folder.iterdir()}
    assert {
        "advanced_harmonization_model.json", "advanced_harmonization_model.json.checkpoint",
        "reward_history.npy", "model_metadata.json",
    } <= left  # fmt: skip
    history = read_history(folder / "reward_history.npy")
    metadata = read_metadata(folder, "advanced")
    assert len(history) == metadata.episodes == 640
    assert metadata.average_reward == pytest.approx(history.mean())
    assert metadata.best_reward == pytest.approx(history.max())


def test_rewards_rise_over_the_training(trained):
    history = trained[0].history
    assert history[-160:].mean() > history[:160].mean() + 0.2


def test_it_beats_the_baselines_on_a_tune_and_in_a_key_that_it_has_not_met(trained):
    melody = tune(UNHEARD, shift=5)
    found = trained[0].agent.harmonize(melody)
    assert found.agent == "advanced"
    assert found.reward > harmonize_by_first_chord(melody).reward
    assert share(trained[0].agent, melody) > 0.9


def test_what_was_learned_is_better_than_an_empty_table(trained):
    table = trained[0].table.values.mean(0)
    melodies = [tune(pitches, shift) for pitches in (*TUNES, UNHEARD) for shift in (0, 5)]
    learned, empty = (
        sum(agent.harmonize(melody).reward for melody in melodies)
        for agent in (AdvancedAgent(table, discount=0.8, looked_at=1), untaught())
    )
    assert learned > empty


def test_a_look_one_beat_ahead_helps(trained):
    table = trained[0].table.values.mean(0)
    melodies = [tune(pitches, shift) for pitches in (*TUNES, UNHEARD) for shift in (0, 5)]
    far, near = (
        sum(
            AdvancedAgent(table, discount=0.8, looked_at=count).harmonize(melody).reward
            for melody in melodies
        )
        for count in (8, 1)
    )
    assert far > near


@pytest.mark.parametrize("pitches", [[69, 67, 71, 72], [72, 71, 69, 67]])
def test_a_small_optimum_is_reached_by_the_table_alone(tmp_path, pitches):
    melody = melody_of(pitches)
    settings = AdvancedSettings(
        episodes=480, at_once=16, discount=1.0, temperature=1.0, caution=2.0, memory=20, seed=0
    )
    table = train_advanced([melody], settings=settings, folder=tmp_path).table
    best = harmonize_exactly(melody).reward
    found = AdvancedAgent(table.values.mean(0), discount=1.0, looked_at=1).harmonize(melody).reward
    assert found == pytest.approx(best, abs=1e-4)
    assert untaught().harmonize(melody).reward < best - 1


def test_the_same_seed_gives_the_same_files_and_another_seed_others(tmp_path):
    melodies = [tune(TUNES[0])]
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        train_advanced(melodies, settings=replace(QUICK, seed=seed), folder=tmp_path / name)
    one, two, three = (
        (tmp_path / name / NAMES.history).read_bytes() for name in ("one", "two", "three")
    )
    assert one == two != three
    models = [(tmp_path / name / NAMES.model).read_bytes() for name in ("one", "two")]
    assert models[0] == models[1]


class Killed(Exception):
    """Stands for a kill signal."""


def killed_at(episodes: int, melodies, folder: Path, settings: AdvancedSettings) -> None:
    def kill(done: int, total: int, reward: float) -> None:
        if done >= episodes:
            raise Killed

    with pytest.raises(Killed):
        train_advanced(melodies, settings=settings, folder=folder, on_progress=kill)


@pytest.mark.parametrize("is_double", [True, False])
def test_killed_and_resumed_is_the_same_as_uninterrupted(tmp_path, is_double):
    melodies, settings = [tune(TUNES[0]), tune(TUNES[1])], replace(QUICK, is_double=is_double)
    train_advanced(melodies, settings=settings, folder=tmp_path / "whole")
    killed_at(12, melodies, tmp_path / "cut", settings)  # the checkpoint is of episode 8
    assert not (tmp_path / "cut" / NAMES.model).exists()
    train_advanced(melodies, settings=settings, folder=tmp_path / "cut", resume=True)
    for name in (NAMES.model, NAMES.checkpoint, NAMES.history):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_training_that_is_stopped_keeps_every_episode_that_it_played(tmp_path, monkeypatch):
    """Ctrl-C in the middle of a round of four; the next checkpoint would be due at eight."""
    melodies = [tune(pitches) for pitches in TUNES]
    train_advanced(melodies, settings=QUICK, folder=tmp_path / "whole")
    real = advanced_training._lessons

    def interrupted(*what):
        signal.raise_signal(signal.SIGINT)
        return real(*what)

    with monkeypatch.context() as patch:
        halves = iter((interrupted, real))
        patch.setattr(advanced_training, "_lessons", lambda *what: next(halves)(*what))
        with ctrl_c_works(), pytest.raises(KeyboardInterrupt):
            train_advanced(melodies, settings=QUICK, folder=tmp_path / "cut")
    stopped = json.loads((tmp_path / "cut" / NAMES.checkpoint).read_text())
    assert len(stopped["history"]) == 4
    train_advanced(melodies, settings=QUICK, folder=tmp_path / "cut", resume=True)
    for name in (NAMES.model, NAMES.history, NAMES.checkpoint):
        ours, theirs = ((tmp_path / one / name).read_bytes() for one in ("whole", "cut"))
        assert ours == theirs


def test_a_training_that_is_over_changes_nothing_when_resumed(tmp_path):
    melodies = [tune(TUNES[0])]
    train_advanced(melodies, settings=QUICK, folder=tmp_path)
    before = (tmp_path / NAMES.model).read_bytes()
    again = train_advanced(melodies, settings=QUICK, folder=tmp_path, resume=True)
    assert (tmp_path / NAMES.model).read_bytes() == before
    assert len(again.history) == QUICK.episodes


def test_a_training_that_is_over_goes_on_with_more_episodes(tmp_path):
    melodies = [tune(TUNES[0])]
    first = train_advanced(melodies, settings=QUICK, folder=tmp_path)
    longer = replace(QUICK, episodes=QUICK.episodes + 8)
    second = train_advanced(melodies, settings=longer, folder=tmp_path, resume=True)
    assert len(second.history) == second.metadata.episodes == QUICK.episodes + 8
    np.testing.assert_array_equal(second.history[: QUICK.episodes], first.history)
    assert second.table.visits.sum() > first.table.visits.sum()


def test_resuming_what_never_began_begins(tmp_path):
    training = train_advanced([tune(TUNES[0])], settings=QUICK, folder=tmp_path, resume=True)
    assert len(training.history) == QUICK.episodes


@pytest.fixture(scope="module")
def quickly_trained(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("quickly")
    train_advanced([tune(TUNES[0])], settings=QUICK, folder=folder)
    return folder


@pytest.fixture
def checkpoint(quickly_trained, tmp_path) -> Path:
    """Of a training that is over; in a folder of its own, to be changed."""
    shutil.copytree(quickly_trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / NAMES.checkpoint


def resumed(checkpoint: Path, settings: AdvancedSettings = QUICK, pitches=TUNES[0]):
    return train_advanced([tune(pitches)], settings=settings, folder=checkpoint.parent, resume=True)


def test_a_checkpoint_of_other_settings_is_refused(checkpoint):
    with pytest.raises(CheckpointError, match=r"other settings \(discount 0.7, now 0.5\)"):
        resumed(checkpoint, replace(QUICK, discount=0.5))


def test_a_checkpoint_of_other_melodies_is_refused(checkpoint):
    with pytest.raises(CheckpointError, match="other melodies"):
        resumed(checkpoint, pitches=TUNES[1])


def test_a_checkpoint_cut_in_half_is_refused(checkpoint):
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="breaks off"):
        resumed(checkpoint)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 0}, "has version 0; this release reads 1"),
        ({"version": 99}, "has version 99; this release reads 1"),
        ({"format": "something else"}, "its format is 'something else'"),
        ({"history": [0.0]}, "has been changed since it was written"),
        ({"rules": "of another time"}, "has been changed since it was written"),
    ],
)
def test_a_checkpoint_of_another_version_or_changed_is_refused(checkpoint, changes, message):
    content = json.loads(checkpoint.read_text()) | changes
    checkpoint.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=message):
        resumed(checkpoint)


def test_a_checkpoint_of_other_rules_is_refused(checkpoint, monkeypatch):
    monkeypatch.setattr(
        "chromasonic.harmonization.advanced_checkpoint.rules_fingerprint", lambda: "others"
    )
    with pytest.raises(CheckpointError, match="other rules"):
        resumed(checkpoint)


def test_a_new_training_keeps_the_old_history_by_its_date(tmp_path):
    melodies = [tune(TUNES[0])]
    train_advanced(melodies, settings=QUICK, folder=tmp_path)
    old = (tmp_path / NAMES.history).read_bytes()
    train_advanced(melodies, settings=replace(QUICK, seed=9), folder=tmp_path)
    archived = list((tmp_path / "archive").glob("reward_history_*.npy"))
    assert [path.read_bytes() for path in archived] == [old]


def test_without_a_melody_there_is_nothing_to_learn(tmp_path):
    with pytest.raises(UsageError, match="no melody"):
        train_advanced([], settings=QUICK, folder=tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"episodes": 0}, {"at_once": 0}, {"discount": 1.5}, {"trace": -0.1}, {"seed": -1},
        {"memory": 0}, {"caution": -1.0}, {"last_temperature": 0.0}, {"exploration": 2.0},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong):
    [name] = wrong
    with pytest.raises(ConfigError, match=name.removeprefix("last_")):
        AdvancedSettings(**wrong)
