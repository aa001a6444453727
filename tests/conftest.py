"""What every test shares: corpora, an isolated cache and registry, one thread, no network."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import tempfile
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from shared import end_shared

LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None, socket.gethostname()}
LONGEST = ("docs/test_pages", "cpp/", "scaling/", "studio/", "companion/", "registry/", "cli/")
"""Files and folders of tests that take longest, in this order; the others come after them."""


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: own cache and registry, quiet plots, one thread."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers and child processes inherit these
    os.environ.setdefault("MKL_NUM_THREADS", "1")
    os.environ["MPLBACKEND"] = "Agg"
    settings.register_profile(  # no example is too slow, and every machine tries the same ones
        "same-everywhere",
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("same-everywhere")
    gc.set_threshold(20_000, 20, 20)  # collecting the tests makes millions of objects that stay
    if not hasattr(config, "workerinput"):  # the controller; xdist's workers share its folder
        folder = tempfile.mkdtemp(prefix="chromasonic-test-cache-")
        os.environ["CHROMASONIC_CACHE"] = folder
        os.environ["CHROMASONIC_TEST_SESSION"] = folder  # see stores.py
        os.environ["CHROMASONIC_REGISTRY"] = f"{folder}/registry"  # nobody's own models
        os.environ["CHROMASONIC_STUDIO"] = f"{folder}/studio"  # nor pieces
        os.environ["CHROMASONIC_TRACKING"] = "off"  # tests of tracking switch it on
        for name in ("MLFLOW_TRACKING_URI", "CHROMASONIC_ARTIFACTS", "CHROMASONIC_EXPERIMENTS"):
            os.environ.pop(name, None)
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: they wait for browsers, compilers and other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no test process waits long for another's end."""
    folder = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(folder).as_posix()
        return next((i for i, begin in enumerate(LONGEST) if path.startswith(begin)), len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: the garbage collector need not visit them."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """This process goes on to the tests of another folder: see `shared`."""
    if nextitem is None or nextitem.path.parent != item.path.parent:
        end_shared()


def pytest_sessionfinish() -> None:
    """Wherever the tests are broken off, nothing goes on without them."""
    end_shared()


@pytest.fixture(scope="session", autouse=True)
def single_thread() -> None:
    """One torch thread: sums come out the same on every machine, and workers share cores well."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def curves_drawn_once() -> Any:
    """The curves of a kind of model are drawn once; later trainings leave a copy of that picture.

    Drawing takes longer than many a small training. See `real_pictures`.
    """
    from chromasonic import files
    from chromasonic.training.history import TrainingHistory

    draw, drawn = TrainingHistory.plot, dict[tuple[str, ...], bytes]()

    @wraps(draw)
    def plot(
        history: TrainingHistory, what: str, save_path: files.PathLike, *, title: str | None = None
    ) -> Path:
        path = Path(save_path)
        kind = (history.name, history.headline, what, path.suffix)
        if kind in drawn:
            return files.write_bytes(path, drawn[kind])
        path = draw(history, what, path, title=title)
        drawn[kind] = path.read_bytes()
        return path

    patch = pytest.MonkeyPatch()
    patch.setattr(TrainingHistory, "plot", plot)
    yield
    patch.undo()


@pytest.fixture
def real_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for this where the curves themselves matter: each picture is drawn."""
    from chromasonic.training.history import TrainingHistory

    monkeypatch.setattr(TrainingHistory, "plot", TrainingHistory.plot.__wrapped__)  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Any:
    """The tests see a machine without network: only the loopback interface answers."""
    real_connect, real_lookup = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise OSError(101, f"Network is unreachable (tests have none): {address[0]}")
        return real_connect(self, address)

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in LOOPBACK:
            raise socket.gaierror(socket.EAI_AGAIN, f"No name lookup in tests: {host}")
        return real_lookup(host, *args, **kwargs)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    patch.setattr(socket, "getaddrinfo", lookup)
    yield
    patch.undo()


@pytest.fixture
def own_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry in which nobody else has registered anything: `tmp_path / "registry"`."""
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "registry"))


@pytest.fixture(scope="session")
def corpus_folder() -> Path:
    """The folder of full corpora; tests that use it are marked `corpus`."""
    named = os.environ.get("CHROMASONIC_DATA")
    if named and Path(named).is_dir():
        return Path(named)
    reason = (
        "CHROMASONIC_DATA names no folder of corpora"
        if not named
        else f"CHROMASONIC_DATA={named} is no folder"
    )
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; in CI the corpora must be there.")
    pytest.skip(f"{reason}; set it to a folder with one sub-folder a corpus to run this test.")
