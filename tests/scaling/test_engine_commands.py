"""`--engine ray` as a user types it, and what is refused before anything begins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_trainings import are_equal_to_the_last_bit, melody_recipe
from typer.testing import CliRunner, Result

from chromasonic import files
from chromasonic.cli.app import app
from chromasonic.config import to_toml
from chromasonic.melody_generation.recipe import recipe_to_dict
from chromasonic.registry.tracking import Tracker
from chromasonic.scaling.engine import cpu_count


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize("command", [("train", "melody"), ("train", "companion"),
                                     ("train", "gesture"), ("tune", "melody")])  # fmt: skip
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--engine", "dask"), "'dask' is no engine; known: local, ray"),
        (("--engine", "ray", "--workers", "0"), "--workers is 0; allowed: 1 or more"),
        (("--engine", "ray", "--workers", cpu_count() + 1), f"this machine has {cpu_count()} CPUs"),
        (("--address", "auto"), "Say --engine ray with it"),
    ],
)
def test_engines_that_cannot_be_are_misuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple, options: tuple, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*command, *options)
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())
    assert not list(tmp_path.iterdir())


def test_what_only_ray_does_is_said_without_it() -> None:
    several = run("train", "melody", "--workers", "2")
    assert several.exit_code == 2
    assert "--engine ray --workers 2" in several.output
    agents = run("train", "harmonizer", "--engine", "ray")
    assert agents.exit_code == 2
    assert "chromasonic tune harmonizer --engine ray" in agents.output


@pytest.mark.usefixtures("cluster")
def test_a_training_and_a_search_on_ray_read_as_those_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = recipe_to_dict(melody_recipe(epochs=1))
    values["lstm"]["search"] = {"training.learning_rate": {"low": 1e-3, "high": 1e-2, "log": True}}
    files.write_text("small.toml", to_toml(recipe_to_dict(melody_recipe(epochs=1))))
    files.write_text("search.toml", to_toml(values))

    plain = ("train", "melody", "--recipe", "small.toml", "--json")
    trained, here = run(*plain, "-o", "run", "--engine", "ray"), run(*plain, "-o", "here")
    assert (trained.exit_code, here.exit_code) == (0, 0), trained.output
    facts = json.loads(trained.stdout)  # one document, and nothing of Ray's
    assert facts["run"] == "run"
    assert facts["models"]["lstm"]["files"]["best"].startswith("run/lstm_checkpoints/")
    assert "Ray, 1 worker on this machine" in trained.stderr
    checkpoint = "lstm_checkpoints/melody_lstm_best.pt"
    assert are_equal_to_the_last_bit(Path("run", checkpoint), Path("here", checkpoint))
    assert "worker 0: process " in trained.stderr
    assert "epoch   1/1" in trained.stderr

    options = ("--recipe", "search.toml", "--trials", "2", "--engine", "ray", "-o", "search")
    searched = run("tune", "melody", *options)
    assert searched.exit_code == 0, searched.output
    assert Path("search/best.toml").is_file()
    assert "trial 1/2" in searched.stderr


def test_a_training_that_begins_again_after_a_lost_worker_is_tracked_as_one(tmp_path: Path) -> None:
    tracker = Tracker("melody", tmp_path / "run", spool=tmp_path / "spool")
    assert tracker.begin("melody_lstm") == tracker.begin("melody_lstm")
    assert tracker.begin("melody_lstm") != tracker.begin("melody_markov")
