"""`chromasonic train|evaluate companion`, train_all_models.py, evaluate_models.py, as typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli import evaluate_models, train_all_models
from chromasonic.cli.app import app

TINY = ["--synthetic", "--synthetic-examples", "12", "--epochs", "1", "--device", "cpu"]
ONE = [*TINY, "--models", "dynamics"]


def invoke(program: Any, *words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(program, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def train(*words: object, code: int = 0) -> Any:
    return invoke(app, "train", "companion", *words, code=code)


def evaluate(*words: object, code: int = 0) -> Any:
    return invoke(app, "evaluate", "companion", *words, code=code)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder of the specification's command."""
    folder = tmp_path_factory.mktemp("cli") / "trained_models"
    invoke(
        train_all_models.app, "--output", folder, "--early-stopping-patience", 10,
        "--models", "dynamics,groove", *TINY,
    )  # fmt: skip
    return folder


def test_the_script_trains_and_the_other_judges(trained: Path, tmp_path: Path) -> None:
    results = tmp_path / "evaluation_results"
    said = invoke(
        evaluate_models.app, "--checkpoint-dir", trained / "checkpoints", "--output", results
    )
    assert "DynamicsEngine, MADE-UP EXAMPLES" in said.stdout
    assert "best constant answer" in said.stdout
    assert "Not trained here: emotion_recognizer, melody_transformer" in said.stderr
    written = {path.relative_to(results).as_posix() for path in results.rglob("*.*")}
    assert written == {
        "results.json", "report.md", "report.html",
        "plots/dynamics_engine_results.png", "plots/groove_predictor_results.png",
    }  # fmt: skip
    document = json.loads((results / "results.json").read_text())
    assert document["missing"][0] == "emotion_recognizer"


def test_the_script_trains_anew_or_goes_on(trained: Path) -> None:
    said = invoke(
        train_all_models.app, "--output", trained, "--resume", "--epochs", 2, "--device", "cpu"
    )
    assert said.stdout.count("2 of 2") == 2
    wrong = invoke(train_all_models.app, "--output", trained, "--resume", *TINY, code=2)
    assert "leave out --synthetic" in wrong.stderr


def test_json_is_one_document(tmp_path: Path) -> None:
    document = json.loads(train(*ONE, "--output", tmp_path / "run", "--json").stdout)
    model = document["models"]["dynamics_engine"]
    assert model["parameters"] == 13_520
    assert model["data"]["is_synthetic"]
    assert Path(model["files"]["best.pt"]).is_file()
    assert model["exported"]["path"] == str(tmp_path / "run/dynamics_engine.json")
    assert Path(model["exported"]["path"]).stat().st_size == model["exported"]["size_bytes"]
    document = json.loads(evaluate(tmp_path / "run", "--json").stdout)
    (row, *_) = document["models"]["dynamics_engine"]["rows"]
    assert row["method"] == "model"
    assert row["figures"]["loss"]["n"] == 1


def test_made_up_examples_are_said_aloud(tmp_path: Path) -> None:
    said = train(*ONE, "--output", tmp_path / "run")
    assert "dynamics_engine: MADE-UP EXAMPLES, asked for" in said.stderr
    assert "For plugins, compared with what was trained: dynamics_engine.json" in said.stdout
    assert "MADE UP" in said.stdout


def test_an_absent_corpus_is_said_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMASONIC_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    words = [word for word in ONE if word != "--synthetic"]
    said = train(*words, "--output", tmp_path / "run")
    assert "MADE-UP EXAMPLES, none of its corpora" in said.stderr


def test_a_resumed_run_takes_few_flags(tmp_path: Path) -> None:
    train(*ONE, "--output", tmp_path / "run")
    said = train("--resume", tmp_path / "run", "--seed", 3, "--validation-split", 0.2, code=2)
    assert "leave out --validation-split, --seed" in said.stderr
    assert "2 of 2" in train("--resume", tmp_path / "run", "--epochs", 2).stdout
    refused = train("--resume", tmp_path / "run", "--epochs", 2, code=2)
    assert "2 epochs are done" in " ".join(refused.stderr.split())


def test_a_recipe_decides_and_flags_decide_over_it(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        "[groove_predictor.data]\nsynthetic = true\nsynthetic_examples = 8\n"
        '[groove_predictor.training]\nepochs = 3\ndevice = "cpu"\n'
    )
    said = train("--recipe", recipe, "--epochs", 1, "--output", tmp_path / "run")
    assert "1 of 1" in said.stdout
    assert "synthetic_examples = 8" in (tmp_path / "run/recipe.toml").read_text()
    recipe.write_text("[groove_predictor.training]\nepoch = 3\n")
    assert "Did you mean 'epochs'" in train("--recipe", recipe, code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--device", "cuda"], "no 'cuda' device on this machine"),
        (["--device", "mps"], "no 'mps' device on this machine"),
        (["--validation-split", "0"], "--validation-split is 0.0; allowed: above 0 and below 1"),
        (["--validation-split", "1.5"], "--validation-split is 1.5; allowed: above 0 and below 1"),
        (["--models", "drums"], "--models is 'drums'"),
        (["--batch-size", "0"], "batch_size is 0"),
    ],
)
@pytest.mark.parametrize("program", ["chromasonic", "script"])
def test_misuse_is_told_and_ends_with_2(
    program: str, words: list[str], said: str, tmp_path: Path
) -> None:
    device = words[1]
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    if device == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has MPS")
    given = [word for word in TINY if word not in ("--device", "cpu")]
    given += ["--output", str(tmp_path / "out"), *words]
    if program == "script":
        result = invoke(train_all_models.app, *given, code=2)
    else:
        result = train(*given, code=2)
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_and_an_empty_folder_of_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "Cannot write" in train(*ONE, "--output", tmp_path / "file", code=1).stderr
    (tmp_path / "checkpoints").mkdir()
    said = invoke(evaluate_models.app, "--checkpoint-dir", tmp_path / "checkpoints", code=1)
    assert "There is no emotion_recognizer_best.pt" in said.stderr
    said = invoke(evaluate_models.app, "--checkpoint-dir", tmp_path / "nowhere", code=1)
    assert "Cannot read the checkpoint" in said.stderr
