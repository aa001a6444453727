"""Training and trials over 1 and 2 Ray workers beside the local engine; what the driver costs.

    CHROMASONIC_DATA=DIR python benchmarks/scaling_training.py [--rounds 2] [--trials 6]

Writes benchmarks/results/scaling_training.json (the extra `scale` is needed; about ten minutes on
two quiet cores). All computing is in one thread a worker, and the ways take turns, so that a busy
machine changes them alike; the least time of the rounds counts. What is measured:

- training: seconds an epoch of the melody LSTM on the first notes of Nottingham's tunes, by the
  clock and by the first worker's processor (which says more where others use the machine too), its
  updates, the bytes of its gradients and of its checkpoints;
- all-reduce: seconds in which two workers of this machine add up so many bytes (gloo, loopback);
- trials: a search without pruning over a smaller LSTM, in trials an hour;
- driver: seconds of its own for each trial (ask, one report an epoch, tell) in studies of growing
  size, which is what more workers cannot share;
- beginning: of a cluster, of a worker until it trains.

Then the projection: the same arithmetic as in docs/scaling.md, for 1, 10 and 1,000 machines.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from chromasonic.files import write_json
from chromasonic.melody_generation import recipe as recipes
from chromasonic.melody_generation.runs import train_melody
from chromasonic.scaling.cluster import connected
from chromasonic.scaling.engine import Engine
from chromasonic.scaling.training import train_on_ray
from chromasonic.scaling.trials import run_on_ray
from chromasonic.tasks.table import task_named
from chromasonic.training.observers import Observer
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.plan import Plan, plan_of
from chromasonic.tuning.search import Limits, Told, run_here
from chromasonic.tuning.trial import TrialResult

RESULT = Path(__file__).parent / "results" / "scaling_training.json"
WORKERS = (1, 2)
NOTES = 24
"""Longest tune, in notes, so that an epoch takes seconds."""

ETHERNET_BYTES, ETHERNET_SECONDS = 1.25e9, 50e-6
"""Of the projection: 10 Gbit/s, and one message's way through a switch."""
DISK_BYTES = 1e9
"""Of the projection: what shared storage takes in a second."""


class Clock(Observer):
    """Seconds of a training's epochs; in the process that trains, its processor's seconds too."""

    def __init__(self) -> None:
        self.began = self.process = 0.0
        self.seconds: list[float] = []
        self.processor: list[float] = []
        self.updates = 0

    def on_start(self, start: Any) -> None:  # noqa: ARG002
        self.began, self.process = time.perf_counter(), time.process_time()

    def on_epoch(self, epoch: Any, is_best: bool) -> None:  # noqa: ARG002
        self.seconds.append(epoch.seconds)
        now = time.process_time()
        self.processor.append(now - self.process)
        self.process = now
        self.updates = epoch.updates


def timed(
    recipe: recipes.MelodyRecipe, output: Path, *, observers: Any = (), **options: Any
) -> tuple[Any, Clock]:
    """A training, and the clock of the process that did it."""
    clock = Clock()
    return train_melody(recipe, output, observers=(*observers, clock), **options), clock


def lstm(epochs: int) -> recipes.MelodyRecipe:
    """The default LSTM on shorter tunes."""
    values = recipes.recipe_to_dict(recipes.default_recipe(("lstm",)))
    values["data"] |= {"dataset": "nottingham", "max_melody_length": NOTES}
    values["lstm"]["training"] |= {"epochs": epochs, "patience": 0, "device": "cpu"}
    return recipes.recipe_from(values)


def trained(rounds: int, epochs: int, folder: Path) -> dict[str, Any]:
    """Seconds an epoch, of each way."""
    clocks: dict[str, list[Clock]] = {}
    train = partial(timed, lstm(epochs))
    facts: dict[str, Any] = {}
    for number in range(rounds):
        began = time.perf_counter()
        run, clock = train(folder / f"local-{number}")
        clocks.setdefault("local", []).append(clock)
        facts.setdefault("local_seconds_until_it_trains", clock.began - began)
        for workers in WORKERS:
            heard = Clock()
            began = time.perf_counter()
            engine = Engine(name="ray", workers=workers)
            _, clock = train_on_ray(
                train, folder / f"ray-{workers}-{number}", engine=engine, observers=[heard]
            )
            clocks.setdefault(f"ray, {workers}", []).append(clock)
            facts.setdefault(f"ray_{workers}_seconds_until_it_trains", heard.began - began)
        model = run.models["lstm"]
        facts["parameters"] = sum(p.numel() for p in model.model.parameters() if p.requires_grad)
        facts["checkpoint_bytes"] = sum(
            model.checkpoint.with_name(f"{model.name}_{what}.pt").stat().st_size
            for what in ("latest", "best")
        )
        print({name: (c[-1].seconds, c[-1].processor) for name, c in clocks.items()}, flush=True)
    wall = {name: min(min(c.seconds) for c in found) for name, found in clocks.items()}
    processor = {name: min(min(c.processor) for c in found) for name, found in clocks.items()}
    facts["gradient_bytes"] = 4 * facts["parameters"]
    facts["updates_an_epoch"] = clocks["local"][0].updates
    facts["epoch_seconds"] = wall
    facts["epoch_processor_seconds_of_first_worker"] = processor
    facts["times_as_fast_as_local"] = {name: wall["local"] / s for name, s in wall.items()}
    facts["share_of_the_local_processor_seconds"] = {
        name: s / processor["local"] for name, s in processor.items()
    }
    facts["update_processor_seconds"] = processor["local"] / facts["updates_an_epoch"]
    return facts


def all_reduce(output: Path, **_: Any) -> dict[str, float]:  # noqa: ARG001
    """Seconds in which the workers add up so many bytes; runs in each of them."""
    import torch.distributed as dist

    found = {}
    for size in (10_000, 100_000, 1_000_000, 4_000_000, 16_000_000):
        values = torch.zeros(size // 4)
        times = []
        for _ in range(25):
            dist.barrier()
            began = time.perf_counter()
            dist.all_reduce(values)
            times.append(time.perf_counter() - began)
        found[str(size)] = statistics.median(times)
    return found


def plan() -> Plan:
    """Of a smaller LSTM, two epochs a trial."""
    values = task_named("melody").default_recipe(["lstm"])
    values["data"] |= {"dataset": "nottingham", "max_melody_length": NOTES}
    values["lstm"]["model"] |= {"hidden_size": 64}
    values["lstm"]["training"] |= {"epochs": 2, "patience": 0, "device": "cpu"}
    values["lstm"]["search"] = {
        "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
        "training.weight_decay": {"low": 1e-4, "high": 1e-1, "log": True},
        "model.dropout": {"low": 0.0, "high": 0.6},
    }
    return plan_of("melody", "lstm", values, pruner="none")


def searched(rounds: int, trials: int, folder: Path) -> dict[str, Any]:
    """Trials an hour, of each way; workers have been at work before."""
    ways: dict[str, Callable[..., None]] = {"local": run_here}
    for workers in WORKERS:
        ways[f"ray, {workers}"] = partial(run_on_ray, engine=Engine(name="ray", workers=workers))
    least: dict[str, float] = {}
    losses: dict[str, list[float]] = {}
    for name, run in ways.items():
        run(open_study(folder / f"warm {name}", plan()), Limits(trials=2), Told())
    for number in range(rounds):
        for name, run in ways.items():
            study = open_study(folder / f"{name} {number}", plan())
            began = time.perf_counter()
            run(study, Limits(trials=trials), Told())
            least[name] = min(least.get(name, math.inf), time.perf_counter() - began)
            losses[name] = [record.loss for record in study.records()]
            print(name, number, least, flush=True)
    return {
        "trials": trials,
        "trials_an_hour": {name: 3600 * trials / seconds for name, seconds in least.items()},
        "times_as_fast_as_local": {name: least["local"] / s for name, s in least.items()},
        "trial_seconds": least["local"] / trials,
        "same_losses_with_one_worker": losses["local"] == losses["ray, 1"],
    }


def driver(most: int, folder: Path) -> dict[str, Any]:
    """Seconds of the driver for each trial, in a study that grows; nothing is trained."""
    study = open_study(folder / "driver", plan())
    times: list[float] = []
    generator = torch.Generator().manual_seed(0)
    while len(times) < most:
        began = time.process_time()
        spec = study.next_trial(most)
        assert spec is not None
        loss = float(torch.rand((), generator=generator))
        for step in (1, 2):
            study.report(spec, step, loss)
        study.finish(spec, TrialResult(end="complete", loss=loss))
        times.append(time.process_time() - began)
    at = [size for size in (20, 50, 100, 200, 400, 800) if size <= most]
    return {
        "processor_seconds_a_trial": {
            str(size): statistics.median(times[max(0, size - 20) : size]) for size in at
        },
        "journal_bytes_a_trial": (folder / "driver" / "study.journal").stat().st_size / most,
    }


def ring_seconds(size: float, machines: int) -> float:
    """Of a ring all-reduce over Ethernet: 2 (n - 1) messages, each an nth of the bytes."""
    steps = 2 * (machines - 1)
    return steps / machines * size / ETHERNET_BYTES + steps * ETHERNET_SECONDS


def projected(training: dict[str, Any], trials: dict[str, Any], own: dict[str, Any]) -> Any:
    """What the measured numbers say of 1, 10 and 1,000 machines, each with one worker."""
    update, size = training["update_processor_seconds"], training["gradient_bytes"]
    seconds = {int(k): v for k, v in own["processor_seconds_a_trial"].items()}
    largest = max(seconds)
    found = {}
    for machines in (1, 10, 1000):
        reduce = ring_seconds(size, machines) if machines > 1 else 0.0
        # A trial's seconds are shared by all machines; the driver's are not.
        trial = max(trials["trial_seconds"] / machines, seconds[largest])
        found[str(machines)] = {
            "all_reduce_seconds": reduce,
            "speedup_same_batch": update / (update / machines + reduce),
            "speedup_batch_as_many_times_as_large": machines * update / (update + reduce),
            "trials_an_hour": 3600 / trial,
            "trials_side_by_side_share": (trials["trial_seconds"] / machines) / trial,
            "checkpoint_bytes_a_second": machines
            * training["checkpoint_bytes"]
            / training["epoch_processor_seconds_of_first_worker"]["local"],
        }
    return {
        "assumed": {
            "network_bytes_a_second": ETHERNET_BYTES,
            "message_seconds": ETHERNET_SECONDS,
            "storage_bytes_a_second": DISK_BYTES,
            "driver_seconds_a_trial": seconds[largest],
            "at_trials": largest,
        },
        "machines": found,
        "machines_at_which_the_driver_is_full": trials["trial_seconds"] / seconds[largest],
        "machines_at_which_storage_is_full": DISK_BYTES
        / training["checkpoint_bytes"]
        * training["epoch_processor_seconds_of_first_worker"]["local"],
    }


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--driver-trials", type=int, default=400)
    asked = parser.parse_args()
    os.environ["CHROMASONIC_TRACKING"] = "off"
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = driver(asked.driver_trials, folder)
        print(own, flush=True)
        began = time.perf_counter()
        with connected(cpus=2) as cluster:
            beginning = time.perf_counter() - began
            training = trained(asked.rounds, asked.epochs, folder)
            reduce = train_on_ray(
                all_reduce, folder / "reduce", engine=Engine(name="ray", workers=2)
            )
            trials = searched(asked.rounds, asked.trials, folder)
    write_json(
        RESULT,
        {
            "machine": {
                "platform": platform.platform(), "processor": platform.machine(),
                "cpus": cluster.cpus, "load_average": os.getloadavg()[1],
            },
            "command": "python benchmarks/scaling_training.py "
            f"--rounds {asked.rounds} --epochs {asked.epochs} --trials {asked.trials} "
            f"--driver-trials {asked.driver_trials}",
            "cluster_begins_in_seconds": beginning,
            "training": training,
            "all_reduce_of_two_workers_seconds": reduce,
            "trials": trials,
            "driver": own,
            "projection": projected(training, trials, own),
        },
    )  # fmt: skip
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
