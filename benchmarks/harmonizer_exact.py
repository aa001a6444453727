"""How long exact search takes: a chorale, the N best, a plain loop beside it, and 2,000 bars.

Run from the repository's root, on one core:

    OMP_NUM_THREADS=1 python benchmarks/harmonizer_exact.py [--rounds 5]

Prints and writes `benchmarks/results/harmonizer_exact.json`. What counts is processor time, the
least of several rounds. The plain loops give the same rewards (checked): one asks the rules voicing
by voicing, the other of all pairs as rows at once, neither looking at distinct values only; they
are timed on a few beats and scaled to the whole melody.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.files import write_json
from chromasonic.harmonization.alternatives import find_alternatives
from chromasonic.harmonization.exact import candidates, n_best
from chromasonic.harmonization.melodies import melody_of_steps
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import admissible
from chromasonic.music.chorale import STEPS_OF_QUARTER
from chromasonic.music.key import Key

RESULTS = Path(__file__).parent / "results" / "harmonizer_exact.json"
BEATS, LONG_BEATS = 64, 8_000
PLAIN_STEPS = 2
SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76)


def walk(beats: int, seed: int = 0) -> Melody:
    """A melody that goes up and down a major scale by steps and thirds, a phrase every 16 beats."""
    rng = np.random.default_rng(seed)
    place, tones = 4, []
    for _ in range(beats):
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(SCALE) - 1))
        tones.append(SCALE[place])
    steps = np.repeat(tones, STEPS_OF_QUARTER)
    ends = tuple(range(15 * STEPS_OF_QUARTER, len(steps), 16 * STEPS_OF_QUARTER))
    onsets = np.arange(len(steps)) % STEPS_OF_QUARTER == 0
    return melody_of_steps(steps, key=Key(), fermatas=ends, is_onset=onsets)


def seconds_of(work: Callable[[], object], rounds: int) -> float:
    """Least processor seconds of several rounds."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def plain_loops(melody: Melody) -> dict[str, float]:
    """Seconds that the pairs of the whole melody would take in plain ways."""
    reward, sets, beats = Reward(), candidates(melody), melody.beats
    by_voicing = by_rows = 0.0
    for step in range(PLAIN_STEPS):
        before, after = sets[step], sets[step + 1]
        here, there = beats[[step] * len(after)], beats[[step + 1] * len(after)]
        wanted = reward.motion_of_all_pairs(before, after, beats[step], beats[step + 1])
        start = time.process_time()
        rows = [
            reward.motion_in_rows(before[np.full(len(after), row)], after, here, there)
            for row in range(len(before))
        ]
        by_voicing += time.process_time() - start
        np.testing.assert_allclose(rows, wanted, atol=1e-4)
        a, b = np.divmod(np.arange(len(before) * len(after)), len(after))
        start = time.process_time()
        found = reward.motion_in_rows(
            before[a], after[b], beats[np.full(len(a), step)], beats[np.full(len(a), step + 1)]
        )
        by_rows += time.process_time() - start
        np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=1e-4)
    scale = (len(melody) - 1) / PLAIN_STEPS
    return {"voicing by voicing": by_voicing * scale, "all pairs as rows": by_rows * scale}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    melody = walk(BEATS)
    start = time.process_time()
    n_best(melody, 1)
    first = time.process_time() - start
    best = {
        str(count): seconds_of(lambda c=count: n_best(melody, c), rounds) for count in (1, 5, 20)
    }
    alternatives = seconds_of(lambda: find_alternatives(melody, 5), 1)
    plain = plain_loops(melody)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    long = walk(LONG_BEATS)
    long_seconds = seconds_of(lambda: n_best(long, 1), 1)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    document: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "beats": len(melody),
        "voicings_per_beat": float(np.mean([len(set_) for set_ in candidates(melody)])),
        "seconds_first_time": first,
        "seconds_n_best": best,
        "seconds_five_alternatives": alternatives,
        "seconds_plain": plain,
        "times_faster_than_plain": {name: taken / best["1"] for name, taken in plain.items()},
        "long": {"beats": len(long), "seconds": long_seconds, "peak_memory_grown_mib": grown},
        "voicings_remembered": admissible.cache_info().currsize,
    }
    for name, value in document.items():
        print(f"{name}: {value}")
    write_json(RESULTS, document)


if __name__ == "__main__":
    main()
