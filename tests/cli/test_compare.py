"""`chromasonic compare`: table, tests, picture; models that cannot be compared are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from judged_runs import QUICK, make_run, stand_in
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.melody_generation.comparison_table import columns_that_fit
from chromasonic.melody_generation.subjects import _names
from chromasonic.training.run_directory import RunDirectory


@pytest.fixture(autouse=True)
def models_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return make_run(tmp_path_factory.mktemp("runs") / "first")


def compare(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def test_the_models_of_a_run_are_compared_into_its_own_folder(run: RunDirectory) -> None:
    result = compare(run.path, *QUICK)
    assert result.exit_code == 0, result.stderr
    assert "lstm and transformer" in result.stdout
    assert "human test tunes" in result.stdout
    assert "pitch bits a note, p = " in result.stdout
    for name in ("model_comparison.png", "model_comparison.json"):
        assert (run.comparison / name).stat().st_size > 0
        assert str(run.comparison / name) in result.stdout


def test_several_runs_get_names_that_tell_them_apart(run: RunDirectory, tmp_path: Path) -> None:
    second = make_run(tmp_path / "second", ("lstm",))
    result = compare(run.path, second.path, *QUICK, "--no-expanded", "--json", "-o", tmp_path / "c")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert set(document["models"]) == {"first/lstm", "first/transformer", "second/lstm"}
    assert len(document["paired_tests"]) == 3
    same = document["paired_tests"][1]
    assert {same["first"], same["second"]} == {"first/lstm", "second/lstm"}
    assert same["p_adjusted"] == 1
    assert Path(document["files"]["plot"]) == tmp_path / "c" / "model_comparison.png"


def test_the_table_is_cut_into_groups_of_columns_that_fit() -> None:
    rows = [["model", "one", "two", "three"], ["a-name", "12345678", "123", "12345"]]
    assert columns_that_fit(rows, 80) == [[0, 1, 2, 3]]
    assert columns_that_fit(rows, 21) == [[0, 1, 2], [0, 3]]  # 6 + 2 + 8 + 2 + 3 = 21
    assert columns_that_fit(rows, 20) == [[0, 1], [0, 2, 3]]
    assert columns_that_fit(rows, 5) == [[0, 1], [0, 2], [0, 3]]


def test_no_line_of_the_table_is_wider_than_the_page(run: RunDirectory, tmp_path: Path) -> None:
    lines = compare(run.path, *QUICK, "-o", tmp_path).stdout.splitlines()
    table = lines[: next(n for n, line in enumerate(lines) if " p = " in line)]
    assert sum(line.startswith("model ") for line in table) > 1
    assert max(map(len, table)) <= 100


def test_registered_versions_are_called_as_they_were_asked_for() -> None:
    places = [(Path("folk@1"), None, "markov"), (Path("folk@champion"), None, "lstm")]
    assert _names(places) == ["folk@1/markov", "folk@champion/lstm"]
    assert _names([(Path("runs/a"), None, "markov"), (Path("b"), None, "lstm")]) == [
        "markov", "lstm",
    ]  # fmt: skip


def test_one_model_is_no_comparison(tmp_path: Path) -> None:
    alone = make_run(tmp_path / "alone", ("lstm",))
    result = compare(alone.path, *QUICK)
    assert result.exit_code == 2
    assert "evaluate melody" in result.stderr


def test_a_model_that_learned_the_others_test_tunes_is_refused(
    run: RunDirectory, tmp_path: Path
) -> None:
    cheat = make_run(tmp_path / "cheat", ("lstm",))
    split = run.split()
    moved = {"train": split["train"] + split["test"], "validation": [], "test": []}
    (cheat.path / "split.json").write_text(json.dumps(moved))
    result = compare(run.path, cheat.path, *QUICK, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "cheat" in result.stderr
    assert "trained on 4 of the 4" in result.stderr
    assert not (tmp_path / "out").exists()
