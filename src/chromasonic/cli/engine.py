"""`--engine`, `--address`, `--workers`: where a training runs, and what the user is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.errors import UsageError
from chromasonic.scaling.engine import Engine

if TYPE_CHECKING:
    from rich.console import Console

    from chromasonic.scaling.desk import WorkerProcess
    from chromasonic.training.observers import Observer

EngineName = Annotated[
    str, typer.Option("--engine", help="local is this process; ray is a cluster, or this machine.")
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="auto|HOST:PORT",
        help="Of a Ray cluster that runs already; left out, one is begun on this machine.",
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Processes that train together (--engine ray). [1]")
]


def engine_of(name: str, address: str | None, workers: int | None) -> Engine:
    """Where a training shall run.

    Raises:
        UsageError: an unknown engine, too many workers, or what only Ray takes without it.
    """
    if workers is not None and name == "local":
        raise UsageError(
            f"--workers {workers} is of --engine ray. The local engine trains in this process; "
            "several on this machine are --engine ray --workers 2."
        )
    return Engine(name=name, address=address, workers=1 if workers is None else workers)


def train_in_cluster(
    engine: Engine,
    train: Callable[..., Any],
    output: Path,
    *,
    device: str,
    resume: bool,
    overwrite: bool,
    observers: Sequence[Observer],
    describe: Callable[..., list[str]],
    console: Console,
) -> Any:
    """Train under Ray, and say on the console who works and what is learned from.

    Args:
        engine: the workers.
        train: see `scaling.training.train_on_ray`.
        output: the run directory.
        device: as in the recipe.
        resume: go on with what lies there.
        overwrite: whether it may be replaced.
        observers: hear how it goes.
        describe: what is learned from, as lines.
        console: on stderr.
    """
    from rich.markup import escape

    from chromasonic.scaling.cluster import resolved_address
    from chromasonic.scaling.training import train_on_ray

    def say(text: str) -> None:
        console.print(escape(text), highlight=False, soft_wrap=True)

    def say_lines(lines: list[str]) -> None:
        for line in lines:
            say(line)

    def say_worker(worker: WorkerProcess) -> None:
        where = f"process {worker.pid} on {worker.machine}"
        if worker.attempt == 1:
            say(f"  worker {worker.rank}: {where}")
        elif worker.rank == 0:
            say("A worker was lost; all begin again after the last epoch that was saved.")
            say(f"  worker 0: {where}")
        else:
            say(f"  worker {worker.rank}: {where}")

    where = (
        f"the cluster at {resolved_address(engine.address)}" if engine.address else "this machine"
    )
    plural = "worker" if engine.workers == 1 else "workers"
    say(f"Ray, {engine.workers} {plural} on {where}; beginning takes some seconds.")
    return train_on_ray(
        train,
        output,
        engine=engine,
        device=device,
        resume=resume,
        overwrite=overwrite,
        observers=observers,
        describe=describe,
        on_lines=say_lines,
        on_worker=say_worker,
    )
