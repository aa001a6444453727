"""Corpora prepared as Ray Data: the bytes of the local engine, also when a worker is killed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import astuple
from pathlib import Path

import pytest
from planted_files import contents

from chromasonic.errors import StorageError, UsageError
from chromasonic.scaling.cluster import Cluster
from chromasonic.scaling.corpora import _prepared
from chromasonic.scaling.preparing import PrepareSettings, prepare
from chromasonic.scaling.preparing.blocks import blocks_done
from chromasonic.scaling.preparing.sources import SourceFile

SETTINGS = PrepareSettings(block_files=1)


def test_one_worker_finishes_what_the_local_engine_began_and_leaves_the_same_bytes(
    cluster: Cluster, collection: Path, prepared: Path, tmp_path: Path
) -> None:
    class Enough(Exception):
        """Ends the first engine's work."""

    def stop(what: str, done: int, total: int | None) -> None:
        if what.startswith("preparing") and done == 5:
            raise Enough

    with pytest.raises(Enough):
        prepare(collection, tmp_path / "out", settings=SETTINGS, on_progress=stop)
    done = prepare(collection, tmp_path / "out", settings=SETTINGS, engine="ray", resume=True)
    assert done.engine == "ray"
    assert 5 <= done.blocks_kept < done.blocks
    assert contents(tmp_path / "out") == contents(prepared)


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


def test_two_workers_one_killed_in_the_middle_leave_the_bytes_of_the_local_engine(
    cluster: Cluster, collection: Path, prepared: Path, tmp_path: Path
) -> None:
    for attempt in range(5):  # on a busy machine all may be done before anybody can be killed
        out = tmp_path / f"out-{attempt}"
        killed = _prepared_with_one_killed(collection, out)
        assert contents(out) == contents(prepared)
        if killed:
            break
    assert len(killed) == 1
    assert 2 <= killed[0] < 19


def _prepared_with_one_killed(collection: Path, out: Path) -> list[int]:
    """Prepare with two workers, one of which is killed; the blocks that were done then, if any."""
    killed: list[int] = []
    finished = threading.Event()

    def kill_one() -> None:
        while not finished.is_set() and not killed:
            done = len(blocks_done(out / ".work"))
            if 2 <= done < 19:
                for pid in sorted(_ray_workers_that_read())[:1]:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(done)
            time.sleep(0.005)

    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        prepare(collection, out, settings=SETTINGS, engine="ray", workers=2)
    finally:
        finished.set()
        killer.join()
    return killed


def test_a_full_disk_on_a_worker_reaches_the_user(
    cluster: Cluster, collection: Path, tmp_path: Path
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
