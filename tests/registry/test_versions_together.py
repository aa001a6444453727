"""Several processes at one registry, processes that are killed, and rights that are missing."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from version_stage import made_model

from chromasonic.abtest import gate as gates
from chromasonic.errors import CorpusError, RegistryError
from chromasonic.registry import local_store, pruning, records, storing
from chromasonic.registry import store as stores_page
from chromasonic.registry.versions import Registry
from stores import as_nobody

PROCESSES, EACH = 8, 2
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, whoever waits for the others gets its turn."""
    for page in (stores_page, local_store):
        monkeypatch.setattr(page, "LOCK_SECONDS", 600)


def register_some(folder: Path, number: int) -> None:
    registry = Registry()
    for turn in range(EACH):
        weights = f"process {number}, turn {turn}".encode()
        registry.register(made_model(folder / str(number), weights=weights), "folk")


@pytest.mark.usefixtures("patient")
def test_eight_processes_that_register_at_once_lose_nothing(
    registry: Registry, tmp_path: Path
) -> None:
    children = [
        FORK.Process(target=register_some, args=(tmp_path, number)) for number in range(PROCESSES)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()

    assert [child.exitcode for child in children] == [0] * PROCESSES
    versions = registry.versions("folk")
    assert [version.number for version in versions] == [*range(1, PROCESSES * EACH + 1)]
    found = {
        (registry.folder_of(version.reference) / "lstm_checkpoints/melody_lstm_best.pt").read_text()
        for version in versions
    }
    assert found == {f"process {n}, turn {t}" for n in range(PROCESSES) for t in range(EACH)}


def promote_in_turns(number: int) -> None:
    registry = Registry()
    for turn in range(3):
        registry.set_alias(f"folk@{1 + (number + turn) % 3}", why=f"{number}")


@pytest.mark.usefixtures("patient")
def test_every_move_of_an_alias_by_several_processes_is_kept(
    registry: Registry, tmp_path: Path
) -> None:
    for _ in range(3):
        registry.register(made_model(tmp_path), "folk")
    children = [FORK.Process(target=promote_in_turns, args=(number,)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()

    assert [child.exitcode for child in children] == [0] * 4
    moves = registry.history("folk")
    assert moves[0].before is None
    assert [move.before for move in moves[1:]] == [move.after for move in moves[:-1]]
    assert registry.aliases("folk") == {"champion": moves[-1].after}


def killed_at(where: str, folder: Path) -> None:
    """Register a model, and be killed (-9) at a point of it."""
    registry = Registry()
    client = registry.store.client

    def die(*_: Any, **__: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    def then_die(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            function(*args, **kwargs)
            die()

        return call

    if where == "before its files are put":
        storing.put = die
    elif where == "while its files are put":
        copy = shutil.copyfile
        count = iter(range(99))

        def copyfile(source: Any, target: Any, **more: Any) -> Any:
            if "artifacts" in str(target) and next(count) == 1:
                die()
            return copy(source, target, **more)

        shutil.copyfile = copyfile
    elif where == "after its files were put":
        storing.put = then_die(storing.put)
    elif where == "after its name was made":
        client.create_model_version = die
    elif where == "in the transaction":
        from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

        SqlAlchemyStore._populate_model_version_aliases = die
    elif where == "after it was made":
        client.create_model_version = then_die(client.create_model_version)
    elif where == "after its alias was set":
        records.change_tag = die
    registry.register(made_model(folder), "folk", aliases=["champion"])


POINTS = {
    "before its files are put": False,
    "while its files are put": False,
    "after its files were put": False,
    "after its name was made": False,
    "in the transaction": False,
    "after it was made": True,
    "after its alias was set": True,
}
"""Where a process is killed, and whether its version is there."""


@pytest.mark.parametrize("where", POINTS)
def test_a_killed_process_leaves_a_whole_version_or_none(
    registry: Registry, tmp_path: Path, where: str
) -> None:
    first = registry.register(made_model(tmp_path / "first"), "folk")
    child = FORK.Process(target=killed_at, args=(where, tmp_path / "killed"))
    child.start()
    child.join()

    assert child.exitcode == -signal.SIGKILL
    there = POINTS[where]
    versions = registry.versions("folk")
    assert [version.number for version in versions] == ([1, 2] if there else [1])
    assert all(registry.verify(version.reference) == () for version in versions)
    following = registry.register(made_model(tmp_path / "next"), "folk", aliases=["champion"])
    assert following.number == len(versions) + 1
    pruned = pruning.prune(registry, None, keep=9, dry_run=False, leftover_age=timedelta(0))
    left = where in ("while its files are put", "after its files were put",
                     "after its name was made", "in the transaction")  # fmt: skip
    assert len(pruned.leftovers) == left
    folders = [registry.folder_of(version.reference) for version in registry.versions()]
    assert sorted(registry.store.artifacts.glob("*/*/artifacts/versions/*")) == sorted(folders)  # type: ignore[union-attr]
    assert registry.get("folk@1") == first
    if where == "after its alias was set":
        assert registry.rollback("folk").after == 2


def test_aliases_can_be_moved_while_the_gate_judges(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        registry.register(made_model(tmp_path, weights=b"%d" % number), "folk")
    registry.set_alias("folk@1")
    registry.set_alias("folk@2")
    monkeypatch.setattr(stores_page, "LOCK_SECONDS", 0.2)
    moved: list[int | None] = []

    def judge(*_: Any, **__: Any) -> None:
        if not moved:
            moved.append(Registry().rollback("folk").after)
        raise CorpusError("No corpus is here.")

    monkeypatch.setattr(gates, "judge", judge)
    monkeypatch.setattr(gates, "formats_of", lambda *_: ())
    found = gates.gate(registry, "folk@3")
    assert (found.passed, found.against) == (False, "folk@2")
    assert moved == [1]
    assert registry.aliases("folk") == {"champion": 1}


def test_who_waits_for_another_process_that_writes_is_told_so(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register(made_model(tmp_path), "folk")
    monkeypatch.setattr(stores_page, "PATIENCE_SECONDS", 0.05)
    told: list[str] = []
    may_end, is_held = threading.Event(), threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        may_end.set()  # from here on it is waited for

    def hold() -> None:
        with registry.store.writing():
            is_held.set()
            may_end.wait(300)

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(300)
    assert Registry(on_wait=tell).set_alias("folk@1").after == 1
    holder.join()
    assert [line.split(" registry ")[0] for line in told] == ["Another process is writing to the"]


def test_a_write_waits_for_another_process_and_then_says_so(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register(made_model(tmp_path), "folk")
    is_held, may_end = FORK.Event(), FORK.Event()

    def hold() -> None:
        with Registry().store.writing():
            is_held.set()
            may_end.wait(300)

    child = FORK.Process(target=hold)
    child.start()
    assert is_held.wait(300)
    monkeypatch.setattr(stores_page, "LOCK_SECONDS", 0.2)
    with pytest.raises(RegistryError, match=r"Another process has been writing.*Try again"):
        registry.set_alias("folk@1")
    assert registry.get("folk@1").aliases == ()  # reading needs no lock

    monkeypatch.setattr(stores_page, "LOCK_SECONDS", 600)
    threading.Timer(0.5, may_end.set).start()
    assert registry.set_alias("folk@1").after == 1
    child.join()


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="chromasonic-test-readable-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_registry_that_may_only_be_read_is_read_and_says_what_it_is(
    registry: Registry, tmp_path: Path, readable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register(made_model(tmp_path), "folk", aliases=["champion"])
    address = readable / "registry"
    shutil.copytree(registry.store.address, address)
    for path in [address, *address.rglob("*")]:
        path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH | (0o111 if path.is_dir() else 0))
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(address))

    def read() -> str:
        return str(Registry().folder_of("folk@champion").is_relative_to(address))

    def write() -> str:
        own = Path(tempfile.mkdtemp())
        Registry().register(made_model(own), "folk")
        return "written"

    assert as_nobody(read) == "True"
    for act in (write, lambda: str(Registry().set_alias("folk@1", "other"))):
        assert "may be read but not written" in as_nobody(act)
