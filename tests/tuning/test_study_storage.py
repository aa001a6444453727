"""Journal and databases: torn lines, locks, what may only be read, what is not there."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from searches import pretend_all, study_in

from chromasonic.errors import StorageError, UsageError
from chromasonic.tuning import storage
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.storage import storage_at, with_driver, without_password


def test_a_line_that_was_not_written_whole_is_cut_off(tmp_path: Path) -> None:
    pretend_all(study_in(tmp_path / "s"), 3)
    journal = tmp_path / "s/study.journal"
    before = journal.read_bytes()
    with journal.open("ab") as file:
        file.write(b'{"op_code":4,"worker_id":"half')
    study = study_in(tmp_path / "s")
    assert journal.read_bytes().startswith(before)
    assert len(study.records()) == 3
    pretend_all(study, 5)
    assert len(study_in(tmp_path / "s").records()) == 5


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s/study.journal").write_text("these are\nno lines of a study\n")
    with pytest.raises(StorageError, match="is no study, or is damaged"):
        study_in(tmp_path / "s")


def test_sqlite_keeps_a_study_as_the_journal_does(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/study.db"
    study = study_in(tmp_path / "s", address=address)
    pretend_all(study, 12)
    in_journal = study_in(tmp_path / "j")
    pretend_all(in_journal, 12)
    assert [r.to_dict() for r in study.records()] == [r.to_dict() for r in in_journal.records()]
    assert not (tmp_path / "s/study.journal").exists()
    assert len(open_study(tmp_path / "s").records()) == 12, "study.json says where it is"


def test_two_searches_in_one_database_do_not_mix(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/study.db"
    pretend_all(study_in(tmp_path / "one", address=address), 2)
    pretend_all(study_in(tmp_path / "two", address=address), 3)
    assert len(open_study(tmp_path / "one").records()) == 2


def test_a_locked_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "WAIT_SECONDS", 0.1)
    address = f"sqlite:///{tmp_path}/study.db"
    study = study_in(tmp_path / "s", address=address)
    holder = sqlite3.connect(tmp_path / "study.db")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match=r"locked.*close it, or use a server"):
        study.next_trial(3)
    holder.rollback()
    holder.close()
    assert study.next_trial(3) is not None


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match=r"Choose a folder that may be written \(--output\)"):
        study_in(tmp_path / "file/s")


def test_a_database_that_may_only_be_read_is_said(tmp_path: Path) -> None:
    pretend_all(study_in(tmp_path / "s", address=f"sqlite:///{tmp_path}/study.db"), 2)
    (tmp_path / "s/study.json").unlink()
    with pytest.raises(StorageError, match=r"It may only be read: give a file that may be written"):
        study_in(
            tmp_path / "s", address=f"sqlite:///file:{tmp_path}/study.db?mode=ro&uri=true"
        ).next_trial(9)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("no database at all, but long enough to be one" * 50)
    with pytest.raises(StorageError, match="That file is something else: give another name"):
        study_in(tmp_path / "s", address=f"sqlite:///{tmp_path}/study.db")


def test_a_server_that_is_not_there_is_said_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can take it
        port = closed.getsockname()[1]
        address = f"postgresql://me:secret@127.0.0.1:{port}/music"
        with pytest.raises(StorageError, match="Is the server up") as caught:
            study_in(tmp_path / "s", address=address)
    assert "secret" not in str(caught.value)
    assert f"me@127.0.0.1:{port}" in str(caught.value)


def test_an_unknown_kind_of_address_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"sqlite:///FILE or postgresql://"):
        storage_at("redis9://nowhere")
    with pytest.raises(UsageError, match="leave --study out"):
        study_in(tmp_path / "s", address="notes://x")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:pw@host:5/db", "postgresql://me@host:5/db"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("sqlite:////tmp/a@b.db", "sqlite:////tmp/a@b.db"),
    ],
)
def test_addresses_are_shown_without_passwords(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_postgres_addresses_name_the_driver_that_is_installed() -> None:
    assert with_driver("postgres://h/d") == "postgresql+psycopg://h/d"
    assert with_driver("postgresql+psycopg://h/d") == "postgresql+psycopg://h/d"
