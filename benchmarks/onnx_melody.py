"""How fast onnxruntime writes tokens with an exported melody network, beside PyTorch.

Run from the repository's root:

    python benchmarks/onnx_melody.py [RUN] [--tokens 512] [--rounds 5]

RUN is a run directory with trained networks; without, networks of default size and random weights
take their place (weights do not change what a token costs). Each way reads a prompt and then its
own likeliest token, one after the other, with what it keeps in memory; the ways take turns, the
least time of several rounds counts, and what they wrote must be the same. Drawing and rules are
left out on both sides. Writes `benchmarks/results/onnx_melody.json`.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import nn

from chromasonic.files import write_json
from chromasonic.melody_generation.exporting import export_melody_model
from chromasonic.melody_generation.models import LoadedModel, build_model, load_model
from chromasonic.melody_generation.tokens import VOCABULARY

RESULTS = Path(__file__).parent / "results" / "onnx_melody.json"
KINDS = ("lstm", "transformer")
PROMPT = [VOCABULARY.id(name) for name in ("START", "METRE:4/4", "TONIC:2", "MODE:major")]


def network(kind: str, run: Path | None) -> LoadedModel:
    """A trained network, or one of default size."""
    if run is not None:
        return load_model(run, kind=kind)
    torch.manual_seed(0)
    return LoadedModel(build_model(kind).eval(), kind, {}, Path(f"melody_{kind}_best.pt"), {})


def with_pytorch(model: nn.Module, tokens: int) -> list[int]:
    """The likeliest tokens, by the network's own cache."""
    written, new, state = list(PROMPT), torch.tensor([PROMPT]), None
    with torch.inference_mode():
        while len(written) < tokens:
            logits, state = model.step(new, state)  # type: ignore[operator]
            written.append(int(logits[0, -1].argmax()))
            new = torch.tensor([written[-1:]])
    return written


def with_onnxruntime(session: onnxruntime.InferenceSession, tokens: int) -> list[int]:
    """The likeliest tokens, by the state that the file hands out."""
    states = json.loads(session.get_modelmeta().custom_metadata_map["interface"])["state"]
    names = ["logits", *(tensor["output"] for tensor in states)]
    feeds = {
        tensor["input"]: np.zeros(
            [1 if size == "batch" else size for size in tensor["shape"]], tensor["type"]
        )
        for tensor in states
    }
    written, new = list(PROMPT), np.array([PROMPT])
    while len(written) < tokens:
        logits, *values = session.run(names, {"tokens": new, **feeds})
        feeds = {tensor["input"]: value for tensor, value in zip(states, values, strict=True)}
        written.append(int(logits[0, -1].argmax()))
        new = np.array([written[-1:]])
    return written


def compare(kind: str, run: Path | None, tokens: int, rounds: int) -> dict[str, Any]:
    """Tokens a second of both ways, and their ratio."""
    loaded = network(kind, run)
    with tempfile.TemporaryDirectory() as folder:
        exported = export_melody_model(loaded, folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            exported.path, options, providers=["CPUExecutionProvider"]
        )
    ways: dict[str, Callable[[], list[int]]] = {
        "pytorch": lambda: with_pytorch(loaded.model, tokens),
        "onnxruntime": lambda: with_onnxruntime(session, tokens),
    }
    seconds = dict.fromkeys(ways, float("inf"))
    written: dict[str, list[int]] = {}
    for _ in range(rounds):
        for name, write in ways.items():
            start = time.perf_counter()
            written[name] = write()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    new = tokens - len(PROMPT)
    return {
        "parameters": exported.parameters,
        "size_bytes": exported.size_bytes,
        "largest_difference": exported.largest_difference,
        "same_tokens": written["pytorch"] == written["onnxruntime"],
        "tokens_per_second": {name: new / value for name, value in seconds.items()},
        "ratio": seconds["pytorch"] / seconds["onnxruntime"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", nargs="?", type=Path, help="a run directory with trained networks")
    parser.add_argument("--tokens", type=int, default=512, help="length of the stream")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the best counts")
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = {kind: compare(kind, options.run, options.tokens, options.rounds) for kind in KINDS}
    for kind, row in results.items():
        speed = row["tokens_per_second"]
        print(
            f"{kind:12s} PyTorch {speed['pytorch']:6.0f} tokens/s, onnxruntime "
            f"{speed['onnxruntime']:6.0f}: {row['ratio']:.1f} times as fast, "
            f"{'the same tokens' if row['same_tokens'] else 'OTHER TOKENS'}"
        )
    machine = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "processor": platform.machine(),
        "threads": 1,
    }
    path = write_json(
        RESULTS,
        {
            "tokens": options.tokens,
            "rounds": options.rounds,
            "trained": options.run is not None,
            "machine": machine,
            "models": results,
        },
    )
    print(f"Written to {path}.")


if __name__ == "__main__":
    main()
