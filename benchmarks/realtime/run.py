"""One step of each of the five models, and of all, on every engine at hand, in one run on one core.

Run from the repository's root, after building the C++ tools (`cmake -S cpp -B build/cpp && cmake
--build build/cpp --target chromasonic-realtime-bench`):

    python benchmarks/realtime/run.py --run runs/companion [--models FOLDER] [--steps 100000]

`--models` is a folder of the five exported files (by default they are exported into a temporary
one). `--rtneural` is the same tool built with `CHROMASONIC_RTNEURAL_DIR` and, for this processor's
registers, `-DCMAKE_CXX_FLAGS=-march=native`; of it only RTNeural is timed. With the corpora at hand
(CHROMASONIC_DATA), inputs are features of their validation parts; without, the files' golden
inputs. Engines take turns, round by round. Writes
`benchmarks/results/realtime.json` and, by `page.py`, its part of `docs/realtime-results.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy's and torch's threads exist

import numpy as np
import torch
from other_engines import (
    EagerEngine,
    NumPyEngine,
    OnnxEngine,
    OtherEngine,
    TorchScriptEngine,
    rows_read,
)
from page import write_page

from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.exporting import export_companions
from chromasonic.companion.materials import prepare
from chromasonic.companion.models import load_companion
from chromasonic.companion.recipe import DataSettings
from chromasonic.errors import ChromasonicError
from chromasonic.export.reading import read_document
from chromasonic.files import write_json
from chromasonic.training.examples import FEATURES
from chromasonic.training.run_directory import environment

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results/realtime.json"
TOOL = "chromasonic-realtime-bench"
RTNEURAL = "RTNeural"
QUANTILES = {"median": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
FEED_STEPS = 1000
WARM_UP = 20
SLOW = {"PyTorch eager": 5}
"""Engines that take so many times fewer steps, for the sake of the run's length."""


def real_features(name: str) -> np.ndarray | None:
    """(S, I) features of the validation part, one piece after the other; None: no corpus here."""
    try:
        examples = prepare(COMPANIONS[name], DataSettings(), may_make_up=False).data.validation
    except ChromasonicError:
        return None
    rows: list[np.ndarray] = []
    for number in np.random.default_rng(0).permutation(len(examples)):
        features = np.atleast_2d(np.asarray(examples.items[int(number)][FEATURES], np.float32))
        rows.extend(features)
        if len(rows) >= FEED_STEPS:
            break
    return np.stack(rows[:FEED_STEPS])


def bench(
    tool: Path, models: Path, feed: Path, work: Path, steps: int, cold: int, engine: str = "native"
) -> Any:
    """One turn of the C++ engines: what it reports, and engine and inputs to samples (S, 6)."""
    command = [tool, models, "--features", feed, "--steps", steps, "--rounds", 1, "--cold", cold,
               "--samples", work, "--json", work / "turn.json", "--engine", engine]  # fmt: skip
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    report = json.loads((work / "turn.json").read_text())
    samples = {
        (row["engine"], row["inputs"]): np.fromfile(
            work / f"{row['engine']} {row['inputs']}.f32", "<f4"
        ).reshape(-1, len(COMPANIONS) + 1)
        for row in report["engines"]
    }
    return report, samples, np.fromfile(work / "limit.f32", "<f4")


def turn(engine: OtherEngine, steps: int) -> np.ndarray:
    """Samples of one turn, (steps, 6)."""
    for _ in range(WARM_UP):
        engine.timed_step()
    return np.array([engine.timed_step() for _ in range(steps)], np.float32)


def summary(samples: np.ndarray) -> dict[str, float]:
    """Quantiles, in microseconds."""
    return {
        name: round(float(np.quantile(samples, share, method="inverted_cdf")), 2)
        for name, share in QUANTILES.items()
    }


def rows_of(
    samples: dict[tuple[str, str], list[np.ndarray]],
    limits: list[np.ndarray],
    first: dict[tuple[str, str], Any],
) -> list[dict[str, Any]]:
    """One row for each engine and inputs; ratios are of medians, over the limit's of the round."""
    limit = float(np.median(np.concatenate(limits)))
    rows = []
    for (engine, inputs), turns in samples.items():
        joined = np.concatenate(turns)
        ratios = [
            float(np.median(turn[:, -1]) / np.median(limit_turn))
            for turn, limit_turn in zip(turns, limits, strict=True)
        ]
        row = {
            "engine": engine,
            "inputs": inputs,
            "steps": len(joined),
            "all": summary(joined[:, -1]),
            "ratio": round(float(np.median(joined[:, -1])) / limit, 3),
            "ratio_of_rounds": [round(min(ratios), 3), round(max(ratios), 3)],
            "models": {name: summary(joined[:, i]) for i, name in enumerate(COMPANIONS)},
        }
        if found := first.get((engine, inputs)):
            row["bytes"] = found["bytes"]
            row["cold"] = found["cold"]
            row["golden_errors"] = {
                name: model["golden_error"]
                for name, model in found["models"].items()
                if "golden_error" in model
            }
        rows.append(row)
    return rows


def processor() -> dict[str, str]:
    """Name and caches, where the system says."""
    found = {"machine": platform.machine()}
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        found["name"] = names[0].partition(":")[2].strip() if names else ""
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind = (cache / "type").read_text().strip()
        level = (cache / "level").read_text().strip()
        found[f"L{level} {kind.lower()}"] = (cache / "size").read_text().strip()
    return found


def measure(chosen: argparse.Namespace, work: Path) -> dict[str, Any]:
    """All engines, round by round."""
    if chosen.models is None:
        chosen.models = work / "models"
        export_companions(chosen.run, output=chosen.models)
    loaded = {name: load_companion(chosen.run, name) for name in COMPANIONS}
    documents = {name: read_document(chosen.models / f"{name}.json") for name in COMPANIONS}
    feed, kinds = {}, {}
    for name in COMPANIONS:
        features = real_features(name)
        kinds[name] = "golden inputs" if features is None else "features of validation pieces"
        golden = documents[name].metadata.golden.inputs
        feed[name] = np.ascontiguousarray(golden if features is None else features, "<f4")
        feed[name].tofile(work / f"{name}.f32")
    others: list[OtherEngine] = [
        OnnxEngine(loaded, feed),
        NumPyEngine(documents, feed),
        TorchScriptEngine(loaded, feed),
        EagerEngine(loaded, feed),
    ]
    samples: dict[tuple[str, str], list[np.ndarray]] = {}
    limits, first, report = [], {}, {}
    per_round = chosen.steps // chosen.rounds
    for number in range(chosen.rounds):
        cold = chosen.cold if number == 0 else 0
        turn_report, turn_samples, limit = bench(
            chosen.tool, chosen.models, work, work / "samples", per_round, cold
        )
        if number == 0:
            report = turn_report
            first = {(row["engine"], row["inputs"]): row for row in report["engines"]}
        limits.append(limit)
        if chosen.rtneural:
            more, more_samples, _ = bench(
                chosen.rtneural, chosen.models, work, work / "samples", per_round, cold, RTNEURAL
            )
            turn_samples |= more_samples
            first |= {(row["engine"], row["inputs"]): row for row in more["engines"] if cold}
        for key, values in turn_samples.items():
            samples.setdefault(key, []).append(values)
        for engine in others:
            values = turn(engine, per_round // SLOW.get(engine.name, 1))
            samples.setdefault((engine.name, "real"), []).append(values)
        print(f"round {number + 1} of {chosen.rounds}", flush=True)
    joined = np.concatenate(limits)
    return {
        "processor": processor(),
        "onnxruntime": metadata.version("onnxruntime"),
        "interruptions": resource.getrusage(resource.RUSAGE_CHILDREN).ru_nivcsw,
        "rounds": chosen.rounds,
        "inputs": kinds,
        "rows_read": round(rows_read(documents, feed), 3),
        "clock_us": report["clock_us"],
        "target": report["target"],
        "limit": {
            **report["limit"],
            "warm": summary(joined),
            "warm_gb_per_s": round(report["limit"]["bytes"] / float(np.median(joined)) / 1e3, 1),
            "cold": report["limit"].get("cold"),
        },
        "engines": rows_of(samples, limits, first),
    }


def main() -> None:
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path("runs/companion"))
    parser.add_argument("--models", type=Path)
    parser.add_argument("--tool", type=Path, default=ROOT / "build/cpp" / TOOL)
    parser.add_argument("--rtneural", type=Path)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--cold", type=int, default=300)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    chosen = parser.parse_args()
    os.sched_setaffinity(0, {chosen.core})
    torch.set_num_threads(1)
    torch.backends.mkldnn.enabled = False  # oneDNN's LSTM takes twice as long for one step
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "samples").mkdir()
        found = measure(chosen, Path(folder))
    where = environment(["python", "benchmarks/realtime/run.py", "--steps", str(chosen.steps)])
    write_json(RESULTS, {**where, **found})
    write_page()


if __name__ == "__main__":
    main()
