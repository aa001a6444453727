"""One Ray cluster for all tests of this folder: it takes seconds to begin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chromasonic.scaling.cluster import Cluster, connected


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two workers' worth of this machine; only the loopback interface sees it."""
    with connected(cpus=2, store_bytes=100 * 2**20) as joined:
        yield joined
