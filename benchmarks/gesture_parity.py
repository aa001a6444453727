"""How near exported gesture models are to the trained ones, and what a frame costs.

Run from the repository's root:

    python benchmarks/gesture_parity.py [--run RUN] [--sizes plain,fused,compact,causal]
        [--frames 2000] [--rtneural FOLDER]

Parity: all four sizes, the two of the specification with its 88 nodes of 31 features, the small
ones with a hand of 21; random weights, for they do not change what can go wrong. Every logit of
onnxruntime beside PyTorch in 64-bit floats, over movements of 1, 7, 48 and 333 frames, one and
three at a time, a causal one frame by frame as well. Sizes that are not measured anew keep what was
written of them.

Latency: a causal model of default size (or the one in RUN), one thread, frame after frame as they
come from a camera: the network in PyTorch, landmarks to certainties in PyTorch (features included),
the network in onnxruntime; and, where FOLDER holds RTNeural's sources, the exported header in C++.
Medians are by the clock; the slow ones are told by the thread's own time, which other programs on
the machine do not lengthen.

Writes `benchmarks/results/gesture_parity.json`.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from chromasonic.export.onnx_running import RunningModel
from chromasonic.files import write_json
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.gesture.exporting import export_gesture_model
from chromasonic.gesture.exporting_onnx import (
    BATCHES,
    LENGTHS,
    exact_outputs,
    made_features,
    running_logits,
    ways,
)
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.graph import nearest_neighbours
from chromasonic.gesture.models import GestureModel, build, load_gesture
from chromasonic.gesture.network_config import SIZES
from chromasonic.gesture.statistics import Statistics
from chromasonic.gesture.task import Reader
from chromasonic.music.movement import Skeleton

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "gesture_parity.json"
PROGRAM = HERE / "gesture_rtneural.cpp"
CLASSES = 100
WARM = 200
"""Frames before the clock starts."""


def face() -> Skeleton:
    """Points on two rings with their nearest neighbours, as many and with as many numbers as the
    specification's face."""
    turn = np.linspace(0, 2 * np.pi, 44, endpoint=False)
    rings = [radius * np.stack((np.cos(turn), np.sin(turn)), axis=1) for radius in (1.0, 1.4)]
    points = np.concatenate(rings)
    return Skeleton(
        name="face",
        nodes=tuple(f"point {number}" for number in range(88)),
        edges=nearest_neighbours(points, 4),
        channels=tuple(f"channel {number}" for number in range(31)),
    )


def random_model(size: str) -> GestureModel:
    """A model of a size with random weights, its batch norms as uneven as trained ones."""
    torch.manual_seed(0)
    is_small = size in ("compact", "causal")
    skeleton = HAND_21 if is_small else face()
    features = FeatureConfig(velocity=is_small, rate_hz=30.0 if is_small else 0.0)
    classes = tuple(f"class {number}" for number in range(CLASSES))
    network = build(SIZES[size], skeleton, classes, features).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    shape = (network.nodes, network.features)
    chance = np.random.default_rng(0)
    usual = Statistics(
        chance.normal(0, 1, shape).astype(np.float32),
        chance.uniform(0.5, 5, shape).astype(np.float32),
    )
    reader = Reader(config=features, performers={}, standardization=usual)
    return GestureModel(network=network, classes=classes, skeleton=skeleton, reader=reader)


def parity(size: str) -> dict[str, Any]:
    """What a file weighs, and the largest difference of a logit by frames."""
    model = random_model(size)
    with tempfile.TemporaryDirectory() as folder:
        exported = export_gesture_model(model, folder)
    running = running_logits(model)
    by_length = {}
    for length in LENGTHS:
        rows = [differences(model, running, batch, length) for batch in BATCHES]
        by_length[str(length)] = {
            name: max(row[name] for row in rows) for name in ("onnxruntime", "pytorch_float32")
        }
    return {
        "parameters": sum(value.numel() for value in model.network.parameters()),
        "state_dict": sum(value.numel() for value in model.network.state_dict().values()),
        "numbers_in_file": exported.parameters,
        "size_bytes": exported.size_bytes,
        "largest_difference_of_a_logit": by_length,
    }


def differences(
    model: GestureModel, running: RunningModel, batch: int, length: int
) -> dict[str, float]:
    """The largest distance of a logit from PyTorch's in 64-bit floats."""
    features = made_features(model, batch, length, seed=length)
    wanted = exact_outputs(model, features, activated=False)
    own = exact_outputs(model, features, activated=False, dtype=torch.float32)
    return {
        "onnxruntime": max(
            float(np.abs(found - wanted).max()) for found in ways(model, running, features).values()
        ),
        "pytorch_float32": float(np.abs(own - wanted).max()),
    }


def timed(step: Callable[[int], object], frames: int) -> dict[str, float]:
    """Milliseconds a frame: the median, and 99 of 100 in the thread's own time."""
    clock, own = np.zeros(WARM + frames), np.zeros(WARM + frames)
    for frame in range(WARM + frames):
        start, own_start = time.perf_counter(), time.thread_time()
        step(frame)
        own[frame] = time.thread_time() - own_start
        clock[frame] = time.perf_counter() - start
    return {
        "median_ms": 1e3 * float(np.median(clock[WARM:])),
        "p99_own_ms": 1e3 * float(np.quantile(own[WARM:], 0.99)),
    }


def latency(model: GestureModel, frames: int, rtneural: Path | None) -> dict[str, Any]:
    """What one frame costs, by engine."""
    features = made_features(model, 1, WARM + frames, seed=0)[0]
    channels = len(model.skeleton.channels)
    landmarks = np.ascontiguousarray(features[:, :, :channels])
    state: Any = None

    def pytorch(frame: int) -> None:
        nonlocal state
        with torch.inference_mode():
            logits, state = model.network.step(torch.from_numpy(features[frame : frame + 1]), state)
            logits.softmax(-1).numpy()

    rows = {"pytorch_network": timed(pytorch, frames)}
    stream = model.stream(model.rate_hz or 30.0)
    rows["pytorch_landmarks_to_certainties"] = timed(
        lambda frame: stream.push(landmarks[frame]), frames
    )
    with tempfile.TemporaryDirectory() as folder:
        exported = export_gesture_model(model, folder)
        rows["onnxruntime_network"] = timed(_onnxruntime(exported.path, model, features), frames)
        if rtneural is not None:
            rows["rtneural_network"] = _rtneural(model, Path(folder), rtneural, frames)
    return rows


def _onnxruntime(path: Path, model: GestureModel, features: np.ndarray) -> Callable[[int], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    config = model.network.config
    zeros = np.zeros((config.temporal_layers, 1, config.temporal_dim), np.float32)
    state = {"hidden": zeros, "cell": zeros}

    def step(frame: int) -> None:
        _, state["hidden"], state["cell"] = session.run(
            ["output", "hidden_out", "cell_out"],
            {"features": features[None, frame : frame + 1], **state},
        )

    return step


def _rtneural(model: GestureModel, folder: Path, sources: Path, frames: int) -> dict[str, float]:
    """The header that `--format modelt` writes, compiled, its golden vectors played, and timed."""
    for format in ("rtneural", "modelt"):
        export_gesture_model(model, folder, format=format)
    program = folder / "step"
    subprocess.run(
        ["c++", "-std=c++17", "-O3", "-march=native", "-DRTNEURAL_USE_STL=1", f"-I{folder}",
         f"-I{sources}", f"-I{sources / 'modules'}", f"-I{sources / 'modules' / 'json'}",
         str(PROGRAM), "-o", str(program)],
        check=True,
    )  # fmt: skip
    answer = subprocess.run(
        [str(program), str(folder / "gesture.json"), str(WARM), str(frames)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    error, median, late = map(float, answer.stdout.split())
    return {"median_ms": median, "p99_own_ms": late, "golden_error": error}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, help="a run of a causal model, for the latency")
    parser.add_argument("--frames", type=int, default=2000, help="that are timed")
    parser.add_argument("--rtneural", type=Path, help="a folder with RTNeural's sources")
    parser.add_argument("--sizes", default=",".join(SIZES), help="whose parity is measured")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    model = load_gesture(chosen.run) if chosen.run else random_model("causal")
    by_engine = latency(model, chosen.frames, chosen.rtneural)
    for engine, row in by_engine.items():
        print(
            f"{engine:34s} {row['median_ms']:.3f} ms a frame, 99 of 100 in {row['p99_own_ms']:.3f}"
        )
    by_size = json.loads(RESULTS.read_text())["parity"] if RESULTS.exists() else {}
    for size in filter(None, chosen.sizes.split(",")):
        by_size[size] = parity(size)
        row = by_size[size]["largest_difference_of_a_logit"]
        told = ", ".join(f"{length}: {found['onnxruntime']:.1e}" for length, found in row.items())
        print(f"{size:8s} {by_size[size]['state_dict']:>10,} numbers; by frames {told}")
    path = write_json(
        RESULTS,
        {
            "machine": {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "onnxruntime": onnxruntime.__version__,
                "processor": platform.machine(),
                "threads": 1,
            },
            "frames": chosen.frames,
            "trained": chosen.run is not None,
            "latency": {
                "nodes": model.network.nodes,
                "features": model.network.features,
                "parameters": sum(value.numel() for value in model.network.parameters()),
                "engines": by_engine,
            },
            "parity": by_size,
        },
    )
    print(f"Written to {path}.")


if __name__ == "__main__":
    main()
