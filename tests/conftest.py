"""What every test shares: corpora, an isolated cache and registry, one thread, no network."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest

LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None, socket.gethostname()}


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: own cache and registry, quiet plots, one thread."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers and child processes inherit these
    os.environ.setdefault("MKL_NUM_THREADS", "1")
    os.environ["MPLBACKEND"] = "Agg"
    if not hasattr(config, "workerinput"):  # the controller; xdist's workers share its folder
        folder = tempfile.mkdtemp(prefix="chromasonic-test-cache-")
        os.environ["CHROMASONIC_CACHE"] = folder
        os.environ["CHROMASONIC_TEST_SESSION"] = folder  # see stores.py
        os.environ["CHROMASONIC_REGISTRY"] = f"{folder}/registry"  # nobody's own models
        os.environ["CHROMASONIC_TRACKING"] = "off"  # tests of tracking switch it on
        for name in ("MLFLOW_TRACKING_URI", "CHROMASONIC_ARTIFACTS", "CHROMASONIC_EXPERIMENTS"):
            os.environ.pop(name, None)
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session", autouse=True)
def single_thread() -> None:
    """One torch thread: sums come out the same on every machine, and workers share cores well."""
    import torch

    torch.set_num_threads(1)


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
