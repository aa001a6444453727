"""What tracking costs a training: pairs of trainings, alike but for the tracker.

    python benchmarks/tracking.py [--pairs 15] [--dataset nottingham] [--kind lstm]

Each pair trains the same melody model from the same seed, once tracked into a store of its own and
once not, in turns of who goes first. Time of an update is the processor time of the training's
process between the first and the last batch of an epoch, so that other work on the machine counts
for little; the same by the wall clock stands beside, and what the sending process used. The goal
is a ratio of at most 1.01, and equal weights, bit for bit. Writes benchmarks/results/tracking.json.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chromasonic.files import write_json
from chromasonic.melody_generation.data_loader import load_dataset
from chromasonic.melody_generation.models import build_model
from chromasonic.melody_generation.task import MelodyTask
from chromasonic.registry.spool import Spool
from chromasonic.registry.tracking import Tracker
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer, TrainingStart

RESULT = Path(__file__).parent / "results/tracking.json"
GOAL = 1.01
BATCH_SIZE = 8


class Stopwatch(Observer):
    """Time of the updates of all epochs, by the processor and by the wall clock."""

    def __init__(self) -> None:
        self.processor: list[float] = []
        self.wall: list[float] = []
        self._last = (0.0, 0.0)

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:  # noqa: ARG002
        now = (time.process_time(), time.perf_counter())
        if batch > 1:
            self.processor.append(now[0] - self._last[0])
            self.wall.append(now[1] - self._last[1])
        self._last = now


class Timed(Observer):
    """Another observer, and how long it took each time."""

    def __init__(self, inner: Observer) -> None:
        self.inner, self.seconds = inner, {"start": [], "epoch": [], "end": []}  # type: ignore[var-annotated]

    def _call(self, what: str, *words: Any) -> None:
        start = time.perf_counter()
        getattr(self.inner, f"on_{what}")(*words)
        self.seconds[what].append(time.perf_counter() - start)

    def on_start(self, start: TrainingStart) -> None:
        self._call("start", start)

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        self.inner.on_batch(epoch, batch, batches)

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:
        self._call("epoch", epoch, is_best)

    def on_end(self, history: TrainingHistory) -> None:
        self._call("end", history)


class FewBatches(MelodyTask):
    """The task with so many updates an epoch only, and one batch to validate."""

    limit = 0

    def epoch(self, part, *, seed, epoch, batch_size):  # type: ignore[no-untyped-def]
        batches = super().epoch(part, seed=seed, epoch=epoch, batch_size=batch_size)
        plan = batches.plan[: self.limit if part == "train" else 1]
        return type(batches)(batches.windows, plan, batches.shifts)


def train(kind: str, task: FewBatches, config: TrainingConfig, observers: list[Observer]) -> Any:
    """The model, trained."""
    torch.manual_seed(0)
    model = build_model(kind)
    metadata = {"task": "melody", "model": {"kind": kind}, "corpus": {"name": "benchmark"}}
    fit(model, task, config, folder=None, name=kind, observers=observers, metadata=metadata)
    return model


def pair(kind: str, task: FewBatches, config: TrainingConfig, folder: Path, first: bool) -> dict:
    """One pair: ratios, what the tracker took, and whether the weights are equal."""
    watches, models, facts = {}, {}, {}
    for is_tracked in (first, not first):
        watch = Stopwatch()
        observers: list[Observer] = [watch]
        tracker = Tracker("benchmark", folder / f"{first}-{time.time_ns()}")
        timed = Timed(tracker)
        if is_tracked:
            observers.append(timed)
        models[is_tracked] = train(kind, task, config, observers)
        watches[is_tracked] = watch
        if is_tracked:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.perf_counter()
            tracker.close(seconds=60.0)
            facts["closing_seconds"] = time.perf_counter() - start
            assert tracker._process is not None
            tracker._process.wait_for_end()
            facts["is_sent"] = Spool(tracker.folder).is_sent
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            facts["sender_processor_seconds"] = (
                after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            )
            facts |= {f"{k}_milliseconds": 1000 * max(v) for k, v in timed.seconds.items()}
    equal = all(
        torch.equal(a, b)
        for a, b in zip(models[True].parameters(), models[False].parameters(), strict=True)
    )
    return {
        "processor": statistics.median(watches[True].processor)
        / statistics.median(watches[False].processor),
        "wall": statistics.median(watches[True].wall) / statistics.median(watches[False].wall),
        "update_milliseconds": 1000 * statistics.median(watches[False].processor),
        "equal": equal,
        **facts,
    }


def summary(values: list[float]) -> dict[str, float]:
    """Median, and its 95% interval by bootstrap over pairs."""
    rng = np.random.default_rng(0)
    drawn = np.median(rng.choice(values, (10_000, len(values))), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"median": float(np.median(values)), "low": float(low), "high": float(high)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--dataset", default="nottingham")
    parser.add_argument("--kind", default="lstm")
    parser.add_argument("--updates", type=int, default=20, help="of an epoch")
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = load_dataset(arguments.dataset)
    task = FewBatches(data.train, data.validation)
    task.limit = arguments.updates
    config = TrainingConfig(
        epochs=arguments.epochs, batch_size=BATCH_SIZE, patience=0, device="cpu", precision="fp32"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CHROMASONIC_REGISTRY"] = str(folder / "registry")
        os.environ["CHROMASONIC_CACHE"] = str(folder / "cache")
        pair(arguments.kind, task, config, folder, True)  # warm; and the store is made
        pairs = []
        for number in range(arguments.pairs):
            pairs.append(pair(arguments.kind, task, config, folder, bool(number % 2)))
            print(f"pair {number + 1}: {pairs[-1]['processor']:.4f}", flush=True)
            write_json(RESULT, told(pairs, arguments))
    result = told(pairs, arguments)
    for name in ("processor", "wall"):
        ratio = result[name]
        print(f"{name}: {ratio['median']:.4f} [{ratio['low']:.4f}, {ratio['high']:.4f}]")
    print(f"equal weights: {result['equal_weights']}; all sent: {result['all_sent']}")


def told(pairs: list[dict], arguments: argparse.Namespace) -> dict[str, Any]:
    """What the pairs so far say."""
    names = [name for name, value in pairs[0].items() if isinstance(value, float)]
    return {
        "what": f"an update of melody {arguments.kind}, batch {BATCH_SIZE}, tracked / not tracked",
        "dataset": arguments.dataset,
        "pairs": len(pairs),
        "updates": arguments.updates * arguments.epochs,
        "goal": GOAL,
        **{name: summary([one[name] for one in pairs]) for name in names},
        "equal_weights": all(one["equal"] for one in pairs),
        "all_sent": all(one["is_sent"] for one in pairs),
        "load": os.getloadavg()[0],
        "machine": {"platform": platform.platform(), "torch": torch.__version__, "threads": 1},
    }


if __name__ == "__main__":
    main()
