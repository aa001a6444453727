"""The store: made once whoever comes first, quiet, and clear about what is wrong with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import RegistryError
from chromasonic.registry import address as addresses
from chromasonic.registry import local_store, server, store_errors
from chromasonic.registry.address import store_address, tracking_uri, without_secret
from chromasonic.registry.store import (
    AbsentError,
    BusyError,
    PresentError,
    Store,
    open_store,
)
from stores import as_nobody, new_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(new_store(tmp_path / "registry")))


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="chromasonic-test-readable-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def revision(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "registry.db")) as connection:
        return str(connection.execute("select version_num from alembic_version").fetchone()[0])


def set_revision(folder: Path, value: str) -> None:
    with closing(sqlite3.connect(folder / "registry.db")) as connection, connection:
        connection.execute("update alembic_version set version_num = ?", (value,))


# --- where it is -------------------------------------------------------------------------------


def test_the_own_setting_wins_over_mlflows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert store_address() == str(tmp_path)
    monkeypatch.delenv("CHROMASONIC_REGISTRY")
    assert store_address() == "http://127.0.0.1:5000"


def test_without_a_setting_it_is_a_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMASONIC_REGISTRY", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    monkeypatch.setenv("HOME", "/somewhere")
    folder = Path(store_address())
    assert folder.parts[-2:] == ("chromasonic", "registry")
    assert folder.is_relative_to("/somewhere")


def test_a_relative_folder_is_that_folder_from_everywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHROMASONIC_REGISTRY", "mine")
    assert store_address() == str(tmp_path / "mine")


def test_a_setting_that_is_no_place_names_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMASONIC_REGISTRY", "s3://me:secret@bucket/x")
    with pytest.raises(RegistryError, match=r"CHROMASONIC_REGISTRY is 's3://me:\*\*\*@bucket/x'"):
        store_address()


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("/a/b", "sqlite:////a/b/registry.db"),
        ("sqlite:////a/b/own.db", "sqlite:////a/b/own.db"),
        ("http://host:5000", "http://host:5000"),
        ("postgresql+psycopg://u@h/x", "postgresql+psycopg://u@h/x"),
        ("postgres://u@h/x", "postgresql+psycopg://u@h/x"),
    ],
)
def test_each_kind_of_address_is_told_to_mlflow(address: str, uri: str) -> None:
    assert tracking_uri(address) == uri


@given(
    user=st.text("abcXYZ019_-", min_size=1),
    password=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/@")),
    host=st.text("abc.", min_size=1),
)
def test_no_password_is_ever_shown(user: str, password: str, host: str) -> None:
    shown = without_secret(f"at postgresql://{user}:{password}$ecret@{host}/name it failed")
    assert "$ecret" not in shown
    assert shown == f"at postgresql://{user}:***@{host}/name it failed"


# --- made once ---------------------------------------------------------------------------------


OPENED_BY_SEVERAL = textwrap.dedent("""
    import sys
    from chromasonic.registry.store import open_store
    said = []
    print("ready", flush=True)
    sys.stdin.read()
    store = open_store(sys.argv[1], on_wait=said.append)
    experiment = store.experiment("melody")
    run = store.client.create_run(experiment)
    store.client.log_param(run.info.run_id, "who", sys.argv[2])
    store.client.set_terminated(run.info.run_id)
    print(len(said), experiment)
""")


def test_processes_that_open_a_fresh_store_at_once_all_get_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", OPENED_BY_SEVERAL, str(folder), str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(2)
    ]  # fmt: skip
    for child in children:  # however long either takes to start, both open it at once
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
        child.stdin = None
    ends = [child.communicate(timeout=300) for child in children]
    assert [child.returncode for child in children] == [0, 0], ends
    assert sorted(out.split()[0] for out, _ in ends) == ["0", "1"]
    assert len({out.split()[1] for out, _ in ends}) == 1
    store = open_store(str(folder))
    runs = store.client.search_runs([store.experiment("melody")])
    assert sorted(run.data.params["who"] for run in runs) == ["0", "1"]


def test_nobody_meets_a_half_made_store_and_a_maker_that_was_killed_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """While the tables are made, and where that was cut short, there is no registry.db.

    Who comes next makes it, once, with a word and with nothing on the terminal.
    """
    from mlflow.store.db import utils

    seen: list[bool] = []
    upgrade = utils._upgrade_db

    def killed(engine: object) -> None:
        seen.append((tmp_path / "registry.db").exists())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(utils, "_upgrade_db", killed)
        with pytest.raises(KeyboardInterrupt):
            open_store(str(tmp_path))
    assert utils._upgrade_db is upgrade
    assert seen == [False]
    assert not (tmp_path / "registry.db").exists()
    said: list[str] = []
    again: list[str] = []
    store = open_store(str(tmp_path), on_wait=said.append)
    open_store(str(tmp_path), on_wait=again.append)
    assert len(said) == 1
    assert "Making the registry" in said[0]
    assert again == []
    assert capfd.readouterr() == ("", "")
    assert store.client.search_experiments()[0].name == "Default"
    assert [path.name for path in tmp_path.glob("*registry.db*") if path.suffix != ".lock"] == [
        "registry.db"
    ]


def test_artifacts_of_a_folder_lie_in_it_whatever_the_working_folder(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run = store.client.create_run(store.experiment("melody")).info.run_id
    (elsewhere / "note.txt").write_text("la")
    store.client.log_artifact(run, "note.txt")
    found = list((tmp_path / "registry" / "artifacts").rglob("note.txt"))
    assert [path.read_text() for path in found] == ["la"]
    assert [path.name for path in elsewhere.iterdir()] == ["note.txt"]


def test_an_experiment_is_one_however_often_it_is_asked_for(store: Store) -> None:
    assert store.experiment("melody") == store.experiment("melody")
    store.client.delete_experiment(store.experiment("melody"))
    assert store.client.get_experiment(store.experiment("melody")).lifecycle_stage == "active"


def test_what_is_not_there_and_what_is_there_already_are_told_apart(store: Store) -> None:
    with pytest.raises(AbsentError):
        store.client.get_run("0" * 32)
    store.experiment("melody")
    with pytest.raises(PresentError):
        store.client.create_experiment("melody")


def test_nothing_but_the_loopback_is_spoken_to() -> None:
    """MLflow reports its use to its makers unless it is told not to, and does so on import."""
    program = textwrap.dedent("""
        import os, socket, sys, threading, time
        seen = []
        def connect(self, address, _=socket.socket.connect):
            seen.append(address); raise OSError(101, "no network")
        def lookup(host, *rest, **more):
            seen.append(host); raise socket.gaierror(socket.EAI_AGAIN, "no names")
        socket.socket.connect, socket.getaddrinfo = connect, lookup
        from chromasonic.registry.store import open_store
        store = open_store(sys.argv[1])
        run = store.client.create_run(store.experiment("melody")).info.run_id
        store.client.log_metric(run, "loss", 1.0)
        store.client.create_registered_model("folk")
        store.client.set_terminated(run)
        import mlflow.telemetry
        print(seen, mlflow.telemetry.get_telemetry_client())
    """)
    with tempfile.TemporaryDirectory() as folder:
        new_store(Path(folder))
        around = {k: v for k, v in os.environ.items() if "TELEMETRY" not in k and k != "CI"}
        end = subprocess.run(
            [sys.executable, "-c", program, folder],
            env=around, capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    assert end.stdout.strip() == "[] None"


# --- what is wrong with it ---------------------------------------------------------------------


def test_a_file_in_the_folders_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(RegistryError, match="CHROMASONIC_REGISTRY=FOLDER"):
        open_store(str(tmp_path / "taken"))


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "registry.db").write_text("these are not the bytes of a database" * 50)
    with pytest.raises(RegistryError, match="is no SQLite database"):
        open_store(str(tmp_path))
    assert (tmp_path / "registry.db").read_text().startswith("these are not")


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        connection.execute("create table songs (title text)")
    before = (tmp_path / "registry.db").read_bytes()
    with pytest.raises(RegistryError, match=r"another program \(tables songs\)"):
        open_store(str(tmp_path))
    assert (tmp_path / "registry.db").read_bytes() == before


def half_made(folder: Path) -> Path:
    """MLflow's first tables, as they stand before it notes a schema."""
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import create_engine

    file = folder / "registry.db"
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return file


def test_a_store_that_another_process_is_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, whole = half_made(tmp_path), new_store(tmp_path / "whole") / "registry.db"
    said: list[str] = []

    def goes_on(_: float) -> None:
        os.replace(whole, file)

    monkeypatch.setattr(local_store.time, "sleep", goes_on)
    assert open_store(str(tmp_path), on_wait=said.append).client.search_experiments()
    assert ["waiting for it" in line for line in said] == [True]


def test_a_half_made_store_that_nobody_goes_on_with_is_not_called_another_programs(
    tmp_path: Path,
) -> None:
    file = half_made(tmp_path)
    os.utime(file, (0, 0))
    with pytest.raises(RegistryError, match="half made.*move it away and try again"):
        open_store(str(tmp_path))


def test_a_database_of_a_newer_mlflow_is_left_as_it_is(tmp_path: Path) -> None:
    folder = new_store(tmp_path)
    set_revision(folder, "ffffffffffff")
    with pytest.raises(RegistryError, match=r"newer MLflow \(schema ffffffffffff\).*pip install"):
        open_store(str(folder))
    assert revision(folder) == "ffffffffffff"


@pytest.fixture(scope="module")
def made_older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as an MLflow of the year before wrote it, made by MLflow's own migrations."""
    from alembic import command
    from alembic.config import Config
    from mlflow.store.db_migrations import __file__ as migrations
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import create_engine

    folder = tmp_path_factory.mktemp("older")
    engine = create_engine(f"sqlite:///{folder / 'registry.db'}")
    Base.metadata.create_all(engine)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations).parent))
    with store_errors._quiet(), engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "bda7b8c39065")  # of MLflow 3.3
    engine.dispose()
    return folder


@pytest.fixture
def older(made_older: Path, tmp_path: Path) -> Path:
    """A copy of it, to be written to."""
    return shutil.copytree(made_older, tmp_path / "older")


def test_an_older_store_of_ones_own_is_renewed_and_kept_as_it_was(
    older: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(older / "registry.db")) as connection, connection:
        connection.execute(
            "insert into experiments (experiment_id, name, lifecycle_stage) "
            "values (7, 'old', 'active')"
        )
    said: list[str] = []
    store = open_store(str(older), on_wait=said.append)
    assert store.client.get_experiment_by_name("old").experiment_id == "7"
    assert revision(older) == revision(new_store(tmp_path / "newest"))
    kept = older / "registry.db.before-bda7b8c39065"
    assert kept.name in said[0]
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("select name from experiments").fetchall() == [("old",)]


def test_an_older_database_of_others_is_not_renewed_unasked(older: Path) -> None:
    uri = f"sqlite:///{older / 'registry.db'}"
    with pytest.raises(RegistryError, match=r"older schema.*mlflow db upgrade"):
        open_store(uri)
    assert revision(older) == "bda7b8c39065"


def test_a_locked_database_says_so_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_store, "LOCK_SECONDS", 0.05)
    folder = new_store(tmp_path)
    with closing(sqlite3.connect(folder / "registry.db", isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(BusyError, match=r"locked.*Try again"):
            open_store(str(folder))


def test_a_write_waits_for_the_one_before_it(store: Store, tmp_path: Path) -> None:
    experiment = store.experiment("melody")
    other = sqlite3.connect(
        tmp_path / "registry" / "registry.db", isolation_level=None, check_same_thread=False
    )
    other.execute("begin immediate")
    release = threading.Timer(0.3, lambda: other.execute("commit"))
    release.start()
    store.client.create_run(experiment)  # fails at once if it does not wait
    release.join()
    other.close()
    assert len(store.client.search_runs([experiment])) == 1


def test_writing_is_done_by_one_process_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chromasonic.registry.store.LOCK_SECONDS", 0.05)
    inside = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with store.writing():
            inside.set()
            leave.wait(300)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(300)
    with pytest.raises(BusyError, match="has been writing"), store.writing():
        pytest.fail("two were in it")
    leave.set()
    thread.join()
    with store.writing():
        pass


def test_a_read_only_store_can_be_read_and_says_why_not_written(readable: Path) -> None:
    folder = new_store(readable / "registry")
    store = open_store(str(folder))
    store.client.create_run(store.experiment("melody"), run_name="there")
    folder.chmod(0o555)
    (folder / "registry.db").chmod(0o444)

    def read() -> str:
        mine = open_store(str(folder))
        return str(mine.client.search_runs([mine.experiment("melody")])[0].info.run_name)

    def write() -> str:
        open_store(str(folder)).experiment("another")
        return "written"

    assert as_nobody(read) == "there"
    assert as_nobody(write).startswith("RegistryError: The registry")
    assert "may be read but not written" in as_nobody(write)
    folder.chmod(stat.S_IRWXU)


def test_a_folder_without_permission_says_so(readable: Path) -> None:
    said = as_nobody(lambda: str(open_store(str(readable / "mine"))))
    assert said.startswith("RegistryError: ")
    assert "CHROMASONIC_REGISTRY=FOLDER" in said
    assert not (readable / "mine").exists()


@contextlib.contextmanager
def listening() -> Iterator[int]:
    """A port where something accepts connections and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1]


def test_a_server_that_is_down_or_silent_is_said_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.1)
    with listening() as port, pytest.raises(BusyError, match="does not answer.*Start it, or unset"):
        open_store(f"http://127.0.0.1:{port}")
    with socket.socket() as closed, pytest.raises(BusyError, match="does not answer"):
        closed.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can take it
        open_store(f"http://127.0.0.1:{closed.getsockname()[1]}")


def test_a_database_that_is_down_is_said_without_its_password() -> None:
    with pytest.raises(BusyError, match=r"postgresql://me:\*\*\*@.*does not answer") as raised:
        open_store("postgresql://me:secret@127.0.0.1:1/music")
    assert "secret" not in str(raised.value)


def test_a_database_without_its_driver_says_what_to_install() -> None:
    with pytest.raises(RegistryError, match=r"driver.*pip install 'chromasonic\[postgres\]'"):
        open_store("mysql+absent://me@127.0.0.1:1/music")


def test_mlflows_patience_is_cut_within_the_call_only(store: Store) -> None:
    for name in store_errors.PATIENCE:
        assert name not in os.environ
    with store_errors.clear_errors("http://127.0.0.1:1"):
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "No space is left"),
        (sqlite3.OperationalError("database or disk is full"), "No space is left"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "not written"),
        (PermissionError(13, "Permission denied"), "not written"),
        (sqlite3.OperationalError("database is locked"), "is locked"),
    ],
)
def test_each_failure_has_a_next_step(error: Exception, words: str) -> None:
    explained = store_errors.explained(error, "/home/me/registry")
    assert words in str(explained)
    assert addresses.REGISTRY in str(explained)
