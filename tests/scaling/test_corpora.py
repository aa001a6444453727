"""Corpora prepared as Ray Data: the bytes of the local engine, also when a worker is killed."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from planted_files import contents

from chromasonic.errors import StorageError, UsageError
from chromasonic.scaling.cluster import Cluster
from chromasonic.scaling.corpora import _prepared
from chromasonic.scaling.preparing import PrepareSettings, prepare
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


def test_two_workers_of_which_two_are_killed_leave_the_bytes_of_the_local_engine(
    cluster: Cluster,
    collection: Path,
    prepared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One before its block is done, one when it is, and nobody has heard of it."""
    dying = {4: tmp_path / "before", 9: tmp_path / "after"}

    def dies(row: dict[str, Any]) -> dict[str, Any]:  # travels to the workers whole
        mark = dying.get(json.loads(row["block"])[0])
        if mark is None or mark.exists():
            return _prepared(row)
        if mark.name == "after":
            _prepared(row)
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    monkeypatch.setattr("chromasonic.scaling.corpora._prepared", dies)
    prepare(collection, tmp_path / "out", settings=SETTINGS, engine="ray", workers=2)
    assert all(mark.exists() for mark in dying.values())
    assert contents(tmp_path / "out") == contents(prepared)


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
