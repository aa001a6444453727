"""Which engine does the work, and on how much of it: what `--engine` and its companions say."""

from __future__ import annotations

import os
from dataclasses import dataclass

from chromasonic.errors import UsageError

ENGINES = ("local", "ray")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Where work is done.

    Attributes:
        name: local is this process (or its own children); ray is a Ray cluster.
        address: of a cluster that runs already: auto, or HOST:PORT; None begins one on this
            machine, and ends it when the work is done.
        workers: processes that do the work.
    """

    name: str = "local"
    address: str | None = None
    workers: int = 1

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise UsageError(f"'{self.name}' is no engine; known: {', '.join(ENGINES)}.")
        if self.workers < 1:
            raise UsageError(f"--workers is {self.workers}; allowed: 1 or more.")
        if self.address is not None and self.name != "ray":
            raise UsageError(
                f"--address {self.address} is of a Ray cluster. Say --engine ray with it, or leave "
                "it out."
            )
        if self.name == "ray" and self.address is None and self.workers > cpu_count():
            raise UsageError(
                f"--workers is {self.workers}, but this machine has {cpu_count()} CPUs. Ask for "
                f"{cpu_count()} at most, or give the --address of a cluster that has more."
            )

    @property
    def is_ray(self) -> bool:
        """Whether the work goes to a Ray cluster."""
        return self.name == "ray"


def cpu_count() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
