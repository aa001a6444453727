"""`chromasonic track`, and `--track/--no-track` of the trainings."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.registry.spool import SPOOL, Spool
from chromasonic.registry.store import open_store
from stores import new_store

MELODY = [
    "train", "melody", "--model", "markov", "--dataset", "synthetic", "--num-sequences", "24",
]  # fmt: skip


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that sends cannot start."""

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("chromasonic.registry.sending_process.subprocess.Popen", fail)


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    parsed = Path(os.environ["CHROMASONIC_CACHE"], "parsed")  # corpora need not be read anew
    parsed.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "parsed").symlink_to(parsed)
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "registry"))
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    return new_store(tmp_path / "registry")


@pytest.mark.usefixtures("no_process")
def test_a_training_that_could_not_be_sent_is_sent_by_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, said = run(*MELODY, "--output", tmp_path / "one", "--track")
    assert code == 0
    assert "Not tracked yet: the process that sends it did not start" in said
    assert f"chromasonic track sync {tmp_path / 'one'}" in said
    assert run("track", "list")[1].startswith("No run is tracked")

    code, told, _ = run("track", "sync")
    assert (code, told) == (0, f"{tmp_path / 'one'}: sent\n")
    assert run("track", "sync")[1] == "Everything is in the store.\n"

    code, told, _ = run("track", "list", "--json")
    (only,) = json.loads(told)["runs"]
    assert (only["name"], only["experiment"], only["status"]) == (
        "one markov", "melody", "FINISHED",
    )  # fmt: skip
    assert only["best_val_loss"] == only["metrics"]["best/val_loss"] == only["metrics"]["val_loss"]
    assert only["run_directory"] == str(tmp_path / "one")
    monkeypatch.setenv("COLUMNS", "120")
    told = run("track", "list", "--experiment", "melody")[1]
    assert "one markov" in told
    assert only["run_id"][:8] in told
    assert "synthetic" in told
    monkeypatch.setenv("COLUMNS", "80")
    narrow = run("track", "list")[1]
    assert only["run_id"][:8] in narrow
    assert "synthetic" not in narrow
    assert "experiment 'gesture'" in run("track", "list", "--experiment", "gesture")[1]


@pytest.mark.usefixtures("no_process")
def test_each_harmonizer_is_a_run_with_its_reward(tmp_path: Path) -> None:
    code, _, said = run(
        "train", "harmonizer", "--agent", "simple", "--chorales", "2", "--episodes", "60",
        "--track", "--output", tmp_path / "models",
    )  # fmt: skip
    assert code == 0, said
    assert run("track", "sync", tmp_path / "models")[0] == 0
    (only,) = json.loads(run("track", "list", "--json")[1])["runs"]
    assert (only["kind"], only["corpus"]) == ("simple", "bach-chorales")
    assert only["experiment"] == "harmonizer"
    store = open_store()
    rewards = store.client.get_metric_history(only["run_id"], "reward")
    assert [point.step for point in rewards] == [50, 60]
    known = json.loads((tmp_path / "models/simple_contrary_motion_model_metadata.json").read_text())
    assert only["metrics"]["average_reward"] == known["average_reward"]


@pytest.mark.parametrize("flag", [["--no-track"], []])
def test_switched_off_a_training_leaves_nothing_to_track(tmp_path: Path, flag: list[str]) -> None:
    code, _, said = run(*MELODY, "--output", tmp_path / "one", *flag)
    assert code == 0, said
    assert not (tmp_path / "one" / SPOOL).exists()
    assert "rack" not in said


@pytest.mark.usefixtures("no_process")
def test_a_refused_training_is_no_run(tmp_path: Path) -> None:
    run(*MELODY, "--output", tmp_path / "one", "--track")
    size = Spool(tmp_path / "one").size
    code, _, said = run(*MELODY, "--output", tmp_path / "one", "--track")
    assert (code, said.count("\n")) == (2, 1)
    assert "There is a run" in said
    assert Spool(tmp_path / "one").size == size


def test_sync_of_a_folder_without_a_spool_says_what_to_give(tmp_path: Path) -> None:
    code, _, said = run("track", "sync", tmp_path)
    assert code == 1
    assert "Nothing was tracked in" in said
    assert "--output" in said


@pytest.mark.usefixtures("no_process")
def test_sync_goes_on_with_the_others_where_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        run(*MELODY, "--output", tmp_path / name, "--track")
    (tmp_path / "one" / "tracking.json").mkdir()  # nothing can be noted there
    code, told, said = run("track", "sync")
    assert code == 1
    assert told == f"{tmp_path / 'two'}: sent\n"
    assert "one: " in said


@pytest.mark.usefixtures("no_process")
def test_what_waits_for_another_store_is_named_and_not_sent_to_this_one(
    tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "other"))
        run(*MELODY, "--output", tmp_path / "one", "--track")
    code, told, said = run("track", "sync")
    assert (code, told) == (0, "Everything is in the store.\n")
    assert f"waiting for another store, {tmp_path / 'other'}: {tmp_path / 'one'}" in said
    assert run("track", "list")[1].startswith("No run is tracked")
    assert run("track", "sync", tmp_path / "one")[0] == 0  # by the user's own word
    assert "one markov" in run("track", "list")[1]


def test_the_page_says_what_to_install_or_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, said = run("track", "ui")
    assert code == 1
    assert "pip install 'chromasonic[mlflow]'" in said
    monkeypatch.setenv("CHROMASONIC_REGISTRY", "http://127.0.0.1:5000")
    code, told, _ = run("track", "ui")
    assert (code, told.split()[-1]) == (0, "http://127.0.0.1:5000")


def test_a_locked_store_is_a_message(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from chromasonic.registry import local_store

    monkeypatch.setattr(local_store, "LOCK_SECONDS", 0.05)
    other = sqlite3.connect(own_store / "registry.db", isolation_level=None)
    other.execute("begin exclusive")
    code, _, said = run("track", "list")
    other.close()
    assert code == 1
    assert said.startswith("Error: The registry")
    assert "is locked" in said
