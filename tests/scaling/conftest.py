"""One Ray cluster, one collection of files and one corpus of it for all tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from planted_files import plant

from chromasonic.scaling.cluster import Cluster, connected
from chromasonic.scaling.preparing import prepare
from shared import shared


def _cluster() -> AbstractContextManager[Cluster]:
    return connected(cpus=2, store_bytes=100 * 2**20)


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """Two workers' worth of this machine; only the loopback interface sees it."""
    return shared(_cluster)


@pytest.fixture
def travelling(request: pytest.FixtureRequest) -> Iterator[None]:
    """Functions of the tests go to workers whole, for workers cannot import their pages."""
    from ray import cloudpickle

    pages = [request.module, sys.modules["small_trainings"]]
    for page in pages:
        cloudpickle.register_pickle_by_value(page)
    yield
    for page in pages:
        cloudpickle.unregister_pickle_by_value(page)


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted files; not to be written to."""
    return plant(tmp_path_factory.mktemp("planted") / "web")


@pytest.fixture(scope="session")
def prepared(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the local engine makes of them; not to be written to."""
    folder = tmp_path_factory.mktemp("prepared") / "out"
    prepare(collection, folder)
    return folder
