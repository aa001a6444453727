"""How fast Nottingham becomes tunes, beside music21 on the same text, in one run.

    CHROMASONIC_DATA=DIR python benchmarks/abc_parsing.py [--sample N]

music21 is slow, so it parses a random sample (seed 0) and its time for the whole is scaled by the
number of tunes; ours is the best of three over all of them. Writes
`benchmarks/results/abc_parsing.json`.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import sys
import time
from pathlib import Path

from chromasonic.files import write_json
from chromasonic.formats.abc import read_abc


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=100, help="tunes that music21 parses")
    sample_size = parser.parse_args().sample
    data = os.environ.get("CHROMASONIC_DATA")
    if not data:
        sys.exit("Set CHROMASONIC_DATA to the folder that holds nottingham/ABC_cleaned.")
    paths = sorted((Path(data) / "nottingham" / "ABC_cleaned").glob("*.abc"))
    texts = {path.name: path.read_text(encoding="utf-8") for path in paths}

    ours = min(time_ours(texts) for _ in range(3))
    tunes = [part for text in texts.values() for part in re.split(r"(?m)^(?=X:)", text)]
    tunes = [part for part in tunes if part.startswith("X:")]
    chosen = random.Random(0).sample(tunes, min(sample_size, len(tunes)))
    music21_per_tune = time_music21(chosen) / len(chosen)

    ratio = music21_per_tune * len(tunes) / ours
    result = {
        "what": "Nottingham ABC text to tunes",
        "tunes": len(tunes),
        "ours_seconds": round(ours, 3),
        "ours_tunes_per_second": round(len(tunes) / ours),
        "music21_sample_tunes": len(chosen),
        "music21_tunes_per_second": round(1 / music21_per_tune, 1),
        "ratio": round(ratio, 1),
        "goal_ratio": 20,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    write_json(Path(__file__).parent / "results" / "abc_parsing.json", result)
    print(f"ours {len(tunes) / ours:,.0f} tunes a second, music21 {1 / music21_per_tune:.1f}")
    print(f"{ratio:.0f} times as fast (goal: 20)")


def time_ours(texts: dict[str, str]) -> float:
    """Seconds for the whole corpus."""
    start = time.perf_counter()
    for name, text in texts.items():
        read_abc(text, source=name)
    return time.perf_counter() - start


def time_music21(tunes: list[str]) -> float:
    """Seconds of music21's full parse of these tunes, its import not counted."""
    import music21

    music21.converter.parse(tunes[0], format="abc", forceSource=True)
    start = time.perf_counter()
    for tune in tunes:
        try:
            music21.converter.parse(tune, format="abc", forceSource=True)
        except Exception as error:  # what music21 cannot read costs it the time all the same
            print(f"music21 could not read {tune[:30]!r}: {type(error).__name__}", file=sys.stderr)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
