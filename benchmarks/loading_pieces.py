"""How long the corpora of pieces take to be read, and to be taken out of the cache again.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/loading_pieces.py [NAME ...] [--rounds 3]

Writes `benchmarks/results/loading_pieces.json`. What counts is the processor time of the process,
the least of several rounds, so that a busy machine changes little. Corpora that are not at hand are
left out; a part of one is read as such, and the count says so. With names only those are measured,
and the others keep the figures that they have.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chromasonic.data import CORPORA, load
from chromasonic.data.locate import CACHE_VARIABLE
from chromasonic.errors import DataError
from chromasonic.files import write_json

RESULTS = Path(__file__).parent / "results" / "loading_pieces.json"


def seconds_of(work: Callable[[], object]) -> float:
    """Processor seconds that the work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measured(name: str, rounds: int) -> dict[str, Any]:
    """First and second load of a corpus, from an empty cache each round."""
    first, second = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            os.environ[CACHE_VARIABLE] = folder
            first.append(seconds_of(lambda: load(name, download=False, allow_partial=True)))
            second.append(seconds_of(lambda: load(name, download=False, allow_partial=True)))
            cached = sum(path.stat().st_size for path in Path(folder).rglob("*.npz"))
    corpus = load(name, download=False, allow_partial=True)
    return {
        "counts": corpus.manifest.counts,
        "first_load_seconds": round(min(first), 3),
        "second_load_seconds": round(min(second), 3),
        "cache_bytes": cached,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="measure these corpora only")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rounds, results = given.rounds, {}
    if given.names and RESULTS.is_file():
        results = json.loads(RESULTS.read_text(encoding="utf-8"))["corpora"]
    for name, facts in CORPORA.items():
        if facts.reader is None or (given.names and name not in given.names):
            continue
        try:
            results[name] = measured(name, rounds)
        except DataError as error:
            print(f"{name}: left out. {str(error).partition('. ')[0]}.")
            continue
        print(f"{name}: {results[name]}")
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    write_json(RESULTS, {"rounds": rounds, **machine, "corpora": results})


if __name__ == "__main__":
    main()
