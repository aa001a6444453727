"""Corpora prepared as Ray Data: the bytes of the local engine, also when a worker is killed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import pytest
from planted_files import contents, plant

from chromasonic.errors import StorageError, UsageError
from chromasonic.scaling.cluster import connected
from chromasonic.scaling.corpora import _prepared
from chromasonic.scaling.preparing import PrepareSettings, prepare
from chromasonic.scaling.preparing.blocks import blocks_done
from chromasonic.scaling.preparing.sources import SourceFile

SETTINGS = PrepareSettings(block_files=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A cluster of this machine, shared by the tests of the page."""
    with connected(cpus=2):
        yield


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("planted") / "web")


@pytest.fixture(scope="module")
def local(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("local") / "out"
    prepare(collection, folder)
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_ray_leaves_the_bytes_that_the_local_engine_leaves(
    cluster: None, collection: Path, local: Path, tmp_path: Path, workers: int
) -> None:
    settings = PrepareSettings(block_files=4)
    done = prepare(collection, tmp_path / "out", engine="ray", workers=workers, settings=settings)
    assert done.engine == "ray"
    assert contents(tmp_path / "out") == contents(local)


def test_what_one_engine_began_the_other_finishes(
    cluster: None, collection: Path, local: Path, tmp_path: Path
) -> None:
    class Enough(Exception):
        """Ends the first engine's work."""

    def stop(what: str, done: int, total: int | None) -> None:
        if what.startswith("preparing") and done == 5:
            raise Enough

    with pytest.raises(Enough):
        prepare(collection, tmp_path / "out", settings=SETTINGS, on_progress=stop)
    done = prepare(collection, tmp_path / "out", settings=SETTINGS, engine="ray", resume=True)
    assert done.blocks_kept >= 5
    assert contents(tmp_path / "out") == contents(local)


def _ray_workers_that_read() -> set[int]:
    """Process ids of this process's own Ray workers that have a reader, and no other's."""
    parents, commands = {}, {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                stat = (path / "stat").read_text().rpartition(")")[2].split()
                commands[int(path.name)] = (path / "cmdline").read_bytes()
            except OSError:
                continue  # it ended meanwhile
            parents[int(path.name)] = int(stat[1])

    def is_ours(pid: int) -> bool:
        while pid in parents and pid != os.getpid():
            pid = parents[pid]
        return pid == os.getpid()

    readers = [pid for pid, line in commands.items() if b"preparing.reader" in line]
    found = {parents[pid] for pid in readers}
    return {pid for pid in found if commands.get(pid, b"").startswith(b"ray::") and is_ours(pid)}


def test_a_worker_that_is_killed_in_the_middle_is_survived(
    cluster: None, collection: Path, local: Path, tmp_path: Path
) -> None:
    killed: list[int] = []
    done_then: list[int] = []
    out = tmp_path / "out"
    finished = threading.Event()

    def kill_one() -> None:
        while not finished.is_set() and not killed:
            done = len(blocks_done(out / ".work"))
            if done >= 2:
                for pid in sorted(_ray_workers_that_read())[:1]:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    done_then.append(done)
            time.sleep(0.005)

    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        prepare(collection, out, settings=SETTINGS, engine="ray", workers=2)
    finally:
        finished.set()
        killer.join()
    assert len(killed) == 1
    assert 2 <= done_then[0] < 19
    assert contents(out) == contents(local)


def test_a_full_disk_on_a_worker_reaches_the_user(
    cluster: None, collection: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / ".work").mkdir(parents=True)
    (tmp_path / "out" / ".work" / "blocks").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"Cannot write .*block-.*--resume"):
        prepare(collection, tmp_path / "out", engine="ray")


def test_a_worker_that_does_not_see_the_files_says_so_and_refuses_none(tmp_path: Path) -> None:
    elsewhere = SourceFile("a.mid", str(tmp_path / "not-mounted" / "a.mid"), 0, 10)
    for folder, source in ((tmp_path / "gone", elsewhere), (tmp_path, elsewhere)):
        block = json.dumps([3, [astuple(source)], PrepareSettings().to_dict(), str(folder)])
        done = _prepared({"block": block})
        unseen = folder if folder.name == "gone" else tmp_path / "not-mounted"
        assert f"does not see {unseen}." in done["error"]
        assert (done["number"], done["files"], done["tunes"]) == (3, 1, 0)


def test_an_address_where_no_cluster_is(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ray.is_initialized", lambda: False)  # as before any cluster was joined
    with pytest.raises(UsageError, match=r"no Ray cluster at 127\.0\.0\.1:9"):
        prepare(collection, tmp_path / "out", engine="ray", address="127.0.0.1:9")
    with pytest.raises(UsageError, match="give --engine ray"):
        prepare(collection, tmp_path / "out", address="127.0.0.1:9")
    with pytest.raises(UsageError, match="engine is 'spark'; allowed: local, ray"):
        prepare(collection, tmp_path / "out", engine="spark")
