"""`chromasonic evaluate`: the run's own test tunes, a table or one JSON document, misuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from judged_runs import QUICK, make_run, stand_in
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.training.run_directory import RunDirectory


@pytest.fixture(autouse=True)
def models_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return make_run(tmp_path_factory.mktemp("runs") / "first")


def evaluate(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_a_run_is_judged_on_its_own_test_tunes_as_one_json_document(run: RunDirectory) -> None:
    result = evaluate("melody", run.path, *QUICK, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["dataset"], document["part"]) == ("folk-pd", "test")
    assert set(document["models"]) == {"lstm", "transformer"}
    lstm = document["models"]["lstm"]
    assert lstm["n_tunes"] == 4
    assert lstm["reference"]["name"] == "folk-pd, train"
    assert lstm["reference"]["count"] == 72  # of 75, three do not fit the vocabulary
    assert lstm["memorization"]["training_tunes"] == 72
    assert lstm["memorization"]["human"]["copied_share"]["n"] == 4
    assert "expanded" in lstm
    assert "dynamic" not in lstm


def test_one_model_is_judged_as_a_table(run: RunDirectory, tmp_path: Path) -> None:
    saved = tmp_path / "all.json"
    result = evaluate("melody", run.path, "--model", "lstm", "--no-expanded", "--dynamic", *QUICK,
                      "--part", "validation", "--output", saved)  # fmt: skip
    assert result.exit_code == 0, result.stderr
    text = " ".join(result.stdout.split())
    for words in (
        "lstm on folk-pd, validation part, 4 tunes as written",
        "Pitch bits a note, durations given",
        "Pitch bits a note, dynamic evaluation",
        "needs improvement",
        "among 72 human tunes (folk-pd, train",
        "Notes in runs of 8 or more",
    ):
        assert words in text
    assert "played out" not in text
    assert json.loads(saved.read_text())["models"]["lstm"]["dynamic"]["pitch_bits_per_note"] > 0


def test_a_checkpoint_in_a_run_finds_the_corpus_of_the_run(run: RunDirectory) -> None:
    checkpoint = run.checkpoints("lstm") / "melody_lstm_best.pt"
    result = evaluate("melody", checkpoint, *QUICK, "--json", "--no-expanded")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["models"]["lstm"]["n_tunes"] == 4


def test_a_checkpoint_by_itself_must_be_told_the_corpus(tmp_path: Path) -> None:
    result = evaluate("melody", tmp_path / "lost_lstm.pt", *QUICK)
    assert result.exit_code == 2
    assert "--dataset" in result.stderr
    assert "Traceback" not in result.stderr


def test_tunes_that_a_model_learned_from_are_no_test_of_it(
    run: RunDirectory, tmp_path: Path
) -> None:
    split = run.split()
    other = tmp_path / "other.json"
    swapped = {"train": split["test"], "validation": split["validation"], "test": split["train"]}
    other.write_text(json.dumps(swapped))
    result = evaluate("melody", run.path, "--split-file", other, *QUICK)
    assert result.exit_code == 1
    assert "was trained on 72 of the 72 tunes" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--part", "all"), "--part is 'all'"),
        (("--tunes", "1"), "at least 2"),
        (("--bars", "0"), "bars is 0"),
        (("--seed", "-1"), "seed is -1"),
        (("--dataset", "nothing"), "nothing"),
        (("--device", "abacus"), "abacus"),
    ],
)
def test_misuse_is_one_message_and_exit_code_2(
    run: RunDirectory, arguments: tuple[str, str], message: str
) -> None:
    result = evaluate("melody", run.path, *QUICK, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_run_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    empty = make_run(tmp_path / "empty", ())
    result = evaluate("melody", empty.path, *QUICK)
    assert result.exit_code == 1
    assert "no checkpoint yet" in result.stderr


def test_the_metrics_are_put_to_the_test_on_a_corpus() -> None:
    result = evaluate("controls", "--dataset", "synthetic", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert set(document["medians"]) > {"human", "notes shuffled", "bars shuffled", "random walk"}
    assert document["reference"]["name"] == "synthetic, train"
    assert evaluate("controls", "--part", "train").exit_code == 2
