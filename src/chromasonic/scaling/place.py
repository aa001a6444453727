"""What a worker needs of the driver's place: its folder, its command line, its settings."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chromasonic import files
from chromasonic.errors import UsageError
from chromasonic.scaling.cluster import Cluster

VARIABLES = ("CHROMASONIC_DATA", "CHROMASONIC_CACHE")
"""Settings of the environment that a worker takes from the driver if it has none."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a driver works; travels to its workers.

    Attributes:
        folder: from which relative paths count.
        mark: a file that the driver wrote into the output folder, by which a worker knows it for
            the same one; absolute.
        threads: of arithmetic, for each worker.
        command: the driver's command line, which a run records.
        variables: of the environment, where a worker has none of its own.
    """

    folder: str
    mark: Path
    threads: int
    command: tuple[str, ...]
    variables: dict[str, str]

    def settle(self) -> None:
        """Make this worker's process like the driver's.

        Raises:
            UsageError: the output folder is not the driver's.
        """
        import torch

        for name, value in self.variables.items():
            os.environ.setdefault(name, value)
        if os.path.isdir(self.folder):
            os.chdir(self.folder)
        if not self.mark.is_file():
            raise UsageError(
                f"A worker on {socket.gethostname()} cannot see {self.mark.parent}. Give an "
                "--output on storage that all machines of the cluster share, under the same path."
            )
        sys.argv = list(self.command)
        torch.set_num_threads(max(1, min(self.threads, os.cpu_count() or 1)))

    def path(self, path: Path) -> Path:
        """A path inside the driver's folder as this process can open it; relative where it can."""
        return path if os.getcwd() == self.folder else Path(self.folder, path)


@contextmanager
def place_here(output: Path, *, workers: int, cluster: Cluster) -> Iterator[Place]:
    """This process's place, with the output folder marked; an empty folder is removed again.

    Args:
        output: the folder that workers write to.
        workers: how many.
        cluster: that they are on.

    Raises:
        StorageError: the folder cannot be written.
    """
    path = output.absolute()
    existed = path.exists()
    mark = path / f".seen-by-workers-{uuid.uuid4().hex}"
    files.write_text(mark, "")
    try:
        yield Place(
            folder=os.getcwd(),
            mark=mark,
            threads=threads_each(workers, cluster),
            command=tuple(sys.argv),
            variables={name: os.environ[name] for name in VARIABLES if name in os.environ},
        )
    finally:
        mark.unlink(missing_ok=True)
        if not existed and path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def threads_each(workers: int, cluster: Cluster) -> int:
    """Threads of each worker: as many as here, as far as the cluster's CPUs go round."""
    import torch

    return max(1, min(torch.get_num_threads(), cluster.cpus // workers))
