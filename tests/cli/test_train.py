"""`chromasonic train melody` and train_models.py, as they are typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.history import TrainingHistory

SMALL = [
    "--dataset", "synthetic", "--num-sequences", "30", "--epochs", "2", "--batch-size", "8",
    "--hidden-size", "16", "--num-layers", "1", "--device", "cpu",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves take a second each to draw; they have tests of their own."""

    def write_nothing(_: TrainingHistory, what: str, save_path: Path) -> Path:
        save_path.write_bytes(b"picture")
        return save_path

    monkeypatch.setattr(TrainingHistory, "plot", write_nothing)


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["train", "melody", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of all three models."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingHistory, "plot", lambda _, what, path: path.write_bytes(b"x"))
        run(*SMALL, "--model", "all", "--output", folder)
    return folder


def test_a_run_directory_holds_all_that_was_trained(trained: Path) -> None:
    for kind in ("lstm", "transformer"):
        for ending in (
            "best.pt",
            "final.pt",
            "latest.pt",
            "history.json",
            "history.csv",
            "curves.png",
        ):
            assert (trained / f"{kind}_checkpoints/melody_{kind}_{ending}").stat().st_size > 0
    assert (trained / "markov_checkpoints/melody_markov_best.pt").stat().st_size > 0
    facts = json.loads((trained / "run.json").read_text())
    assert facts["corpus"]["manifest"]["name"] == "synthetic"
    assert set(facts["results"]) == {"lstm", "transformer", "markov"}
    split = json.loads((trained / "split.json").read_text())
    assert len(split["train"]) + len(split["validation"]) + len(split["test"]) == 30
    config = load_checkpoint(trained / "lstm_checkpoints/melody_lstm_best.pt")["config"]
    assert config["corpus"]["fingerprint"] == facts["corpus"]["manifest"]["fingerprint"]
    assert config["model"]["config"]["hidden_size"] == 16


def test_the_trained_models_load_and_the_fitted_one_too(trained: Path) -> None:
    from chromasonic.melody_generation.models import load_model

    for kind in ("lstm", "transformer", "markov"):
        model = load_model(trained / f"{kind}_checkpoints/melody_{kind}_best.pt").model
        assert torch.isfinite(model(torch.tensor([[1, 4, 30]]))).all()


def test_json_is_one_document_and_progress_goes_to_stderr(tmp_path: Path) -> None:
    result = run(*SMALL, "--output", tmp_path / "run", "--json")
    document = json.loads(result.stdout)
    assert document["models"]["lstm"]["epochs"] == 2
    assert {"pitch_bits", "rhythm_bits", "bar_bits"} <= document["models"]["lstm"][
        "validation"
    ].keys()
    assert Path(document["models"]["lstm"]["files"]["best"]).is_file()
    assert "epoch   2/2" in result.stderr


def test_it_ends_with_a_reading_and_the_paths(tmp_path: Path) -> None:
    said = run(*SMALL, "--output", tmp_path / "run").stdout
    assert "pitch bits a note" in said
    assert "Too few epochs to read a trend" in said
    assert f"{tmp_path}/run/lstm_checkpoints/melody_lstm_best.pt" in said


def test_a_run_resumes_with_more_epochs_as_if_it_had_had_them(tmp_path: Path) -> None:
    # Not with a cosine, whose course depends on how many epochs there will be.
    words = [*SMALL, "--patience", "0", "--lr-scheduler", "step"]
    run(*words, "--epochs", "4", "--output", tmp_path / "straight")
    run(*words, "--output", tmp_path / "resumed")
    run("--resume", tmp_path / "resumed", "--epochs", "4")
    left, right = (
        TrainingHistory.load(tmp_path / name / "lstm_checkpoints/melody_lstm_history.json")
        for name in ("straight", "resumed")
    )
    assert left.val_losses == right.val_losses
    assert left.train_losses == right.train_losses
    assert len(json.loads((tmp_path / "resumed/run.json").read_text())["resumed"]) == 1


def test_a_run_that_was_stopped_before_an_epoch_had_ended_says_that_it_begins_anew(
    tmp_path: Path,
) -> None:
    said = "begun anew: no epoch of it had ended"
    assert said not in run(*SMALL, "--epochs", "1", "--output", tmp_path / "run").stderr
    assert said not in run("--resume", tmp_path / "run", "--epochs", "2").stderr
    shutil.rmtree(tmp_path / "run/lstm_checkpoints")
    assert said in run("--resume", tmp_path / "run").stderr


def test_a_run_is_not_overwritten_unasked(trained: Path) -> None:
    result = run(*SMALL, "--output", trained, code=2)
    assert "There is a run in" in result.stderr
    assert "--overwrite" in result.stderr


def test_fine_tuning_takes_sizes_and_weights_of_a_run(trained: Path, tmp_path: Path) -> None:
    words = ["--dataset", "synthetic", "--num-sequences", "30", "--data-seed", "1", "--epochs", "1"]
    document = json.loads(
        run(*words, "--init-from", trained, "--output", tmp_path / "tuned", "--json").stdout
    )
    assert document["models"]["lstm"]["epochs"] == 1
    config = load_checkpoint(tmp_path / "tuned/lstm_checkpoints/melody_lstm_best.pt")["config"]
    assert config["model"]["config"]["hidden_size"] == 16
    result = run(
        *words, "--init-from", trained, "--hidden-size", "32", "--output", tmp_path / "x", code=1
    )
    assert "hidden_size is 16 there, 32 here" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--learning-rate", "-1"], "learning_rate is -1.0; allowed: above 0"),
        (["--epochs", "0"], "epochs is 0; allowed: 1 or more"),
        (["--lr-scheduler", "linear"], "scheduler is 'linear'; allowed: reduce_on_plateau"),
        (["--model", "gru"], "--model is 'gru'; allowed: lstm, transformer"),
        (["--dataset", "no-such"], "There is no corpus 'no-such'"),
        (["--dropout", "1.5"], "dropout"),
        (["--precision", "fp8"], "precision is 'fp8'"),
        (["--min-melody-length", "0"], "min_melody_length is 0"),
        (["--max-melody-length", "2"], "max_melody_length is 2"),
        (["--device", "gpu"], "Unknown device 'gpu'"),
        (["--device", "cuda:77"], "no 'cuda:77' device on this machine; there is:"),
        (["--recipe", "absent.toml"], "Cannot read the recipe absent.toml"),
    ],
)
def test_wrong_values_end_with_2_and_say_what_is_allowed(
    tmp_path: Path, words: list[str], says: str
) -> None:
    result = run(*SMALL, *words, "--output", tmp_path / "run", code=2)
    assert says in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_here_is_named_with_those_that_are(
    tmp_path: Path, device: str
) -> None:
    if {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[device]:
        pytest.skip(f"this machine has {device}")
    result = run(*SMALL, "--device", device, "--output", tmp_path / "run", code=2)
    assert f"There is no '{device}' device on this machine; there is:" in result.stderr


def test_resume_takes_no_other_settings_and_needs_a_run(trained: Path, tmp_path: Path) -> None:
    result = run("--resume", trained, "--learning-rate", "0.5", "--hidden-size", "8", code=2)
    assert "leave out --learning-rate, --hidden-size" in result.stderr
    assert "is no run directory" in run("--resume", tmp_path, code=1).stderr


def test_a_diverging_training_is_one_message_and_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "isfinite", lambda x: torch.zeros_like(x, dtype=torch.bool))
    result = run(*SMALL, "--output", tmp_path / "run", code=1)
    said = " ".join(result.stderr.split())
    assert "is not finite in epoch 1, batch 1" in said
    assert "Lower the learning rate" in said
    assert "No epoch had ended, so there is no checkpoint." in said
    assert "epoch 0" not in said


@pytest.mark.parametrize("rate", ["0", "-1", "1.5", "1e9"])
def test_a_rate_out_of_range_is_refused_before_anything_is_written(
    tmp_path: Path, rate: str
) -> None:
    result = run(*SMALL, "--learning-rate", rate, "--output", tmp_path / "run", code=2)
    assert "above 0, 1 at most" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("epochs", ["1", "2"])
def test_a_run_goes_on_with_more_epochs_than_are_done_or_not_at_all(
    trained: Path, epochs: str
) -> None:
    before = {path: path.read_bytes() for path in trained.rglob("*.*") if path.is_file()}
    result = run("--resume", trained, "--epochs", epochs, code=2)
    assert "2 epochs are done" in " ".join(result.stderr.split())
    assert {path: path.read_bytes() for path in trained.rglob("*.*") if path.is_file()} == before


def test_a_truncated_checkpoint_is_one_message_and_exit_1(tmp_path: Path) -> None:
    run(*SMALL, "--epochs", "1", "--output", tmp_path / "run")
    latest = tmp_path / "run/lstm_checkpoints/melody_lstm_latest.pt"
    latest.write_bytes(latest.read_bytes()[:1000])
    result = run("--resume", tmp_path / "run", "--epochs", "2", code=1)
    assert "is truncated or no checkpoint" in result.stderr


def test_recipes_are_the_defaults_and_flags_lie_over_them(tmp_path: Path) -> None:
    from chromasonic.config import read_toml
    from chromasonic.melody_generation.recipe import default_recipe, recipe_from

    folder = Path(__file__).parents[2] / "recipes"
    for kind in ("lstm", "transformer", "markov"):
        values = read_toml(folder / f"melody_{kind}.toml")
        assert recipe_from(values) == default_recipe([kind]), f"run {folder}/write_defaults.py"
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        '[data]\ndataset = "synthetic"\nnum_sequences = 30\n[lstm.model]\nhidden_size = 8\n'
        "[lstm.training]\nepochs = 5\n"
    )
    run("--recipe", recipe, "--epochs", "1", "--output", tmp_path / "run")
    written = recipe_from(read_toml(tmp_path / "run/recipe.toml"))
    assert written.lstm is not None
    assert (written.lstm.model.hidden_size, written.lstm.training.epochs) == (8, 1)
    recipe.write_text("[lstm.training]\nepoch = 5\n")
    result = run("--recipe", recipe, "--output", tmp_path / "other", code=2)
    assert "Unknown key 'epoch'" in result.stderr
    assert "Did you mean 'epochs'" in result.stderr


def test_train_models_resumes_in_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chromasonic.cli import train_models

    monkeypatch.setattr(train_models, "_compare", lambda _: None)  # the comparison has own tests
    words = [*SMALL, "--model", "lstm", "--output-dir", str(tmp_path / "run")]
    for more in ([], ["--resume", "--epochs", "3"]):
        result = CliRunner().invoke(train_models.app, [*words, *more])
        assert result.exit_code == 0, result.output
    history = TrainingHistory.load(tmp_path / "run/lstm_checkpoints/melody_lstm_history.json")
    assert len(history) == 3
    assert CliRunner().invoke(train_models.app, [*words, "--epochs", "0"]).exit_code == 2
