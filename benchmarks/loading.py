"""How fast Nottingham is loaded, cold and again, and how fast it becomes tokens beside music21.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/loading.py [--sample 100] [--rounds 5]

Writes `benchmarks/results/loading.json`. All ways run in one process and one thread and take turns;
what counts is the processor time of the process, the least of several rounds, so that a busy
machine changes little. music21 parses a sample of
the tunes, evenly spread over the files (every n-th tune), from text in memory, and each tune counts
alike; ours parses all tunes, reads the files, and encodes tokens besides. The folk collections are
loaded cold and again as well, from the installed music21 package.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chromasonic.data import load
from chromasonic.files import write_json
from chromasonic.formats.abc import read_abc
from chromasonic.melody_generation.tokens import encode_all

RESULTS = Path(__file__).parent / "results" / "loading.json"
CACHE_VARIABLE = "CHROMASONIC_CACHE"


def seconds_of(work: Callable[[], object]) -> float:
    """Processor seconds that the work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def load_cold(name: str) -> None:
    """Load as on a machine that has the files but has never parsed them."""
    kept = os.environ[CACHE_VARIABLE]
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE_VARIABLE] = folder
        load(name, download=False)
    os.environ[CACHE_VARIABLE] = kept


def nottingham_files() -> list[Path]:
    return sorted(Path(load("nottingham", download=False).manifest.found_at).glob("*.abc"))


def to_tokens(files: list[Path]) -> int:
    """Files to token streams, with no cache; how many tunes."""
    return sum(
        len(encode_all(read_abc(path.read_text("utf-8"), source=path.stem).tunes).sequences)
        for path in files
    )


def sample_of(files: list[Path], size: int) -> list[str]:
    """The text of every n-th tune over all files."""
    tunes = [
        part
        for path in files
        for part in re.split(r"(?m)^(?=X:)", path.read_text("utf-8"))
        if part.startswith("X:")
    ]
    return tunes[:: max(1, len(tunes) // size)][:size]


def parse_with_music21(tunes: list[str]) -> None:
    import music21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in tunes:
            music21.converter.parseData(text, format="abc")


def measure(sample: int, rounds: int) -> dict[str, Any]:
    """Least seconds of each way, and the ratios."""
    files = nottingham_files()
    texts = sample_of(files, sample)
    parse_with_music21(texts[:2])  # its own start-up does not count
    load("folk", download=False)
    ways: dict[str, Callable[[], object]] = {
        "nottingham_cold": lambda: load_cold("nottingham"),
        "nottingham_again": lambda: load("nottingham", download=False),
        "nottingham_to_tokens": lambda: to_tokens(files),
        "music21_sample": lambda: parse_with_music21(texts),
        "folk_again": lambda: load("folk", download=False),
    }
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, work in ways.items():
            least[name] = min(least[name], seconds_of(work))
    least["folk_cold"] = seconds_of(lambda: load_cold("folk"))
    tunes = to_tokens(files)
    music21_all = least["music21_sample"] / len(texts) * tunes
    return {
        "tunes": {"nottingham": tunes, "folk": len(load("folk", download=False).pieces)},
        "music21_sample_tunes": len(texts),
        "rounds": rounds,
        "processor_seconds": least,
        "music21_all_tunes_seconds_estimated": music21_all,
        "ratios": {
            "to_tokens_over_music21": music21_all / least["nottingham_to_tokens"],
            "cold_load_over_music21": music21_all / least["nottingham_cold"],
            "load_again_over_music21": music21_all / least["nottingham_again"],
            "load_again_over_cold": least["nottingham_cold"] / least["nottingham_again"],
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=100, help="tunes that music21 parses")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the best counts")
    options = parser.parse_args()
    import music21

    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE_VARIABLE] = folder
        result = measure(options.sample, options.rounds)
    machine = {
        "python": platform.python_version(),
        "music21": music21.VERSION_STR,
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
    }
    write_json(RESULTS, {"machine": machine, **result})
    for name, seconds in result["processor_seconds"].items():
        print(f"{name:<24}{seconds:>9.3f} s")
    for name, ratio in result["ratios"].items():
        print(f"{name:<24}{ratio:>9.1f} x")
    print(f"Written to {RESULTS}")


if __name__ == "__main__":
    main()
