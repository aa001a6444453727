"""Training under Ray Train: the same loop in each worker; workers that are lost are replaced."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.errors import TrainingError, UsageError
from chromasonic.scaling.cluster import Cluster, connected
from chromasonic.scaling.desk import Event, WorkerProcess, opened_desk
from chromasonic.scaling.engine import Engine
from chromasonic.scaling.place import place_here
from chromasonic.scaling.worker import Job, work
from chromasonic.training.observers import Observer
from chromasonic.training.run_directory import RunDirectory

RESTARTS = 5
"""How often workers are replaced before a training is given up."""


def train_on_ray(
    train: Callable[..., Any],
    output: files.PathLike,
    *,
    engine: Engine,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    observers: Sequence[Observer] = (),
    describe: Callable[..., list[str]] = lambda *data: list(map(str, data)),
    on_lines: Callable[[list[str]], None] = lambda _: None,
    on_worker: Callable[[WorkerProcess], None] = lambda _: None,
    restarts: int = RESTARTS,
) -> Any:
    """Train in the workers of a cluster, and leave the same files as without one.

    With one worker, weights are the same to the last bit as the local engine's with as many
    threads. With more, each update is of the same examples, and its sums differ by the order of
    their terms alone.

    Args:
        train: such as `partial(train_melody, recipe)`: called in each worker with (output, resume=,
            overwrite=, observers=, on_data=). It has to be importable there.
        output: the run directory; on several machines, on storage that they share.
        engine: how many workers, where.
        device: auto takes GPUs where the cluster has one for each worker.
        resume: go on with the run that lies there, trained by as many workers.
        overwrite: whether a run that lies there may be replaced.
        observers: hear here, in this process, how it goes; one that raises stops the training.
        describe: turns what `on_data` is told in a worker into lines.
        on_lines: told them here.
        on_worker: told of each worker when it begins, and of each that takes a lost one's place.
        restarts: how often workers are replaced.

    Returns:
        What `train` gave in the first worker.

    Raises:
        UsageError: no Ray, no cluster, too few CPUs or GPUs; or a worker cannot see the output.
        TrainingError: workers were lost more often than they are replaced.
        ChromasonicError: what `train` raises.
    """
    path = Path(output).absolute()
    with connected(engine.address, cpus=engine.workers) as cluster:
        uses_gpus = _uses_gpus(device, engine.workers, cluster)
        with place_here(path, workers=engine.workers, cluster=cluster) as place:
            job = Job(
                train=train,
                output=Path(output),
                resume=resume,
                overwrite=overwrite,
                was_there=RunDirectory(path).is_there,
                describe=describe,
                place=place,
            )
            heard = _Heard(observers, on_lines, on_worker)
            storage = path / f".ray-{place.mark.name[-8:]}"
            try:
                _run(job, heard, storage, engine.workers, uses_gpus, restarts)
            finally:
                shutil.rmtree(storage, ignore_errors=True)
        return heard.result()


@dataclass
class _Heard:
    """What the driver hears of its workers, and does about it."""

    observers: Sequence[Observer]
    on_lines: Callable[[list[str]], None]
    on_worker: Callable[[WorkerProcess], None]
    made: list[bytes] = field(default_factory=list)
    error: BaseException | None = None

    def hear(self, event: Event) -> bool:
        """Pass an event on; whether the training shall go on."""
        if event.kind == "result":
            self.made.append(event.values[0])
        elif event.kind == "error":
            self.error = self.error or event.values[0]
        elif self.error is None:
            try:
                self._tell(event)
            except Exception as error:  # an observer's: it ends the training, and is raised here
                self.error = error
        return self.error is None

    def _tell(self, event: Event) -> None:
        if event.kind == "worker":
            self.on_worker(*event.values)
        elif event.kind == "data":
            self.on_lines(*event.values)
        else:
            for observer in self.observers:
                getattr(observer, f"on_{event.kind}")(*event.values)

    def result(self) -> Any:
        """What was trained, or why it was not."""
        from ray import cloudpickle

        if self.error is not None:
            raise self.error
        return cloudpickle.loads(self.made[-1])


def _run(
    job: Job, heard: _Heard, storage: Path, workers: int, uses_gpus: bool, restarts: int
) -> None:
    """Let Ray Train do the job, and pass on what the workers tell until it is done."""
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    desk = opened_desk()
    trainer = TorchTrainer(
        work,
        train_loop_config={"job": job, "desk": desk},
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=uses_gpus),
        run_config=RunConfig(
            name="run",
            storage_path=str(storage),
            failure_config=FailureConfig(max_failures=restarts),
        ),
    )
    ended: list[BaseException | None] = []

    def fit() -> None:
        try:
            trainer.fit()
            ended.append(None)
        except BaseException as error:
            ended.append(error)

    # Observers are heard in the thread of the caller, where Ctrl-C arrives too.
    thread = threading.Thread(target=fit, name="ray-train", daemon=True)
    thread.start()
    try:
        _hear(desk, heard, thread)
    except ray.exceptions.RayError as error:
        raise TrainingError(
            f"The cluster was lost ({_last_line(error)}). What was saved is in {job.output}; go on "
            f"with --resume {job.output}."
        ) from error
    if heard.error is None and not heard.made:
        reason = _last_line(ended[0]) if ended and ended[0] else "it gave no reason"
        raise TrainingError(
            f"Workers failed or were lost {restarts + 1} times, and the training was given up: "
            f"{reason}. What was saved is in {job.output}; go on with --resume {job.output}."
        ) from (ended[0] if ended else None)


def _hear(desk: Any, heard: _Heard, thread: threading.Thread) -> None:
    """Pass on what the workers tell until the thread that waits for them has ended."""
    import ray

    is_last = False
    while not is_last:
        is_last = not thread.is_alive()
        while events := ray.get(desk.take.remote(0.01 if is_last else 0.2)):
            for event in events:
                goes_on = heard.hear(event)
                if event.number:
                    desk.answer.remote(event.number, goes_on)
    ray.kill(desk)


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__


def _uses_gpus(device: str, workers: int, cluster: Cluster) -> bool:
    """Whether each worker gets a GPU.

    Raises:
        UsageError: they were asked for, and there are too few; or the device cannot be shared.
    """
    if device == "mps" and workers > 1:
        raise UsageError("Several workers cannot share MPS. Use --device cpu, or --workers 1.")
    if device.startswith("cuda") and cluster.gpus < workers:
        raise UsageError(
            f"{workers} workers on {device} need a GPU each, but the cluster has {cluster.gpus}. "
            "Use --device cpu, or fewer --workers."
        )
    return device.startswith("cuda") or (device == "auto" and cluster.gpus >= workers)
