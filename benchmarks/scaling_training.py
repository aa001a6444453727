"""Training and trials over 1 and 2 Ray workers beside the local engine; what the driver costs.

    CHROMASONIC_DATA=DIR python benchmarks/scaling_training.py [--rounds 2] [--trials 6]

Writes benchmarks/results/scaling_training.json (the extra `scale` is needed; about ten minutes on
two quiet cores). All computing is in one thread a worker, and the ways take turns, so that a busy
machine changes them alike; the least time of the rounds counts. What is measured:

- training: seconds an epoch of the melody LSTM on the first notes of Nottingham's tunes, by the
  clock and by the first worker's processor (which says more where others use the machine too), its
  updates, the bytes of its gradients and of its checkpoints;
- all-reduce: seconds in which two workers of this machine add up so many bytes (gloo, loopback);
- update: processor seconds by the examples in it, of the local engine;
- trials: a search without pruning over a smaller LSTM, in trials an hour;
- driver: seconds of its own for each trial (ask, one report an epoch, tell) in studies of growing
  size, which is what more workers cannot share;
- beginning: of a cluster, of a worker until it trains.

Then the projection to 1, 10 and 1,000 machines. The tables of docs/scaling.md are written anew.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import tempfile
import textwrap
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from chromasonic.files import write_json, write_text
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
TRIAL_SECONDS, TRIAL_EPOCHS, STUDY_TRIALS = 600, 20, 5000
"""Of the projection: how long a real trial takes, and how many trials a large study has."""
PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
BEGIN, END = "<!-- figures: benchmarks/scaling_training.py -->", "<!-- end of figures -->"


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
    facts["batch_size"] = train.args[0].lstm.training.batch_size
    facts["updates_an_epoch"] = clocks["local"][0].updates
    facts["epoch_seconds"] = wall
    facts["epoch_processor_seconds_of_first_worker"] = processor
    facts["times_as_fast_as_local"] = {name: wall["local"] / s for name, s in wall.items()}
    facts["share_of_the_local_processor_seconds"] = {
        name: s / processor["local"] for name, s in processor.items()
    }
    facts["update_processor_seconds"] = update_seconds(folder)
    return facts


def update_seconds(folder: Path) -> dict[str, float]:
    """Processor seconds of an update of so many examples: what a share of a batch costs."""
    found = {}
    for examples in (1, 2, 4, 8):
        recipe = recipes.with_settings(
            lstm(1), data={}, model={}, training={"batch_size": examples}
        )
        _, clock = timed(recipe, folder / f"update-{examples}")
        found[str(examples)] = clock.processor[0] / clock.updates
    return found


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


def driver_seconds(own: dict[str, Any], trials: int) -> float:
    """For one trial in a study of so many: a straight line through what was measured."""
    sizes, seconds = zip(
        *((int(k), v) for k, v in own["processor_seconds_a_trial"].items()), strict=True
    )
    slope, start = statistics.linear_regression(sizes, seconds)
    return max(0.0, start + slope * trials)


def projected(training: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What the measured numbers say of 1, 10 and 1,000 machines, each with one worker."""
    by_examples, size = training["update_processor_seconds"], training["gradient_bytes"]
    batch = training["batch_size"]
    update = by_examples[str(batch)]
    writing = training["checkpoint_bytes"] * TRIAL_EPOCHS / TRIAL_SECONDS
    found = {}
    for machines in (1, 10, 1000):
        reduce = ring_seconds(size, machines)
        share = by_examples[str(1 << (math.ceil(batch / machines) - 1).bit_length())]
        found[str(machines)] = {
            "all_reduce_seconds": reduce,
            "times_as_fast_on_the_same_batch": update / (share + reduce),
            "times_as_much_with_a_batch_each": machines * update / (update + reduce),
            "trials_an_hour": machines * 3600 / TRIAL_SECONDS,
            "driver_share": machines / TRIAL_SECONDS * driver_seconds(own, STUDY_TRIALS),
            "checkpoint_bytes_a_second": machines * writing,
        }
    return {
        "assumed": {
            "network_bytes_a_second": ETHERNET_BYTES,
            "message_seconds": ETHERNET_SECONDS,
            "storage_bytes_a_second": DISK_BYTES,
            "trial_seconds": TRIAL_SECONDS,
            "epochs_of_a_trial": TRIAL_EPOCHS,
            "trials_in_the_study": STUDY_TRIALS,
        },
        "machines": found,
        "driver_seconds_a_trial": driver_seconds(own, STUDY_TRIALS),
        "machines_that_fill_the_driver": TRIAL_SECONDS / driver_seconds(own, STUDY_TRIALS),
        "machines_that_fill_the_storage": DISK_BYTES / writing,
    }


TITLES = {"local": "local engine", "ray, 1": "Ray, 1 worker", "ray, 2": "Ray, 2 workers"}
LINES = (
    ("an update is as many times as fast, same batch", "times_as_fast_on_the_same_batch", 1, ".3g"),
    ("examples a second, a batch each", "times_as_much_with_a_batch_each", 1, ".3g"),
    ("all-reduce of an update, ms", "all_reduce_seconds", 1e3, ".1f"),
    ("trials of ten minutes, an hour", "trials_an_hour", 1, ",.0f"),
    ("share of the driver's time that they take", "driver_share", 1, ".2%"),
    ("checkpoints to shared storage, MB a second", "checkpoint_bytes_a_second", 1e-6, ",.1f"),
)


def page(results: dict[str, Any]) -> str:
    """The part of docs/scaling.md that holds figures."""
    training, trials, own = (results[name] for name in ("training", "trials", "driver"))
    share = training["share_of_the_local_processor_seconds"]
    measured = [
        "| | epochs, times as fast | processor time of a worker | trials, times as many an hour |",
        "|---|---|---|---|",
    ]
    for name, title in TITLES.items():
        measured.append(
            f"| {title} | {training['times_as_fast_as_local'][name]:.2f} "
            f"| {share[name]:.2f} of the local engine's "
            f"| {trials['times_as_fast_as_local'][name]:.2f} |"
        )
    projection = results["projection"]
    table = ["| machines | 1 | 10 | 1,000 |", "|---|---|---|---|"]
    for title, key, scale, form in LINES:
        found = projection["machines"]
        values = [format(scale * found[count][key], form) for count in ("1", "10", "1000")]
        table.append(f"| {title} | {' | '.join(values)} |")
    update = {n: 1000 * s for n, s in training["update_processor_seconds"].items()}
    driver_ms = {k: 1000 * v for k, v in own["processor_seconds_a_trial"].items()}
    most = max(driver_ms, key=int)
    cpus, load = results["machine"]["cpus"], results["machine"]["load_average"]
    until = {way: training[f"{way}_seconds_until_it_trains"] for way in ("ray_1", "local")}
    text = f"""\
Measured on {cpus} cores (load {load:.0f}, of other work too), one thread a worker, the ways in
turns: the default melody LSTM ({training["parameters"]:,} parameters) on the first {NOTES} notes of
Nottingham's tunes; searches over a smaller one. An update of eight tunes takes
{update["8"]:.0f} ms of processor time, of four {update["4"]:.0f}, of two {update["2"]:.0f}, of one
{update["1"]:.0f}: a share of a small batch costs more than its part, whoever computes it.

{chr(10).join(measured)}

A cluster of this machine begins in {results["cluster_begins_in_seconds"]:.0f} s. Under Ray Train
the first update then comes after {until["ray_1"]:.0f} s; without it, after {until["local"]:.0f} s.
The driver spends {driver_ms["20"]:.0f} ms of processor time on a trial in a study of 20,
{driver_ms[most]:.0f} ms in one of {most}, and {own["journal_bytes_a_trial"]:,.0f} bytes of journal.

Projected from these:

{chr(10).join(table)}

In a study of {STUDY_TRIALS:,} trials
the driver is full at {projection["machines_that_fill_the_driver"]:,.0f} machines, the storage at
{projection["machines_that_fill_the_storage"]:,.0f}."""
    parts = text.split("\n\n")
    return "\n\n".join(part if part[0] == "|" else textwrap.fill(part, 105) for part in parts)


def write_page(results: dict[str, Any]) -> None:
    """Put the figures into docs/scaling.md, between its two marks."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    write_text(PAGE, f"{before}{BEGIN}\n{page(results)}\n{END}{after}")


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
    results = {
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
        "projection": projected(training, own),
    }  # fmt: skip
    write_json(RESULT, results)
    write_page(results)
    print(page(results))


if __name__ == "__main__":
    main()
