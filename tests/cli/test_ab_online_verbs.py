"""`chromasonic ab create, list, show, assign, vote, close, export, verify, simulate`."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from chromasonic.cli.app import app


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models (any files do) and a database of its own."""
    monkeypatch.setenv("CHROMASONIC_EXPERIMENTS", str(tmp_path / "experiments.db"))
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights.pt").write_text(name)
    return tmp_path


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["ab", *words])
    assert result.exit_code == code, result.output
    return result.output


def test_an_experiment_from_beginning_to_end(folder: Path) -> None:
    said = run("create", "taste", "old", "new", "--trials", "4", "--repeats", "1")
    assert "Experiment 'taste' takes votes" in said
    assert "each listener: 4 pairs, 1 of them twice" in said
    plan = json.loads(run("assign", "taste", "me", "--json"))
    assert len(plan) == 5
    for trial in plan[:4]:
        side = "first" if trial["first"] == "B" else "second"
        said = run("vote", "taste", "me", side, "--heard", "8000", "8000")
        assert f"trial {trial['index'] + 1}, {trial['item']}" in said
    assert json.loads(run("assign", "taste", "me", "--next", "--json")) == plan[4:]
    assert "was stored before" in run("vote", "taste", "me", side, "--token", plan[3]["token"])
    listed = run("list")
    assert "taste" in listed
    assert "old, new" in listed
    shown = json.loads(run("show", "taste", "--json"))
    assert shown["votes_cast"] == 4
    assert shown["pairs_with_all"][0]["for_second"] == 4
    assert "4 votes, each as it was cast" in run("verify", "taste")
    run("export", "taste", "--output", "votes.csv")
    with open(folder / "votes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["preferred"] for row in rows] == ["B"] * 4
    assert all(row["listener"] != "me" and "address" not in row for row in rows)
    assert "closed since" in run("close", "taste", "--because", "enough heard")
    assert "enough heard" in run("vote", "taste", "you", "first", code=2)
    run("export", "taste", "--output", "taste.json")
    document = json.loads((folder / "taste.json").read_text())
    assert document["closed_because"] == "enough heard"
    assert "salt" not in document["design"]
    assert len(document["votes"]) == 4


def test_a_log_that_lost_a_vote_is_warned_of_where_it_is_read(folder: Path) -> None:
    run("create", "taste", "old", "new")
    for _ in range(2):
        run("vote", "taste", "me", "first")
    assert json.loads(run("show", "taste", "--json"))["damage"] == ""
    with sqlite3.connect(folder / "experiments.db") as connection:
        connection.execute("DROP TRIGGER ab_votes_remain")
        connection.execute("DELETE FROM ab_votes WHERE number = 2")
    shown = " ".join(run("show", "taste").split())
    assert "Warning: The log of experiment 'taste' ends at vote 1 of 2" in shown
    assert "ends at vote 1 of 2" in json.loads(run("show", "taste", "--json"))["damage"]


def test_defaults_fit_few_clips(folder: Path) -> None:
    for label in "AB":
        (folder / "clips" / label).mkdir(parents=True)
        soundfile.write(folder / "clips" / label / "one.wav", np.zeros(8000), 8000)
    said = run("create", "taste", "old", "new", "--clips", "clips")
    assert "each listener: 1 pair, 1 of them twice" in said


def test_recordings_that_no_model_made_are_versions_by_their_own_names(folder: Path) -> None:
    for label, pitch in (("A", 220), ("B", 330)):
        (folder / "clips" / label).mkdir(parents=True)
        sound = 0.1 * np.sin(np.arange(8000) * 2 * np.pi * pitch / 8000)
        soundfile.write(folder / "clips" / label / "one.wav", sound, 8000)
    words = ("create", "bows", "sounds:gut", "sounds: steel")
    assert "in the folders A/, B/, ... of --clips" in " ".join(run(*words, code=2).split())
    run(*words, "--clips", "clips")
    said = run("show", "bows")
    assert "A (sounds: gut) and B (sounds: steel): no votes yet that count" in said
    assert "cannot be read" not in said
    words = ("create", "three", "sounds:gut", "sounds:steel", "sounds:silk", "--clips", "clips")
    assert "no folder clips/C with the recordings of 'silk'" in " ".join(
        run(*words, code=2).split()
    )


def test_a_long_path_takes_a_second_line_and_cuts_no_name_and_no_figure(folder: Path) -> None:
    path = folder / "/".join(["a-rather-long-name-of-a-folder"] * 4)
    path.mkdir(parents=True)
    (path / "weights.pt").write_text("deep")
    name = "whether-anybody-hears-that-it-is-deeper"
    run("create", name, "old", "new", str(path), "--heard-share", "0")
    for listener in ("me", "you"):
        for _ in range(10):
            run("vote", name, listener, "first")
    assert name in run("list")
    shown = run("show", name)
    assert "…" not in shown
    assert "nan" not in shown
    assert "No intervals of strengths: fewer than 10 listeners give no interval." in shown


def test_what_was_set_apart_is_shown(folder: Path) -> None:
    run("create", "taste", "old", "new")
    for _ in range(3):
        run("vote", "taste", "me", "first")  # at once, and nothing was heard
    shown = run("show", "taste")
    assert "Set apart, not in this result: 3 votes" in shown
    assert "A, B (all)" in shown


def test_votes_typed_in_from_paper_count_where_the_experiment_says_so(folder: Path) -> None:
    said = run("create", "clock", "old", "new")
    run("vote", "clock", "me", "first", "--heard", "8000", "8000")
    said = run("vote", "clock", "me", "first", "--heard", "8000", "8000")
    assert "Note: it is set apart, not in the result: 1 of 2 votes: two votes nearer" in said
    run("create", "paper", "old", "new", "--heard-share", "0")
    for _ in range(2):
        assert "Note" not in run("vote", "paper", "me", "first")
    assert json.loads(run("show", "paper", "--json"))["votes_set_apart"] == 0


def test_a_model_that_changed_is_told(folder: Path) -> None:
    run("create", "taste", "old", "new")
    (folder / "new/weights.pt").write_text("newer")
    assert "B (new) is not what it was: its files differ" in run("show", "taste")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "taste", "old"), "an experiment compares 2 to 12"),
        (("create", "taste", "old", "none"), "There is no model at 'none'"),
        (("create", "taste", "old", "old"), "are the same files"),
        (("create", "a b", "old", "new"), "cannot name an experiment"),
        (("create", "taste", "old", "new", "--trials", "99"), "trials is 99; allowed: 1 to 12"),
        (("show", "taste"), "There is no experiment 'taste'"),
        (("vote", "taste", "me", "left"), "allowed: first, second, neither"),
        (("export", "taste", "--output", "x.xls"), "allowed: .csv and .json"),
        (("simulate", "--preference", "2"), "preference is 2.0; allowed"),
    ],
)
def test_misuse_is_told(words: tuple[str, ...], message: str) -> None:
    said = " ".join(run(*words, code=2).split())
    assert message in said


def test_an_empty_list_says_how_to_begin() -> None:
    assert "chromasonic ab create NAME A B" in run("list")


def test_a_simulation_is_told_in_a_table() -> None:
    said = run("simulate", "--experiments", "30", "--max-votes", "300", "--preference", "0.8")
    assert "always valid" in said
    assert "A test of fixed size" in said
    even = run("simulate", "--experiments", "30", "--max-votes", "60", "--preference", "0.5")
    assert "each time is a false alarm" in even
