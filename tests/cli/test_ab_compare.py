"""`chromasonic ab compare`: verdicts in words, files, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chromasonic.abtest.comparing_models import corpus_and_part, sides_in
from chromasonic.abtest.comparing_text import wrapped
from chromasonic.cli.app import app
from chromasonic.errors import UsageError
from chromasonic.tasks.table import task_named

DATA = {"dataset": "synthetic", "num_sequences": 400}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Markov models that look one and two notes back, and one untrained-like LSTM in three runs."""
    folder = tmp_path_factory.mktemp("ab")
    for order in (0, 2):
        recipe = {"data": DATA, "markov": {"model": {"pitch_order": order}}}
        task_named("melody").train(recipe, folder / f"order{order}")
    for seed in (0, 1):
        training = {"epochs": 1, "batch_size": 64, "device": "cpu", "patience": 0, "seed": seed}
        lstm = {"model": {"hidden_size": 8, "num_layers": 1}, "training": training}
        task_named("melody").train({"data": DATA, "lstm": lstm}, folder / f"lstm-seed{seed}")
    return folder


def ab(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["ab", "compare", *map(str, arguments)])


def test_a_model_that_remembers_more_is_better_and_it_is_said_in_words(runs: Path) -> None:
    result = ab(runs / "order0", runs / "order2")
    assert result.exit_code == 0, result.stderr
    assert "Verdict: B is better than A in pitch bits: -" in result.stdout
    assert "synthetic, validation part" in result.stdout
    assert "Markov models are counted" in result.stdout
    assert max(map(len, result.stdout.replace(str(runs), "").splitlines())) <= 100
    turned = ab(runs / "order2", runs / "order0", "--on", "synthetic:test")
    assert "Verdict: B is worse than A in pitch bits: +" in turned.stdout
    assert "synthetic, test part" in turned.stdout


def test_several_runs_a_side_compare_recipes(runs: Path) -> None:
    result = ab(runs / "lstm-seed0", runs / "lstm-seed1", "vs", runs / "order2")
    assert result.exit_code == 0, result.stderr
    assert "lstm-seed* (2 runs, lstm)" in result.stdout
    assert "This is about two recipes. Runs differ by chance: A's by" in result.stdout
    assert "B has one run" in result.stdout


def test_the_document_holds_every_figure(runs: Path, tmp_path: Path) -> None:
    output = tmp_path / "compared.json"
    result = ab(runs / "order0", runs / "order2", "--json", "-o", output, "--detect", 0.05)
    assert result.exit_code == 0, result.stderr
    (document,) = json.loads(result.stdout)
    assert json.loads(output.read_text()) == [document]
    assert document["verdict"] == "better"
    assert list(document["metrics"]) == ["pitch bits", "rhythm bits a note", "all bits"]
    pitch = document["metrics"]["pitch bits"]
    assert pitch["looked_for"] == 0.05
    assert pitch["pieces_needed"] >= 2
    assert pitch["difference"]["low"] < pitch["difference"]["value"] < pitch["difference"]["high"]
    rhythm = document["metrics"]["rhythm bits a note"]
    assert rhythm["are_alike"]  # they differ in pitches alone


def test_reports_and_pictures_are_written_by_the_ending(runs: Path, tmp_path: Path) -> None:
    for ending, start in ((".png", b"\x89PNG"), (".md", b"## "), (".txt", b"A  ")):
        output = tmp_path / f"compared{ending}"
        result = ab(runs / "order0", runs / "order2", "--metric", "pitch bits", "-o", output)
        assert result.exit_code == 0, result.stderr
        assert output.read_bytes().startswith(start)
        assert f"Written: {output}" in result.stdout


def test_copies_of_one_model_are_said_to_be_alike(runs: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(runs / "order2", tmp_path / "copy")
    result = ab(runs / "order2", copy)
    assert result.exit_code == 0, result.stderr
    assert "no difference seen" in result.stdout
    assert "one model under two names" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["order0", "order0"], "are the same model"),
        (["order0"], "Name two"),
        (["order0", "order2", "lstm-seed0"], "Name two"),
        (["order0", "vs"], "side of 'vs' is empty"),
        (["order0", "order2", "--on", "synthetic"], "give CORPUS:PART"),
        (["order0", "order2", "--on", "synthetic:train"], "give CORPUS:PART"),
        (["order0", "order2", "--on", "nowhere:test"], "no corpus 'nowhere'"),
        (["order0", "order2", "--metric", "beauty"], "--metric is 'beauty'"),
        (["order0", "order2", "--margin", "0"], "--margin is 0"),
        (["order0", "order2", "--output", "compared.html"], "ending must be one of"),
        (["order0", "nothing"], "nothing at"),
        (["order0", "order2", "vs", "lstm-seed0"], "differ in more than the seed"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    runs: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs)
    result = ab(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_sides_are_two_words_or_parted_by_vs() -> None:
    assert sides_in(["a", "b"]) == (["a"], ["b"])
    assert sides_in(["a", "b", "vs", "c"]) == (["a", "b"], ["c"])
    with pytest.raises(UsageError, match="one 'vs'"):
        sides_in(["a", "vs", "b", "vs", "c"])


def test_corpus_and_part_are_parted_at_the_last_colon() -> None:
    assert corpus_and_part("nottingham:test") == ("nottingham", "test")
    assert corpus_and_part(None) == (None, "validation")


def test_models_trained_by_chance_are_told_from_their_recipes(runs: Path) -> None:
    result = ab(runs / "lstm-seed0", runs / "lstm-seed1", "--on", "synthetic:validation")
    assert result.exit_code == 0, result.stderr
    assert "about these two trained models" in result.stdout


def test_a_p_value_is_not_torn_over_two_lines() -> None:
    sentence = "Verdict: B is better than A, p < 0.001; of 3 metrics this one decides."
    lines = wrapped(sentence, 33)
    assert lines[1].startswith("p < 0.001; ")
    assert " ".join(lines) == sentence
