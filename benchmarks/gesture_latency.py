"""How long a streamed frame takes, from landmarks to events, on one core.

Frames of a hand of 21 landmarks come one by one; each goes through the whole way of `chromasonic
gesture recognize - --stream`: speed, takes, features, the network's step, certainty to events
(`listener`), and with reading and writing its JSON line (`line`). The network alone (`network`)
stands beside. Weights are random: they change no time. Run:

    python benchmarks/gesture_latency.py [--frames 2000]

It writes benchmarks/results/gesture_latency.json; the goal is below 5 ms a frame for the compact
causal size.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chromasonic.data.synthetic_gestures import LABELS, made_gestures
from chromasonic.files import write_json
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import compute
from chromasonic.gesture.features_cleaning import clean
from chromasonic.gesture.models import GestureModel, build
from chromasonic.gesture.motion import Motion
from chromasonic.gesture.network_config import CAUSAL, PLAIN, NetworkConfig
from chromasonic.gesture.spotting_config import SpottingConfig
from chromasonic.gesture.spotting_sequences import sequence_of
from chromasonic.gesture.statistics import Statistics
from chromasonic.gesture.streaming import Listener
from chromasonic.gesture.streaming_lines import Conversation
from chromasonic.gesture.task import Reader
from chromasonic.music.movement import Movement

RESULTS = Path(__file__).parent / "results" / "gesture_latency.json"
SIZES = {"causal": CAUSAL, "plain, causal": replace(PLAIN, causal=True)}
ALWAYS = SpottingConfig(moving=1e-9, still=1e-9, longest_seconds=600.0)
"""Every frame counts as movement: none is let off the network's step."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--output", default=RESULTS, type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    gestures = made_gestures(240, 0)
    recording, _ = sequence_of(gestures, between="nothing")
    frames = recording.frames[: arguments.frames]
    rows = []
    for name, config in SIZES.items():
        model = random_model(config, gestures[:60])
        row = {
            "size": name,
            "parameters": sum(p.numel() for p in model.network.parameters()),
            "frames": len(frames),
            "network": network_times(model, frames),
            "listener": listener_times(model, frames, recording.rate_hz),
            "line": line_times(model, frames, recording.rate_hz),
        }
        rows.append(row)
        print(f"{name}: {row['parameters']:,} parameters, {len(frames)} frames, milliseconds")
        for what in ("network", "listener", "line"):
            print("  ", what, "  ".join(f"{key} {value:.3f}" for key, value in row[what].items()))
    machine = {"machine": platform.machine(), "torch": torch.__version__, "threads": 1}
    print(write_json(arguments.output, {"unit": "milliseconds a frame", **machine, "rows": rows}))


def random_model(config: NetworkConfig, movements: tuple[Movement, ...]) -> GestureModel:
    """A model of the made hand whose network never learned."""
    features = FeatureConfig(rate_hz=movements[0].rate_hz, median=3, velocity=True, causal=True)
    torch.manual_seed(0)
    network = build(config, HAND_21, LABELS, features)
    return GestureModel(
        network=network.eval(),
        classes=LABELS,
        skeleton=HAND_21,
        reader=Reader(
            config=features,
            performers={},
            standardization=Statistics.of_frames(
                compute(clean(one, features), features) for one in movements
            ),
        ),
        motion=Motion.of(movements),
    )


def network_times(model: GestureModel, frames: Any) -> dict[str, float]:
    """The network's step alone."""
    features = torch.zeros(1, model.network.nodes, model.network.features)
    state: Any = None

    def step(_: Any) -> None:
        nonlocal state
        with torch.inference_mode():
            _, state = model.network.step(features, state)

    return timed(step, frames)


def listener_times(model: GestureModel, frames: Any, rate_hz: float) -> dict[str, float]:
    """Frame to events."""
    return timed(Listener(model, rate_hz, ALWAYS).push, frames)


def line_times(model: GestureModel, frames: Any, rate_hz: float) -> dict[str, float]:
    """Line of JSON to lines of JSON."""
    talk = Conversation(model, Listener(model, rate_hz, ALWAYS), rate_hz)
    lines = [
        json.dumps(
            {
                "landmarks": {
                    node: None if np.isnan(row).any() else row.tolist()
                    for node, row in zip(HAND_21.nodes, frame, strict=True)
                }
            }
        )
        for frame in frames
    ]
    return timed(lambda line: list(talk.hear(line)), lines)


def timed(act: Callable[[Any], object], values: Any) -> dict[str, float]:
    """Median and 99th percentile of an act's time, in milliseconds, after some to warm up.

    By the clock on the wall, and in time of the processor alone, where other work on the machine
    counts for little.
    """
    wall, processor = [], []
    for number, value in enumerate(values):
        begun = time.perf_counter(), time.process_time()
        act(value)
        if number >= 50:
            wall.append(1000 * (time.perf_counter() - begun[0]))
            processor.append(1000 * (time.process_time() - begun[1]))
    return {
        f"{share}{which}": round(float(np.quantile(taken, quantile)), 4)
        for which, taken in (("", wall), (" of processor", processor))
        for share, quantile in (("median", 0.5), ("p99", 0.99))
    }


if __name__ == "__main__":
    main()
