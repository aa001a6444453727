"""A cluster that is not there, or too small, is said within seconds and with what to do."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chromasonic.errors import UsageError
from chromasonic.scaling import cluster as clusters
from chromasonic.scaling.cluster import Cluster, connected
from chromasonic.scaling.engine import Engine, cpu_count
from chromasonic.scaling.place import Place, place_here


@pytest.fixture
def web_server() -> Iterator[int]:
    """The port of something that answers, but not as a head does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(60)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port where nobody listens, and that nobody else can take meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of something that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_an_address_where_nothing_listens_is_no_cluster(closed_port: int) -> None:
    refused = rf"no Ray cluster at 127.0.0.1:{closed_port}: Connection refused"
    with (
        pytest.raises(UsageError, match=refused),
        connected(f"127.0.0.1:{closed_port}"),
    ):
        pass


def test_another_server_at_the_address_is_no_cluster(web_server: int) -> None:
    with (
        pytest.raises(UsageError, match="something else than Ray answers there.*ray start --head"),
        connected(f"127.0.0.1:{web_server}"),
    ):
        pass


def test_an_address_that_keeps_silent_is_given_up(
    silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 0.2)
    with (
        pytest.raises(UsageError, match="nothing answers within 0.2 s"),
        connected(f"127.0.0.1:{silent_server}"),
    ):
        pass


def test_auto_is_what_was_started_and_never_a_cluster_that_somebody_begins_for_a_moment(
    cluster: Cluster, closed_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One runs on this machine (the fixture's); it is private, so `auto` is not it."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    with (
        pytest.raises(UsageError, match=r"no Ray cluster at auto: none was started on this mach"),
        connected("auto"),
    ):
        pass
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray/ray_current_cluster").write_text(f"127.0.0.1:{closed_port}\n")
    refused = rf"no Ray cluster at 127.0.0.1:{closed_port}: Connection refused"
    with (
        pytest.raises(UsageError, match=refused),
        connected("auto"),
    ):
        pass
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    with connected("auto") as found:
        assert found.address == cluster.address


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("here", "'here' is no address of a cluster. Give auto, or HOST:PORT"),
        ("head:sixty", "is no address"),
        ("head:70000", "is no address"),
        ("ray://127.0.0.1:10001", "client server.*--address auto or HOST:6379"),
    ],
)
def test_what_is_no_address_says_what_one_is(address: str, message: str) -> None:
    with pytest.raises(UsageError, match=message), connected(address):
        pass


def test_more_workers_than_cpus_are_refused_before_anything_begins(cluster: Cluster) -> None:
    too_many = cpu_count() + 1
    with pytest.raises(UsageError, match=rf"--workers is {too_many}, but this machine has"):
        Engine(name="ray", workers=too_many)
    with (
        pytest.raises(UsageError, match=rf"the cluster at .* has {cluster.cpus} CPUs on 1 mach"),
        connected(cpus=cluster.cpus + 1),
    ):
        pass


def test_engines_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="--workers is 0; allowed: 1 or more"):
        Engine(name="ray", workers=0)
    with pytest.raises(UsageError, match="'dask' is no engine; known: local, ray"):
        Engine(name="dask")
    with pytest.raises(UsageError, match="Say --engine ray with it"):
        Engine(address="auto")


def test_without_ray_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as Python has what cannot be imported
    with pytest.raises(UsageError, match=r"pip install 'chromasonic\[scale\]'"), connected():
        pass


def test_nothing_is_reported_and_only_the_loopback_interface_listens(cluster: Cluster) -> None:
    import ray

    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert cluster.address.startswith("127.0.0.1:")
    assert {node["NodeManagerAddress"] for node in ray.nodes()} == {"127.0.0.1"}


def test_folders_of_killed_processes_are_removed_and_those_of_living_ones_stay(
    cluster: Cluster,
) -> None:
    dead = Path(f"/tmp/chromasonic-ray-{2**22 + 7}-test")  # above the highest number of a process
    dead.mkdir(exist_ok=True)
    clusters._remove_abandoned()
    assert not dead.exists()
    assert list(Path("/tmp").glob(f"chromasonic-ray-{os.getpid()}-*"))


def test_a_worker_that_sees_another_folder_says_that_it_has_to_be_shared(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with place_here(tmp_path / "run", workers=1, cluster=cluster) as place:
        place.settle()
        elsewhere = Place(
            folder=place.folder, mark=tmp_path / "other" / place.mark.name, threads=1,
            command=place.command, variables={},
        )  # fmt: skip
        with pytest.raises(UsageError, match=r"cannot see .*other\. Give an --output on storage"):
            elsewhere.settle()
    assert not (tmp_path / "run").exists()
