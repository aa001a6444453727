"""The loop's step beside the same model in a bare hand-written loop, in one process, interleaved.

    python benchmarks/training_step.py [--dataset nottingham] [--rounds 7]

Both train the same model with the same AdamW on the same batches, clip at the same norm and count
the loss. Ours also reads its batches from the corpus, counts metrics, checks that all is finite
and tells observers. Time is the process's own processor time, with one thread, so that other work
on the machine counts for little; the order alternates from round to round. Writes
benchmarks/results/training_step.json.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from pathlib import Path

import torch
from torch.nn import functional

from chromasonic.files import write_json
from chromasonic.melody_generation.data_loader import load_dataset
from chromasonic.melody_generation.models import build_model
from chromasonic.melody_generation.task import MelodyTask
from chromasonic.melody_generation.tokens import PAD
from chromasonic.training.config import TrainingConfig
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer
from chromasonic.training.state import build_optimizer

BATCH_SIZE = 8
RESULT = Path(__file__).parent / "results/training_step.json"


class Stopwatch(Observer):
    """Time of an epoch's updates, from the end of the first batch to the end of the last."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:  # noqa: ARG002
        now = time.process_time()
        if batch == 1:
            self.first = now
        self.last = now


class FewBatches(MelodyTask):
    """The task with so many updates an epoch only, and one batch to validate."""

    limit = 0

    def epoch(self, part, *, seed, epoch, batch_size):  # type: ignore[no-untyped-def]
        batches = super().epoch(part, seed=seed, epoch=epoch, batch_size=batch_size)
        plan = batches.plan[: self.limit if part == "train" else 1]
        return type(batches)(batches.windows, plan, batches.shifts)


def ours(kind: str, task: FewBatches, config: TrainingConfig) -> float:
    """Seconds of the updates after the first, by `fit`."""
    torch.manual_seed(0)
    watch = Stopwatch()
    fit(build_model(kind), task, config, folder=None, name=kind, observers=[watch])
    return watch.last - watch.first


def bare(kind: str, task: FewBatches, config: TrainingConfig) -> float:
    """The same updates by a loop as one writes it by hand; its batches lie ready."""
    torch.manual_seed(0)
    model = build_model(kind)
    optimizer = build_optimizer(model, config)
    batches = task.epoch("train", seed=0, epoch=1, batch_size=config.batch_size)
    ready = [batches.batch(examples).tensors for examples in batches.plan]
    model.train()
    first = last = 0.0
    for tensors in ready:
        logits = model(tensors["ids"])
        loss = functional.cross_entropy(
            logits.flatten(0, 1), tensors["targets"].flatten(), ignore_index=PAD
        )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.grad_clip)
        optimizer.step()
        last = time.process_time()
        first = first or last
    return last - first


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="auto")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--updates", type=int, default=13)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = load_dataset(arguments.dataset)
    result: dict[str, object] = {
        "dataset": data.manifest.name,
        "rounds": arguments.rounds,
        "updates_timed": arguments.updates - 1,
        "batch_size": BATCH_SIZE,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    task = FewBatches(data.train, data.validation)
    config = TrainingConfig(epochs=1, batch_size=BATCH_SIZE, warmup_steps=5, device="cpu")
    for part in ("train", "validation"):
        whole = MelodyTask(data.train, data.validation)
        batches = whole.epoch(part, seed=0, epoch=1, batch_size=BATCH_SIZE)  # type: ignore[arg-type]
        made = [batches.batch(examples) for examples in batches.plan]
        result[f"{part}_padding_share"] = sum(b.padded for b in made) / sum(b.cells for b in made)
    task.limit = arguments.updates
    for kind in ("lstm", "transformer"):
        ratios, times = [], {"ours": [], "bare": []}  # type: ignore[var-annotated]
        ours(kind, task, config)  # warm up: imports, allocator
        for number in range(arguments.rounds):
            order = (("ours", ours), ("bare", bare))
            for name, measure in order if number % 2 else reversed(order):
                times[name].append(measure(kind, task, config))
            ratios.append(times["ours"][-1] / times["bare"][-1])
        updates = arguments.updates - 1
        result[kind] = {
            "ratio_of_minima": min(times["ours"]) / min(times["bare"]),
            "median_ratio": statistics.median(ratios),
            "ratios": ratios,
            "ms_a_step_ours": 1000 * min(times["ours"]) / updates,
            "ms_a_step_bare": 1000 * min(times["bare"]) / updates,
        }
        print(kind, result[kind])
    print({key: value for key, value in result.items() if key.endswith("share")})
    print(write_json(RESULT, result))


if __name__ == "__main__":
    main()
