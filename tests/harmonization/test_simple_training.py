"""Training of the simple agent: it learns, it goes on exactly, and it leaves its files."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chromasonic.errors import CheckpointError, UsageError
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization import simple_training
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import FILES, read_metadata
from chromasonic.harmonization.reward_history import read_history
from chromasonic.harmonization.simple import SimpleAgent
from chromasonic.harmonization.simple_model import SimpleModel
from chromasonic.harmonization.simple_report import share_of_ceiling
from chromasonic.harmonization.simple_settings import SimpleSettings
from chromasonic.harmonization.simple_stage import Stages, shifts_of, transposed
from chromasonic.harmonization.simple_states import TABLES
from chromasonic.harmonization.simple_training import train_simple
from chromasonic.music.key import Key
from interruptions import ctrl_c_works

NAMES = FILES["simple"]
TUNES = {
    "G4 G4 F#4 E4 | D4 G4 A4 B4^ | B4 B4 B4 A4 | G4 C5 B4 A4^ | G4 A4 B4 A4 | G4 E4 F#4 G4": (
        Key("G", "major")
    ),
    "C5 C5 G5 G5 | A5 A5 G5:2^ | F5 F5 E5 E5 | D5 D5 C5:2": Key("C", "major"),
    "A4 C5 D5 E5 | F5 E5 D5 B4^ | G4 A4 B4 C5 | A4 A4 G#4 A4": Key("A", "minor"),
    "E4 E4 F4 G4 | G4 F4 E4 D4^ | C4 C4 D4 E4 | D4 C4 C4:2": Key("C", "major"),
}
FEW = SimpleSettings(episodes=60, seed=1, save_every=20, transposition=2)


@pytest.fixture(scope="module")
def melodies() -> list[Melody]:
    return [
        melody_of_tune(read_typed_notes(notes, key=key), key=key) for notes, key in TUNES.items()
    ]


def test_it_learns_to_plan_and_what_it_learnt_in_one_key_serves_in_others(
    melodies: list[Melody], tmp_path: Path
) -> None:
    settings = SimpleSettings(episodes=500, transposition=0, beats_ahead=0)
    trained = train_simple(melodies, settings=settings, folder=tmp_path)
    empty = SimpleModel(settings=settings, values={name: {} for name in TABLES})
    elsewhere = [transposed(melody, shift) for melody in melodies for shift in (-2, -1)]
    at_home = share_of_ceiling(trained.agent, melodies)
    before = share_of_ceiling(SimpleAgent(empty), elsewhere)
    after = share_of_ceiling(trained.agent, elsewhere)
    assert at_home["share of the ceiling"] > 0.99
    assert at_home["share of the optimum"] > 0.97
    assert before["share of the optimum"] < 0.65  # a step ahead and no table
    assert after["share of the optimum"] > 0.75
    assert after["share of the ceiling"] > 0.97 > before["share of the ceiling"]
    assert trained.rewards[-100:].mean() > trained.rewards[:100].mean()


def test_a_training_that_was_killed_goes_on_exactly(melodies: list[Melody], tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train_simple(melodies, settings=FEW, folder=whole)

    class Killed(Exception):
        pass

    def kill(done: int, total: int, reward: float) -> None:
        raise Killed

    with pytest.raises(Killed):  # told at 50 episodes; the checkpoint is of 40
        train_simple(melodies, settings=FEW, folder=broken, on_progress=kill)
    assert not (broken / NAMES.model).exists()
    train_simple(melodies, settings=FEW, folder=broken, resume=True)
    for name in (NAMES.model, NAMES.history, NAMES.checkpoint):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_a_training_that_is_stopped_keeps_every_episode_that_it_played(
    melodies: list[Melody], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of the seventh episode; nothing is due to be saved before the 20th."""
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train_simple(melodies, settings=FEW, folder=whole)
    learn, calls = simple_training._learn, iter(range(1, 99))

    def interrupted(*what: Any) -> None:
        if next(calls) == 7:
            signal.raise_signal(signal.SIGINT)
        learn(*what)

    with monkeypatch.context() as patch:
        patch.setattr(simple_training, "_learn", interrupted)
        with ctrl_c_works(), pytest.raises(KeyboardInterrupt):
            train_simple(melodies, settings=FEW, folder=stopped)
    assert len(json.loads((stopped / NAMES.checkpoint).read_text())["rewards"]) == 7
    train_simple(melodies, settings=FEW, folder=stopped, resume=True)
    for name in (NAMES.model, NAMES.history, NAMES.checkpoint):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes()


def test_the_same_seed_gives_the_same_model_and_another_another(
    melodies: list[Melody], tmp_path: Path
) -> None:
    models = []
    for number, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(number)
        settings = SimpleSettings(episodes=20, seed=seed)
        train_simple(melodies, settings=settings, folder=folder)
        models.append(json.loads((folder / NAMES.model).read_text())["tables"])
    assert models[0] == models[1] != models[2]


def test_a_training_leaves_the_files_of_the_models_directory(
    melodies: list[Melody], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    corpora = [{"name": "typed", "title": "Four tunes", "licence": "public domain"}]
    trained = train_simple(
        melodies,
        settings=FEW,
        folder=tmp_path,
        on_progress=lambda done, total, reward: told.append((done, total)),
        corpora=corpora,
    )
    assert told == [(50, 60), (60, 60)]
    assert {path.name for path in tmp_path.iterdir()} == {
        "simple_contrary_motion_model.json",
        "simple_contrary_motion_model.json.checkpoint",
        "simple_contrary_motion_model_metadata.json",
        "simple_contrary_motion_reward_history.npy",
        "simple_contrary_motion_reward_history.png",
    }
    history = read_history(tmp_path / NAMES.history)
    assert history.tolist() == trained.rewards.tolist()
    metadata = read_metadata(tmp_path, "simple")
    assert metadata.episodes == len(history) == 60
    assert metadata.average_reward == pytest.approx(history.mean())
    assert metadata.best_reward == pytest.approx(history.max())
    assert "mean reward a beat" in metadata.reward_definition
    assert metadata.measured["melodies"] == 4
    assert metadata.corpora == corpora


def test_a_new_training_archives_the_old_one(melodies: list[Melody], tmp_path: Path) -> None:
    train_simple(melodies, settings=FEW, folder=tmp_path)
    old = (tmp_path / NAMES.history).read_bytes()
    train_simple(melodies, settings=SimpleSettings(episodes=10, seed=5), folder=tmp_path)
    kept = list((tmp_path / "archive").glob("simple_contrary_motion_reward_history_*.npy"))
    assert [path.read_bytes() for path in kept] == [old]
    assert len(read_history(tmp_path / NAMES.history)) == 10


def test_a_finished_training_can_be_given_more_episodes(
    melodies: list[Melody], tmp_path: Path
) -> None:
    train_simple(melodies, settings=FEW, folder=tmp_path)
    more = SimpleSettings(episodes=80, seed=1, save_every=20, transposition=2)
    first = read_history(tmp_path / NAMES.history)
    train_simple(melodies, settings=more, folder=tmp_path, resume=True)
    history = read_history(tmp_path / NAMES.history)
    assert len(history) == 80
    np.testing.assert_array_equal(history[:60], first)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "JSON that breaks off"),
        (
            lambda text: text.replace('"version": 1', '"version": 9'),
            "version 9; this release",
        ),
        (lambda text: text.replace('"rewards": [', '"rewards": [1.5, '), "has been changed"),
        (lambda text: '{"format": "other"}', "no chromasonic simple contrary motion checkpoint"),
    ],
)
def test_a_damaged_checkpoint_is_refused(
    melodies: list[Melody], tmp_path: Path, damage, message: str
) -> None:
    path = tmp_path / NAMES.checkpoint
    train_simple(melodies[:1], settings=SimpleSettings(episodes=2), folder=tmp_path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(CheckpointError, match=message) as caught:
        train_simple(
            melodies[:1], settings=SimpleSettings(episodes=2), folder=tmp_path, resume=True
        )
    assert "Begin again without --resume" in str(caught.value)


def test_a_checkpoint_of_another_training_is_refused(
    melodies: list[Melody], tmp_path: Path
) -> None:
    train_simple(melodies[:2], settings=SimpleSettings(episodes=2), folder=tmp_path)
    with pytest.raises(CheckpointError, match=r"seed 0 \(now 4\)"):
        train_simple(
            melodies[:2],
            settings=SimpleSettings(episodes=4, seed=4),
            folder=tmp_path,
            resume=True,
        )
    with pytest.raises(CheckpointError, match="other melodies"):
        train_simple(
            melodies[:3], settings=SimpleSettings(episodes=4), folder=tmp_path, resume=True
        )


def test_without_a_checkpoint_resuming_begins(melodies: list[Melody], tmp_path: Path) -> None:
    trained = train_simple(
        melodies, settings=SimpleSettings(episodes=3), folder=tmp_path, resume=True
    )
    assert len(trained.rewards) == 3


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no melody"):
        train_simple([], settings=SimpleSettings(episodes=3), folder=tmp_path)


def test_melodies_are_moved_within_the_soprano_and_no_further(melodies: list[Melody]) -> None:
    # C5 to A5 is the second tune: it may go down by an octave and not up.
    assert shifts_of(melodies[1].beats, 5) == [-5, -4, -3, -2, -1, 0]
    assert shifts_of(melodies[1].beats, 0) == [0]
    moved = transposed(melodies[1], -3)
    assert moved.beats.pitch.max() == 78
    assert moved.beats.tonic.tolist() == [9] * len(moved)
    assert moved.beats.tones[0].argmax() == 9


def test_other_melodies_have_another_fingerprint(melodies: list[Melody]) -> None:
    once = Stages(melodies, 0).fingerprint()
    assert once == Stages(melodies, 3).fingerprint()
    assert once != Stages(melodies[::-1], 0).fingerprint()
    assert once != Stages([*melodies[:3], transposed(melodies[3], 1)], 0).fingerprint()
