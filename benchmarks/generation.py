"""How much faster generation is with the cache than without, and in a batch than one by one.

Run from the repository's root:

    python benchmarks/generation.py [--tokens 512] [--batch 16] [--rounds 3]

Writes `benchmarks/results/generation.json`. The models have their default sizes and are untrained:
weights do not change what a token costs. Each way generates the same tunes; the least time of
several rounds counts, and the ways take turns, so that a busy machine slows all alike.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chromasonic.files import write_json
from chromasonic.melody_generation.generation import GenerationSettings, generate_ids
from chromasonic.melody_generation.models import build_model

RESULTS = Path(__file__).parent / "results" / "generation.json"
KINDS = ("transformer", "lstm")
Streams = list[list[int]]


def settings_for(model: nn.Module, tokens: int) -> GenerationSettings:
    """Settings by which the first tune gets at least so many tokens."""
    settings = GenerationSettings(bars=tokens // 20, key="C major", metre="4/4", endings=1)
    while len(generate_ids(model, settings=settings)[0]) < tokens:
        settings = replace(settings, bars=settings.bars + 1 + settings.bars // 10)
    return settings


def measure(ways: dict[str, Callable[[], Streams]], rounds: int) -> dict[str, dict[str, float]]:
    """Tokens, least seconds and tokens a second of each way."""
    measured = {name: {"tokens": 0, "seconds": float("inf")} for name in ways}
    for _ in range(rounds):
        for name, generate in ways.items():
            start = time.perf_counter()
            streams = generate()
            seconds = time.perf_counter() - start
            measured[name]["tokens"] = sum(len(ids) for ids in streams)
            measured[name]["seconds"] = min(measured[name]["seconds"], seconds)
    for row in measured.values():
        row["tokens_per_second"] = row["tokens"] / row["seconds"]
    return measured


def compare(kind: str, tokens: int, batch: int, rounds: int) -> dict[str, Any]:
    """Cache beside none, and a batch beside one by one, for one kind of model."""
    torch.manual_seed(0)
    model = build_model(kind)
    settings = settings_for(model, tokens)

    def one(**how: Any) -> Streams:
        return generate_ids(model, settings=settings, **how)

    rows = measure(
        {
            "with cache": lambda: one(),
            "without cache": lambda: one(use_cache=False),
            f"{batch} in a batch": lambda: generate_ids(model, batch, settings=settings),
            f"{batch} one by one": lambda: [ids for seed in range(batch) for ids in one(seed=seed)],
        },
        rounds,
    )
    speed = {name: row["tokens_per_second"] for name, row in rows.items()}
    return {
        "bars": settings.bars,
        "rows": rows,
        "cache_ratio": speed["with cache"] / speed["without cache"],
        "batch_ratio": speed[f"{batch} in a batch"] / speed[f"{batch} one by one"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens", type=int, default=512, help="least tokens of the first tune")
    parser.add_argument("--batch", type=int, default=16, help="tunes in the batch")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the best counts")
    parser.add_argument("--threads", type=int, default=1, help="threads that torch computes with")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = {kind: compare(kind, options.tokens, options.batch, options.rounds) for kind in KINDS}
    for kind, result in results.items():
        for name, row in result["rows"].items():
            print(
                f"{kind:12s} {name:16s} {row['tokens']:6.0f} tokens {row['seconds']:8.2f} s "
                f"{row['tokens_per_second']:8.0f} tokens/s"
            )
        print(
            f"{kind:12s} cache {result['cache_ratio']:.1f} times as fast as none, "
            f"batch {result['batch_ratio']:.1f} times as fast as one by one"
        )
    machine = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "processor": platform.machine(),
        "threads": options.threads,
    }
    path = write_json(RESULTS, {**vars(options), "machine": machine, "models": results})
    print(f"Written to {path}.")


if __name__ == "__main__":
    main()
