"""The database of experiments: where it is, and what one is told when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from listening import make_design

from chromasonic.abtest.experiments import Experiments
from chromasonic.abtest.vote import Answer
from chromasonic.abtest.vote_store import experiments_address
from chromasonic.errors import RegistryError

ANSWER = Answer(choice="first", heard_ms=(8000, 8000))


def test_experiments_are_kept_beside_the_registry_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "here"))
    assert experiments_address() == str(tmp_path / "here/experiments.db")
    monkeypatch.setenv("CHROMASONIC_EXPERIMENTS", str(tmp_path))
    assert experiments_address() == str(tmp_path / "experiments.db")
    monkeypatch.setenv("CHROMASONIC_EXPERIMENTS", "postgres://me@host/name")
    assert experiments_address() == "postgresql+psycopg://me@host/name"
    monkeypatch.setenv("CHROMASONIC_EXPERIMENTS", "mysql://me:hush@host/name")
    with pytest.raises(RegistryError, match=r"mysql://me:\*\*\*@host/name.*postgresql://USER"):
        experiments_address()


def test_a_locked_database_is_told_and_nothing_is_stored(tmp_path: Path) -> None:
    with Experiments(str(tmp_path / "x.db"), lock_seconds=0.2) as experiments:
        experiment = experiments.create(make_design())
        other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        token = experiment.plan("me")[0].token
        with pytest.raises(RegistryError, match="locked by another program.*Nothing was stored"):
            experiment.cast("me", token, ANSWER)
        assert experiment.votes() == []  # reading goes on meanwhile
        other.rollback()
        assert experiment.cast("me", token, ANSWER).is_new


def test_a_read_only_database_can_be_read_and_says_why_it_takes_no_vote(tmp_path: Path) -> None:
    """In a process without the right to write; root has every right, so it becomes nobody."""
    path = tmp_path / "x.db"
    for place in (path, tmp_path / "warm/x.db"):
        with Experiments(str(place)) as experiments:
            experiments.create(make_design())
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    script = f"""
import os
from chromasonic.abtest.experiments import Experiments
from chromasonic.abtest.vote import Answer
from chromasonic.errors import RegistryError

def vote(path):
    with Experiments(path) as experiments:
        experiment = experiments.get("taste")
        print(len(experiment.votes()))
        try:
            experiment.cast("me", experiment.plan("me")[0].token, Answer(choice="first"))
        except RegistryError as error:
            print(error)

vote({str(tmp_path / "warm/x.db")!r})  # every module is loaded by now: nobody may not see them
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
vote({str(path)!r})
"""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
        if folder == Path("/tmp"):
            break
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    finally:
        tmp_path.chmod(0o755)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("0\n0\n")
    assert "may not be written. Give yourself the right, or name another in" in run.stdout


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("These are not votes. " * 100)
    with pytest.raises(RegistryError, match="no SQLite database. Name another file"):
        Experiments(str(tmp_path / "x.db"))


def test_tables_of_a_newer_chromasonic_are_left_alone(tmp_path: Path) -> None:
    Experiments(str(tmp_path / "x.db")).close()
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("UPDATE ab_schema SET version = 9")
    with pytest.raises(RegistryError, match="tables of version 9; this Chromasonic knows 2"):
        Experiments(str(tmp_path / "x.db"))


def test_votes_of_version_1_stay_as_they_were_cast(address: str) -> None:
    with Experiments(address) as experiments:
        experiment = experiments.create(make_design())
        experiment.cast("me", experiment.plan("me")[0].token, ANSWER)
        before = experiment.votes()
        with experiments.store.writing() as connection:  # back to the tables of before
            connection.exec_driver_sql("ALTER TABLE ab_votes DROP COLUMN waited_ms")
            connection.exec_driver_sql("UPDATE ab_schema SET version = 1")
    for _ in range(2):  # the second time they are new
        with Experiments(address) as experiments:
            experiment = experiments.get("taste")
            assert experiment.votes() == before
            assert experiment.verify() == 1
    with Experiments(address) as experiments:
        experiment = experiments.get("taste")
        later = replace(ANSWER, waited_ms=1)
        experiment.cast("me", experiment.plan("me")[1].token, later)
        assert experiment.verify() == 2
        with pytest.raises(RegistryError, match="append-only"):  # noqa: SIM117
            with experiments.store.writing() as connection:
                connection.exec_driver_sql("UPDATE ab_votes SET waited_ms = 5")


def test_a_database_of_other_tables_is_shared_with_them(address: str) -> None:
    with Experiments(address) as experiments, experiments.store.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE experiments (id INTEGER)")  # as MLflow has one
    with Experiments(address) as experiments:
        assert experiments.create(make_design()).votes() == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RegistryError, match="cannot be made"):
        Experiments(str(tmp_path / "file/deeper/x.db"))


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(RegistryError, match="cannot be reached") as told:
        Experiments("postgresql://me:hush-hush@127.0.0.1:1/none", lock_seconds=2)
    assert "hush-hush" not in str(told.value)
    assert "CHROMASONIC_EXPERIMENTS" in str(told.value)


def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "psycopg" else real(name)
    )
    with pytest.raises(RegistryError, match=r"pip install 'chromasonic\[postgres\]'"):
        Experiments("postgresql://me@127.0.0.1/none")
