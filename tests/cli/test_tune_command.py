"""`chromasonic tune`, as it is typed."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.cli.tune_options import parsed_seconds, parsed_settings
from chromasonic.config import read_toml
from chromasonic.errors import UsageError
from chromasonic.training.history import TrainingHistory
from chromasonic.tuning.opening import open_study

RECIPE = """
[data]
dataset = "synthetic"
num_sequences = 24

[lstm.model]
hidden_size = 8
num_layers = 1

[lstm.training]
epochs = 2
batch_size = 8
device = "cpu"

[lstm.search]
"training.learning_rate" = { low = 1e-3, high = 1e-2, log = true }
"model.hidden_size" = { choices = [8, 12] }
"""


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves take a second each to draw; they have tests of their own."""
    monkeypatch.setattr(TrainingHistory, "plot", lambda *_: None)
    monkeypatch.setenv("CHROMASONIC_TRACKING", "off")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [*map(str, words)])
    assert result.exit_code == code, result.output
    return result


def test_a_search_ends_with_a_recipe_that_train_takes(tmp_path: Path, recipe: Path) -> None:
    out = tmp_path / "search"
    result = run("tune", "melody", "--recipe", recipe, "--trials", 3, "-o", out)
    for said in ("as it was", "validation loss", "training.learning_rate"):
        assert said in result.stdout
    assert "trial 0/3: " in result.stderr
    assert "(best so far)" in result.stderr
    best = open_study(out).best
    assert best is not None
    # Where nothing better was found there is no recipe to use.
    go_on = f"Go on: chromasonic tune melody --resume {out} --trials 23"
    use = f"Use it: chromasonic train melody --recipe {out / 'best.toml'}"
    assert (go_on if best.number == 0 else use) in result.stdout
    run("train", "melody", "--recipe", out / "best.toml", "--output", tmp_path / "again")
    history = next((tmp_path / "again").rglob("*history.json"))
    losses = [epoch["val_loss"] for epoch in json.loads(history.read_text())["epochs"]]
    assert min(losses) == pytest.approx(best.loss, abs=1e-12)


def test_the_same_command_goes_on_and_resume_needs_no_recipe(tmp_path: Path, recipe: Path) -> None:
    out = tmp_path / "search"
    command = ("tune", "melody", "--recipe", recipe, "--trials", 2, "-o", out, "--json")
    first = json.loads(run(*command).stdout)
    assert first["counts"] == {"complete": 2}
    again = run(*command)
    assert json.loads(again.stdout)["best"] == first["best"]
    assert "2 trials are done already" in again.stderr
    more = json.loads(run("tune", "melody", "--resume", out, "--trials", 3, "--json").stdout)
    assert sum(more["counts"].values()) == 3
    assert more["first"] == first["first"]


def test_settings_by_flag_are_the_recipe_s(tmp_path: Path, recipe: Path) -> None:
    out = tmp_path / "search"
    run("tune", "melody", "--recipe", recipe, "--set", "lstm.training.epochs=1",
        "--set", "KIND.training.scheduler=step", "--trials", 1, "-o", out)  # fmt: skip
    best = read_toml(out / "best.toml")["lstm"]["training"]
    assert (best["epochs"], best["scheduler"]) == (1, "step")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("melody", "--model", "lstm", "--time", "soon"), "--time is 'soon'; allowed: 30m, 2h"),
        (("melody", "--model", "gru"), "--model is 'gru'"),
        (("melody",), "Say what to search for: --model lstm|transformer|markov"),
        (("melody", "--model", "lstm", "--workers", "0"), "--workers is 0"),
        (("melody", "--model", "lstm", "--confirm", "1"), "2 or more seeds"),
        (("melody", "--model", "lstm", "--pruner", "luck"), "allowed: median, hyperband, none"),
        (("melody", "--model", "lstm", "--set", "epochs"), "write SETTING=VALUE"),
        (("melody", "--model", "lstm", "--set", "lstm.training.epoch=2"), "Did you mean 'epochs'"),
        (("melody", "--resume", "x", "--model", "lstm"), "goes on as it was begun: leave out"),
        (("melody", "--resume", "nowhere"), "No search lies in nowhere"),
        (("companion", "--model", "all"), "a search is for one model"),
        (("harmonizer", "--agent", "exact"), "no agent that is trained"),
        (("gesture", "--size", "huge"), "no size of gesture network"),
    ],
)
def test_what_cannot_be_is_said(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("tune", *words, code=2)
    assert said in " ".join(result.output.split())
    assert not list(tmp_path.iterdir()), "nothing was begun"


def test_no_trial_within_the_time_is_a_failure_that_can_go_on(tmp_path: Path, recipe: Path) -> None:
    out = tmp_path / "search"
    result = run("tune", "melody", "--recipe", recipe, "--time", "0.001s", "-o", out, code=1)
    assert "No trial has come to its end yet. Go on: chromasonic tune melody --resume" in " ".join(
        result.output.split()
    )
    run("tune", "melody", "--resume", out, "--trials", 1)


def test_another_recipe_in_the_same_folder_is_refused(tmp_path: Path, recipe: Path) -> None:
    out = tmp_path / "search"
    run("tune", "melody", "--recipe", recipe, "--trials", 1, "-o", out)
    result = run(
        "tune", "melody", "--recipe", recipe, "--seed", 4, "--trials", 1, "-o", out, code=2
    )
    assert "seed: 0 -> 4" in result.output


def test_two_workers_share_the_trials(tmp_path: Path, recipe: Path) -> None:
    out = tmp_path / "search"
    result = run("tune", "melody", "--recipe", recipe, "--trials", 4, "--workers", 2, "-o", out,
                 "--json")  # fmt: skip
    assert json.loads(result.stdout)["counts"] == {"complete": 4}
    assert sorted(record.number for record in open_study(out).records()) == [0, 1, 2, 3]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("2h", 7200), ("90s", 90), ("90", 90), ("1h30m", 5400), ("0.5 h", 1800),
     ("2min", 120), (None, None)],
)  # fmt: skip
def test_lengths_of_time_are_understood(text: str | None, seconds: float | None) -> None:
    assert parsed_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-3m", "3x", "1h30", "0", "0s", "1m m"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="allowed"):
        parsed_seconds(text)


def test_settings_keep_their_types() -> None:
    assert parsed_settings(["a.b=3", "c=0.5", "d=true", "e=nottingham", "f=[1, 2]", "g='x y'"]) == {
        "a.b": 3, "c": 0.5, "d": True, "e": "nottingham", "f": [1, 2], "g": "x y",
    }  # fmt: skip
