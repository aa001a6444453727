"""The page of results, from what `run.py` and `quantized.py` left; it measures nothing.

Run from the repository's root to write the page anew:

    python benchmarks/realtime/page.py
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from chromasonic.companion.spec import SPECS
from chromasonic.export.quantizing import PRECISIONS
from chromasonic.files import write_text

ROOT = Path(__file__).parents[2]
TIMES = ROOT / "benchmarks/results/realtime.json"
ERRORS = ROOT / "benchmarks/results/quantized.json"
PAGE = ROOT / "docs/realtime-results.md"
BLOCK_US = 10_000
"""A block of audio: 480 samples at 48 kHz."""
WEIGHTS = {"dense": "worst case", "real": "trained"}

TITLE = "# The companion models in real time"

SUMMARY_TIMES = """One step of all five models takes {real:.0f} us (the median) with trained float32
weights: {real_share:.1%} of a block of 10 ms (480 samples at 48 kHz), on one core of {processor}.
With made-up weights of which none can be left out, the worst case, it is {dense:.0f} us
({dense_share:.1%}){cold}."""

SUMMARY_COLD = """; after other work has taken the processor's caches, up to {time:.0f} us
({share:.1%})"""

SUMMARY_ERRORS = """Half the memory (float16) changes no metric on test data by more than {float16},
a quarter of it (int8) none by more than {int8}."""

SOURCES = """Measured by `benchmarks/realtime/run.py` (times{date}) and
`benchmarks/realtime/quantized.py` (fewer bits), written by `benchmarks/realtime/page.py`. All
figures are in `benchmarks/results/realtime.json` and `benchmarks/results/quantized.json`. They are
of one machine and one run, so carry over ratios, not microseconds; `chromasonic-realtime-bench
MODELS` measures your own machine."""

LIMIT = """The last column but one compares with the memory limit: the time that this core takes to
read as many bytes as the weights have at float32, once, in the same run. Here that is {bytes:.2f}
MB in {time:.1f} us ({speed:.0f} GB/s; caches: {caches}). Medians of {steps:,} steps, in
microseconds."""

NOTES = """- **Memory limit**: read in the order of the weights, by the fastest of several plain
  loops. No engine that uses each float32 weight once can be faster. It is a limit of this
  processor's caches, not of its memory chips: the weights of all five fit its last-level cache.
- **Worst case**: made-up weights and positive inputs, so that no input of any layer is 0 and every
  weight is used. **Trained**: trained weights and {inputs}. The
  native loops leave out rows whose input is 0 (behind a ReLU, in one-hot features); here they read
  {rows:.0%} of the weights, so that a step may take less time than reading all of them.
- **Times the limit**: engines take turns in {rounds} rounds on one core, one thread each; in
  brackets are the lowest and the highest ratio of a round.
- **After other work**: the median when 128 MiB were read between two steps, so that weights come
  from memory chips, as between two blocks of a busy host. It varies by tens of percent from run to
  run.
- **p99 and p99.9**: other programs took the core away from the C++ engines {interruptions:,} times
  in this run, each time for up to milliseconds. A p99.9 far above its p99 tells of the machine more
  than of the engine. The longest steps are in the JSON.
- float16 is converted by one instruction, int8 takes two, so that on this processor int8 is behind
  while weights lie in the cache, and ahead where they do not.
- Engines from Python pay for one call in Python for each model, as a program that uses them does.
  PyTorch runs without oneDNN, whose LSTM takes about twice as long for a single step.
- RTNeural, where it is timed, is what [its page](rtneural.md#what-was-verified) says: Eigen, the
  run-time model, compiled for this processor (`-march=native`). The native loops are compiled for
  any x86-64 and choose while running.
- Reading the clock costs {clock:.2f} us, which is in each figure."""

EACH = "Median / p99 / p99.9, microseconds."

FEWER_BITS = """float16 holds the nearest half; int8 holds whole numbers from -127 to 127, times one
float for each output. Biases, sums and activations stay float32."""

MOST_CHANGED = """Each model's metric that changes most, for better or worse, of those in
[companion-results](companion-results.md), on the test parts of the corpora. All {count} are in the
JSON."""

GOLDEN = """Distance from the outputs that PyTorch gives in 64-bit floats on an exported file's own
inputs (its golden vectors): the largest, as the C++ loops compute it, and the mean."""


def write_page() -> None:
    """Put together what is there."""
    times, errors = _read(TIMES), _read(ERRORS)
    parts = [TITLE]
    if times:
        parts.append(_summary(times))
    if errors:
        worst = {p: f"{max(abs(_change(row, p)) for row in _rows(errors)):.2%}" for p in PRECISIONS}
        parts.append(_filled(SUMMARY_ERRORS.format(**worst)))
    date = f" of {times['date'][:10]}" if times else ""
    parts.append(_filled(SOURCES.format(date=date)))
    if times:
        parts += _all_five(times) + _each(times)
    if errors:
        parts += _errors(errors, times["engines"] if times else [])
    write_text(PAGE, "\n\n".join(parts) + "\n")


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()),
        100,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _points(text: str) -> str:
    return "\n".join(_filled(f"- {point}", "  ") for point in text[2:].split("\n- "))


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _summary(times: dict[str, Any]) -> str:
    rows = [row for row in times["engines"] if row["engine"] == "native float32"]
    medians = {row["inputs"]: row["all"]["median"] for row in rows}
    slowest = max((row["cold"]["median"] for row in rows if row.get("cold")), default=None)
    cold = SUMMARY_COLD.format(time=slowest, share=slowest / BLOCK_US) if slowest else ""
    machine = times["processor"]
    return _filled(
        SUMMARY_TIMES.format(
            **medians,
            **{f"{inputs}_share": median / BLOCK_US for inputs, median in medians.items()},
            cold=cold,
            processor=machine.get("name") or machine["machine"],
        )
    )


def _all_five(times: dict[str, Any]) -> list[str]:
    limit, engines = times["limit"], times["engines"]
    steps = engines[0]["steps"]
    caches = [f"{name} {size}" for name, size in times["processor"].items() if name[0] == "L"]
    lead = LIMIT.format(
        bytes=limit["bytes"] / 1e6,
        time=limit["warm"]["median"],
        speed=limit["warm_gb_per_s"],
        caches=", ".join(caches),
        steps=steps,
    )
    head = ["engine", "weights", "MB", "median", "of 10 ms", "p99", "p99.9", "times the limit",
            "after other work"]  # fmt: skip
    rows = [["memory limit", "", *_cells(limit, limit["warm"]), "1", _cold(limit)]]
    for row in engines:
        low, high = row["ratio_of_rounds"]
        fewer = f" ({row['steps']:,} steps)" if row["steps"] != steps else ""
        ratio = f"**{row['ratio']:.2f}** [{low:.2f}, {high:.2f}]"
        start = [row["engine"] + fewer, WEIGHTS[row["inputs"]]]
        rows.append([*start, *_cells(row, row["all"]), ratio, _cold(row)])
    notes = NOTES.format(
        rows=times["rows_read"],
        rounds=times["rounds"],
        clock=times["clock_us"],
        interruptions=times["interruptions"],
        inputs=" or ".join(sorted(set(times["inputs"].values()))),
    )
    return ["## One step of all five", _filled(lead), _table(head, rows), _points(notes)]


def _cells(row: dict[str, Any], found: dict[str, float]) -> list[str]:
    megabytes = f"{row['bytes'] / 1e6:.2f}" if "bytes" in row else ""
    share = f"{found['median'] / BLOCK_US:.1%}"
    tail = [f"{found[quantile]:.1f}" for quantile in ("p99", "p99.9")]
    return [megabytes, f"{found['median']:.1f}", share, *tail]


def _cold(row: dict[str, Any]) -> str:
    return f"{row['cold']['median']:.0f}" if row.get("cold") else ""


def _each(times: dict[str, Any]) -> list[str]:
    rows = [
        [row["engine"], WEIGHTS[row["inputs"]]]
        + [
            " / ".join(f"{model[quantile]:.1f}" for quantile in ("median", "p99", "p99.9"))
            for model in row["models"].values()
        ]
        for row in times["engines"]
    ]
    head = ["engine", "weights", *(SPECS[name].title for name in SPECS)]
    return ["## One step of each model", EACH, _table(head, rows)]


def _rows(errors: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for found in errors["models"].values() for row in found["rows"]]


def _change(row: dict[str, Any], precision: str) -> float:
    """Of the metric, relative to float32."""
    return row[precision] / row["float32"] - 1


def _most_changed(rows: list[dict[str, Any]], precision: str) -> str:
    row = max(rows, key=lambda row: abs(_change(row, precision)))
    if abs(_change(row, precision)) < 0.00005:
        return "none by 0.01%"
    values = f"{row['float32']:.4f} to {row[precision]:.4f}"
    return f"**{_change(row, precision):+.2%}**: {row['metric']} ({row['test']}), {values}"


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
        changed = [_most_changed(found["rows"], precision) for precision in PRECISIONS[1:]]
        metrics.append([found["title"], str(len(found["rows"])), *changed])
    return [
        "## What fewer bits cost",
        _filled(FEWER_BITS),
        _filled(MOST_CHANGED.format(count=len(_rows(errors)))),
        _table(["model", "metrics", *PRECISIONS[1:]], metrics),
        "## How far the outputs are from PyTorch's",
        _filled(GOLDEN),
        _table(["model", *(f"{precision}: largest, mean" for precision in PRECISIONS)], golden),
    ]


if __name__ == "__main__":
    write_page()
    print(PAGE)
