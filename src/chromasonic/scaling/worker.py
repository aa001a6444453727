"""A training's part that runs in a worker: it joins the others, trains, and tells the driver."""

from __future__ import annotations

import os
import socket
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.errors import ChromasonicError
from chromasonic.scaling.place import Place
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart
from chromasonic.training.stopping import StopAskedError, ended_by

BATCH_SECONDS = 0.2
"""How often the driver hears of batches at most."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a worker is to do; travels to it.

    Attributes:
        train: called with (output, resume=, overwrite=, observers=, on_data=); what it gives back
            goes to the driver.
        output: the run directory as the driver's user gave it.
        resume: go on with the run that lies there.
        overwrite: whether a run that lies there may be replaced.
        was_there: whether one lay there when the driver began.
        describe: what `on_data` is told, as lines for people.
        place: the driver's.
    """

    train: Callable[..., Any]
    output: Path
    resume: bool
    overwrite: bool
    was_there: bool
    describe: Callable[..., list[str]]
    place: Place


class StoppedByDriver(Exception):
    """The driver wants no more of it; what was saved stays."""


class Relay(Observer):
    """Tells the driver how a training goes, and waits at each epoch until it has heard.

    Args:
        desk: the actor between them.
        about: comes before what is told, where several trainings are heard at one desk.
    """

    def __init__(self, desk: Any, *about: Any) -> None:
        self.desk, self.about = desk, about
        self.told = 0.0
        self.is_stopped = False

    def stop(self) -> None:
        """End the training at the next batch."""
        self.is_stopped = True

    def on_start(self, start: TrainingStart) -> None:
        """Before the first epoch."""
        self._ask("start", start)

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        """Now and then; nobody waits."""
        if self.is_stopped:
            raise StopAskedError
        now = time.monotonic()
        if now - self.told >= BATCH_SECONDS:
            self.told = now
            self.desk.tell.remote("batch", *self.about, epoch, batch, batches)

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        """After an epoch, validated and saved."""
        self._ask("epoch", epoch, is_best)

    def on_figures(self, done: int, total: int, figures: Mapping[str, float]) -> None:
        """Now and then, of a training that has no epochs."""
        self._ask("figures", done, total, dict(figures))

    def on_end(self, history: TrainingHistory) -> None:
        """After the last epoch."""
        self._ask("end", history)

    def _ask(self, kind: str, *values: Any) -> None:
        import ray

        if not ray.get(self.desk.ask.remote(kind, *self.about, *values)):
            raise StoppedByDriver


def work(config: dict[str, Any]) -> None:
    """One worker's part; Ray Train calls it in each.

    A failure that anybody foresaw, or that no lost peer can have caused, is told and final.
    Otherwise the worker fails, all begin again, and go on from the last epoch that was saved.

    Args:
        config: {"job": a `Job`, "desk": the actor}.
    """
    import ray
    from ray import cloudpickle

    job, desk = config["job"], config["desk"]
    rank, count = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    order = ray.get(desk.begin.remote(rank, os.getpid(), socket.gethostname()))
    if order.is_over:
        return
    try:
        job.place.settle()
        _choose_gpu()
        resume, overwrite = job.resume, job.overwrite
        if order.attempt > 1:
            resume = resume or order.goes_on
            overwrite = not resume and (overwrite or not job.was_there)
        relay = Relay(desk)
        with ended_by(relay.stop):  # Ray calls this beside the main thread
            made = job.train(
                job.place.path(job.output),
                resume=resume,
                overwrite=overwrite,
                observers=(relay,),
                on_data=lambda *data: _say(desk, job.describe(*data)) if rank == 0 else None,
            )
        if rank == 0:
            ray.get(desk.tell.remote("result", cloudpickle.dumps(made)))
    except StoppedByDriver:
        if count > 1:
            raise  # the others wait for this one; all begin again, and are told that it is over
    except StopAskedError as error:
        ray.get(desk.tell.remote("error", error))
        if count > 1:
            raise StoppedByDriver from error
    except ChromasonicError as error:
        ray.get(desk.tell.remote("error", error))
        if count > 1:
            raise
    except Exception as error:
        if count > 1:
            raise
        error.add_note(traceback.format_exc())
        ray.get(desk.tell.remote("error", error))


def _say(desk: Any, lines: list[str]) -> None:
    desk.tell.remote("data", lines)


def _choose_gpu() -> None:
    """Say by LOCAL_RANK which of the GPUs that this process sees is its own."""
    import torch

    if torch.cuda.is_available():
        from ray.train.torch import get_device

        device = get_device()
        if device.type == "cuda":
            os.environ["LOCAL_RANK"] = str(device.index or 0)
