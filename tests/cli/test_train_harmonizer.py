"""`chromasonic train harmonizer` and `chromasonic models`: what a user gives and gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chromasonic.cli.app import main
from chromasonic.config import read_toml
from chromasonic.harmonization.agents import SHIPPED
from chromasonic.harmonization.training import default_recipe, recipe_from, recipe_to_dict

REPOSITORY = Path(__file__).parents[2]
SMALL = ["--chorales", "2", "--episodes", "12"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["chromasonic", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_two_agents_trained_apart_share_one_directory_and_its_recipe(
    run: Run, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    code, out, err = run(
        "train", "harmonizer", "--agent", "simple", "--output", models, *SMALL, "--json"
    )
    assert code == 0
    trained = json.loads(out)
    assert trained["chorales"] == {"training": 2, "validation": 2}
    assert trained["agents"]["simple"]["episodes"] == 12
    assert "episode 12/12" in err
    assert run("train", "harmonizer", "--agent", "advanced", "--output", models, *SMALL)[0] == 0
    assert set(read_toml(models / "recipe.toml")) == {"chorales", "data_dir", "simple", "advanced"}
    code, out, _ = run("models", "--models", models)
    assert [line.split()[0] for line in out.splitlines()] == ["AGENT", "advanced", "simple"]


def test_trainings_on_other_chorales_do_not_share_a_recipe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("chorales = 5\n[advanced]\nepisodes = 3\n")
    code, _, err = run("train", "harmonizer", "--agent", "simple", "--output", tmp_path, *SMALL)
    assert code == 2
    assert "holds a training of advanced with chorales = 5" in " ".join(err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.toml"]


def test_a_second_training_archives_the_first_and_the_seed_decides(
    run: Run, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    train = ("train", "harmonizer", "--agent", "simple", "--output", models, *SMALL)
    histories = []
    for seed in (0, 0, 1):
        assert run(*train, "--seed", seed)[0] == 0
        histories.append(np.load(models / "simple_contrary_motion_reward_history.npy"))
    np.testing.assert_array_equal(histories[0], histories[1])
    assert not np.array_equal(histories[0], histories[2])
    archived = sorted((models / "archive").glob("simple_contrary_motion_reward_history_*.npy"))
    assert archived
    np.testing.assert_array_equal(np.load(archived[0]), histories[0])


def test_a_finished_training_goes_on_when_given_more_episodes(run: Run, tmp_path: Path) -> None:
    models = tmp_path / "models"
    assert run("train", "harmonizer", "--agent", "simple", "--output", models, *SMALL)[0] == 0
    before = np.load(models / "simple_contrary_motion_reward_history.npy")
    assert run("train", "harmonizer", "--resume", models, "--episodes", "20")[0] == 0
    after = np.load(models / "simple_contrary_motion_reward_history.npy")
    assert len(after) == 20
    np.testing.assert_array_equal(after[:12], before)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--agent", "clever"], 2, "'clever' is no agent that is trained; known: advanced, simple"),
        (["--agent", "exact"], 2, "exact needs no training"),
        (["--agent", ","], 2, "known: advanced, simple, hybrid"),
        (["--episodes", "0", "--agent", "simple"], 2, "episodes is 0"),
        (["--chorales", "-1"], 2, "chorales is -1"),
        (["--data-dir", "nowhere"], 2, "nowhere is no folder"),
        (["--resume", "nowhere"], 2, "No training lies in nowhere"),
        (["--resume", "x", "--seed", "1"], 2, "leave out --seed"),
        (["--recipe", "absent.toml"], 2, "Cannot read the recipe absent.toml"),
    ],
)
def test_what_cannot_be_trained_is_said_with_a_next_step(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int,
    message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    got, _, err = run("train", "harmonizer", *words)
    assert got == code
    assert message in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_with_an_unknown_key_names_the_nearest(run: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text("[simple]\nepisode = 3\n")
    code, _, err = run("train", "harmonizer", "--recipe", recipe, "--output", tmp_path / "models")
    assert code == 2
    assert "Did you mean 'episodes'?" in err


def test_resuming_an_agent_that_was_never_trained_there_is_refused(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "recipe.toml").write_text("[simple]\nepisodes = 3\n")
    code, _, err = run("train", "harmonizer", "--resume", tmp_path, "--agent", "hybrid")
    assert code == 2
    assert "no training of hybrid to go on with; it has simple" in " ".join(err.split())


def test_the_recipe_in_the_repository_is_the_default_one() -> None:
    path = REPOSITORY / "recipes" / "harmonizer.toml"
    assert recipe_from(read_toml(path), where="recipe") == default_recipe()
    trained = {  # what a search may change stands in it too; a training has no use for it
        name: {key: value for key, value in table.items() if key != "search"}
        if isinstance(table, dict)
        else table
        for name, table in read_toml(path).items()
    }
    assert trained == recipe_to_dict(default_recipe())


def test_one_broken_metadata_does_not_hide_the_other_models(run: Run, tmp_path: Path) -> None:
    for name in ("model_metadata.json", "simple_contrary_motion_model_metadata.json"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    (tmp_path / "model_metadata.json").write_text("{")
    code, out, err = run("models", "--models", tmp_path)
    assert code == 0
    assert "simple" in out
    assert "advanced" not in out
    assert "Passed over: " in err
    assert "model_metadata.json is no JSON" in err


def test_models_of_no_folder_and_of_no_agent_are_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "registry"))  # nothing is in it
    assert "is no folder" in run("models", "--models", tmp_path / "absent")[2]
    assert "No trained model in" in run("models", "--models", tmp_path)[1]
    code, _, err = run("models", "show", "clever")
    assert code == 2
    assert "known: advanced, simple, hybrid" in err
    code, _, err = run("models", "show", "simple", "--models", tmp_path)
    assert code == 2
    assert "chromasonic train harmonizer --agent simple" in " ".join(err.split())
