"""Steps a second of the harmonization environment: Gymnasium's SyncVectorEnv, and the batched one.

Run from the repository's root:

    python benchmarks/harmonizer_env.py

Prints and writes to `benchmarks/results/harmonizer_env.json`. Both play the same melodies with the
same actions in one run, one after the other, several times over; of each the fastest repetition
counts. In both, observations, rewards, masks and infos are made at each step.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import SyncVectorEnv, VectorEnv

from chromasonic.files import write_json
from chromasonic.harmonization.batched_env import BatchedHarmonizationEnv
from chromasonic.harmonization.env import HarmonizationEnv
from chromasonic.harmonization.episodes import Episodes, example_melody

RESULTS = Path(__file__).parent / "results" / "harmonizer_env.json"
SIZES = (16, 64, 256, 1024)
LEAST_STEPS = 2_048
"""Environment steps of one repetition, at least."""


def steps_a_second(envs: VectorEnv, actions: np.ndarray) -> tuple[float, np.ndarray]:
    """Environment steps a second for given actions, and the (T, N) rewards."""
    envs.reset(seed=0)
    rewards = np.empty(actions.shape)
    begin = time.perf_counter()
    for index, action in enumerate(actions):
        _, rewards[index], _, _, _ = envs.step(action)
    return actions.size / (time.perf_counter() - begin), rewards


def measure(repetitions: int) -> list[dict[str, Any]]:
    """One row for each number of environments."""
    episodes, rows = Episodes([example_melody()]), []
    rng = np.random.default_rng(0)
    for size in SIZES:
        steps = max(4, LEAST_STEPS // size)
        actions = rng.integers(episodes.size, size=(steps, size))
        plain = SyncVectorEnv([lambda: HarmonizationEnv(episodes) for _ in range(size)])
        batched = BatchedHarmonizationEnv(episodes, num_envs=size)
        slow, fast = [], []
        for _ in range(repetitions):
            rate, expected = steps_a_second(plain, actions)
            slow.append(rate)
            rate, rewards = steps_a_second(batched, actions)
            fast.append(rate)
            if not np.allclose(rewards, expected, atol=1e-9):
                raise SystemExit("The two environments paid different rewards.")
        rows.append(
            {
                "environments": size,
                "SyncVectorEnv, steps a second": round(max(slow)),
                "batched, steps a second": round(max(fast)),
                "ratio": round(max(fast) / max(slow), 1),
            }
        )
    return rows


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    rows = measure(options.repetitions)
    for row in rows:
        print("  ".join(f"{name}: {value:,}" for name, value in row.items()))
    facts = {
        "melody": example_melody().title,
        "gymnasium": gymnasium.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "repetitions": options.repetitions,
    }
    write_json(options.output, {**facts, "rows": rows})


if __name__ == "__main__":
    main()
