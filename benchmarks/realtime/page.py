"""The page of results, from what `run.py` and `quantized.py` left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chromasonic.companion.spec import SPECS
from chromasonic.export.quantizing import PRECISIONS
from chromasonic.files import write_text

ROOT = Path(__file__).parents[2]
TIMES = ROOT / "benchmarks/results/realtime.json"
ERRORS = ROOT / "benchmarks/results/quantized.json"
PAGE = ROOT / "docs/realtime-results.md"
QUANTILES = ("median", "p99", "p99.9", "max")

HEAD = """# The companion models in real time

Written by `python benchmarks/realtime/run.py` (times) and `python benchmarks/realtime/quantized.py`
(what weights of fewer bits cost). Times are of one machine and one run: only their ratios carry
over, and `chromasonic-realtime-bench MODELS` measures your own machine."""

HOW_TIMES = """- **memory limit**: the time to read as many bytes as the weights have at float32,
  once, in the same order, by the fastest of several plain loops, in the same run. No engine that
  uses each float32 weight once can be faster. It is a limit of this processor's caches, not of
  its memory chips: the weights of all five fit its last-level cache.
- **dense**: made-up weights and positive inputs, so that no input of any layer is 0 and every
  weight is used: the worst case. **real**: trained weights and {inputs}. The
  loops leave out rows whose input is 0 (behind a ReLU, in one-hot features); here they read
  {rows:.0%} of the weights, so that a step may take less time than reading all of them.
- Engines take turns in {rounds} rounds on one core, one thread each. A ratio is of medians; in
  brackets are the lowest and the highest of a round. High quantiles and the maximum tell of the
  machine more than of an engine: other programs took the core away from the C++ engines
  {interruptions:,} times in this run, each time for milliseconds.
- **after other work**: the median when 128 MiB were read between two steps, so that weights come
  from memory chips, as between two blocks of a busy host. It varies by tens of percent from run to
  run.
- float16 is converted by one instruction, int8 takes two, so that on this processor int8 is behind
  while weights lie in the cache, and ahead where they do not.
- Engines from Python pay for one call in Python for each model, as a program that uses them does.
  PyTorch runs without oneDNN, whose LSTM takes about twice as long for a single step.
- RTNeural, where it is timed, is what [its page](rtneural.md#what-was-verified) says: Eigen, the
  run-time model, compiled for this processor (`-march=native`). The native loops are compiled for
  any x86-64 and choose while running.
- Reading the clock costs {clock:.2f} us, which is in each figure."""

HOW_ERRORS = """float16 holds the nearest half; int8 holds whole numbers from -127 to 127, times one
float for each output. Biases, sums and activations stay float32.

Distance from the golden outputs: the largest as the C++ loops compute it, and the mean."""

HOW_METRICS = """On the test parts of the corpora, with the metrics of
[companion-results](companion-results.md):"""


def write_page() -> None:
    """Put together what is there."""
    parts = [HEAD]
    times, errors = _read(TIMES), _read(ERRORS)
    if times:
        parts += _times(times)
    if errors:
        parts += _errors(errors, times["engines"] if times else [])
    write_text(PAGE, "\n\n".join(parts) + "\n")


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _times(times: dict[str, Any]) -> list[str]:
    limit, engines = times["limit"], times["engines"]
    machine = times["processor"]
    caches = ", ".join(f"{name} {size}" for name, size in machine.items() if name[0] == "L")
    steps = engines[0]["steps"]
    lead = (
        f"On one core of {machine.get('name') or machine['machine']} ({caches}), "
        f"{limit['bytes'] / 1e6:.2f} MB of float32 weights are read in "
        f"{limit['warm']['median']:.1f} us ({limit['warm_gb_per_s']:.0f} GB/s): the memory limit "
        f"of one step of all five models. Microseconds, {steps:,} steps."
    )
    rows = [["memory limit", "", _megabytes(limit), *_quantiles(limit["warm"]), "1", _cold(limit)]]
    for row in engines:
        low, high = row["ratio_of_rounds"]
        fewer = f" ({row['steps']:,} steps)" if row["steps"] != steps else ""
        ratio = f"**{row['ratio']:.2f}** [{low:.2f}, {high:.2f}]"
        cells = [_megabytes(row), *_quantiles(row["all"]), ratio, _cold(row)]
        rows.append([row["engine"] + fewer, row["inputs"], *cells])
    each = [
        [row["engine"], row["inputs"], *(_three(model) for model in row["models"].values())]
        for row in engines
    ]
    how = HOW_TIMES.format(
        rows=times["rows_read"],
        rounds=times["rounds"],
        clock=times["clock_us"],
        interruptions=times["interruptions"],
        inputs=" or ".join(sorted(set(times["inputs"].values()))),
    )
    return [
        "## One step of all five",
        lead,
        _table(["engine", "inputs", "MB", *QUANTILES, "of the limit", "after other work"], rows),
        how,
        "## One step of each",
        "Median / p99 / p99.9, microseconds.",
        _table(["engine", "inputs", *(SPECS[name].title for name in SPECS)], each),
    ]


def _megabytes(row: dict[str, Any]) -> str:
    return f"{row['bytes'] / 1e6:.2f}" if "bytes" in row else ""


def _quantiles(found: dict[str, float]) -> list[str]:
    return [f"{found[name]:.1f}" for name in QUANTILES]


def _three(found: dict[str, float]) -> str:
    return " / ".join(_quantiles(found)[:3])


def _cold(row: dict[str, Any]) -> str:
    return f"{row['cold']['median']:.0f}" if row.get("cold") else ""


def _errors(errors: dict[str, Any], engines: list[dict[str, Any]]) -> list[str]:
    by_cpp = {row["engine"]: row.get("golden_errors") or {} for row in engines}
    golden, metrics = [], []
    for name, found in errors["models"].items():
        cells = []
        for precision in PRECISIONS:
            here = found["golden"][precision]
            largest = by_cpp.get(f"native {precision}", {}).get(name, here["largest"])
            cells.append(f"{largest:.1e}, {here['mean']:.1e}")
        golden.append([found["title"], *cells])
        for row in found["rows"]:
            changed = [f"{row[p]:.4f} ({row[p] / row['float32'] - 1:+.2%})" for p in PRECISIONS[1:]]
            metrics.append(
                [found["title"], row["test"], row["metric"], f"{row['float32']:.4f}", *changed]
            )
    return [
        "## What fewer bits cost",
        HOW_ERRORS,
        _table(["model", *PRECISIONS], golden),
        HOW_METRICS,
        _table(["model", "test", "metric", *PRECISIONS], metrics),
    ]
